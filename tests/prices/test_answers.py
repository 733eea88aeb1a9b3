"""Answers in every form in which they are saved, and the tokens that they report."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from openai_cli.errors import UsageError
from openai_cli.prices.answers import Answers, Billed, usage_of
from openai_cli.prices.charges import Usage

USAGE = {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}
CHUNK = {"object": "chat.completion.chunk", "model": "m", "choices": []}


def read(*objects: Mapping[str, Any]) -> list[Billed]:
    return list(Answers().read(enumerate(objects, 1)))


def test_a_whole_answer() -> None:
    assert read({"model": "m", "service_tier": "flex", "choices": [], "usage": USAGE}) == [
        Billed(1, "m", "flex", USAGE)
    ]


@pytest.mark.parametrize("tier", [None, "default", "auto"])
def test_the_standard_tier_has_several_names(tier: str | None) -> None:
    (billed,) = read({"model": "m", "service_tier": tier, "usage": USAGE})
    assert billed.tier == "standard"


def test_a_model_that_is_not_named() -> None:
    assert read({"text": "…", "usage": USAGE}) == [Billed(1, None, "standard", USAGE)]


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
    assert list(answers.read(enumerate(lines, 1))) == [Billed(1, "m", "batch", USAGE)]
    assert answers.failed == 3


def test_a_batch_with_an_answer_without_usage() -> None:
    with pytest.raises(UsageError, match="line 1: the answer has no usage"):
        read(batch_line(status_code=200, body={"model": "m"}))


def test_a_stream_counts_once() -> None:
    assert read(
        {**CHUNK, "id": "c", "usage": None},
        {**CHUNK, "id": "c"},
        {**CHUNK, "id": "c", "service_tier": "priority", "usage": USAGE},
    ) == [Billed(3, "m", "priority", USAGE)]


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
    assert [billed.usage["prompt_tokens"] for billed in found] == [8, 8, 1]


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
    ) == [Billed(3, "m", "standard", usage)]


@pytest.mark.parametrize("kind", ["image_generation.completed", "transcript.text.done"])
def test_events_that_have_their_usage_themselves(kind: str) -> None:
    assert read({"type": "x.delta", "delta": ""}, {"type": kind, "usage": USAGE}) == [
        Billed(2, None, "standard", USAGE)
    ]


def test_a_line_of_a_usage_file() -> None:
    record = {
        "model": "m", "service_tier": None, "input_tokens": 10, "cached_tokens": 4,
        "cache_write_tokens": None, "output_tokens": 3, "reasoning_tokens": 1, "usd": 0.5,
        "request_id": "r",
    }  # fmt: skip
    (billed,) = read(record)
    assert (billed.model, billed.tier) == ("m", "standard")
    assert usage_of(billed.usage) == Usage(10, 3, cached=4)


def test_a_usage_file_of_a_server_without_usage() -> None:
    record = {"model": "m", "input_tokens": None, "output_tokens": None, "usd": None}
    with pytest.raises(UsageError, match="line 1: the answer has no usage"):
        read(record)


def test_a_drawing_has_a_usage_of_its_own() -> None:
    drawing = {"model": "n", "input_tokens": 1, "output_tokens": 2}
    assert read({"model": "m", "usage": USAGE, "svg_usage": drawing}) == [
        Billed(1, "n", "standard", drawing),
        Billed(1, "m", "standard", USAGE),
    ]


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (USAGE, Usage(8, 2)),
        ({"prompt_tokens": 8, "total_tokens": 8}, Usage(8)),  # embeddings
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "prompt_tokens_details": {
                    "cached_tokens": 10, "cache_write_tokens": 20, "audio_tokens": 30,
                    "image_tokens": 40, "text_tokens": 30,
                },
                "completion_tokens_details": {
                    "reasoning_tokens": 9, "audio_tokens": 7, "rejected_prediction_tokens": 3
                },
            },
            Usage(100, 50, cached=10, cache_write=20, audio_input=30, image_input=40,
                  audio_output=7),
        ),
        (
            {
                "input_tokens": 100,
                "output_tokens": 50,
                "input_tokens_details": {
                    "cached_tokens": 10,
                    "cache_write_tokens": 20,
                    "cache_write_tokens_details": {"ttl_12h_tokens": 15, "ttl_30m_tokens": 5},
                },
                "output_tokens_details": {"reasoning_tokens": 9},
            },
            Usage(100, 50, cached=10, cache_write=5, cache_write_12h=15),
        ),
        (  # realtime
            {
                "input_tokens": 100,
                "output_tokens": 50,
                "input_token_details": {
                    "audio_tokens": 60, "image_tokens": 20, "cached_tokens": 30,
                    "cached_tokens_details": {"audio_tokens": 12, "image_tokens": 3},
                },
                "output_token_details": {"audio_tokens": 40},
            },
            Usage(100, 50, cached=30, audio_input=60, image_input=20, cached_audio=12,
                  cached_image=3, audio_output=40),
        ),
        ({**USAGE, "prompt_tokens_details": None, "completion_tokens_details": 7}, Usage(8, 2)),
        ({**USAGE, "prompt_tokens_details": {"cached_tokens": None}}, Usage(8, 2)),
    ],
)  # fmt: skip
def test_the_tokens_that_are_reported(usage: dict[str, Any], tokens: Usage) -> None:
    assert usage_of(usage) == tokens


@pytest.mark.parametrize(
    ("mode", "tokens"),
    [
        ("image_generation", Usage(8, 2, image_output=2)),
        ("audio_transcription", Usage(8, 2, audio_input=8)),
        ("audio_speech", Usage(8, 2, audio_output=2)),
        ("chat", Usage(8, 2)),
    ],
)
def test_tokens_that_are_not_told_apart_are_what_the_model_makes(mode: str, tokens: Usage) -> None:
    assert usage_of({"input_tokens": 8, "output_tokens": 2}, mode=mode) == tokens


def test_an_image_whose_tokens_are_told_apart() -> None:
    usage = {
        "input_tokens": 8,
        "output_tokens": 5,
        "input_tokens_details": {"text_tokens": 6, "image_tokens": 2},
        "output_tokens_details": {"text_tokens": 1, "image_tokens": 4},
    }
    assert usage_of(usage, mode="image_generation") == Usage(8, 5, image_input=2, image_output=4)


@pytest.mark.parametrize("usage", [{}, {"total_tokens": 3}])
def test_a_usage_without_tokens(usage: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="the usage has no tokens"):
        usage_of(usage)


@pytest.mark.parametrize("seconds", [0, 9, 8.47])
def test_a_usage_in_seconds(seconds: float) -> None:
    expected = Usage(seconds=Decimal(str(seconds)))
    assert usage_of({"type": "duration", "seconds": seconds}) == expected


@pytest.mark.parametrize("seconds", [-1, "9", True, float("nan"), float("inf"), []])
def test_seconds_that_are_none(seconds: Any) -> None:
    with pytest.raises(UsageError, match="seconds of the usage must be a number of at least 0"):
        usage_of({"type": "duration", "seconds": seconds})


@pytest.mark.parametrize("value", ["3", -1, 1.5, True, []])
def test_a_count_that_is_none(value: Any) -> None:
    with pytest.raises(UsageError, match="prompt_tokens of the usage must be an integer"):
        usage_of({"prompt_tokens": value})


@pytest.mark.parametrize(
    "details",
    [
        {"cached_tokens": 9},
        {"cached_tokens": 5, "cache_write_tokens": 4},
        {"audio_tokens": 5, "image_tokens": 4},
        {"cached_tokens": 1, "audio_tokens": 3, "cached_tokens_details": {"audio_tokens": 2}},
        {"cached_tokens": 2, "audio_tokens": 1, "cached_tokens_details": {"audio_tokens": 2}},
        {"cached_tokens": 2, "image_tokens": 1, "cached_tokens_details": {"image_tokens": 2}},
        {"cache_write_tokens": 1, "cache_write_tokens_details": {"ttl_12h_tokens": 2}},
    ],
)
def test_parts_that_are_more_than_their_whole(details: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="parts that are more than their whole"):
        usage_of({**USAGE, "prompt_tokens_details": details})
