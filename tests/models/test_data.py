"""The data: prices known from OpenAI's pages by hand, and what must hold for every row."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from openai_cli.models.table import DATA, KINDS, load_table

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
        ("text-embedding-3-small", "batch", 1, {"input": "0.01", "output": "0"}),
        ("gpt-6-luna", "flex", 272001, {"input": "0.1", "cached_input": "0.01", "output": "0.375",
                                        "cache_write": "0.125", "cache_write_12h": "0.25"}),
        # https://developers.openai.com/api/docs/models/gpt-4o-transcribe, where the two disagree
        ("gpt-4o-transcribe", "standard", 1, {"input": "2.5", "audio_input": "2.5", "output": "10",
                                              "input_second": "0.0001"}),
        ("gpt-4o-mini-transcribe", "standard", 1, {"input": "1.25", "audio_input": "1.25",
                                                   "output": "5", "input_second": "0.00005"}),
        ("gpt-3.5-turbo-instruct", "standard", 1, {"input": "1.5", "output": "2"}),
        ("gpt-4-32k", "standard", 1, {"input": "60", "output": "120"}),
        # 0.006 USD a minute
        ("whisper-1", "standard", 1, {"input_second": "0.0001"}),
        ("tts-1", "standard", 1, {"input_character": "0.000015"}),
    ],
)  # fmt: skip
def test_prices_known_by_hand(model: str, tier: str, tokens: int, rates: dict[str, str]) -> None:
    found = load_table().model(model).row(NOW).rates(tier, tokens)
    assert found == {kind: Decimal(rate) for kind, rate in rates.items()}


@pytest.mark.parametrize(
    ("model", "day", "before", "since"),
    [
        ("o3", date(2025, 6, 10), "10", "2"),
        ("gpt-5.6-luna", date(2026, 7, 30), "1", "0.2"),
        # https://openai.com/index/introducing-structured-outputs-in-the-api/
        ("gpt-4o", date(2024, 10, 2), "5", "2.5"),
        # https://openai.com/index/function-calling-and-other-api-updates/
        ("text-embedding-ada-002", date(2023, 6, 13), "0.4", "0.1"),
    ],
)
def test_a_price_that_has_changed(model: str, day: date, before: str, since: str) -> None:
    found = load_table().model(model)
    assert found.row(day - timedelta(1)).rates("standard", 1)["input"] == Decimal(before)
    assert found.row(day).rates("standard", 1)["input"] == Decimal(since)


@pytest.mark.parametrize(
    ("model", "day"),
    [
        ("gpt-3.5-turbo-instruct", "2026-09-28"),
        ("davinci-002", "2026-09-28"),
        ("text-davinci-003", "2024-01-04"),
        ("gpt-3.5-turbo-0613", "2024-09-13"),
        ("gpt-4-0314", "2026-03-26"),
        ("gpt-4o-2024-08-06", "2027-01-14"),
        ("gpt-6-luna", None),
    ],
)
def test_retirement(model: str, day: str | None) -> None:
    retired = load_table().model(model).retired
    assert (retired and retired.isoformat()) == day


# From the models' pages at https://developers.openai.com/api/docs/models
@pytest.mark.parametrize(
    ("model", "window", "longest"),
    [
        ("gpt-6-luna", 1_050_000, 128_000),
        ("gpt-5.6-luna", 1_050_000, 128_000),
        ("gpt-5", 400_000, 128_000),
        ("gpt-5-search-api", 400_000, 128_000),
        ("gpt-4o", 128_000, 16_384),
        ("gpt-4.1", 1_047_576, 32_768),
        ("gpt-3.5-turbo-instruct", 4_096, 4_096),
        ("gpt-4o-transcribe", 16_000, 2_000),
        ("text-embedding-3-small", 8_192, None),
    ],
)
def test_windows_and_longest_outputs(model: str, window: int, longest: int | None) -> None:
    found = load_table().model(model)
    assert (found.context_window, found.max_output_tokens) == (window, longest)


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o", "o200k_base"),
        ("gpt-4", "cl100k_base"),
        ("ft:gpt-4.1-2025-04-14", "o200k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("text-davinci-003", "p50k_base"),
        ("davinci", "r50k_base"),
        ("gpt-oss-120b", "o200k_harmony"),
        ("codex-mini-latest", "o200k_base"),
        ("whisper-1", None),
        ("gpt-image-1", None),
        ("gpt-live-1", None),
    ],
)
def test_encodings(model: str, encoding: str | None) -> None:
    assert load_table().model(model).encoding == encoding


@pytest.mark.parametrize(
    ("model", "source"),
    [
        ("gpt-6-luna", "https://developers.openai.com/api/docs/pricing"),
        ("gpt-3.5-turbo-0613", "https://github.com/pydantic/genai-prices"),
        ("ft:gpt-3.5-turbo-0613", "https://developers.openai.com/api/docs/pricing"),
        ("tts-1-1106", "https://github.com/BerriAI/litellm"),
        (
            "gpt-4o-mini-tts-2025-03-20",
            "https://developers.openai.com/api/docs/models/gpt-4o-mini-tts",
        ),
    ],
)
def test_sources_of_rows(model: str, source: str) -> None:
    assert load_table().model(model).row(NOW).source == source


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
    reads_text = any("input" in tier for row in rows for tier in row["tiers"].values())
    textless = ("image_generation", "moderation", "audio_transcription")
    assert ("encoding" in facts) or not reads_text or facts["mode"] in textless


def test_the_sources_are_named() -> None:
    assert {source["package"] for source in FOUND["sources"]} == {"litellm", "genai-prices"}
    text = (DATA.parent / "README.md").read_text()
    for source in FOUND["sources"]:
        assert f"{source['package']} {source['version']}, {source['url']}" in text
        assert source["licence"] == "MIT"
    assert FOUND["date"] in text
    licence = (DATA.parent / "LICENSE").read_text()
    assert "litellm: Copyright (c) 2023 Berri AI" in licence
    assert "genai-prices: Copyright (c) Pydantic Services Inc. 2025" in licence


def test_as_many_models_as_the_sources_list() -> None:
    assert len(MODELS) >= 228
