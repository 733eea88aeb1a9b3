"""tools/refresh_prices.py on small sources: what it takes, how it merges, that it only appends."""

import json
import runpy
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest

from tests.docs.pages import ROOT

TOOL = ROOT / "tools" / "refresh_prices.py"
tool = SimpleNamespace(**runpy.run_path(str(TOOL)))
PAGE = "https://developers.openai.com/api/docs/pricing"


def litellm(**models: dict[str, Any]) -> Any:
    """What the tool takes from litellm's table of these models of OpenAI's."""
    table = {name: {"litellm_provider": "openai", **facts} for name, facts in models.items()}
    return tool.of_litellm(table, Counter())


def price(**rates: Any) -> Any:
    """A ModelPrice of genai-prices, as far as the tool looks at it."""
    return SimpleNamespace(**rates)


def clause(*names: str) -> Any:
    return SimpleNamespace(or_=[SimpleNamespace(equals=name) for name in names])


def genai_model(
    name: str, prices: Any, *, variants: Any = (), comment: str = "", names: tuple[str, ...] = ()
) -> Any:
    all_names = (name, *names)
    return SimpleNamespace(
        id=name,
        match=clause(*all_names),
        is_match=lambda asked: asked in all_names,
        prices=prices,
        price_variants=variants,
        price_comments=comment,
        context_window=None,
    )


def genai(*models: Any) -> Any:
    return tool.of_genai(SimpleNamespace(models=models), ())


def test_rates_of_litellm_are_exact_and_a_million() -> None:
    found = litellm(
        nova={
            "mode": "chat",
            "input_cost_per_token": 2.5e-06,
            "output_cost_per_token": 1.5e-07,
            "cache_creation_input_token_cost_above_12hr_above_272k_tokens_batches": 1.3e-07,
            "input_cost_per_token_above_272k_tokens_priority": 5e-06,
            "input_cost_per_audio_token": 1e-05,
            "input_cost_per_second": 0.0001,
            "deprecation_date": "2027-01-01",
            "source": PAGE,
        }
    )["nova"]
    [row] = found.rows
    assert row.tiers == {
        "standard": {
            "input": "2.5", "output": "0.15", "audio_input": "10", "input_second": "0.0001"
        },
        "batch": {"above": {"272000": {"cache_write_12h": "0.13"}}},
        "priority": {"above": {"272000": {"input": "5"}}},
    }  # fmt: skip
    assert found.facts == {"mode": "chat", "retired": "2027-01-01"}
    assert row.is_openais


def test_what_is_left_out_is_counted() -> None:
    left_out: Counter[str] = Counter()
    table = {
        "gemini": {"litellm_provider": "vertex", "input_cost_per_token": 1e-06},
        "1024-x-1024/image": {"litellm_provider": "openai", "input_cost_per_token": 1e-06},
        "sora": {"litellm_provider": "openai", "output_cost_per_video_per_second": 0.1},
        "nova": {"litellm_provider": "text-completion-openai", "input_cost_per_token": 1e-06},
    }
    assert list(tool.of_litellm(table, left_out)) == ["nova"]
    assert sorted(left_out.values()) == [1, 1, 1]


def test_rates_of_genai_prices_with_their_variants_and_history() -> None:
    tiered = SimpleNamespace(
        base=Decimal("0.1"), tiers=[SimpleNamespace(start=272000, price=Decimal("0.2"))]
    )
    now = price(input_mtok=tiered, output_mtok=Decimal("0.50"), input_audio_hours=Decimal("0.36"))
    history = [
        SimpleNamespace(constraint=None, prices=price(input_mtok=Decimal(1))),
        SimpleNamespace(constraint=SimpleNamespace(start_date=date(2026, 5, 1)), prices=now),
    ]
    batch = SimpleNamespace(when={"processing": "batch"}, prices=price(input_mtok=Decimal("0.05")))
    default = SimpleNamespace(when={"service_tier": "default"}, prices=price())
    found = genai(genai_model("nova", history, variants=[batch, default], names=("nova-2026",)))
    assert list(found) == ["nova", "nova-2026"]
    before, after = found["nova"].rows
    assert (before.start, before.tiers) == (None, {"standard": {"input": "1"}})
    assert after.start == date(2026, 5, 1)
    assert after.tiers == {
        "standard": {
            "input": "0.1",
            "above": {"272000": {"input": "0.2"}},
            "output": "0.5",
            "input_second": "0.0001",
        },
        "batch": {"input": "0.05"},
    }


def test_the_sources_name_openais_page_or_not() -> None:
    verified = genai_model("nova", price(input_mtok=Decimal(1)), comment=f"Verified at {PAGE}")
    assert genai(verified)["nova"].rows[0].is_openais
    other = genai_model("nova", price(input_mtok=Decimal(1)), comment="See the model's page")
    assert not genai(other)["nova"].rows[0].is_openais


@pytest.mark.parametrize(
    ("litellm_source", "comment", "chosen"),
    [(PAGE, "", "2.5"), ("", f"from {PAGE}", "3"), (PAGE, PAGE, "2.5"), ("", "", "2.5")],
)
def test_where_they_disagree_the_one_of_the_page_is_taken(
    litellm_source: str, comment: str, chosen: str
) -> None:
    one = litellm(nova={"input_cost_per_token": 2.5e-06, "source": litellm_source})
    other = genai(
        genai_model("nova", price(input_mtok=Decimal(3), output_mtok=Decimal(9)), comment=comment)
    )
    models, disagreements = tool.combined(one, other, "2026-11-23")
    [row] = models["nova"]["prices"]
    assert row["tiers"] == {"standard": {"input": chosen, "output": "9"}}
    [told] = map(str, disagreements)
    assert told.startswith(f"nova standard input: litellm 2.5, genai-prices 3; took {chosen} (")


def test_where_they_agree_nothing_is_told() -> None:
    one = litellm(nova={"input_cost_per_token": 2.5e-06})
    other = genai(genai_model("nova", price(input_mtok=Decimal("2.50"))))
    models, disagreements = tool.combined(one, other, "2026-11-23")
    assert disagreements == []
    assert models["nova"]["prices"][0]["tiers"] == {"standard": {"input": "2.5"}}


def row(rate: str, start: str | None = None, end: str | None = None) -> dict[str, Any]:
    return {"from": start, "to": end, "tiers": {"standard": {"input": rate}}}


def test_a_changed_price_is_appended() -> None:
    old = {"nova": {"prices": [row("1")]}, "gone": {"prices": [row("5")]}}
    new = {"nova": {"mode": "chat", "prices": [row("2")]}, "newer": {"prices": [row("7")]}}
    found = tool.updated(old, new, "2026-12-01")
    assert found == {
        "gone": {"prices": [row("5")]},
        "newer": {"prices": [row("7")]},
        "nova": {
            "mode": "chat",
            "prices": [row("1", None, "2026-12-01"), row("2", "2026-12-01")],
        },
    }
    assert old["nova"]["prices"] == [row("1")], "what was given is not changed"


def test_the_day_of_a_change_that_a_source_knows() -> None:
    old = {"nova": {"prices": [row("1")]}}
    new = {"nova": {"prices": [row("1", None, "2026-11-15"), row("2", "2026-11-15")]}}
    found = tool.updated(old, new, "2026-12-01")["nova"]["prices"]
    assert found == [row("1", None, "2026-11-15"), row("2", "2026-11-15")]


def test_the_same_prices_change_nothing() -> None:
    old = {"nova": {"prices": [row("1", None, "2025-01-01"), row("2", "2025-01-01")]}}
    assert tool.updated(old, {"nova": {"prices": [row("2")]}}, "2026-12-01") == old


def test_what_a_person_should_look_at() -> None:
    models = {
        "free": {"prices": [row("0")]},
        "steady": {"prices": [row("1"), row("3")]},
        "dearer": {"prices": [row("1"), row("3.1")]},
        "cheaper": {"prices": [row("1"), row("0.3")]},
    }
    assert list(tool.remarkable(models)) == [
        "free standard input: the rate is 0",
        "dearer standard input: from 1 to 3.1",
        "cheaper standard input: from 1 to 0.3",
    ]


def test_a_model_has_a_line_of_its_own() -> None:
    text = tool.written({"date": "2026-11-23", "models": {"a": {"prices": []}, "b": {}}})
    assert json.loads(text) == {"date": "2026-11-23", "models": {"a": {"prices": []}, "b": {}}}
    assert len(text.splitlines()) == 4


GENAI = """
from types import SimpleNamespace as S
from decimal import Decimal
price = S(input_mtok=Decimal(3))
model = S(id="nova", match=S(equals="nova"), is_match=lambda name: name == "nova", prices=price,
          price_variants=None, price_comments=None, context_window=1000)
providers = [S(id="openai", models=[model])]
"""


def test_the_tool_reads_wheels_and_prints_what_it_found(tmp_path: Path) -> None:
    table = {"nova": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-06}}
    with ZipFile(tmp_path / "litellm-1.2.3-py3-none-any.whl", "w") as wheel:
        wheel.writestr("litellm/model_prices_and_context_window_backup.json", json.dumps(table))
    with ZipFile(tmp_path / "genai_prices-0.9.8-py3-none-any.whl", "w") as wheel:
        wheel.writestr("genai_prices/__init__.py", "")
        wheel.writestr("genai_prices/data.py", GENAI)
    copy = tmp_path / "tools" / "refresh_prices.py"
    (tmp_path / "openai_cli" / "prices" / "data").mkdir(parents=True)
    copy.parent.mkdir()
    copy.write_text(TOOL.read_text())
    done = subprocess.run(
        [sys.executable, str(copy), str(tmp_path)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "litellm lists 1 of OpenAI's models, genai-prices 1\nthe table has 1\n" in done.stdout
    assert "nova standard input: litellm 2.5, genai-prices 3" in done.stdout
    found = json.loads((tmp_path / "openai_cli" / "prices" / "data" / "openai.json").read_text())
    assert found["sources"] == [
        {"package": "litellm", "version": "1.2.3"},
        {"package": "genai-prices", "version": "0.9.8"},
    ]
    assert found["models"]["nova"]["context_window"] == 1000
