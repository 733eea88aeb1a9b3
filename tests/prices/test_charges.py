"""Counts of tokens times rates, and the prices of a model on a day."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.models.table import TOKEN_KINDS, Table
from openai_cli.prices.charges import Usage, by_kind, charge, product, rate_for, tariff, total
from tests.prices.tables import FEES, TABLE, TODAY, row

D = Decimal


@pytest.mark.parametrize(
    ("usage", "rates", "counts"),
    [
        (Usage(10, 5), {}, {"input": 10, "output": 5}),
        (Usage(10, 0, cached=10), {}, {"cached_input": 10}),
        (
            Usage(100, 5, cached=30, cache_write=20, cache_write_12h=10),
            {},
            {"input": 40, "cached_input": 30, "cache_write": 20, "cache_write_12h": 10,
             "output": 5},
        ),
        # Sound is of a kind of its own where it has a rate of its own.
        (Usage(100, 50, audio_input=60, audio_output=20), {}, {"input": 100, "output": 50}),
        (
            Usage(100, 50, audio_input=60, audio_output=20),
            {"audio_input": D(1), "audio_output": D(1)},
            {"input": 40, "audio_input": 60, "output": 30, "audio_output": 20},
        ),
        (
            Usage(100, 50, image_input=60, image_output=20),
            {"image_input": D(1), "image_output": D(1)},
            {"input": 40, "image_input": 60, "output": 30, "image_output": 20},
        ),
        # Read from the cache: as the usage tells, or text first, then sound, then images.
        (
            Usage(100, cached=30, audio_input=50, image_input=20, cached_audio=10, cached_image=5),
            {"audio_input": D(1), "image_input": D(1)},
            {"input": 15, "cached_input": 15, "audio_input": 40, "cached_audio_input": 10,
             "image_input": 15, "cached_image_input": 5},
        ),
        (
            Usage(100, cached=85, audio_input=50, image_input=20),
            {"audio_input": D(1), "image_input": D(1)},
            {"cached_input": 30, "cached_audio_input": 50, "cached_image_input": 5,
             "image_input": 15},
        ),
        # What is written beyond the text is sound, which has no rate for writes.
        (
            Usage(100, cache_write=70, audio_input=50),
            {"audio_input": D(1)},
            {"cache_write": 50, "audio_input": 50},
        ),
    ],
)  # fmt: skip
def test_tokens_by_kind(usage: Usage, rates: dict[str, D], counts: dict[str, int]) -> None:
    assert by_kind(usage, rates) == counts


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Parts that are no more than their whole."""

    def part(whole: int) -> int:
        return draw(st.integers(0, whole))

    into, out = draw(st.integers(0, 10**7)), draw(st.integers(0, 10**7))
    cached = part(into)
    written = part(into - cached)
    audio, spoken = part(into), part(out)
    image = part(into - audio)
    cached_audio = part(min(cached, audio))
    return Usage(
        input=into,
        output=out,
        cached=cached,
        cache_write=written,
        cache_write_12h=part(into - cached - written),
        audio_input=audio,
        image_input=image,
        cached_audio=cached_audio,
        cached_image=part(min(cached - cached_audio, image)),
        audio_output=spoken,
        image_output=part(out - spoken),
    )


@given(usages(), st.sets(st.sampled_from(TOKEN_KINDS)))
def test_each_token_is_of_one_kind(usage: Usage, kinds: set[str]) -> None:
    counts = by_kind(usage, dict.fromkeys(kinds, D(1)))
    assert sum(counts.values()) == usage.input + usage.output
    assert all(tokens > 0 for tokens in counts.values())
    outputs = ("output", "audio_output", "image_output")
    assert sum(counts.get(kind, 0) for kind in outputs) == usage.output


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**40),
            st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=30),
        )
    )
)
def test_no_digit_is_lost(rows: list[tuple[int, Decimal]]) -> None:
    charged = [charge("input", tokens, rate, "input") for tokens, rate in rows]
    exact = sum(tokens * Fraction(rate) / 1_000_000 for tokens, rate in rows)
    assert Fraction(total(row.usd for row in charged)) == exact


def test_a_price_by_hand() -> None:
    # 2,006 tokens at 0.15 USD a million.
    assert product(2006, D("0.15")) == D("0.0003009")


@pytest.mark.parametrize(
    ("kind", "rates", "found"),
    [
        ("input", {"input": "1"}, ("1", "input")),
        ("cached_input", {"input": "1", "cached_input": "0.1"}, ("0.1", "cached_input")),
        ("cached_input", {"input": "1"}, ("1", "input")),
        ("cache_write", {"input": "1"}, ("1", "input")),
        ("cache_write_12h", {"input": "1", "cache_write": "2"}, ("2", "cache_write")),
        ("cache_write_12h", {"input": "1"}, ("1", "input")),
        ("cached_audio_input", {"input": "1", "audio_input": "9"}, ("9", "audio_input")),
        ("cached_image_input", {"input": "1", "image_input": "9"}, ("9", "image_input")),
    ],
)
def test_what_has_no_rate_of_its_own(
    kind: str, rates: dict[str, str], found: tuple[str, str]
) -> None:
    assert rate_for(kind, {name: D(rate) for name, rate in rates.items()}) == (
        D(found[0]),
        found[1],
    )


@pytest.mark.parametrize("kind", ["output", "input", "audio_output", "cached_input"])
def test_no_rate_is_never_zero(kind: str) -> None:
    assert rate_for(kind, {"input_second": D(1)}) is None


def test_a_long_request_has_other_rates() -> None:
    nova = tariff(TABLE, "nova", "standard", TODAY)
    bands = [nova.band(tokens) for tokens in (1, 2001, 2000, 1001, 999_999, 2)]
    assert bands == [0, 1, 0, 0, 1, 0]
    assert [nova.rate(band, "input")[0] for band in (0, 1)] == [2, 4]
    assert nova.rate(1, "cache_write_12h")[0] == 4, "what has no higher rate keeps its own"


@given(st.lists(st.integers(0, 5000)))
def test_bands_do_not_depend_on_what_came_before(sizes: list[int]) -> None:
    nova = tariff(TABLE, "nova", "standard", TODAY)
    assert [nova.rate(nova.band(size), "output")[0] for size in sizes] == [
        15 if size > 2000 else 10 for size in sizes
    ]


@pytest.mark.parametrize(
    ("name", "tier", "problem"),
    [
        ("novo", "standard", "no price is known for the model 'novo'"),
        ("nova", "priority", "nova has no price for the tier 'priority'"),
    ],
)
def test_what_has_no_price(name: str, tier: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        tariff(TABLE, name, tier, TODAY)
    assert caught.value.problem == problem
    assert caught.value.hint in ("did you mean nova?", "its tiers are standard, batch, flex")


def test_a_kind_without_a_price() -> None:
    with pytest.raises(UsageError, match="by-the-second has no price for input tokens"):
        tariff(TABLE, "by-the-second", "standard", TODAY).rate(0, "input")


@pytest.mark.parametrize(
    ("name", "on", "notes"),
    [
        ("nova", TODAY, []),
        ("old", TODAY, ["old was retired on 2025-01-01"]),
        (
            "old",
            date(2024, 12, 31),
            ["the price of old is that of 2026-01-31; when it took effect is not known"],
        ),
        ("nova-2026-01-05", TODAY, ["nova-2026-01-05 is not in the table: priced as nova"]),
    ],
)
def test_notes(name: str, on: date, notes: list[str]) -> None:
    assert tariff(TABLE, name, "standard", on).notes(on) == notes


def test_a_price_of_the_past_is_not_said_to_be_that_of_today() -> None:
    day = date(2025, 1, 1)
    assert tariff(FEES, "riser", "standard", day).notes(day) == [
        "the price of riser is the one until 2026-01-01; when it took effect is not known"
    ]


GAPS = Table(
    {
        "date": "2026-01-31",
        "models": {
            "nova": {
                "prices": [
                    row(
                        standard={"input": "2", "cache_write": "3", "cache_write_12h": "4",
                                  "audio_input": "9", "above": {"100": {"input": "4"}}},
                        batch={"input": "1", "cache_write": "1.5"},
                    )
                ],
            }
        },
    },
    b"",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["cache_write_12h", "audio_input"])
def test_a_kind_that_a_tier_lacks_is_not_priced_as_a_cheaper_one(kind: str) -> None:
    batch = tariff(GAPS, "nova", "batch", TODAY)
    with pytest.raises(UsageError, match=f"no price for {kind} tokens at the tier 'batch'"):
        batch.rate(0, kind)
    assert by_kind(Usage(10, audio_input=4), batch.kinds) == {"input": 6, "audio_input": 4}
    assert batch.rate(0, "cached_input") == (D(1), "input"), "which costs more, and may stand in"


def test_a_long_request_at_a_tier_without_rates_for_it() -> None:
    batch = tariff(GAPS, "nova", "batch", TODAY)
    assert [batch.band(tokens) for tokens in (40, 90, 100)] == [0, 0, 0]
    with pytest.raises(UsageError, match="no price above 100 input tokens for the tier 'batch'"):
        batch.band(101)


@pytest.mark.parametrize(
    ("name", "completes", "is_silent"),
    [("nova", False, False), ("old", True, False), ("text-embedding-9", False, True)],
)
def test_what_a_model_takes_and_gives(name: str, completes: Any, is_silent: Any) -> None:
    found = tariff(TABLE, name, "standard", TODAY)
    assert (found.completes, found.is_silent) == (completes, is_silent)
