"""Expressions of jq, and what they are in JMESPath."""

from typing import Any

import jmespath
import pytest

from openai_cli.suggestions.jq import hint_of, hint_of_nothing
from tests.conftest import Run
from tests.flags.commandline import refused
from tests.servers import Server, reply


def is_jmespath(expression: str) -> bool:
    try:
        jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError:
        return False
    return True


DATA: dict[str, Any] = {
    "a": {"b-c": 1, "d": "x"},
    "data": [{"id": "one", "n": 1, "by": {"name": "me"}}, {"id": "two", "n": 7, "ok": True}],
}


@pytest.mark.parametrize(
    ("expression", "form", "found"),
    [
        (".a.d", "a.d", "x"),
        (".data[0].id", "data[0].id", "one"),
        (".data[-1:]", "data[-1:]", [DATA["data"][1]]),
        (".data[].id", "data[].id", ["one", "two"]),
        (".data[] | .id", "data[].id", ["one", "two"]),
        ("data[] | .id", "data[].id", ["one", "two"]),
        (".data | .[0].id", "data[0].id", "one"),
        (".data[]? | .by.name?", "data[].by.name", ["me"]),
        ('.a["b-c"]', 'a."b-c"', 1),
        ('.["a"].d', '"a".d', "x"),
        ('.data[] | select(.id == "two") | .n', "data[?id == 'two'].n", [7]),
        (".data[] | select(.n > 5) | .id", "data[?n > `5`].id", ["two"]),
        (".data[] | select(.ok) | .id", "data[?ok].id", ["two"]),
        (".data | map(.id)", "data[].id", ["one", "two"]),
        (".data | length", "length(data)", 2),
        (".data[] | {id, number: .n}", "data[].{id: id, number: n}",
         [{"id": "one", "number": 1}, {"id": "two", "number": 7}]),
        ("$.data[*].id", "data[*].id", ["one", "two"]),
    ],
)  # fmt: skip
def test_what_is_told_finds_what_jq_would(expression: str, form: str, found: object) -> None:
    hint = hint_of(expression, is_jmespath)
    assert hint is not None
    assert hint.partition(": ")[2] == form
    assert jmespath.search(form, DATA) == found


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("..", "JMESPath has no leading dot; jmespath.org describes the language"),
        (".data[] | length", "JMESPath has no leading dot; jmespath.org describes the language"),
        ('.a // "x"', "JMESPath has no leading dot; jmespath.org describes the language"),
        ('.data[] | select(.id | test("o"))',
         "JMESPath has no leading dot; jmespath.org describes the language"),
        ("$..id", "JMESPath has no $; jmespath.org describes the language"),
        ("data[?n > 5]", "quote a text to compare with in '…', a number in `…`"),
        ("data[", None),
    ],
)  # fmt: skip
def test_what_has_no_plain_form_is_told_less(expression: str, says: str | None) -> None:
    assert hint_of(expression, is_jmespath) == says


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ('data[?id == "one"]', "\"one\" is the name of a key, and 'one' a text"),
        ("data | length", "the function is length(@)"),
        ("data[] | id", "after | a list is a single value: leave out the | for its items"),
        ("data[?id == 'three']", None),
        ("nothing.here", None),
    ],
)
def test_why_nothing_was_found(expression: str, says: str | None) -> None:
    assert hint_of_nothing(expression) == says


@pytest.mark.parametrize("command", [("chat", "hi"), ("api", "GET", "/models"), ("models", "list")])
def test_a_query_of_jq_is_told_of(command: tuple[str, ...]) -> None:
    said = refused(*command, "--query", ".data[] | .id")
    assert said.endswith(
        "--query is not a JMESPath expression; JMESPath has no leading dot: data[].id\n"
    )


def test_a_jsonl_field_of_jq_is_told_of(run: Run) -> None:
    done = run("tokens", "--files", "f.jsonl", "--jsonl", ".messages[].content")
    assert done.code == 2
    assert "JMESPath has no leading dot: messages[].content\n" in done.err


@pytest.mark.parametrize(
    ("expression", "out", "err"),
    [
        ('data[?id == "one"] | [0]', b"", 'found nothing: data[?id == "one"] | [0]; "one" is '),
        ('data[?id == "one"]', b"[]\n", 'found nothing: data[?id == "one"]; "one" is the '),
        ("data[?id == 'two']", b"[]\n", ""),
    ],
)
def test_a_query_that_found_nothing_says_why(
    run: Run, expression: str, out: bytes, err: str
) -> None:
    with Server([reply({"data": [{"id": "one"}]})]) as server:
        done = run("models", "list", "--query", expression, base_url=server.base_url)
    assert (done.code, done.out) == (0, out)
    assert err in done.err if err else not done.err
