"""The data: prices known from OpenAI's pages by hand, and what must hold for every row."""

import json
import sys
from datetime import date, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from openai_cli.errors import UsageError
from openai_cli.models.lines import DATA
from openai_cli.models.table import FEES, KINDS, REGIONS, load_table
from tests.docs.pages import ROOT

with patch.object(sys, "path", [str(ROOT / "tools"), *sys.path]):
    import price_rules
    from openai_names import installed_names
    from price_sources import LITELLM_TABLE

NOW = date(2026, 11, 28)
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
    without_fees = {kind: found[kind] for kind in found.keys() - set(FEES)}
    assert without_fees == {kind: Decimal(rate) for kind, rate in rates.items()}


# https://developers.openai.com/api/docs/pricing, USD for one call
@pytest.mark.parametrize(
    ("model", "tier", "fees"),
    [
        ("gpt-6-luna", "batch", {"web_search": "0.01", "web_search_preview": "0.01",
                                 "file_search": "0.0025", "code_interpreter": "0.03"}),
        ("gpt-4.1", "standard", {"web_search": "0.01", "web_search_preview": "0.025",
                                 "file_search": "0.0025", "code_interpreter": "0.03"}),
        ("o3-deep-research", "standard", {"web_search": "0.01", "web_search_preview": "0.01",
                                          "file_search": "0.0025", "code_interpreter": "0.03"}),
        ("gpt-4o-mini-search-preview", "standard", {"web_search": "0.025", "file_search": "0.0025",
                                                    "code_interpreter": "0.03"}),
        ("text-embedding-3-small", "standard", {}),
    ],
)  # fmt: skip
def test_fees_known_by_hand(model: str, tier: str, fees: dict[str, str]) -> None:
    row = load_table().model(model).row(NOW).rates(tier, 1)
    found = {kind: rate for kind, rate in row.items() if kind in FEES}
    assert found == {kind: Decimal(fee) for kind, fee in fees.items()}


@pytest.mark.parametrize(
    ("model", "regions"),
    [
        ("gpt-6-luna", {"eu": "1.1", "us": "1.1", "gov": "1.1"}),
        ("gpt-4o", {"gov": "1.1"}),
        ("whisper-1", {}),
        ("gpt-5.5-chat", None),
    ],
)
def test_regions(model: str, regions: dict[str, str] | None) -> None:
    found = load_table().model(model).regions
    told = None if found is None else {name: str(times) for name, times in found.items()}
    assert told == regions


def test_models_that_always_search() -> None:
    found = {name for name, model in load_table().models.items() if model.searches}
    assert found == {
        *(f"gpt-4o{mini}-search-preview{day}" for mini in ("", "-mini")
          for day in ("", "-2025-03-11")),
        "gpt-5-search-api",
        "gpt-5-search-api-2025-10-14",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["gpt-6.2-astra", "gpt-6.2-sol", "gpt-6.2-astra-law"])
def test_a_model_that_only_its_name_is_known_of(name: str) -> None:
    found = load_table().model(name)
    assert (found.mode, found.encoding) == ("chat", "o200k_base")
    with pytest.raises(UsageError, match=f"no price of {name} is known yet"):
        found.row(NOW)


def test_the_rules_hold_and_each_gap_has_a_reason() -> None:
    """tools/price_rules.py: fast is priority, an alias has what its snapshots have, and so on."""
    assert list(price_rules.completed(json.loads(DATA.read_bytes())["models"])) == []
    assert [gap for gap, why in price_rules.gaps(MODELS) if not why] == []


def of_litellm() -> set[str]:
    """The chat models of OpenAI's in litellm, where that is on the machine."""
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        return set()
    table = json.loads(Path(spec.origin).with_name(Path(LITELLM_TABLE).name).read_bytes())
    return {
        name
        for name, facts in table.items()
        if facts.get("litellm_provider") == "openai" and facts["mode"] in ("chat", "responses")
        and "/" not in name
    }  # fmt: skip


def test_the_table_knows_the_chat_models_of_the_newest_package() -> None:
    named = {name for name, model in installed_names().items() if model.mode == "chat"}
    assert len(named) > 80
    missing = sorted((named | of_litellm()) - set(MODELS))
    assert not missing, (
        f"{missing}: the table is older than a package: pip download --no-deps --dest PACKAGES "
        "litellm genai-prices openai, and .venv/bin/python tools/refresh_prices.py PACKAGES"
    )


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
        # The openai package, where litellm has another day or none.
        ("gpt-4o", "2027-01-14"),
        ("gpt-4o-audio-preview-2024-12-17", "2026-05-07"),
        ("gpt-3.5-turbo-16k", "2024-09-13"),
        ("gpt-image-1", "2026-10-23"),
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
    if not rows:
        assert set(facts) <= {"mode", "encoding", "retired", "prices", "searches"}
        return
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
    assert set(facts.get("regions", ())) <= set(REGIONS)
    assert ("encoding" in facts) or not reads_text or facts["mode"] in textless


def test_the_sources_are_named() -> None:
    licences = {source["package"]: source["licence"] for source in FOUND["sources"]}
    assert licences == {"litellm": "MIT", "genai-prices": "MIT", "openai": "Apache-2.0"}
    text = (DATA.parent / "README.md").read_text()
    for source in FOUND["sources"]:
        assert f"{source['package']} {source['version']}, {source['url']}" in text
    assert FOUND["date"] in text
    licence = (DATA.parent / "LICENSE").read_text()
    assert "litellm: Copyright (c) 2023 Berri AI" in licence
    assert "genai-prices: Copyright (c) Pydantic Services Inc. 2025" in licence


def test_as_many_models_as_the_sources_list() -> None:
    assert len(MODELS) >= 243
