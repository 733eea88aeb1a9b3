"""Requests in a file: read in batches, counted as one by one, errors with their line."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.tokens import count_request
from openai_cli.tokens.lines import DEEPEST, at_line, count_lines, objects
from openai_cli.tokens.messages import parts_of

CONTENTS = st.one_of(st.text(max_size=20), st.just([{"type": "text", "text": "part"}]), st.none())
MESSAGES = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"role": st.sampled_from(["user", "system", "assistant"]), "content": CONTENTS}
        ),
        st.just({"role": "user", "content": "hi", "name": "ana"}),
        st.just({"role": "function", "name": "f", "content": "{}"}),
    ),
    max_size=4,
)
BODIES = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["gpt-4o", "gpt-3.5-turbo", "text-davinci-003"]),
        "messages": MESSAGES,
    },
    optional={
        "max_tokens": st.integers(1, 9),
        "functions": st.just([{"name": "foo", "parameters": {"type": "object", "properties": {}}}]),
    },
)


def counted(bodies: list[Any], **world: Any) -> list[int]:
    lines = [json.dumps(body).encode() + b"\n" for body in bodies]
    return [tokens for group in count_lines(lines, **world) for tokens in group.tokens]


@settings(max_examples=60)
@given(st.lists(BODIES, min_size=1, max_size=8))
def test_many_are_counted_as_each_by_itself(bodies: list[Any]) -> None:
    with patch("openai_cli.tokens.lines.BATCH", 30):
        assert counted(bodies) == [count_request(body) for body in bodies]


def test_lines_that_differ_in_their_texts_are_a_group() -> None:
    def body(text: str, **settings: Any) -> dict[str, Any]:
        return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **settings}

    bodies = [body("a"), body("b c"), body("d", max_tokens=1), body("e", max_tokens=1)]
    groups = list(count_lines([json.dumps(each).encode() for each in bodies]))
    assert [group.body for group in groups] == [bodies[0], bodies[2]]
    assert [group.numbers for group in groups] == [[1, 2], [3, 4]]
    assert [group.tokens for group in groups] == [[8, 9], [8, 8]]


def test_the_same_settings_with_other_roles() -> None:
    tool = {"name": "foo", "parameters": {"type": "object", "properties": {}}}
    bodies: list[Any] = [
        {"model": "gpt-4", "messages": [{"role": role, "content": text}], "functions": [tool]}
        for role in ("user", "user", "system", "system", "user")
        for text in ("hello", "hello " * 40)
    ]
    assert counted(bodies) == [count_request(body) for body in bodies]


def test_settings_that_alternate_are_found_out_once() -> None:
    def body(number: int) -> dict[str, Any]:
        message = {"role": "user", "content": "word " * number}
        return {"model": ["gpt-4o", "gpt-4"][number % 2], "messages": [message]}

    bodies = [body(number) for number in range(12)]
    with patch("openai_cli.tokens.lines.parts_of", wraps=parts_of) as reading:
        assert counted(bodies) == [count_request(body) for body in bodies]
    assert reading.call_count == 2


def test_a_stand_in_for_a_model_that_nobody_knows() -> None:
    lines = [b'{"model": "my-llama", "messages": [{"role": "user", "content": "hamburger"}]}']
    [group] = count_lines(lines, stand_in=lambda name: "gpt-4o" if name == "my-llama" else None)
    assert group.tokens == [9]
    assert group.doubts == ("how my-llama counts is not known: counted like gpt-4o",)
    with pytest.raises(UsageError, match="line 1: no encoding is known"):
        list(count_lines(lines))


@pytest.mark.parametrize("text", [b"hello", b""])
def test_memory_holds_a_few_batches(text: bytes) -> None:
    """What was read and not yet given back is bounded, however many lines there are."""
    read = 0

    def lines() -> Iterator[bytes]:
        nonlocal read
        for _ in range(500):
            read += 1
            yield b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "%b"}]}\n' % text

    with patch("openai_cli.tokens.lines.BATCH", 50), patch("openai_cli.tokens.lines.WAITING", 4):
        given = 0
        for group in count_lines(lines()):
            assert read - given < 100
            given += len(group.numbers)
    assert given == read == 500


def test_a_model_for_bodies_that_name_none() -> None:
    message = [{"role": "user", "content": "hamburger"}]
    assert counted([{"messages": message}], model="gpt-4") == [9]
    assert counted([{"messages": message}], model="davinci") == [10]
    assert counted([{"messages": message, "model": "gpt-4"}], model="davinci") == [9]
    assert counted([{"messages": message, "model": None}], model="davinci") == [10]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b'{"a": 1}', [(1, {"a": 1})]),
        (b'\n \n{"a": 1}\n\n{"b": 2}\n', [(3, {"a": 1}), (5, {"b": 2})]),
        (b'{\n "a": 1\n}\n', [(1, {"a": 1})]),
        (b'\n{\n\n "a": 1}', [(2, {"a": 1})]),
        (b'\xef\xbb\xbf{"a": 1}\n{"b": 2}', [(1, {"a": 1}), (2, {"b": 2})]),
        (b'{"a": "\\ud800"}\n{"b": 2}', [(1, {"a": "\ud800"}), (2, {"b": 2})]),
        (b'{"a": 1}\r\n{"b": 2}\r\n', [(1, {"a": 1}), (2, {"b": 2})]),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_objects(content: bytes, found: list[Any], fast: bool) -> None:
    with patch.dict("sys.modules", {} if fast else {"orjson": None}):
        assert list(objects(content.splitlines(keepends=True))) == found


@given(st.binary(max_size=60))
def test_what_is_no_json_is_wrong_usage_and_nothing_else(content: bytes) -> None:
    with suppress(UsageError):
        for number, value in objects(content.splitlines(keepends=True)):
            assert number > 0
            assert isinstance(value, dict)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("indented", [True, False])
def test_what_nests_too_deep_or_has_too_long_an_integer_is_named(
    fast: bool, indented: bool
) -> None:
    def body(metadata: str) -> bytes:
        text = f'{{"model": "gpt-4o", "messages": [], "metadata": {metadata}}}'
        return (text.replace(" ", "\n") if indented else text).encode()

    within = "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)
    with patch.dict("sys.modules", {} if fast else {"orjson": None}):
        [(number, _)] = objects(body(within).splitlines(keepends=True))
        assert number == 1
        for metadata, problem in (
            (f"[{within}]", "nests too deep"),
            ("[" * 100_000 + "]" * 100_000, "nests too deep"),
            ("1" * 5000, "has an integer of too many digits"),
        ):
            with pytest.raises(UsageError, match=f"line 1 {problem}"):
                list(objects(body(metadata).splitlines(keepends=True)))


def test_a_request_that_nests_too_deep_is_named() -> None:
    """Wherever it is deep, and also behind others like it."""
    deep = json.loads("[" * DEEPEST + "]" * DEEPEST)
    message = {"role": "user", "content": "hello"}
    shallow = {"model": "gpt-4", "messages": [message]}
    for body in (
        {**shallow, "metadata": deep},
        {**shallow, "messages": [{**message, "content": deep}]},
        {"custom_id": "a", "url": "/v1/chat/completions", "body": {**shallow, "metadata": deep}},
    ):
        with pytest.raises(UsageError, match="line 2: the request nests too deep"):
            counted([shallow, body])


def test_deep_bodies_are_compared_with_those_before() -> None:
    deep: list[Any] = []
    for _ in range(DEEPEST - 2):
        deep = [deep]
    message = {"role": "user", "content": "hello"}
    assert counted([{"model": "gpt-4", "messages": [message], "metadata": deep}] * 3) == [8] * 3


@pytest.mark.parametrize("model", [5, ["gpt-4"], {}])
def test_a_model_that_is_no_text_is_wrong_usage(model: Any) -> None:
    with pytest.raises(UsageError, match="line 2: model must be a text"):
        counted([{"model": "gpt-4", "messages": []}, {"model": model, "messages": []}])


def test_the_line_goes_before_the_problem() -> None:
    error = at_line(7, UsageError("wrong", hint="do this", parameter="n"))
    assert (error.problem, error.hint, error.parameter) == ("line 7: wrong", "do this", "n")
