"""The data: prices known from OpenAI's pages by hand, and what must hold for every row."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from openai_cli.prices.table import DATA, KINDS, load

NOW = date(2026, 11, 23)
FOUND = json.loads(DATA.read_bytes())
MODELS = FOUND["models"]


@pytest.mark.parametrize(
    ("model", "tier", "tokens", "rates"),
    [
        ("gpt-4o", "standard", 1, {"input": "2.5", "cached_input": "1.25", "output": "10"}),
        ("gpt-4o", "batch", 1, {"input": "1.25", "output": "5"}),
        ("gpt-4o", "priority", 1, {"input": "4.25", "cached_input": "2.125", "output": "17"}),
        ("gpt-4o-mini", "standard", 1, {"input": "0.15", "cached_input": "0.075", "output": "0.6"}),
        ("gpt-6-luna", "standard", 272000, {"input": "0.1", "cached_input": "0.01", "output": "0.5",
                                           "cache_write": "0.125", "cache_write_12h": "0.25"}),
        ("gpt-6-luna", "standard", 272001, {"input": "0.2", "cached_input": "0.02",
                                           "output": "0.75", "cache_write": "0.25",
                                           "cache_write_12h": "0.5"}),
        ("gpt-6-luna", "batch", 1, {"input": "0.05", "output": "0.25", "cached_input": "0.005",
                                    "cache_write": "0.0625", "cache_write_12h": "0.125"}),
        ("gpt-3.5-turbo", "standard", 1, {"input": "0.5", "output": "1.5"}),
        ("gpt-4", "standard", 1, {"input": "30", "output": "60"}),
        ("text-davinci-003", "standard", 1, {"input": "20", "output": "20"}),
        ("text-embedding-3-small", "standard", 1, {"input": "0.02", "output": "0"}),
        ("whisper-1", "standard", 1, {"input_second": "0.0001", "output_second": "0.0001"}),
    ],
)  # fmt: skip
def test_prices_known_by_hand(model: str, tier: str, tokens: int, rates: dict[str, str]) -> None:
    found = load().model(model).row(NOW).rates(tier, tokens)
    assert found == {kind: Decimal(rate) for kind, rate in rates.items()}


def test_a_price_that_has_changed() -> None:
    o3 = load().model("o3")
    assert o3.row(date(2025, 6, 9)).rates("standard", 1)["input"] == 10
    assert o3.row(date(2025, 6, 10)).rates("standard", 1)["input"] == 2


@pytest.mark.parametrize(
    ("model", "day"),
    [
        ("gpt-3.5-turbo-instruct", "2026-09-28"),
        ("davinci-002", "2026-09-28"),
        ("text-davinci-003", "2024-01-04"),
        ("gpt-6-luna", None),
    ],
)
def test_retirement(model: str, day: str | None) -> None:
    retired = load().model(model).retired
    assert (retired and retired.isoformat()) == day


def test_windows_and_longest_outputs() -> None:
    luna, omni = load().model("gpt-6-luna"), load().model("gpt-4o")
    assert (luna.context_window, luna.max_output_tokens) == (1_050_000, 128_000)
    assert (omni.context_window, omni.max_output_tokens) == (128_000, 16_384)


def rates(tiers: dict[str, Any]) -> list[tuple[str, str]]:
    found = [item for tier in tiers.values() for item in tier.items() if item[0] != "above"]
    above = [higher for tier in tiers.values() for higher in tier.get("above", {}).values()]
    return found + [item for higher in above for item in higher.items()]


@pytest.mark.parametrize("name", MODELS)
def test_every_model(name: str) -> None:
    facts = MODELS[name]
    rows = facts["prices"]
    assert rows, "a model has a price"
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        assert row["source"].startswith("https://")
        assert date.fromisoformat(row["seen"]) <= NOW
        assert row["to"] == (following["from"] if following else None)
        assert row["tiers"]
        for kind, rate in rates(row["tiers"]):
            assert kind in KINDS
            assert isinstance(rate, str), "a float would have lost digits"
            assert Decimal(rate).is_finite()
            assert Decimal(rate) >= 0
    if facts.get("mode") in ("chat", "responses", "completion", "embedding"):
        assert facts["encoding"]


def test_the_sources_are_named() -> None:
    assert {source["package"] for source in FOUND["sources"]} == {"litellm", "genai-prices"}
    text = (DATA.parent / "README.md").read_text()
    for source in FOUND["sources"]:
        assert f"{source['package']} {source['version']}" in text
    assert FOUND["date"] in text


def test_as_many_models_as_the_sources_list() -> None:
    assert len(MODELS) >= 228
