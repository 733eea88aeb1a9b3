"""Usage objects: the tokens that they report, and what stands for them."""

from decimal import Decimal
from typing import Any

import pytest

from openai_cli.errors import UsageError
from openai_cli.prices.charges import Usage
from openai_cli.prices.usage import usage_of

USAGE = {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}


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
    with pytest.raises(UsageError, match="the parts of the usage exceed its total"):
        usage_of({**USAGE, "prompt_tokens_details": details})
