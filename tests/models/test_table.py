"""The table of prices: looking up, dates, tiers, and the user's own over it."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from openai_cli.errors import UsageError
from openai_cli.models.table import KINDS, Table, load_table, tier_of

SYNTHETIC = {
    "date": "2026-01-31",
    "models": {
        "nova": {
            "mode": "chat",
            "context_window": 1000,
            "prices": [
                {"from": None, "to": "2025-01-01", "source": "https://a", "seen": "2026-01-31",
                 "tiers": {"standard": {"input": "9"}}},
                {"from": "2025-01-01", "to": "2025-06-01", "source": "https://a",
                 "seen": "2026-01-31", "tiers": {"standard": {"input": "8"}}},
                {"from": "2025-07-01", "to": None, "source": "https://a", "seen": "2026-01-31",
                 "tiers": {"standard": {"input": "7", "output": "70",
                                        "above": {"100": {"input": "14"}}},
                           "batch": {"input": "3.5"}}},
            ],
        },
        "ft:nova": {"prices": [
            {"from": None, "to": None, "source": "https://a", "seen": "2026-01-31",
             "tiers": {"standard": {"input": "20"}}}]},
    },
}  # fmt: skip
NOVA = Table(SYNTHETIC, b"").model("nova")


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        ("1999-01-01", "9"),
        ("2024-12-31", "9"),
        ("2025-01-01", "8"),
        ("2025-05-31", "8"),
        ("2025-07-01", "7"),
        ("2099-01-01", "7"),
    ],
)
def test_the_prices_of_a_day(day: str, rate: str) -> None:
    row = NOVA.row(date.fromisoformat(day))
    assert row.rates("standard", 0)["input"] == Decimal(rate)


def test_a_day_without_a_price() -> None:
    with pytest.raises(UsageError, match="no price of nova is known on 2025-06-01"):
        NOVA.row(date(2025, 6, 1))


@pytest.mark.parametrize(("tokens", "rate"), [(0, "7"), (100, "7"), (101, "14")])
def test_higher_rates_begin_above_their_threshold(tokens: int, rate: str) -> None:
    rates = NOVA.row(date(2026, 1, 1)).rates("standard", tokens)
    assert rates == {"input": Decimal(rate), "output": Decimal(70)}


def test_thresholds() -> None:
    row = NOVA.row(date(2026, 1, 1))
    assert row.thresholds("standard") == [100]
    assert row.thresholds("batch") == []
    with pytest.raises(UsageError, match="nova has no price for the tier 'flex'"):
        row.thresholds("flex")


def test_a_tier_without_a_price() -> None:
    with pytest.raises(UsageError, match="nova has no price for the tier 'flex'") as caught:
        NOVA.row(date(2026, 1, 1)).rates("flex", 0)
    assert caught.value.hint == "its tiers are standard, batch"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("nova", "nova"),
        ("nova-2025-09-01", "nova"),
        ("ft:nova:my-org:name:id", "ft:nova"),
        ("ft:nova-2025-09-01:my-org", "ft:nova"),
        ("nova-mini", None),
        ("nova-20250901", None),
        ("", None),
        ("ft:", None),
    ],
)
def test_names(name: str, found: str | None) -> None:
    model = Table(SYNTHETIC, b"").find(name)
    assert (model.name if model else None) == found


def test_an_unknown_model_is_an_error_with_near_names() -> None:
    with pytest.raises(UsageError, match="no price is known for the model 'gpt-6-lune'") as caught:
        load_table().model("gpt-6-lune")
    assert "gpt-6-luna" in (caught.value.hint or "")
    with pytest.raises(UsageError) as caught:
        load_table().model("llama3")
    assert "--prices FILE" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("named", "tier"),
    [(None, "standard"), ("default", "standard"), ("auto", "standard"), ("flex", "flex")],
)
def test_tiers_of_the_api(named: str | None, tier: str) -> None:
    assert tier_of(named) == tier


def overlay(folder: Path, found: Any) -> Path:
    path = folder / "prices.json"
    path.write_text(found if isinstance(found, str) else json.dumps(found))
    return path


def test_the_users_own_model(tmp_path: Path) -> None:
    path = overlay(
        tmp_path,
        '{"models": {"my-model": {"input": 0.1, "output": "0.30", "context_window": 32000,'
        ' "tiers": {"batch": {"input": 0.05, "above": {"1000": {"input": 1}}}}}}}',
    )
    found = load_table(path)
    row = found.model("my-model").row(date(2020, 1, 1))
    assert row.rates("standard", 0) == {"input": Decimal("0.1"), "output": Decimal("0.30")}
    assert row.rates("batch", 1001) == {"input": Decimal(1)}
    assert found.model("my-model").context_window == 32000
    assert found.model("gpt-4o").name == "gpt-4o"


def test_the_users_own_prices_of_a_known_model_keep_its_other_facts(tmp_path: Path) -> None:
    found = load_table(overlay(tmp_path, {"models": {"gpt-4o": {"input": 1}}}))
    assert found.model("gpt-4o").row(date(2026, 1, 1)).rates("standard", 0) == {"input": Decimal(1)}
    assert found.model("gpt-4o").max_output_tokens == 16384
    assert load_table().model("gpt-4o").row(date(2026, 1, 1)).rates("standard", 0)["input"] != 1


def test_the_users_own_facts_alone_leave_the_prices(tmp_path: Path) -> None:
    own = {"models": {"gpt-4o": {"context_window": 9}, "my-model": {"encoding": "o200k_base"}}}
    found = load_table(overlay(tmp_path, own))
    assert found.model("gpt-4o").context_window == 9
    assert found.model("gpt-4o").rows == load_table().model("gpt-4o").rows
    assert found.model("my-model").encoding == "o200k_base"
    with pytest.raises(UsageError, match="no price of my-model is known yet"):
        found.model("my-model").row(date(2026, 1, 1))


def test_the_users_own_thresholds_are_taken_in_their_order(tmp_path: Path) -> None:
    above = {"1000": {"input": 3}, "200": {"input": 2}, "0": {"output": 5}}
    row = (
        load_table(overlay(tmp_path, {"models": {"a": {"input": 1, "above": above}}}))
        .model("a")
        .rows[0]
    )
    assert row.thresholds("standard") == [0, 200, 1000]
    assert [row.rates("standard", tokens).get("input") for tokens in (0, 201, 1001)] == [1, 2, 3]
    assert [row.rates("standard", tokens).get("output") for tokens in (0, 1)] == [None, 5]


@pytest.mark.parametrize("rate", ["1e-7", "0.10", "15", '"1e-7"', '"0.10"', "0"])
def test_the_users_own_rates_keep_every_digit(tmp_path: Path, rate: str) -> None:
    path = overlay(tmp_path, f'{{"models": {{"a": {{"input": {rate}}}}}}}')
    rates = load_table(path).model("a").rows[0].rates("standard", 0)
    assert rates == {"input": Decimal(rate.strip('"'))}


def test_the_digest_is_of_all_that_was_read(tmp_path: Path) -> None:
    one = load_table(overlay(tmp_path, {"models": {"a": {"input": 1}}})).digest
    other = load_table(overlay(tmp_path, {"models": {"a": {"input": 2}}})).digest
    assert len({one, other, load_table().digest}) == 3
    assert len(load_table().digest) == 64


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "models must be an object"),
        ({"models": []}, "models must be an object"),
        ({"models": {"a": 1}}, "models.a must be an object"),
        ({"models": {"a": {"input": "x"}}}, "models.a.input must be a number"),
        ({"models": {"a": {"input": -1}}}, "models.a.input must be a number"),
        ({"models": {"a": {"input": True}}}, "models.a.input must be a number"),
        ({"models": {"a": {"input": "NaN"}}}, "models.a.input must be a number"),
        ({"models": {"a": {"inputs": 1}}}, "models.a.inputs is not a rate: input?"),
        ({"models": {"a": {"tiers": 1}}}, "models.a.tiers must be an object"),
        ({"models": {"a": {"tiers": {"batch": 1}}}}, "models.a.tiers.batch must be an object"),
        ({"models": {"a": {"input": "1_0"}}}, "models.a.input must be a number"),
        ({"models": {"a": {"input": " 1"}}}, "models.a.input must be a number"),
        ({"models": {"a": {"input": "\u0661"}}}, "models.a.input must be a number"),
        ({"models": {"a": {"input": [0, [1], 0]}}}, "models.a.input must be a number"),
        ('{"models": {"a": {"input": 1e999999}}}', "models.a.input must be a number"),
        ({"models": {"a": {"above": {"x": {}}}}}, "models.a.above must be an integer"),
        ({"models": {"a": {"above": {"1e3": {}}}}}, "models.a.above must be an integer"),
        (
            {"models": {"a": {"above": {"1": {"above": {}}}}}},
            "models.a.above.1.above is not a rate",
        ),
        (
            {"models": {"a": {"input": 1, "tiers": {"standard": {"input": 2}}}}},
            "models.a.tiers.standard is given twice",
        ),
        ('{"models": {"a": {"context_window": 1e30}}}', "models.a.context_window must be an integ"),
        ({"models": {"a": {"context_window": True}}}, "models.a.context_window must be an integer"),
        ({"models": {"a": {"context_window": 1.5}}}, "models.a.context_window must be an integer"),
        ({"models": {"a": {"mode": 1}}}, "models.a.mode must be a string"),
    ],
)
def test_what_is_no_table(tmp_path: Path, found: Any, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_table(overlay(tmp_path, found))
    assert caught.value.problem.startswith("--prices: ")
    assert problem in caught.value.problem


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--prices: cannot read .*: No such file"):
        load_table(tmp_path / "none")


def test_kinds_are_named_once() -> None:
    assert len(set(KINDS)) == len(KINDS)
