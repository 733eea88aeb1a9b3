"""Texts for regular expressions, each held against Python's own."""

import json
import re

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.instances import minimal_instance
from openai_cli.sandbox.patterns import PatternError, matching
from tests.sandbox.client import chat


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", ""),
        ("abc", "abc"),
        ("^[A-Z]{3}-\\d{4}$", "AAA-0000"),
        ("^(?:cat|dog)s?$", "cat"),
        ("^@[a-zA-Z0-9_]+$", "@x"),
        ("a*b+c?", "b"),
        ("(ab){2,3}", "abab"),
        ("a{2,}?", "aa"),
        ("[^x]", "a"),
        ("[^a-zA-Z0-9]", "!"),
        ("[\\]x]", "x"),
        ("[+-]", "+"),
        ("[-+]", "+"),
        ("[\\d.]", "0"),
        ("[\\u4e00-\\u9fff]{2}", "一一"),
        ("\\W\\D\\S", "!xx"),
        ("\\s", " "),
        ("\\.\\/\\n\\x41\\u0042", "./\nAB"),
        (".{3}", "xxx"),
        ("a{b}", "a{b}"),
        ("^$", ""),
        ("|a", ""),
    ],
)
def test_texts(pattern: str, text: str) -> None:
    assert matching(pattern) == text
    assert re.fullmatch(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "it leaves a group open"),
        (")", "it closes a group that is not open"),
        ("[a", "it ends too early"),
        ("a\\", "it ends too early"),
        ("*", "it repeats nothing"),
        ("a{2}{3}", "it repeats nothing"),
        ("a{9999999}", "its shortest text is too long"),
        (f"a{{{'9' * 5000}}}", "its shortest text is too long"),
        ("(?=a)", "it looks around"),
        ("(?<name>a)", "it looks around"),
        ("(a)\\1", "\\1 is not looked into"),
        ("\\bword", "\\b is not looked into"),
        ("\\p{L}", "\\p is not looked into"),
        ("[]", "it has an empty class"),
        ("x{10001}", "its shortest text is too long"),
        ("(x{9000}){900000}", "its shortest text is too long"),
    ],
)
def test_what_is_not_looked_into(pattern: str, problem: str) -> None:
    with pytest.raises(PatternError, match=f"^{re.escape(problem)}$"):
        matching(pattern)


ATOM = st.sampled_from(
    ["a", "Z", "7", ".", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "\\.", "\\-", "[abc]", "[^abc]",
     "[0-9a-f]", "[\\w-]", "[^\\d\\s]", "\\u00e9", "[\\u00e0-\\u00ff]"]
)  # fmt: skip
PATTERN = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(PATTERN)
def test_every_text_matches(pattern: str) -> None:
    assert re.fullmatch(pattern, matching(pattern))
    assert re.search(f"^{pattern}$", matching(f"^{pattern}$"))


@given(st.text(alphabet="ab()[]{}|*+?^$\\.-1,dwsux", max_size=12))
def test_any_expression_has_a_text_or_a_reason(pattern: str) -> None:
    try:
        text = matching(pattern)
    except PatternError:
        return
    assert len(text) <= 10_000


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"},
        {"pattern": "^a"},
        {"type": "string", "pattern": "b", "minLength": 5},
    ],
)
def test_instances_match_their_pattern(schema: dict[str, object]) -> None:
    jsonschema.validate(minimal_instance(schema), schema)


def test_a_pattern_that_is_not_looked_into_is_no_refusal(sandbox: Sandbox) -> None:
    schema = {
        "type": "object",
        "properties": {"word": {"type": "string", "pattern": "\\bword"}},
        "required": ["word"],
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    answer = chat(sandbox, response_format=wanted)
    assert json.loads(answer.json["choices"][0]["message"]["content"]) == {"word": ""}
