"""Texts with columns in them."""

import pytest

from openai_cli.batches.template import Template
from openai_cli.errors import UsageError


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Classify: {text}", "Classify: T"),
        ("{text}{id}", "TI"),
        ("{{text}}", "{text}"),
        ("{{{text}}}", "{T}"),
        ('{{"a": "{text}"}}', '{"a": "T"}'),
        ("{two words}", "W"),
        ("none", "none"),
        ("", ""),
        ("a\n{text}\n", "a\nT\n"),
    ],
)
def test_a_template_is_filled(template: str, text: str) -> None:
    row = {"text": "T", "id": "I", "two words": "W"}
    assert Template(template).filled(row) == text


def test_what_a_column_has_is_no_template() -> None:
    assert Template("{a} {b}").filled({"a": "{b}", "b": "{{"}) == "{b} {{"


@pytest.mark.parametrize(("template", "place"), [("{text", 1), ("a}", 2), ("{{}", 3), ("{a}{", 4)])
def test_a_lone_brace_is_told_with_its_place(template: str, place: int) -> None:
    with pytest.raises(UsageError, match=f"at character {place}$"):
        Template(template)


def test_an_unknown_column_is_told_with_the_near_one() -> None:
    with pytest.raises(UsageError, match="there is no column 'txt'") as caught:
        Template("{txt}").check(["id", "text"])
    assert caught.value.hint == "did you mean text?"
    with pytest.raises(UsageError) as caught:
        Template("{zzz}").check(["id", "text"])
    assert caught.value.hint == "the columns are id, text"
