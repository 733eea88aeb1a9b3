"""Lines of a usage file: read back they give their own cost, to the last digit."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.answer.base import Answer
from openai_cli.errors import UsageError
from openai_cli.models.table import FEES, load_table
from openai_cli.prices.answers import Answers
from openai_cli.prices.bill import Bill
from openai_cli.prices.charges import total
from openai_cli.prices.receipt import Receipt
from tests.prices.tables import OCCASION

TABLE = load_table()
NOW = date(2026, 11, 28)


def tiers_of(name: str) -> list[tuple[str, str]]:
    try:
        return [(name, tier) for tier in TABLE.model(name).row(NOW).tiers]
    except UsageError:
        return []


# Every model at each of its tiers.
PRICED = [place for name in TABLE.models for place in tiers_of(name)]


@st.composite
def usages(draw: st.DrawFn) -> dict[str, Any]:
    """A usage of any kind of tokens, in one of the forms of the API; or what is no tokens."""
    kind = draw(st.sampled_from(["chat", "responses", "bare", "seconds", "characters"]))
    if kind in ("seconds", "characters"):
        return {kind: draw(st.integers(0, 10**6))}

    def part(whole: int) -> int:
        return draw(st.integers(0, whole))

    into, out = draw(st.integers(0, 10**6)), draw(st.integers(0, 10**6))
    names = ("prompt", "completion") if kind == "chat" else ("input", "output")
    found: dict[str, Any] = {f"{names[0]}_tokens": into, f"{names[1]}_tokens": out}
    if kind == "bare":
        return found
    cached, audio, spoken = part(into), part(into), part(out)
    written = part(into - cached)
    image = part(into - audio)
    cached_audio = part(min(cached, audio))
    found[f"{names[0]}_tokens_details"] = {
        "cached_tokens": cached,
        "cached_tokens_details": {
            "audio_tokens": cached_audio, "image_tokens": part(min(cached - cached_audio, image)),
        },
        "cache_write_tokens": written,
        "cache_write_tokens_details": {"ttl_12h_tokens": part(written)},
        "audio_tokens": audio,
        "image_tokens": image,
    }  # fmt: skip
    details = {"audio_tokens": spoken, "image_tokens": part(out - spoken), "reasoning_tokens": 1}
    if draw(st.booleans()):
        found[f"{names[1]}_tokens_details"] = details
    return found


ITEMS = st.sampled_from(
    [
        {"type": "web_search_call", "action": {"type": "search"}},
        {"type": "file_search_call"},
        {"type": "code_interpreter_call", "container_id": "a"},
        {"type": "code_interpreter_call", "container_id": "b"},
        {"type": "oracle_call"},
        {"type": "message"},
    ]
)
DRAWING = {"model": "gpt-5.4-mini", "input_tokens": 30, "output_tokens": 70}


@settings(max_examples=600)
@given(
    st.sampled_from(PRICED),
    usages(),
    st.none() | st.lists(ITEMS, max_size=5),
    st.sampled_from([None, "eu", "us", "jp"]),
    st.booleans(),
)
def test_reading_a_record_gives_its_own_cost(
    place: tuple[str, str], usage: Any, output: Any, region: str | None, draws: bool
) -> None:
    model, tier = place
    billable = {} if output is None else {"output": output, "tools": [{"type": "web_search"}]}
    if draws:
        billable["svg_usage"] = DRAWING
    answer = Answer(usage=usage, billable=billable, asked_model=model, service_tier=tier)
    receipt = Receipt.of(answer, TABLE, NOW, region=region)
    record = json.loads(receipt.record(OCCASION), parse_float=Decimal)
    bill, unpriced = Bill(TABLE, NOW), 0
    for billed in Answers().read([(1, record)]):
        try:
            bill.add_answer(billed, model=billed.model or "")
        except UsageError:
            unpriced += not billed.is_extra
    statements = bill.statements()
    if receipt.usd is None:
        assert unpriced == 1
    else:
        assert total(statement.usd for statement in statements) == receipt.usd
        assert bool(receipt.unknown) == any(statement.unknown for statement in statements)


@pytest.mark.parametrize(
    ("model", "usage", "parts"),
    [
        ("gpt-audio", {"prompt_tokens_details": {"audio_tokens": 4}}, {"audio_input_tokens": 4}),
        (
            "gpt-6-luna",
            {"prompt_tokens_details": {"cache_write_tokens": 7,
                                       "cache_write_tokens_details": {"ttl_12h_tokens": 5}}},
            {"cache_write_tokens": 7, "cache_write_12h_tokens": 5},
        ),
        ("gpt-image-2", {}, {"image_output_tokens": 10}),
        ("gpt-image-2", {"completion_tokens_details": {"text_tokens": 10}},
         {"image_output_tokens": 0}),
    ],
)  # fmt: skip
def test_a_record_has_every_count_that_prices_it(
    model: str, usage: Any, parts: dict[str, int]
) -> None:
    usage = {"prompt_tokens": 20, "completion_tokens": 10, **usage}
    answer = Answer(usage=usage, asked_model=model)
    record = json.loads(Receipt.of(answer, TABLE, NOW).record(OCCASION))
    assert record.items() >= parts.items()


def test_a_record_has_its_calls_and_its_region() -> None:
    billable = {"output": [{"type": "file_search_call"}, {"type": "oracle_call"}]}
    usage = {"input_tokens": 0, "output_tokens": 0}
    answer = Answer(usage=usage, billable=billable, asked_model="gpt-6-luna")
    record = json.loads(Receipt.of(answer, TABLE, NOW, region="eu").record(OCCASION))
    assert record["calls"] == {"file_search": 1}
    assert record["unknown"] == ["oracle_call has no known fee"]
    assert record["region"] == "eu"
    assert record["usd"] == 0.0025


def test_what_is_no_count_of_calls_is_none() -> None:
    calls = {"file_search": True, "web_search": -1, "rent": 3, "code_interpreter": 2}
    (billed,) = Answers().read([(1, {"model": "m", "input_tokens": 1, "usd": 1, "calls": calls})])
    assert billed.calls is not None
    assert billed.calls.counts == {"code_interpreter": 2}
    assert set(calls) - {"rent"} <= set(FEES)


@pytest.mark.parametrize(
    ("time", "day"),
    [
        ("2026-03-01T10:00:00Z", date(2026, 3, 1)),
        ("2026-03-01", date(2026, 3, 1)),
        ("2026-03-01T00:30:00", date(2026, 3, 1)),
        ("2026-03-01T00:30:00+02:00", date(2026, 2, 28)),
        ("2026-02-28T23:30:00-01:00", date(2026, 3, 1)),
        ("9999-12-31T23:59:59-01:00", None),
        ("yesterday", None),
        (1772359200, None),
        (None, None),
    ],
)
def test_a_record_is_priced_as_of_its_time(time: Any, day: date | None) -> None:
    (billed,) = Answers().read([(1, {"model": "m", "input_tokens": 1, "usd": 1, "time": time})])
    assert billed.day == day
