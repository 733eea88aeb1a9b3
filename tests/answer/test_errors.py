"""Errors in the place of an answer, in whatever form a server puts them, and answers of nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from openai_cli.answer import files
from openai_cli.answer.base import Answer
from openai_cli.answer.completion import Completion
from openai_cli.answer.images import Images
from openai_cli.answer.page import AnyWhole, Deletion, Models, Page, Whole
from openai_cli.answer.response import ModelResponse
from openai_cli.answer.speech import Speech
from openai_cli.answer.transcript import TextTranscript, Transcript
from openai_cli.errors import BadAnswerError, NetworkError, RateLimitError
from tests.answer.reading import completion, failure, http, taken
from tests.servers import delta, events

ONE, STOP = delta("one"), delta(finish="stop")
DONE = b"data: [DONE]\n\n"
TEXT = {"type": "response.output_text.delta", "delta": "one"}
MESSAGE = {"type": "message", "content": [{"type": "output_text", "text": "one"}]}
RESPONSE = {"id": "resp_1", "status": "completed", "output": [MESSAGE]}
ENDED = {"type": "response.completed", "response": RESPONSE}

# The answers of all endpoints, and what comes before an error in their streams.
READERS: dict[str, tuple[Callable[[], Answer], bytes]] = {
    "chat": (Completion, events(ONE, done=False)),
    "complete": (Completion, events({"choices": [{"index": 0, "text": "one"}]}, done=False)),
    "respond": (ModelResponse, events(TEXT, done=False)),
    "transcribe": (Transcript, events({"type": "transcript.text.delta", "delta": "x"}, done=False)),
    "speak": (Speech, events({"type": "speech.audio.delta", "audio": "AAAA"}, done=False)),
    "image": (Images, events({"type": "image_edit.partial_image", "b64_json": "AA"}, done=False)),
    "api": (AnyWhole, events(ONE, done=False)),
}
BOTH = pytest.mark.parametrize(("reader", "begin"), READERS.values(), ids=READERS)
DIED = "engine died"

ERRORS: dict[str, bytes] = {
    "object error": events({"object": "error", "message": DIED, "code": 503}, done=False),
    "type error": events({"type": "error", "message": DIED}, done=False),
    "another type of error": events({"type": "server_error", "message": DIED}, done=False),
    "a type of error alone": events({"type": "overloaded_error", "x": DIED}, done=False),
    "a message and a code": events({"message": DIED, "code": 500}, done=False),
    "a message": events({"message": DIED}, done=False),
    "detail": events({"detail": DIED}, done=False),
    "problems": events({"detail": [{"msg": DIED}]}, done=False),
    "msg": events({"msg": DIED}, done=False),
    "errors": events({"errors": [DIED]}, done=False),
    "error, a text": events({"error": DIED}, done=False),
    "null choices": events({"object": "error", "message": DIED, "choices": None}, done=False),
    "a named event of text": b"event: error\ndata: " + DIED.encode() + b"\n\n",
    "a named event of JSON": b'event: error\ndata: {"message": "engine died"}\n\n',
    "a field": b'error: {"code": 500, "message": "engine died"}\n\n',
    "a field of text": b"error: engine died\n\n",
    "bare JSON": b'{"error": {"message": "engine died"}}\n',
}


@BOTH
@pytest.mark.parametrize("event", ERRORS.values(), ids=ERRORS)
def test_an_error_in_mid_stream_is_one_in_any_form(
    reader: Callable[[], Answer], begin: bytes, event: bytes
) -> None:
    for end in (b"", DONE):
        raw = begin + event + end
        for chunks in ([raw], [raw[at : at + 1] for at in range(len(raw))]):
            error = failure(reader(), *chunks)
            assert error.exit_code == 6, chunks
            assert DIED in error.problem
            assert error.request_id == "req_1"
            assert error.body


@BOTH
@pytest.mark.parametrize(
    "event", [b"event: error\n\n", b'data: {"error": {}}\n\n', b'data: {"error": []}\n\n']
)
def test_an_error_that_says_nothing_is_one(
    reader: Callable[[], Answer], begin: bytes, event: bytes
) -> None:
    for end in (b"", DONE):
        error = failure(reader(), begin + event + end)
        assert error.exit_code == 6
        assert "no reason" in error.problem


def test_the_code_of_an_error_is_told_and_decides() -> None:
    error = failure(Completion(), events(ONE, {"message": "slow", "code": 429}))
    assert (type(error), error.code) == (RateLimitError, "429")


CHOICE_ERROR = {"index": 0, "finish_reason": "error", "error": {"code": 502, "message": DIED}}


@pytest.mark.parametrize(
    "raw",
    [
        events(ONE, {"choices": [{**CHOICE_ERROR, "delta": {"content": ""}}]}),
        events(ONE, {"choices": [{**CHOICE_ERROR, "delta": {}, "error": DIED}]}),
        json.dumps({"choices": [{**CHOICE_ERROR, "message": {"content": "half"}}]}).encode(),
    ],
)
def test_the_error_of_a_choice_is_that_of_the_answer(raw: bytes) -> None:
    for reader in (Completion, AnyWhole):
        error = failure(reader(), raw)
        assert (error.problem, error.exit_code) == (DIED, 6)


@pytest.mark.parametrize("error", [None, False, {}, ""])
def test_a_choice_whose_error_says_nothing_has_none(error: Any) -> None:
    choice = {**ONE["choices"][0], "error": error}
    assert completion(events({"choices": [choice]}, STOP)).in_order[0].content == "one"


HARMLESS: list[tuple[Callable[[], Answer], dict[str, Any]]] = [
    (Completion, {"type": "ping"}),
    (Completion, {"id": "x", "object": "chat.completion.chunk"}),
    (Completion, {"choices": [], "message": "prompt filtered"}),
    (Completion, {"usage": {}, "detail": "x"}),
    (ModelResponse, {"type": "keepalive"}),
    (ModelResponse, {"type": "response.mcp_call.failed", "message": "x"}),
    (ModelResponse, {"type": "response.in_progress", "response": {"error": None}}),
    (AnyWhole, {"type": "message_start", "message": {"role": "assistant"}}),
    (AnyWhole, {"message": {"role": "assistant", "content": "hi there"}}),
    (AnyWhole, {"object": "thread.message", "detail": "x"}),
]


@pytest.mark.parametrize(("reader", "event"), HARMLESS)
def test_what_an_endpoint_sends_is_no_error(
    reader: Callable[[], Answer], event: dict[str, Any]
) -> None:
    last = [ENDED] if reader is ModelResponse else [ONE, STOP]
    assert len(taken(reader(), events(event, *last))) == 1 + len(last)


# Nothing at all


@BOTH
@pytest.mark.parametrize("raw", [DONE, b": hi\n\n" + DONE, b"data:\n\n" + DONE])
def test_a_stream_of_nothing_is_of_the_wrong_shape(
    reader: Callable[[], Answer], begin: bytes, raw: bytes
) -> None:
    assert type(failure(reader(), raw)) is BadAnswerError


@BOTH
@pytest.mark.parametrize("raw", [b": hi\n\n", b"data:\n\n", b": hi\n\nevent: x\n\n"])
def test_a_stream_that_ends_before_its_first_event_is_cut(
    reader: Callable[[], Answer], begin: bytes, raw: bytes
) -> None:
    assert type(failure(reader(), raw)) is NetworkError


NO_CHOICE: dict[str, tuple[Callable[[], Answer], bytes]] = {
    "usage alone": (Completion, events({"choices": [], "usage": {"prompt_tokens": 1}})),
    "a null delta": (Completion, events({"choices": [{"delta": None, "finish_reason": "stop"}]})),
    "a null message": (Completion, b'{"choices": [{"message": null, "finish_reason": "stop"}]}'),
    "no message": (Completion, b'{"choices": [{"index": 0, "finish_reason": "stop"}]}'),
    "a null text": (Completion, b'{"choices": [{"text": null}]}'),
    "no output": (ModelResponse, b'{"id": "r", "status": "completed"}'),
    "a null output": (ModelResponse, b'{"id": "r", "status": "completed", "output": null}'),
    "a response of nothing": (
        ModelResponse,
        events({"type": "response.completed", "response": {"status": "completed"}}),
    ),
    "a response that only began": (
        ModelResponse,
        events({"type": "response.created", "response": {"id": "r"}}),
    ),
    "events of another endpoint": (ModelResponse, events(ONE, STOP)),
    "speech without sound": (Speech, events({"type": "speech.audio.done"})),
    "images without one": (Images, events({"type": "image_generation.partial_image"})),
    "an empty object": (Whole, b"{}"),
}


@pytest.mark.parametrize(("reader", "raw"), NO_CHOICE.values(), ids=NO_CHOICE)
def test_an_answer_without_a_choice_is_of_the_wrong_shape(
    reader: Callable[[], Answer], raw: bytes
) -> None:
    assert type(failure(reader(), raw)) is BadAnswerError


# Whole answers that are errors

BODIES: list[Any] = [
    {"error": {"message": DIED}},
    {"code": 500, "message": DIED},
    {"object": "error", "message": DIED},
    [{"error": {"message": DIED}}],
    {"detail": DIED, "code": 1},
]
WHOLE: list[Callable[[], Answer]] = [
    AnyWhole, Completion, ModelResponse, Transcript, TextTranscript, Images, Page, Models,
    Deletion, Whole,
]  # fmt: skip


@pytest.mark.parametrize("reader", WHOLE)
@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_an_error_tells_its_words(reader: Callable[[], Answer], body: Any) -> None:
    raw = json.dumps(body).encode()
    error = failure(reader(), raw)
    assert (error.problem, error.exit_code, error.body) == (DIED, 6, raw)


@pytest.mark.parametrize("raw", [b"<html>x</html>", b"[1]", b"{}", b'{"choices": [7]}'])
def test_a_body_that_is_refused_is_kept_with_the_error(raw: bytes) -> None:
    error = failure(Completion(), raw)
    assert (error.body, error.request_id) == (raw, "req_1")


def test_an_event_that_is_refused_is_kept_with_the_error() -> None:
    error = failure(Completion(), events(ONE, {"choices": [{"delta": {"content": 7}}]}))
    assert error.body == b'{"choices": [{"delta": {"content": 7}}]}'
    assert failure(Completion(), events(ONE, "[1]")).body == b"[1]"


FILES = [
    b"ID3\0\1",
    b'{"a": 1}\n{"b": 2}\n',
    b"{\0\1",
    b"[1]",
    b"",
    b'{"text": "x"}',
    b"{" * 70_000,
    b'{"error": null, "id": "x"}',
    b'{"id": "batch_1", "custom_id": "a", "error": {"code": 1}}',
]


@pytest.mark.parametrize("data", FILES, ids=range(len(FILES)))
def test_a_file_of_any_kind_is_passed_on(data: bytes) -> None:
    for chunks in ([data], [data[:3], data[3:]]):
        assert b"".join(files.file_pieces(http(*chunks))) == data


def test_lines_of_json_are_passed_on_as_they_come() -> None:
    pieces = files.file_pieces(http(b'{"a": 1}\n', b'{"b": 2}\n'))
    assert next(pieces) == b'{"a": 1}\n'


@pytest.mark.parametrize("body", BODIES)
def test_an_error_instead_of_a_file_is_one(body: Any) -> None:
    raw = json.dumps(body, indent=1).encode()
    for chunks in ([raw], [raw[at : at + 1] for at in range(len(raw))]):
        with pytest.raises(BadAnswerError, match=DIED):
            list(files.file_pieces(http(*chunks)))


@pytest.mark.parametrize("name", ["id", "data", "object"])
def test_one_name_of_its_own_makes_a_body_an_answer(name: str) -> None:
    own = {name: "x", "message": "not an error"}
    assert Answer().failure_in(own, streamed=False) is None
    stranger = {"message": DIED}
    assert Answer().failure_in(stranger, streamed=False) == stranger
