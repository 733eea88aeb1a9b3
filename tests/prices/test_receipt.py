"""What a call took, from every form in which servers report it."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from openai_cli.answer.completion import Completion
from openai_cli.models.table import load_table
from openai_cli.prices.receipt import Receipt
from tests.prices.tables import OCCASION


def usage_of(usage: Any = None, **answer: Any) -> Receipt:
    """The usage of an answer that reports this."""
    found = Completion(request_id="req_1")
    found.add({"model": "m-1", "usage": usage, **answer})
    return Receipt.of(found, load_table(), date(2026, 11, 23))


def record_of(usage: Receipt) -> Any:
    """The record, read back with exact numbers."""
    return json.loads(usage.record(OCCASION), parse_float=Decimal)


FULL = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "total_tokens": 1200,
    "prompt_tokens_details": {"cached_tokens": 600, "cache_write_tokens": 50, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 128, "audio_tokens": 0},
}


def test_all_that_the_api_reports_is_recorded() -> None:
    assert record_of(usage_of(FULL, service_tier="flex")) == {
        "model": "m-1",
        "service_tier": "flex",
        "input_tokens": 1000,
        "cached_tokens": 600,
        "cache_write_tokens": 50,
        "output_tokens": 200,
        "reasoning_tokens": 128,
        "usd": None,
        "request_id": "req_1",
        "time": "2026-11-28T10:00:00.000Z",
        "duration": 1.5,
        "command": "chat",
        "host": "api.openai.com",
        "profile": None,
        "label": None,
        "asked_model": "m-1",
        "exit_code": 0,
    }


LINES: list[tuple[Any, dict[str, Any], str]] = [
    (
        FULL,
        {"service_tier": "flex"},
        "1000 input (600 cached, 50 written), 200 output (128 reasoning) tokens; "
        "USD unknown (m-1, flex tier)",
    ),
    (
        {"prompt_tokens": 3, "completion_tokens": 5},
        {},
        "3 input, 5 output tokens; USD unknown (m-1)",
    ),
    (
        {"prompt_tokens": 3, "completion_tokens": 0, "prompt_tokens_details": None},
        {},
        "3 input, 0 output tokens; USD unknown (m-1)",
    ),
    (
        {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 0}},
        {},
        "3 input tokens; USD unknown (m-1)",
    ),
    (
        {"completion_tokens": 5},
        {"model": None},
        "unknown input, 5 output tokens; USD unknown (unknown model)",
    ),
    (
        {"type": "duration", "seconds": 9},
        {"model": "whisper-1"},
        "9 seconds of speech; 0.0009 USD (whisper-1)",
    ),
    ({"type": "duration", "seconds": 8.5}, {}, "8.5 seconds of speech; USD unknown (m-1)"),
    (None, {}, "the server reported no tokens (m-1)"),
    ({}, {"model": None}, "the server reported no tokens (unknown model)"),
]


@pytest.mark.parametrize(("usage", "answer", "line"), LINES)
def test_the_line_for_a_person(usage: Any, answer: dict[str, Any], line: str) -> None:
    assert usage_of(usage, **answer).line() == line


@pytest.mark.parametrize("value", [None, "3", 3.5, [], {}, True, False])
def test_a_count_that_is_no_number_is_not_reported(value: Any) -> None:
    names = ("prompt_tokens", "completion_tokens")
    usage = usage_of(
        {
            **dict.fromkeys(names, value),
            "prompt_tokens_details": {"cached_tokens": value, "cache_write_tokens": value},
            "completion_tokens_details": {"reasoning_tokens": value},
        }
    )
    record = record_of(usage)
    assert {value for name, value in record.items() if name.endswith("_tokens")} == {None}
    assert usage.line() == "the server reported no tokens (m-1)"


@pytest.mark.parametrize("details", [None, [], "x", 7, {}])
def test_details_of_another_shape_are_none(details: Any) -> None:
    usage = usage_of(
        {
            "prompt_tokens": 3,
            "prompt_tokens_details": details,
            "completion_tokens_details": details,
        }
    )
    assert (usage.input_tokens, usage.cached_tokens, usage.reasoning_tokens) == (3, None, None)


def test_a_record_has_seconds_only_where_there_are_some() -> None:
    assert record_of(usage_of({"type": "duration", "seconds": 9}))["seconds"] == 9
    assert "seconds" not in record_of(usage_of({"prompt_tokens": 9}))


def test_a_record_is_json_with_exact_numbers() -> None:
    usage = usage_of({"prompt_tokens": 2**60 + 1})
    assert record_of(usage)["input_tokens"] == 2**60 + 1


def test_the_cost_to_the_last_digit() -> None:
    # gpt-4o: 400 at 2.5, 600 cached at 1.25, 200 at 10 USD a million; it has no rate for writes,
    # so those 50 are input.
    usage = usage_of(FULL, model="gpt-4o-2024-08-06")
    assert usage.usd == Decimal("0.00375")
    assert record_of(usage)["usd"] == Decimal("0.00375")
    assert usage.line().endswith("tokens; 0.00375 USD (gpt-4o-2024-08-06)")


def test_the_tier_that_served_it_sets_the_price() -> None:
    tokens = {"prompt_tokens": 1_000_000, "completion_tokens": 0}
    assert usage_of(tokens, model="gpt-4o", service_tier="default").usd == Decimal("2.5")
    assert usage_of(tokens, model="gpt-4o", service_tier="priority").usd == Decimal("4.25")
    assert usage_of(tokens, model="gpt-4o", service_tier="scale").usd is None


def test_no_tokens_have_no_cost() -> None:
    assert usage_of(None, model="gpt-4o").usd is None
