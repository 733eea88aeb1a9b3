"""Answers in every form in which they are saved, and the tokens that they report."""

from collections.abc import Mapping
from typing import Any

import pytest

from openai_cli.errors import UsageError
from openai_cli.prices.answers import Answers
from openai_cli.prices.billed import Billed
from openai_cli.prices.calls import Calls
from openai_cli.prices.charges import Usage
from openai_cli.prices.usage import usage_of

USAGE = {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}
CHUNK = {"object": "chat.completion.chunk", "model": "m", "choices": []}


def read(*objects: Mapping[str, Any]) -> list[Billed]:
    return list(Answers().read(enumerate(objects, 1)))


def test_a_whole_answer() -> None:
    assert read({"model": "m", "service_tier": "flex", "choices": [], "usage": USAGE}) == [
        Billed("m", "flex", USAGE, line=1)
    ]


def test_usage_may_stand_in_a_choice_and_have_floats() -> None:
    usage = {"prompt_tokens": 8.0, "prompt_tokens_details": {"cached_tokens": 2.0}}
    counted = {"prompt_tokens": 8, "prompt_tokens_details": {"cached_tokens": 2}}
    for answer in (
        {"model": "m", "choices": [{"index": 0, "usage": usage}]},
        {"model": "m", "choices": [{"index": 0}, {"index": 1, "usage": usage}], "usage": None},
        {"model": "m", "choices": [{"usage": {}}], "usage": usage},
    ):
        (billed,) = read(answer)
        assert billed.usage == counted
        assert billed.usage is not None
        assert type(billed.usage["prompt_tokens"]) is int


@pytest.mark.parametrize("tier", [None, "default", "auto"])
def test_the_standard_tier_has_several_names(tier: str | None) -> None:
    (billed,) = read({"model": "m", "service_tier": tier, "usage": USAGE})
    assert billed.tier == "standard"


def test_a_model_that_is_not_named() -> None:
    assert read({"text": "…", "usage": USAGE}) == [Billed(None, "standard", USAGE, line=1)]


@pytest.mark.parametrize(
    "answer",
    [
        {"model": "m", "choices": []},
        {"model": "m", "choices": [], "usage": None},
        {"object": "response", "status": "queued", "usage": None},
        {"error": {"message": "no"}},
        {},
    ],
)
def test_an_answer_without_usage(answer: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="line 2: the answer has no usage"):
        read({"model": "m", "usage": USAGE}, answer)


def batch_line(**response: Any) -> dict[str, Any]:
    return {"id": "b", "custom_id": "1", "response": response or None, "error": None}


def test_the_output_file_of_a_batch() -> None:
    body = {"model": "m", "service_tier": "default", "usage": USAGE}
    answers = Answers()
    lines = [
        batch_line(status_code=200, request_id="r", body=body),
        batch_line(status_code=400, request_id="r", body={"error": {}}),
        batch_line(),
        {**batch_line(status_code=200, body=body), "error": {"code": "batch_expired"}},
    ]
    assert list(answers.read(enumerate(lines, 1))) == [Billed("m", "batch", USAGE, line=1)]
    assert answers.failed == 3


def test_a_batch_with_an_answer_without_usage() -> None:
    with pytest.raises(UsageError, match="line 1: the answer has no usage"):
        read(batch_line(status_code=200, body={"model": "m"}))


def test_a_stream_counts_once() -> None:
    assert read(
        {**CHUNK, "id": "c", "usage": None},
        {**CHUNK, "id": "c"},
        {**CHUNK, "id": "c", "service_tier": "priority", "usage": USAGE},
    ) == [Billed("m", "priority", USAGE, line=3)]


def test_of_usage_in_every_event_the_last_stands() -> None:
    later = {**USAGE, "completion_tokens": 9}
    events = [{**CHUNK, "id": "c", "usage": usage} for usage in (USAGE, later, None)]
    assert [billed.usage for billed in read(*events)] == [later]


def test_streams_may_be_mixed() -> None:
    other = {**USAGE, "prompt_tokens": 1}
    found = read(
        {**CHUNK, "id": "a", "usage": None},
        {**CHUNK, "id": "b", "usage": None},
        {"model": "m", "usage": USAGE},
        {**CHUNK, "id": "b", "usage": other},
        {**CHUNK, "id": "a", "usage": USAGE},
    )
    assert [(billed.usage or {})["prompt_tokens"] for billed in found] == [8, 8, 1]


def test_a_stream_of_completions() -> None:
    event = {"object": "text_completion", "id": "c", "model": "m", "choices": []}
    whole = {**event, "id": "d", "usage": USAGE}
    assert len(read({**event, "usage": None}, {**event, "usage": USAGE}, whole)) == 2


@pytest.mark.parametrize(
    "event",
    [
        {**CHUNK, "id": "c7", "usage": None},
        {"object": "text_completion", "id": "c7", "choices": []},
        {"type": "response.created", "response": {"id": "c7", "usage": None}},
    ],
)
def test_a_stream_without_usage(event: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="line 1: the stream c7 has no usage") as caught:
        read(event)
    assert "include_usage" in str(caught.value.hint)


def test_events_of_responses() -> None:
    usage = {"input_tokens": 3, "output_tokens": 4}
    response = {"id": "r", "object": "response", "model": "m", "service_tier": "default"}
    assert read(
        {"type": "response.created", "response": {**response, "usage": None}},
        {"type": "response.output_text.delta", "item_id": "i", "delta": "hi"},
        {"type": "response.completed", "response": {**response, "usage": usage}},
    ) == [Billed("m", "standard", usage, line=3)]


@pytest.mark.parametrize("kind", ["image_generation.completed", "transcript.text.done"])
def test_events_that_have_their_usage_themselves(kind: str) -> None:
    assert read({"type": "x.delta", "delta": ""}, {"type": kind, "usage": USAGE}) == [
        Billed(None, "standard", USAGE, line=2)
    ]


def test_a_line_of_a_usage_file() -> None:
    record = {
        "model": "m", "service_tier": None, "input_tokens": 10, "cached_tokens": 4,
        "cache_write_tokens": None, "output_tokens": 3, "reasoning_tokens": 1, "usd": 0.5,
        "request_id": "r",
    }  # fmt: skip
    (billed,) = read(record)
    assert (billed.model, billed.tier) == ("m", "standard")
    assert usage_of(billed.usage or {}) == Usage(10, 3, cached=4)


def test_a_usage_file_of_a_server_without_usage() -> None:
    record = {"model": "m", "input_tokens": None, "output_tokens": None, "usd": None}
    (billed,) = read(record)
    assert (billed.model, billed.usage, billed.is_record) == ("m", None, True)


def test_a_record_of_a_call_that_was_refused() -> None:
    answers = Answers()
    record = {"model": None, "input_tokens": None, "output_tokens": None, "usd": 0}
    assert list(answers.read([(1, record)])) == []
    assert (answers.taken, answers.failed) == (1, 1)


def test_a_drawing_has_a_usage_of_its_own() -> None:
    drawing = {"model": "n", "input_tokens": 1, "output_tokens": 2}
    assert read({"model": "m", "usage": USAGE, "svg_usage": drawing}) == [
        Billed("n", "standard", drawing, is_extra=True),
        Billed("m", "standard", USAGE, line=1),
    ]


def test_a_response_with_its_calls() -> None:
    body = {
        "model": "m",
        "usage": USAGE,
        "output": [{"type": "file_search_call"}],
        "tools": [{"type": "file_search"}],
    }
    for value in (body, {"type": "response.completed", "response": {**body, "id": "r"}}):
        (billed,) = read(value)
        assert billed.calls == Calls({"file_search": 1})
