"""tools/price_rules.py: what must hold for the rates of a table, and what is filled or named."""

import sys
from typing import Any
from unittest.mock import patch

from tests.docs.pages import ROOT

with patch.object(sys, "path", [str(ROOT / "tools"), *sys.path]):
    import price_rules as rules


def model(**tiers: dict[str, Any]) -> dict[str, Any]:
    return {"prices": [{"tiers": {tier.rstrip("_"): rates for tier, rates in tiers.items()}}]}


def tiers(facts: dict[str, Any]) -> Any:
    return facts["prices"][-1]["tiers"]


def test_fast_is_priority() -> None:
    above = {"above": {"100": {"input": "6"}}}
    nova = model(priority={"input": "3", "cache_write_12h": "9", **above}, fast={"input": "3"})
    assert list(rules.completed({"nova": nova})) == [
        "nova fast cache_write_12h: 9, of priority",
        "nova fast above 100 input: 6, of priority",
    ]
    assert tiers(nova)["fast"] == tiers(nova)["priority"]


def test_tiers_that_disagree_are_not_filled_from_each_other() -> None:
    nova = model(priority={"input": "3", "output": "9"}, fast={"input": "4"})
    assert list(rules.completed({"nova": nova})) == []


def test_reads_of_the_cache_at_batch_are_not_those_of_flex() -> None:
    nova = model(flex={"input": "1", "cached_input": "0.1", "output": "4"}, batch={"input": "1"})
    assert list(rules.completed({"nova": nova})) == ["nova batch output: 4, of flex"]


def test_an_alias_has_the_rates_of_its_snapshots() -> None:
    models = {
        "nova": model(standard={"input": "2"}),
        "nova-2025-01-01": model(standard={"input": "5", "audio_input": "80"}),
        "nova-2026-01-01": {**model(standard={"input": "2", "audio_input": "40"}), "regions": {}},
    }
    assert list(rules.completed(models)) == [
        "nova standard audio_input: 40, of nova-2026-01-01",
        "nova regions: {}, of nova-2026-01-01",
    ]
    assert list(rules.gaps(models)) == []


def test_an_alias_and_a_snapshot_that_still_differ_are_named() -> None:
    models = {
        "nova": model(standard={"input": "2"}),
        "nova-2026-01-01": model(standard={"input": "2", "output": "4"}),
    }
    assert list(rules.gaps(models)) == [("nova and nova-2026-01-01 standard output", "")]


def test_a_kind_that_a_tier_lacks_is_named() -> None:
    nova = model(
        standard={"input": "2", "cached_input": "1", "image_output": "30", "web_search": "0.01",
                  "above": {"100": {"input": "4"}}},
        batch={"input": "1"},
    )  # fmt: skip
    assert list(rules.gaps({"nova": nova})) == [
        ("nova batch image_output", ""),
        ("nova batch above 100 input", ""),
    ], "a read of the cache is priced as input, which costs more, and a fee is the same"


def test_a_kind_that_a_tier_lacks_for_a_reason() -> None:
    nova = model(standard={"input": "2", "above": {"272000": {"input": "4"}}}, fast={"input": "4"})
    assert list(rules.gaps({"gpt-5.4": nova})) == [
        ("gpt-5.4 fast above 272000 input", "priority processing takes no long context")
    ]
