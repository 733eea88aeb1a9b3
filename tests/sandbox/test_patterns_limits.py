"""Patterns whose shortest text is huge are refused before it is made, at any depth."""

import json
import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.patterns import LONGEST, PatternError, matching
from tests.sandbox.client import Json, chat, send

TOO_LONG = "its shortest text is too long"


def test_the_limit_is_a_text_of_ten_thousand() -> None:
    assert LONGEST == 10_000


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("a{10000}", "a" * 10_000),
        ("(a{100}){100}", "a" * 10_000),
        ("((((a{10}){10}){10}){10})", "a" * 10_000),
        ("a{9999}b", "a" * 9_999 + "b"),
        ("(ab){5000}", "ab" * 5_000),
        ("a{0,999999}", ""),
        ("(a{1000}){0,1000}", ""),
        ("(?:a{1000})*", ""),
        ("a{0}b", "b"),
        ("(|a{10}){999999}", ""),
        ("^(a{3}){2}$", "aaaaaa"),
    ],
)
def test_what_is_within_the_limit_is_made(pattern: str, text: str) -> None:
    assert matching(pattern) == text
    assert re.fullmatch(pattern, text)


@pytest.mark.parametrize(
    "pattern",
    [
        "a{10001}",
        "(a{1000}){1000}",
        "(?:a{1000}){1000,}",
        "^(a{1000}){1000}$",
        "b|(a{1000}){1000}",
        "x(y(a{1000}){1000})?",
        "a{5000}b{5000}c",
        "[a-z]{999999}",
        "\\d{999999}",
        "((((((a{999999}){999999}){999999}){999999}){999999}){999999})",
        "(a{101}){100}",
        "a" * 10_001,
    ],
    ids=lambda pattern: pattern[:30],
)
def test_what_is_beyond_the_limit_is_refused_unmade(pattern: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(PatternError, match=f"^{TOO_LONG}$"):
            matching(pattern)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1_000_000


COUNTS = st.lists(st.integers(1, 9) | st.integers(1, 999_999), max_size=8)


@given(COUNTS)
def test_a_text_has_as_many_as_all_counts_multiplied(counts: list[int]) -> None:
    pattern, wanted = "a", 1
    for count in counts:
        pattern = f"({pattern}){{{count}}}"
        wanted *= count
    if wanted > 10_000:
        with pytest.raises(PatternError, match=TOO_LONG):
            matching(pattern)
    else:
        assert matching(pattern) == "a" * wanted


def schema(pattern: str) -> Json:
    return {
        "type": "object",
        "properties": {"word": {"type": "string", "pattern": pattern}},
        "required": ["word"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("pattern", "word"),
    [("(ab){3}", "ababab"), ("(a{1000}){1000}", "")],
    ids=["a modest one", "a huge one"],
)
def test_an_answer_of_either_endpoint(sandbox: Sandbox, pattern: str, word: str) -> None:
    """A pattern that has no text here is as if it were not there."""
    named = {"name": "n", "schema": schema(pattern)}
    said = chat(sandbox, response_format={"type": "json_schema", "json_schema": named}).json
    assert json.loads(said["choices"][0]["message"]["content"]) == {"word": word}
    body = {
        "model": "gpt-6-luna",
        "input": "hello",
        "text": {"format": {"type": "json_schema", **named}},
    }
    made = send(sandbox, "/v1/responses", body).json
    assert json.loads(made["output"][0]["content"][0]["text"]) == {"word": word}


@pytest.mark.parametrize("depth", [50, 200, 300, 500, 5_000])
def test_a_deep_pattern_never_crashes(sandbox: Sandbox, depth: int) -> None:
    named = {"name": "n", "schema": schema("(" * depth + "a" + ")" * depth)}
    answer = chat(sandbox, response_format={"type": "json_schema", "json_schema": named})
    assert answer.status in {200, 400}


def test_many_patterns_have_a_limit_together(sandbox: Sandbox) -> None:
    words = {"type": "array", "minItems": 1_000, "items": {"type": "string", "pattern": "a{9999}"}}
    wanted = {"type": "object", "properties": {"words": words}, "required": ["words"]}
    named = {"name": "n", "schema": wanted}
    answer = chat(sandbox, response_format={"type": "json_schema", "json_schema": named})
    assert answer.status == 400
    assert answer.json["error"]["param"] == "response_format"
