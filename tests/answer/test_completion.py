"""What is read from an answer, whatever server sent it and wherever its bytes were cut."""

import copy
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from openai_cli.answer.choice import Choice
from openai_cli.answer.completion import Completion
from openai_cli.answer.parts import Part
from openai_cli.answer.text import Text
from openai_cli.context import Context
from openai_cli.errors import (
    BadAnswerError,
    CliError,
    CredentialError,
    NetworkError,
    RateLimitError,
    RefusedError,
)
from openai_cli.models.table import load_table
from openai_cli.output.sink import open_sink
from openai_cli.output.writers import TextWriter
from openai_cli.prices.receipt import Receipt
from tests.answer.reading import taken
from tests.prices.tables import OCCASION
from tests.servers import chat, completion, delta, events

BOM = b"\xef\xbb\xbf"


@dataclass
class Read:
    """What came of an answer."""

    parts: list[Part]
    answer: Completion

    @property
    def texts(self) -> list[str | None]:
        return [choice.content for choice in self.answer.in_order]


def read(*chunks: bytes, expected: int = 1, end: Exception | None = None) -> Read:
    """Take a whole answer in, as a command does."""
    answer = Completion(expected=expected, request_id="req_1")
    return Read(taken(answer, *chunks, end=end), answer)


def failure(*chunks: bytes, expected: int = 1, end: Exception | None = None) -> CliError:
    with pytest.raises(CliError) as caught:
        read(*chunks, expected=expected, end=end)
    return caught.value


def byte_by_byte(raw: bytes) -> list[bytes]:
    return [raw[at : at + 1] for at in range(len(raw))]


# Whole or a stream: the first bytes tell

STREAM = events(delta("Hel"), delta("lo"), delta(finish="stop"))

FORMS: dict[str, tuple[bytes, bool]] = {
    "JSON": (json.dumps(chat("Hello")).encode(), False),
    "JSON with a BOM": (BOM + json.dumps(chat("Hello")).encode(), False),
    "JSON after white space": (b"\r\n\t " + json.dumps(chat("Hello")).encode() + b"\n", False),
    "JSON on many lines": (json.dumps(chat("Hello"), indent=2).encode(), False),
    "a completion": (json.dumps(completion("Hello")).encode(), False),
    "a stream": (STREAM, True),
    "a stream without [DONE]": (events(delta("Hello"), delta(finish="stop"), done=False), True),
    "a stream in CRLF": (STREAM.replace(b"\n", b"\r\n"), True),
    "a stream with a BOM": (BOM + STREAM, True),
    "a stream after empty lines": (b"\n\n" + STREAM, True),
    "a stream after a comment": (b": OPENROUTER PROCESSING\n\n" + STREAM, True),
    "a stream without spaces": (STREAM.replace(b"data: ", b"data:"), True),
    "a stream that names its events": (STREAM.replace(b"data: ", b"event: message\ndata: "), True),
    "a stream that starts with an id": (b"id: 1\n" + STREAM, True),
    "a stream that starts with retry": (b"retry: 3000\n\n" + STREAM, True),
    "a stream without its last empty line": (STREAM.removesuffix(b"\n"), True),
    "a stream without its last line end": (STREAM.rstrip(b"\n"), True),
    "a stream cut in its [DONE]": (STREAM.partition(b"DONE")[0], True),
}


@pytest.mark.parametrize(("raw", "streamed"), FORMS.values(), ids=FORMS)
def test_the_form_shows_in_the_first_bytes_wherever_they_are_cut(
    raw: bytes, streamed: bool
) -> None:
    cuts = [[raw[:cut], raw[cut:]] for cut in range(1, 40)]
    for chunks in ([raw], byte_by_byte(raw), *cuts):
        found = read(*chunks)
        assert found.texts == ["Hello"], chunks
        assert {part.streamed for part in found.parts} == {streamed}, chunks
        assert found.answer.in_order[0].finish_reason == "stop"


def test_a_whole_answer_is_one_part_with_its_bytes_as_they_came() -> None:
    raw = b'\n {"choices" : [ {"index":0, "text": "a\\u00e9"}]}\r\n'
    (part,) = read(raw[:9], raw[9:]).parts
    assert part == Part(raw, {"choices": [{"index": 0, "text": "aé"}]}, streamed=False)


def test_every_event_is_a_part_with_its_bytes_as_they_came() -> None:
    one = b'{"choices": [ {"index":0, "text": "a"}]}'
    two = b'{"choices":[{"index":0,"text":"b","finish_reason":"stop"}]}'
    found = read(b"data: " + one + b"\n\ndata:" + two + b"\n\ndata: [DONE]\n\n")
    assert [part.raw for part in found.parts] == [one, two]
    assert found.texts == ["ab"]


NO_JSON = {
    "plain text": b"internal error",
    "text like a field": b"event horizon",
    "text like data": b"database error",
    "an id": b"idle",
    "retry": b"retry later",
    "HTML": b"<!DOCTYPE html><html><title>Welcome</title></html>",
    "a number": b"12",
    "a text": b'"hello"',
    "an array": b"[]",
    "null": b"null",
    "no choices": b'{"id": "x"}',
    "choices that are none": b'{"choices": []}',
    "choices that are null": b'{"choices": null}',
    "choices that are an object": b'{"choices": {"index": 0}}',
    "two objects": b'{"choices": []}{"choices": []}',
    "a comma too much": b'{"choices": [{"index": 0,}]}',
    "single quotes": b"{'choices': []}",
    "not UTF-8": b'{"choices": [{"index": 0, "text": "\xff"}]}',
    "nested too deeply": b'{"a":' * 100_000,
    "nothing": b"",
    "white space": b" \r\n\t",
    "a BOM": BOM,
    "a NUL": b"\0",
}


@pytest.mark.parametrize("raw", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_answer_is_a_bad_one_wherever_it_is_cut(raw: bytes) -> None:
    for chunks in ([raw], *([raw[:cut], raw[cut:]] for cut in range(1, min(len(raw), 20)))):
        error = failure(*chunks)
        assert type(error) is BadAnswerError, (chunks, error)
    assert isinstance(failure(*byte_by_byte(raw[:5_000])), CliError)


def test_what_is_no_json_is_named_by_its_type() -> None:
    error = failure(b"<html>")
    assert "text/plain" in error.problem
    assert error.request_id == "req_1"


def test_json_that_breaks_off_is_an_answer_that_ended_early() -> None:
    raw = json.dumps(chat("Hello \u00e9 \n"), ensure_ascii=True).encode()
    for cut in range(1, len(raw)):
        error = failure(raw[:cut])
        assert type(error) is NetworkError, raw[:cut]
        assert error.request_id == "req_1"


def test_a_connection_that_breaks_is_passed_on() -> None:
    broke = NetworkError("broke")
    raw = json.dumps(chat("Hello")).encode()
    assert failure(raw[:30], end=broke) is broke
    assert failure(end=broke) is broke
    assert failure(events(delta("Hel"), done=False), end=broke) is broke


# When a stream is whole

HELLO, STOP = delta("Hello"), delta(finish="stop")
OTHER, OTHER_STOP = delta("Other", index=1), delta(index=1, finish="length")
USAGE: dict[str, Any] = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}}

STREAMS_WHOLE: dict[str, tuple[list[Any], bool, int]] = {
    "[DONE]": ([HELLO, STOP], True, 1),
    "[DONE] without a finish reason": ([HELLO], True, 1),
    "[DONE] with fewer choices than asked for": ([HELLO, STOP], True, 2),
    "a finish reason without [DONE]": ([HELLO, STOP], False, 1),
    "a finish reason with the text": ([delta("Hello", finish="stop")], False, 1),
    "usage after it": ([HELLO, STOP, USAGE], False, 1),
    "usage without choices": ([HELLO, STOP, {"usage": USAGE["usage"]}], False, 1),
    "usage with null choices": ([HELLO, STOP, {**USAGE, "choices": None}], False, 1),
    "two choices": ([HELLO, OTHER, STOP, OTHER_STOP], False, 2),
    "two choices where one was expected": ([HELLO, OTHER, STOP, OTHER_STOP], False, 1),
    "one choice where two were expected": ([HELLO, STOP], False, 2),
    "a last event that says nothing": ([HELLO, STOP, {}], False, 1),
}


@pytest.mark.parametrize(("data", "done", "expected"), STREAMS_WHOLE.values(), ids=STREAMS_WHOLE)
def test_a_stream_is_whole(data: list[Any], done: bool, expected: int) -> None:
    raw = events(*data, done=done)
    for chunks in ([raw], byte_by_byte(raw)):
        found = read(*chunks, expected=expected)
        assert found.texts[0] == "Hello"
        assert found.answer.is_whole


STREAMS_CUT: dict[str, tuple[list[Any], int]] = {
    "no finish reason": ([HELLO], 1),
    "one of two has none": ([HELLO, OTHER, STOP], 2),
    "one more than expected has none": ([HELLO, STOP, OTHER], 1),
    "usage alone": ([USAGE], 1),
}


@pytest.mark.parametrize(("data", "expected"), STREAMS_CUT.values(), ids=STREAMS_CUT)
def test_a_stream_that_closes_before_it_is_whole_is_a_failure(
    data: list[Any], expected: int
) -> None:
    error = failure(events(*data, done=False), expected=expected)
    assert type(error) is NetworkError
    assert "ended before" in error.problem
    assert error.request_id == "req_1"


def test_a_stream_cut_anywhere_before_its_finish_reason_is_never_whole() -> None:
    raw = events(delta("Hel"), delta("lo", finish="stop"), done=False)
    least = raw.index(b'"stop"')
    for cut in range(1, least):
        assert isinstance(failure(raw[:cut]), NetworkError | BadAnswerError), raw[:cut]
    for cut in range(raw.index(b"data", 1), least):
        assert type(failure(raw[:cut])) is NetworkError, raw[:cut]


def test_a_stream_cut_after_its_finish_reason_has_said_all() -> None:
    raw = events(HELLO, STOP, USAGE)
    least = len(events(HELLO, STOP, done=False)) - 2  # the last empty line may be missing
    for cut in range(least, len(raw) + 1):
        assert read(raw[:cut]).texts == ["Hello"], raw[cut - 20 : cut]
        assert (
            read(raw[:cut], end=NetworkError("broke")).texts == ["Hello"]
            if (cut >= least + 2)
            else True
        )


def test_what_follows_done_is_not_read() -> None:
    found = read(STREAM, b"data: junk\n\n", end=NetworkError("broke"))
    assert found.texts == ["Hello"]


# Errors within an answer

ERRORS: list[tuple[Any, type[CliError]]] = [
    ({"message": "Oh no", "type": "server_error"}, BadAnswerError),
    ({"message": "Oh no", "code": 400}, RefusedError),
    ({"message": "Oh no", "code": "rate_limit_exceeded"}, RateLimitError),
    ({"message": "Oh no", "code": "invalid_api_key"}, CredentialError),
    ("Oh no", BadAnswerError),
]


@pytest.mark.parametrize(("error", "kind"), ERRORS)
def test_an_error_in_an_answer_takes_the_kind_of_its_error(
    error: Any, kind: type[CliError]
) -> None:
    body = json.dumps({"error": error}).encode()
    forms = {
        "whole": [body],
        "event": [events(HELLO, {"error": error})],
        "last event": [events(HELLO, {"error": error}, done=False).rstrip()],
        "named event": [events(HELLO, done=False), b"event: error\ndata: " + body + b"\n\n"],
    }
    for form, chunks in forms.items():
        found = failure(*chunks)
        assert type(found) is kind, form
        assert (found.problem, found.request_id, found.body) == ("Oh no", "req_1", body), form


def test_an_event_named_error_is_one_without_the_word() -> None:
    found = failure(b'event: error\ndata: {"message": "Oh no", "code": 429}\n\n')
    assert (type(found), found.problem) == (RateLimitError, "Oh no")


@pytest.mark.parametrize("error", [None, "", {}, False, []])
def test_an_error_that_says_nothing_is_none(error: Any) -> None:
    assert read(json.dumps({**chat("Hello"), "error": error}).encode()).texts == ["Hello"]
    assert read(events({**HELLO, "error": error}, STOP)).texts == ["Hello"]


@pytest.mark.parametrize("junk", ["{", "hello", "[1]", "7", "null", '"x"', "{'a': 1}", "\ufffd"])
def test_an_event_that_is_no_object_is_a_bad_answer(junk: str) -> None:
    error = failure(events(HELLO, junk, STOP))
    assert type(error) is BadAnswerError


def test_an_event_that_is_no_json_is_shown_in_part() -> None:
    error = failure(events("<html>" + "x" * 500))
    assert "<html>xxx" in error.problem
    assert len(error.problem) < 150
    assert error.request_id == "req_1"


# What is read


def test_choices_may_interleave() -> None:
    data = [delta(text, index=index) for text, index in zip("aXbYc", [0, 1, 0, 1, 0], strict=True)]
    found = read(events(*data), expected=2)
    assert found.texts == ["abc", "XY"]


def test_choices_come_in_order_of_their_index() -> None:
    data = [delta("c", index=2), delta("a", index=0), delta("b", index=1)]
    assert read(events(*data)).texts == ["a", "b", "c"]
    body = chat("a", "b", "c")
    body["choices"].reverse()
    assert read(json.dumps(body).encode()).texts == ["a", "b", "c"]


def test_choices_without_an_index_have_that_of_their_place() -> None:
    body = {"choices": [{"text": "a"}, {"text": "b"}]}
    found = read(json.dumps(body).encode())
    assert [(choice.index, choice.content) for choice in found.answer.in_order] == [
        (0, "a"),
        (1, "b"),
    ]


def test_several_choices_may_come_in_one_event() -> None:
    both = {"choices": [*delta("a")["choices"], *delta("b", index=1)["choices"]]}
    assert read(events(both, both)).texts == ["aa", "bb"]


def test_add_tells_what_each_choice_gained() -> None:
    answer = Completion(expected=2)
    both = {"choices": [*delta("b", index=1)["choices"], *delta("a")["choices"]]}
    gained = [(choice.index, text) for choice, text in answer.add(both)]
    assert gained == [(1, "b"), (0, "a")]
    assert [text for _, text in answer.add(delta(role="assistant"))] == [""]


USAGES: dict[str, tuple[list[Any], Any]] = {
    "at the end": ([HELLO, STOP, USAGE], USAGE["usage"]),
    "in every chunk": (
        [{**HELLO, "usage": {"prompt_tokens": 3}}, {**STOP, "usage": USAGE["usage"]}],
        USAGE["usage"],
    ),
    "null but at the end": (
        [{**HELLO, "usage": None}, {**STOP, "usage": None}, USAGE],
        USAGE["usage"],
    ),
    "first, then null": (
        [{**HELLO, "usage": USAGE["usage"]}, {**STOP, "usage": None}],
        USAGE["usage"],
    ),
    "none": ([HELLO, STOP], None),
}


@pytest.mark.parametrize(("data", "usage"), USAGES.values(), ids=USAGES)
def test_usage_is_the_last_that_was_told(data: list[Any], usage: Any) -> None:
    assert read(events(*data)).answer.usage == usage


def test_model_and_tier_are_kept() -> None:
    first = {**HELLO, "model": "m-2", "service_tier": "flex"}
    answer = read(events(first, {"choices": STOP["choices"], "model": ""})).answer
    assert (answer.model, answer.service_tier) == ("m-2", "flex")


CONTENTS: dict[str, tuple[dict[str, Any], str | None]] = {
    "text": ({"content": "Hi"}, "Hi"),
    "nothing": ({"content": ""}, ""),
    "null": ({"content": None}, ""),
    "absent": ({"role": "assistant"}, ""),
    "parts": (
        {"content": [{"type": "text", "text": "Hi "}, {"type": "text", "text": "you"}]},
        "Hi you",
    ),
    "parts of other kinds": (
        {"content": [{"type": "image_url", "image_url": {}}, {"type": "text", "text": "Hi"}]},
        "Hi",
    ),
    "no parts": ({"content": []}, ""),
    "what audio says": ({"content": None, "audio": {"id": "a", "transcript": "Hi"}}, "Hi"),
    "audio that says nothing": ({"content": None, "audio": {"id": "a", "data": "AA"}}, ""),
    "no audio": ({"content": "Hi", "audio": None}, "Hi"),
    "text beside audio": ({"content": "Hi", "audio": {"transcript": "no"}}, "Hi"),
    "a refusal": ({"content": None, "refusal": "I cannot"}, None),
    "tool calls": ({"content": None, "tool_calls": [{"id": "c"}]}, None),
    "text and tool calls": ({"content": "Hi", "tool_calls": [{"id": "c"}]}, "Hi"),
    "empty lists": (
        {"content": "Hi", "tool_calls": [], "refusal": "", "function_call": None},
        "Hi",
    ),
}


@pytest.mark.parametrize(("message", "content"), CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("key", ["message", "delta"])
def test_the_content_of_a_message(message: dict[str, Any], content: str | None, key: str) -> None:
    answer = Completion()
    answer.add({"choices": [{"index": 0, key: message, "finish_reason": "stop"}]})
    assert answer.in_order[0].content == content


def test_pieces_of_every_kind_are_joined() -> None:
    pieces: list[dict[str, Any]] = [
        {"content": [{"type": "text", "text": "a"}]},
        {"content": "b"},
        {"audio": {"transcript": "c"}},
        {"audio": {"transcript": "d", "id": "x"}},
        {"refusal": "I "},
        {"refusal": "cannot"},
    ]
    (choice,) = read(events(*(delta(**piece) for piece in pieces))).answer.in_order
    assert choice.content == "abcd"
    assert str(choice.refusal) == "I cannot"


INCOMPLETE = [
    (Choice(0, finish_reason="stop"), None),
    (Choice(0, finish_reason="tool_calls"), None),
    (
        Choice(0, finish_reason="something new"),
        "the answer is not complete (finish_reason something new)",
    ),
    (Choice(0), "the answer ended without a finish_reason"),
    (
        Choice(0, finish_reason="length"),
        "the answer stopped at the token limit (finish_reason length)",
    ),
    (
        Choice(0, finish_reason="content_filter"),
        "the answer was cut by the content filter (finish_reason content_filter)",
    ),
    (Choice(0, finish_reason="stop", refusal=Text("No")), "the model refused to answer: No"),
]


@pytest.mark.parametrize(("choice", "reason"), INCOMPLETE)
def test_why_a_choice_is_not_complete(choice: Choice, reason: str | None) -> None:
    assert choice.incomplete == reason


# Tool calls


def call(arguments: str | None = None, /, **parts: Any) -> dict[str, Any]:
    """A piece of a tool call."""
    function = {"arguments": arguments} if arguments is not None else {}
    if "name" in parts:
        function = {"name": parts.pop("name"), **function}
    return {**parts, "function": function}


WEATHER = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Bonn"}'},
}
TIME = {"id": "call_2", "type": "function", "function": {"name": "time", "arguments": "{}"}}
FIRST = {"id": "call_1", "type": "function"}
SECOND = {"id": "call_2", "type": "function"}

CALLS: dict[str, tuple[list[list[dict[str, Any]]], list[dict[str, Any]]]] = {
    "whole": ([[{"index": 0, **WEATHER}, {"index": 1, **TIME}]], [WEATHER, TIME]),
    "whole, without index": ([[WEATHER, TIME]], [WEATHER, TIME]),
    "whole, one by one": ([[{"index": 0, **WEATHER}], [{"index": 1, **TIME}]], [WEATHER, TIME]),
    "in pieces": (
        [
            [{"index": 0, **call("", name="weather", **FIRST)}],
            [{"index": 0, **call('{"city"')}],
            [{"index": 0, **call(': "Bonn"}')}],
            [{"index": 1, **call("", name="time", **SECOND)}],
            [{"index": 1, **call("{}")}],
        ],
        [WEATHER, TIME],
    ),
    "in pieces that interleave": (
        [
            [
                {"index": 0, **call('{"city"', name="weather", **FIRST)},
                {"index": 1, **call("{", name="time", **SECOND)},
            ],
            [{"index": 1, **call("}")}, {"index": 0, **call(': "Bonn"}')}],
        ],
        [WEATHER, TIME],
    ),
    "in pieces, without index": (
        [[call("", name="weather", **FIRST)], [call('{"city": ')], [call('"Bonn"}')]],
        [WEATHER],
    ),
    "whole one by one, without index": ([[WEATHER], [TIME]], [WEATHER, TIME]),
    "arguments that are null at first": (
        [
            [{"index": 0, **FIRST, "function": {"name": "weather", "arguments": None}}],
            [{"index": 0, **call('{"city": "Bonn"}')}],
        ],
        [WEATHER],
    ),
    "a function that is null at first": (
        [
            [{"index": 0, **FIRST, "function": None}],
            [{"index": 0, **call('{"city": "Bonn"}', name="weather")}],
        ],
        [WEATHER],
    ),
    "names repeated in every piece": (
        [
            [{"index": 0, **call('{"city": ', name="weather", **FIRST)}],
            [{"index": 0, **call('"Bonn"}', name="weather", **FIRST)}],
        ],
        [WEATHER],
    ),
    "nulls in later pieces": (
        [
            [{"index": 0, **call('{"city": ', name="weather", **FIRST)}],
            [{"index": 0, "id": None, "type": None, **call('"Bonn"}', name=None)}],
        ],
        [WEATHER],
    ),
    "a custom tool": (
        [
            [
                {
                    "index": 0,
                    "id": "call_3",
                    "type": "custom",
                    "custom": {"name": "sql", "input": "SEL"},
                }
            ],
            [{"index": 0, "custom": {"input": "ECT 1"}}],
        ],
        [{"id": "call_3", "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}}],
    ),
}


@pytest.mark.parametrize(("pieces", "calls"), CALLS.values(), ids=CALLS)
def test_tool_calls_are_put_together(
    pieces: list[list[dict[str, Any]]], calls: list[dict[str, Any]]
) -> None:
    found = read(events(*(delta(tool_calls=piece) for piece in pieces)))
    assert found.answer.in_order[0].calls == calls


def test_tool_calls_of_several_choices_stay_apart() -> None:
    data = [
        delta(index=0, tool_calls=[{"index": 0, **call('{"city"', name="weather", **FIRST)}]),
        delta(index=1, tool_calls=[{"index": 0, **call("{", name="time", **SECOND)}]),
        delta(index=0, tool_calls=[{"index": 0, **call(': "Bonn"}')}]),
        delta(index=1, tool_calls=[{"index": 0, **call("}")}]),
    ]
    found = read(events(*data), expected=2)
    assert [choice.calls for choice in found.answer.in_order] == [[WEATHER], [TIME]]


def test_a_function_call_is_put_together() -> None:
    data = [
        delta(function_call={"name": "weather", "arguments": ""}),
        delta(function_call={"arguments": '{"city"'}),
        delta(function_call={"arguments": ': "Bonn"}'}),
    ]
    (choice,) = read(events(*data)).answer.in_order
    assert choice.calls == [WEATHER["function"]]


def test_the_body_of_a_part_is_left_as_it_came() -> None:
    """A query looks at it after it was taken in."""
    body = delta(tool_calls=[{"index": 0, **WEATHER}, {"index": 1, **TIME}])
    before = copy.deepcopy(body)
    answer = Completion()
    answer.add(body)
    answer.add(delta(tool_calls=[{"index": 0, **call("more")}]))
    assert body == before


# Wrong shapes


def consume(body: dict[str, Any], *more: dict[str, Any]) -> None:
    """All that a command does with parts of an answer, but to print it for real."""
    answer = Completion()
    context = Context.test(stdout=BytesIO())
    with open_sink(context, None) as sink:
        writer = TextWriter(sink)
        for part in (body, *more):
            writer.take(Part(b"", part, streamed=True), answer.add(part))
        assert answer.is_whole in (True, False)
        writer.finish(answer)
    assert all(isinstance(choice, Choice) for choice in answer.in_order)
    usage = Receipt.of(answer, load_table(), date(2026, 11, 23))
    usage.line()
    json.loads(usage.record(OCCASION))
    for choice in answer.in_order:
        assert choice.incomplete is None or choice.incomplete
        assert choice.message["role"] == "assistant"
    assert all(said for said in (*answer.incomplete, *answer.remarks))


SCALARS: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["", "a", "\ud83d", 1.5, 2**70])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2)
    ),
    max_leaves=5,
)
FUNCTION = JSON | st.fixed_dictionaries({}, optional={"name": JSON, "arguments": JSON})
CALL = JSON | st.fixed_dictionaries(
    {}, optional={"index": JSON, "id": JSON, "function": FUNCTION, "custom": JSON, "input": JSON}
)
MESSAGE = JSON | st.fixed_dictionaries(
    {},
    optional={
        "content": JSON | st.lists(st.fixed_dictionaries({"text": JSON}), max_size=2),
        "refusal": JSON,
        "tool_calls": JSON | st.lists(CALL, max_size=2),
        "function_call": FUNCTION,
        "audio": JSON | st.fixed_dictionaries({"transcript": JSON}),
    },
)
CHOICE = JSON | st.fixed_dictionaries(
    {},
    optional={
        "index": JSON,
        "text": JSON,
        "delta": MESSAGE,
        "message": MESSAGE,
        "finish_reason": JSON,
    },
)
BODY = st.fixed_dictionaries(
    {"choices": JSON | st.lists(CHOICE, max_size=3)},
    optional={
        "usage": JSON
        | st.fixed_dictionaries(
            {"prompt_tokens": JSON, "prompt_tokens_details": JSON},
            optional={
                "completion_tokens_details": st.fixed_dictionaries({"reasoning_tokens": JSON})
            },
        ),
        "model": JSON,
        "service_tier": JSON,
    },
)


def choice_of(**parts: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, **parts}]}


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(BODY, min_size=1, max_size=3))
@example([choice_of(index=[])])
@example([choice_of(index={})])
@example([choice_of(index=None)])
@example([choice_of(index="0")])
@example([choice_of(index="0"), choice_of(index=1)])
@example([choice_of(index=-1)])
@example([choice_of(index=1.5), choice_of(index=1)])
@example([choice_of(index=True)])
@example([choice_of(index=2**70)])
@example([choice_of(finish_reason=[])])
@example([choice_of(finish_reason={"a": 1})])
@example([choice_of(delta={"tool_calls": [{"index": [], "function": {}}]})])
@example([choice_of(delta={"tool_calls": [{"arguments": 1}, {"index": 0, "arguments": "a"}]})])
@example([choice_of(delta={"tool_calls": [{"function": 1}, {"index": 0, "function": {}}]})])
@example([choice_of(delta={"function_call": {"arguments": []}})] * 2)
@example(
    [
        choice_of(delta={"function_call": {"a": 1}}),
        choice_of(delta={"function_call": {"a": {"b": 1}}}),
    ]
)
@example([choice_of(delta={"tool_calls": {"index": 0}})])
@example([{"choices": [None]}])
@example([{"choices": "text"}])
def test_a_wrong_shape_is_a_bad_answer_and_nothing_else(bodies: list[dict[str, Any]]) -> None:
    with suppress(BadAnswerError):
        consume(*bodies)


def nested(depth: int) -> bytes:
    arguments = b'{"a":' * depth + b"1" + b"}" * depth
    return b'{"choices":[{"message":{"tool_calls":[{"function":' + arguments + b"}]}}]}"


@pytest.mark.parametrize("depth", [100, 400, 480, 700, 850, 900, 930, 950, 970])
def test_a_tool_call_nested_deeply_is_taken_or_a_bad_answer(depth: int) -> None:
    with suppress(BadAnswerError):
        for part in read(nested(depth)).parts:
            consume(part.body)


WRONG = {
    "content": {"content": 7},
    "content parts": {"content": ["text"]},
    "a content part's text": {"content": [{"type": "text", "text": 7}]},
    "refusal": {"refusal": ["no"]},
    "tool calls": {"tool_calls": "call"},
    "a tool call": {"tool_calls": ["call"]},
    "function call": {"function_call": "call"},
    "transcript": {"audio": {"transcript": 7}},
}


@pytest.mark.parametrize("message", WRONG.values(), ids=WRONG)
def test_a_message_of_the_wrong_shape_says_what_is_wrong(message: dict[str, Any]) -> None:
    with pytest.raises(BadAnswerError, match="not have the API's shape"):
        Completion().add({"choices": [{"index": 0, "message": message}]})
