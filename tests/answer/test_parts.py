"""Answers as real servers send them: what is an event, when all was said, what is remarked."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openai_cli.answer import parts
from openai_cli.answer.base import Answer
from openai_cli.answer.completion import Completion
from openai_cli.answer.images import Images
from openai_cli.answer.page import AnyWhole, Deletion, Models, Page, Whole, items
from openai_cli.answer.response import ModelResponse
from openai_cli.answer.speech import Speech
from openai_cli.answer.transcript import TextTranscript, Transcript
from openai_cli.errors import BadAnswerError, CliError, NetworkError
from tests.answer.reading import Scripted, completion, failure, http, taken
from tests.servers import chat, delta, events

ONE, STOP = delta("one"), delta(finish="stop")
DONE = b"data: [DONE]\n\n"
TEXT = {"type": "response.output_text.delta", "delta": "one"}
MESSAGE = {"type": "message", "content": [{"type": "output_text", "text": "one"}]}
RESPONSE = {"id": "resp_1", "status": "completed", "output": [MESSAGE]}
ENDED = {"type": "response.completed", "response": RESPONSE}

# Lists and deletions


def test_a_list_that_is_null_is_empty_and_models_may_be_a_bare_array() -> None:
    (part,) = taken(Page(), b'{"data": null}')
    assert items(part.body) == []
    (part,) = taken(Models(), b'[{"id": "m"}]')
    assert (items(part.body), part.value) == ([{"id": "m"}], [{"id": "m"}])
    assert isinstance(failure(Page(), b"[]"), BadAnswerError)


def test_a_deletion_may_say_nothing_but_not_that_nothing_was_deleted() -> None:
    (part,) = taken(Deletion(instead={"id": "x"}), b"")
    assert part.body == {"id": "x"}
    assert failure(Deletion(), b'{"id": "x", "deleted": false}').exit_code == 6
    assert failure(Whole(), b"").exit_code == 6


# Events

BLANK = [b"data:\n\n", b"data: \n\n", b"data: \t \n\n", b"data:\ndata:\n\n"]


@pytest.mark.parametrize("blank", BLANK)
def test_blank_data_is_no_event(blank: bytes) -> None:
    raw = events(ONE, done=False) + blank + events(STOP, done=False) + blank + DONE
    for chunks in ([raw], [raw[at : at + 1] for at in range(len(raw))]):
        assert completion(*chunks).in_order[0].content == "one"


@pytest.mark.parametrize(
    "done", [b"data: [DONE] \n\n", b"data:\t[DONE]\r\n\r\n", b"data: [DONE]\t"]
)
def test_done_may_have_white_space(done: bytes) -> None:
    answer = completion(events(ONE, done=False) + done)
    assert answer.is_done


def lines(*values: Any) -> bytes:
    """Values as lines of one event."""
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return b"".join(f"data: {text}\n".encode() for text in texts) + b"\n"


def test_values_in_lines_of_one_event_are_events() -> None:
    for raw in (
        lines(ONE, ONE) + events(STOP),
        lines(ONE, ONE, STOP, "[DONE]"),
        lines(ONE, "", ONE) + lines(STOP, " [DONE] "),
        lines(ONE, json.dumps(ONE, indent=1).replace("\n", "\ndata: "), STOP) + DONE,
    ):
        answer = completion(raw)
        assert answer.in_order[0].content == "oneone"
        assert (answer.is_done, answer.is_ended) == (True, True)


def test_a_value_may_have_several_lines() -> None:
    body = json.dumps(delta("one", finish="stop"), indent=1).replace("\n", "\ndata: ")
    assert completion(f"data: {body}\n\n".encode()).in_order[0].content == "one"


def test_lines_of_which_one_is_no_value_are_told_of() -> None:
    got: list[bytes] = []
    answer = Completion()
    with pytest.raises(BadAnswerError, match=r"not JSON: \{oops"):
        got += [part.raw for part, _ in parts.read(http(lines(ONE, "{oops") + DONE), answer)]
    assert answer.in_order[0].content == "one"


def test_the_last_of_them_may_be_cut() -> None:
    raw = lines(ONE, STOP)[:-20]
    answer = Completion()
    assert type(failure(answer, raw)) is NetworkError
    assert answer.in_order[0].content == "one"


def test_bytes_that_are_no_utf8_are_replaced_with_a_remark() -> None:
    raw = b'data: {"choices": [{"index": 0, "delta": {"content": "a\xff\xe2\x82b"}}]}\n\n'
    answer = Completion()
    (part, _) = taken(answer, raw + events(STOP))
    assert answer.in_order[0].content == "a\ufffd\ufffdb"
    assert json.loads(part.raw)["choices"]
    assert any("UTF-8" in remark for remark in answer.remarks)
    assert completion(events(ONE, STOP)).remarks == []


# When all was said


def test_choices_that_began_decide_where_fewer_came_than_were_asked_for() -> None:
    answer = completion(events(ONE, STOP, done=False), expected=2)
    assert answer.remarks == ["the server gave 1 of 2 choices"]
    assert answer.incomplete == []


ENDS: dict[str, tuple[Callable[[], Answer], list[Any]]] = {
    "chat": (Completion, [ONE, STOP]),
    "respond": (ModelResponse, [TEXT, ENDED]),
    "transcribe": (Transcript, [{"type": "transcript.text.done", "text": "x"}]),
    "image": (Images, [{"type": "image_generation.completed", "b64_json": "AA"}]),
}


@pytest.mark.parametrize(("reader", "data"), ENDS.values(), ids=ENDS)
def test_a_server_that_keeps_the_connection_is_waited_for_a_little(
    reader: Callable[[], Answer], data: list[Any]
) -> None:
    chunks = [events(event, done=False) for event in data]
    served = Scripted(chunks, NetworkError("silent"))
    list(parts.read(served, reader()))
    assert served.limits == [parts.LINGER]
    assert parts.LINGER <= 5


def test_a_choice_that_begins_later_is_waited_for_as_long_as_ever() -> None:
    more = delta("b", index=1)
    chunks = [events(event, done=False) for event in (ONE, STOP, more)]
    served = Scripted(chunks, NetworkError("silent"))
    with pytest.raises(NetworkError):
        list(parts.read(served, Completion()))
    assert served.limits == [parts.LINGER, None]


def test_of_two_choices_the_second_is_waited_for() -> None:
    served = Scripted([events(ONE, STOP, done=False)])
    list(parts.read(served, Completion(expected=2)))
    assert served.limits == []


CUT: dict[str, tuple[Callable[[], Answer], bytes, str]] = {
    "chat": (Completion, events(ONE), "the answer ended without a finish_reason"),
    "respond": (ModelResponse, events(TEXT), "the answer ended without a status"),
    "transcribe": (
        Transcript,
        events({"type": "transcript.text.delta", "delta": "x"}),
        "the stream ended before its last event",
    ),
    "speak": (
        Speech,
        events({"type": "speech.audio.delta", "audio": "AAAA"}),
        "the stream ended before its last event",
    ),
}


@pytest.mark.parametrize(("reader", "raw", "said"), CUT.values(), ids=CUT)
def test_done_before_the_end_is_half_an_answer(
    reader: Callable[[], Answer], raw: bytes, said: str
) -> None:
    answer = reader()
    taken(answer, raw)
    assert answer.incomplete == [said]


# Responses

STATUSES: list[tuple[dict[str, Any], str | None]] = [
    ({"status": "completed"}, None),
    ({"status": "completed", "incomplete_details": {"reason": "x"}}, None),
    ({"status": "incomplete", "incomplete_details": {"reason": "odd"}}, "(reason odd)"),
    ({"status": "incomplete", "incomplete_details": None}, "(status incomplete)"),
    ({"status": "incomplete", "incomplete_details": {"reason": ""}}, "(status incomplete)"),
    ({"status": "incomplete"}, "(status incomplete)"),
    ({"status": "cancelled"}, "cancelled"),
    ({"status": "odd"}, "(status odd)"),
    ({"status": 7}, "(status 7)"),
    ({"status": None}, "without a status"),
    ({}, "without a status"),
]


@pytest.mark.parametrize(("said", "why"), STATUSES)
def test_a_response_is_complete_by_one_status(said: dict[str, Any], why: str | None) -> None:
    body = {"id": "r", "output": [MESSAGE], **said}
    last = {"type": "response.completed", "response": body}
    for raw in (json.dumps(body).encode(), events(TEXT, last), events(last)):
        answer = ModelResponse()
        taken(answer, raw)
        assert answer.in_order[0].content == "one"
        if why is None:
            assert answer.incomplete == []
        else:
            assert len(answer.incomplete) == 1
            assert why in answer.incomplete[0]


@pytest.mark.parametrize("status", ["failed", "expired"])
@pytest.mark.parametrize("error", [{"error": None}, {}])
def test_a_response_that_failed_is_a_failure_wherever_that_stands(
    status: str, error: dict[str, Any]
) -> None:
    body = {"id": "r", "status": status, "output": [MESSAGE], **error}
    raws = [json.dumps(body).encode()]
    raws += [
        events(TEXT, {"type": f"response.{kind}", "response": body})
        for kind in ("completed", "failed", "incomplete", "in_progress")
    ]
    raws.append(events(TEXT, {"type": "response.failed"}))
    for raw in raws:
        found = failure(ModelResponse(), raw)
        assert found.exit_code == 6
        assert found.body


CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
ITEMS: list[tuple[dict[str, Any], bool, str]] = [
    (CALL, True, ""),
    ({"type": "mcp_approval_request", "id": "x"}, True, ""),
    ({"type": "brand_new_call", "call_id": "x"}, True, "brand_new_call"),
    ({"type": "brand_new_item"}, False, "brand_new_item"),
    ({"type": "web_search_call", "id": "x"}, False, "web_search_call"),
    ({"type": "reasoning", "summary": []}, False, "reasoning"),
    ({"type": "tool_search_call", "call_id": "x", "execution": "client"}, True, ""),
    ({"type": "tool_search_call", "call_id": "x", "execution": "server"}, False, ""),
]


@pytest.mark.parametrize(("item", "is_printed", "named"), ITEMS)
def test_an_item_that_is_not_known_is_printed_or_named(
    item: dict[str, Any], is_printed: bool, named: str
) -> None:
    body = {"id": "r", "status": "completed", "output": [item]}
    for raw in (
        json.dumps(body).encode(),
        events(
            {"type": "response.output_item.done", "item": item},
            {"type": "response.completed", "response": body},
        ),
    ):
        answer = ModelResponse()
        taken(answer, raw)
        assert (answer.in_order[0].calls == [item]) is is_printed
        assert named in " ".join(answer.remarks)


def test_a_text_beside_a_call_that_no_event_told_is_that_of_the_last() -> None:
    body = {"id": "r", "status": "completed", "output": [MESSAGE, CALL]}
    answer = ModelResponse()
    done = {"type": "response.output_item.done", "item": CALL}
    taken(answer, events(done, {"type": "response.completed", "response": body}))
    assert (answer.in_order[0].content, answer.in_order[0].calls) == ("one", [CALL])


# Usage, remarks, and the whole that a stream stands for


@pytest.mark.parametrize("place", ["body", "choice"])
@pytest.mark.parametrize("number", [12, 12.0])
def test_usage_may_stand_in_a_choice_and_be_floats(place: str, number: float) -> None:
    usage = {"prompt_tokens": number, "prompt_tokens_details": {"cached_tokens": number}}
    bodies: list[dict[str, Any]] = [chat("x", usage=None), delta("x", finish="stop")]
    for body in bodies:
        (body if place == "body" else body["choices"][0])["usage"] = usage
    for raw in (json.dumps(bodies[0]).encode(), events(bodies[1])):
        found = completion(raw).usage
        assert found == {"prompt_tokens": 12, "prompt_tokens_details": {"cached_tokens": 12}}
        assert found is not None
        assert type(found["prompt_tokens"]) is int


def test_what_is_no_integer_stays_as_it_came() -> None:
    usage = {"cost": 0.5, "seconds": float("inf"), "n": True, "x": None}
    assert completion(json.dumps(chat("x", usage=usage)).encode()).usage == usage


EMPTY: list[tuple[dict[str, Any], str, str]] = [
    ({"content": None, "reasoning_content": "hm"}, "stop", "only reasoning (reasoning_content)"),
    ({"content": "", "reasoning": "hm"}, "length", "only reasoning (reasoning)"),
    ({"content": ""}, "stop", "the answer is empty"),
    ({"content": None}, "eos", "the answer is empty"),
    ({"content": ""}, "length", ""),
    ({"content": "x", "reasoning": "hm"}, "stop", ""),
    ({"content": None, "refusal": "No"}, "stop", ""),
    ({"content": None, "tool_calls": [{"id": "c"}]}, "tool_calls", ""),
]


@pytest.mark.parametrize(("message", "reason", "said"), EMPTY)
def test_a_choice_without_text_is_remarked(message: dict[str, Any], reason: str, said: str) -> None:
    whole = {"choices": [{"index": 0, "message": message, "finish_reason": reason}]}
    streamed = {"choices": [{"index": 0, "delta": message, "finish_reason": reason}]}
    for raw in (json.dumps(whole).encode(), events(streamed)):
        remarks = completion(raw).remarks
        assert len(remarks) == bool(said)
        assert said in "".join(remarks)


def test_of_several_choices_the_one_without_text_is_named() -> None:
    assert completion(json.dumps(chat("x", "")).encode()).remarks == [
        "choice 1: the answer is empty"
    ]


def test_a_stream_stands_for_a_whole_answer() -> None:
    first = {**delta("one", reasoning="hm"), "id": "chatcmpl-1"}
    answer = completion(events(first, STOP, {"choices": [], "usage": {"prompt_tokens": 1}}))
    message = {"role": "assistant", "content": "one", "reasoning": "hm"}
    assert answer.final == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1},
    }
    answer = completion(events({"choices": [{"index": 0, "text": "one"}]}))
    assert answer.final is not None
    assert answer.final["choices"] == [{"index": 0, "text": "one", "finish_reason": None}]
    response = ModelResponse()
    taken(response, events(TEXT, ENDED))
    assert response.final == RESPONSE


# Whatever comes

VALUES = st.sampled_from(
    [
        b'{"choices": [{"index": 0, "delta": {"content": "a"}}]}', b"[DONE]", b"", b" ", b"{", b"}",
        b'{"error": {}}', b"\xff", b"null", b"1", b'{"a":', b'"x"', b"[DONE] x",
    ]
)  # fmt: skip
FIELD = st.sampled_from([b"data: ", b"data:", b"event: error", b"event: x", b"error: ", b": ", b""])
LINE = st.tuples(FIELD, VALUES).map(b"".join)


def pieces_of(raw: bytes, cuts: list[int]) -> Iterator[bytes]:
    edges = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    yield from (raw[a:b] for a, b in pairwise(edges))


@given(st.lists(LINE, max_size=6), st.lists(st.integers(0, 200), max_size=4), st.booleans())
@example([b"data: ", b'data: {"a":', b"data: 1}", b""], [3, 9], True)
def test_cuts_never_matter_and_nothing_raises_but_failures(
    stream: list[bytes], cuts: list[int], is_known: bool
) -> None:
    raw = b"data: " + b'{"choices": [{"index": 0, "delta": {"content": "b"}}]}' + b"\n\n"
    raw += b"\n".join(stream)

    def outcome(*chunks: bytes) -> tuple[Any, ...]:
        answer: Answer = Completion() if is_known else AnyWhole()
        error: CliError | None = None
        got: list[bytes] = []
        try:
            got += [part.raw for part in taken(answer, *chunks)]
        except CliError as caught:
            error = caught
        texts = [choice.content for choice in answer.in_order]
        return type(error), error and error.problem, got if error is None else [], texts

    assert outcome(*pieces_of(raw, cuts)) == outcome(raw)


@given(st.binary(max_size=60))
def test_any_body_is_an_answer_or_a_failure(raw: bytes) -> None:
    for reader in (Completion, ModelResponse, Models, Deletion, TextTranscript, AnyWhole):
        with suppress(CliError):
            taken(reader(), raw)
