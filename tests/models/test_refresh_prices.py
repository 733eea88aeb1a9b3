"""tools/refresh_prices.py on small sources: what it takes, how it merges, what it replaces."""

import json
import os
import runpy
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from zipfile import ZipFile

import pytest

from tests.docs.pages import ROOT

TOOLS = ROOT / "tools"
with patch.object(sys, "path", [str(TOOLS), *sys.path]):
    tool = SimpleNamespace(**runpy.run_path(str(TOOLS / "refresh_prices.py")))
    sources, changes = sys.modules["price_sources"], sys.modules["price_changes"]
    source_of = sources.source_of
PAGE = "https://developers.openai.com/api/docs/pricing"
MODEL_PAGE = "https://developers.openai.com/api/docs/models/nova"


def litellm(**models: dict[str, Any]) -> Any:
    """What the tool takes from litellm's table of these models of OpenAI's."""
    table = {name: {"litellm_provider": "openai", **facts} for name, facts in models.items()}
    return tool.of_litellm(table, Counter())


def plain_row(rate: str, start: str | None = None, end: str | None = None) -> dict[str, Any]:
    return {"from": start, "to": end, "source": PAGE, "tiers": {"standard": {"input": rate}}}


def price(**rates: Any) -> Any:
    """A ModelPrice of genai-prices, as far as the tool looks at it."""
    return SimpleNamespace(**rates)


def clause(*names: str) -> Any:
    return SimpleNamespace(or_=[SimpleNamespace(equals=name) for name in names])


def genai_model(
    name: str,
    prices: Any,
    *,
    variants: Any = (),
    comment: str | None = None,
    names: tuple[str, ...] = (),
    window: int | None = None,
) -> Any:
    all_names = (name, *names)
    return SimpleNamespace(
        id=name,
        match=clause(*all_names),
        is_match=lambda asked: asked in all_names,
        prices=prices,
        price_variants=variants,
        price_comments=comment,
        context_window=window,
    )


def genai(*models: Any) -> Any:
    return tool.of_genai(SimpleNamespace(models=models), (), Counter())


def since(day: date | None, rate: str) -> Any:
    """A ConditionalPrice of genai-prices."""
    constraint = day and SimpleNamespace(start_date=day)
    return SimpleNamespace(constraint=constraint, prices=price(input_mtok=Decimal(rate)))


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
    assert found.facts == {"mode": "chat", "retired": "2027-01-01", "regions": {}}
    assert row.source == PAGE


def test_what_is_left_out_is_counted() -> None:
    left_out: Counter[str] = Counter()
    table = {
        "gemini": {"litellm_provider": "vertex", "input_cost_per_token": 1e-06},
        "1024-x-1024/image": {"litellm_provider": "openai", "input_cost_per_token": 1e-06},
        "sora": {"litellm_provider": "openai", "output_cost_per_video_per_second": 0.1},
        "nova": {"litellm_provider": "text-completion-openai", "input_cost_per_token": 1e-06},
        "ear": {
            "litellm_provider": "openai",
            "mode": "audio_transcription",
            "input_cost_per_second": 0.0001,
            "output_cost_per_second": 0.0001,
        },
    }
    found = tool.of_litellm(table, left_out)
    assert list(found) == ["nova", "ear"]
    assert found["ear"].rows[0].tiers == {"standard": {"input_second": "0.0001"}}
    assert left_out == {
        "models: images of one size, and second names": 1,
        "models: without a price of tokens, seconds or characters": 1,
        "rates: output_cost_per_video_per_second": 1,
        "rates: a second of sound, again for its text": 1,
    }


def test_what_is_left_out_of_genai_prices_is_counted() -> None:
    left_out: Counter[str] = Counter()
    rates = price(input_mtok=Decimal(1), output_mtok=None, audio_hours=Decimal(10))
    model = genai_model("nova", rates, names=("gpt-35-nova", "ft:nova-"))
    found = tool.of_genai(SimpleNamespace(models=[model]), (), left_out)
    assert list(found) == ["nova"]
    assert +left_out == {
        "names: patterns, and other providers' spellings": 2,
        "rates: audio_hours": 1,
    }


def test_rates_of_genai_prices_with_their_variants_and_history() -> None:
    tiered = SimpleNamespace(
        base=Decimal("0.1"), tiers=[SimpleNamespace(start=272000, price=Decimal("0.2"))]
    )
    now = price(input_mtok=tiered, output_mtok=Decimal("0.50"), input_audio_hours=Decimal("0.36"))
    history = [
        since(None, "1"),
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


@pytest.mark.parametrize(
    ("said", "source", "rank"),
    [
        (f"Rates from {PAGE} (standard).", PAGE, 2),
        (f"See {MODEL_PAGE}. Verified at {PAGE}.", PAGE, 2),
        ("https://platform.openai.com/docs/pricing", "https://platform.openai.com/docs/pricing", 2),
        ("https://openai.com/api/pricing/", "https://openai.com/api/pricing", 2),
        (f"See {MODEL_PAGE}, and ask.", MODEL_PAGE, 1),
        ("https://example.org/openai.com/pricing", "https://github.com/BerriAI/litellm", 0),
        ("to be updated", "https://github.com/BerriAI/litellm", 0),
        (None, "https://github.com/BerriAI/litellm", 0),
    ],
)
def test_the_source_that_a_package_names(said: str | None, source: str, rank: int) -> None:
    assert source_of(said, "litellm") == source
    assert tool.Row(None, {}, source).rank == rank


@pytest.mark.parametrize(
    ("litellm_source", "comment", "chosen", "source"),
    [
        (PAGE, "", "2.5", PAGE),
        ("", f"from {PAGE}", "3", PAGE),
        (MODEL_PAGE, f"from {PAGE}", "3", PAGE),
        (PAGE, f"from {MODEL_PAGE}.", "2.5", PAGE),
        ("", f"from {MODEL_PAGE}.", "3", MODEL_PAGE),
        (PAGE, PAGE, "2.5", PAGE),
        ("", None, "2.5", "https://github.com/BerriAI/litellm"),
    ],
)
def test_where_they_disagree_the_one_nearer_to_openai_is_taken(
    litellm_source: str, comment: str | None, chosen: str, source: str
) -> None:
    one = litellm(nova={"input_cost_per_token": 2.5e-06, "source": litellm_source})
    other = genai(
        genai_model("nova", price(input_mtok=Decimal(3), output_mtok=Decimal(9)), comment=comment)
    )
    models, disagreements = tool.combined(one, other, {}, "2026-11-23")
    [row] = models["nova"]["prices"]
    assert row["tiers"] == {"standard": {"input": chosen, "output": "9"}}
    assert row["source"] == source
    [told] = map(str, disagreements)
    assert told.startswith(f"nova standard input: litellm 2.5, genai-prices 3; took {chosen} (")


def test_where_they_agree_nothing_is_told() -> None:
    one = litellm(nova={"input_cost_per_token": 2.5e-06})
    other = genai(genai_model("nova", price(input_mtok=Decimal("2.50"))))
    models, disagreements = tool.combined(one, other, {}, "2026-11-23")
    assert disagreements == []
    assert models["nova"]["prices"][0]["tiers"] == {"standard": {"input": "2.5"}}


def test_litellm_speaks_of_today_and_genai_prices_of_other_days() -> None:
    history = [since(None, "9"), since(date(2026, 5, 1), "3"), since(date(2027, 1, 1), "1")]
    one = litellm(nova={"input_cost_per_token": 2.5e-06, "source": PAGE})
    models, disagreements = tool.combined(
        one, genai(genai_model("nova", history)), {}, "2026-11-23"
    )
    rows = models["nova"]["prices"]
    assert [(row["from"], row["to"], row["tiers"]["standard"]["input"]) for row in rows] == [
        (None, "2026-05-01", "9"),
        ("2026-05-01", "2027-01-01", "2.5"),
        ("2027-01-01", None, "1"),
    ]
    assert [disagreement.genai for disagreement in disagreements] == ["3"]


def test_the_past_of_a_model_that_no_source_has() -> None:
    one = litellm(**{"gpt-4o": {"input_cost_per_token": 2.5e-06, "source": PAGE}})
    before, after = tool.combined(one, {}, {}, "2026-11-23")[0]["gpt-4o"]["prices"]
    assert (before["from"], before["to"], after["from"]) == (None, "2024-10-02", "2024-10-02")
    assert before["tiers"] == {"standard": {"input": "5", "output": "15"}}
    assert before["source"].startswith("https://openai.com/")
    assert (after["to"], after["source"]) == (None, PAGE)


def test_windows() -> None:
    token = {"input_cost_per_token": 1e-06, "max_output_tokens": 128}
    one = litellm(
        both={**token, "max_input_tokens": 272},
        same_limits={**token, "max_input_tokens": 272},
        whole={**token, "max_input_tokens": 500},
        rounded={**token, "max_input_tokens": 1047},
    )
    windows = {"both": 400, "rounded": 1000, "other_source": 300}
    models = [
        genai_model(name, price(input_mtok=Decimal(1)), window=window)
        for name, window in windows.items()
    ]
    found = tool.combined(one, genai(*models), {}, "2026-11-23")[0]
    assert {name: facts["context_window"] for name, facts in found.items()} == {
        "both": 400,
        "other_source": 300,
        "rounded": 1047,
        "same_limits": 400,
        "whole": 500,
    }


@pytest.mark.parametrize(
    ("name", "facts", "encoding"),
    [
        ("gpt-4-nova", {"mode": "chat"}, "cl100k_base"),
        ("ft:gpt-3.5-turbo-0125", {"mode": "chat"}, "cl100k_base"),
        ("nova", {"mode": "chat"}, "o200k_base"),
        ("nova", {}, "o200k_base"),
        ("nova", {"mode": "image_generation"}, None),
        ("nova", {"mode": "moderation"}, None),
    ],
)
def test_encodings(name: str, facts: dict[str, Any], encoding: str | None) -> None:
    one = litellm(**{name: {"input_cost_per_token": 1e-06, **facts}})
    assert tool.combined(one, {}, {}, "2026-11-23")[0][name].get("encoding") == encoding


def test_what_reads_no_text_has_no_encoding() -> None:
    one = litellm(nova={"input_cost_per_second": 0.1, "mode": "realtime"})
    assert "encoding" not in tool.combined(one, {}, {}, "2026-11-23")[0]["nova"]


def test_retirement() -> None:
    token: dict[str, Any] = {"input_cost_per_token": 1e-06}
    one = litellm(
        **{
            "nova": {**token, "deprecation_date": "2027-01-01"},
            "gpt-4-32k": token,
            "newer": token,
        }
    )
    found = tool.combined(one, {}, {}, "2026-11-23")[0]
    assert {name: facts.get("retired") for name, facts in found.items()} == {
        "nova": "2027-01-01",
        "gpt-4-32k": "2025-06-06",
        "newer": None,
    }


def test_a_changed_price_is_appended() -> None:
    old = {"nova": {"prices": [plain_row("1")]}, "gone": {"prices": [plain_row("5")]}}
    new = {
        "nova": {"mode": "chat", "prices": [plain_row("2")]},
        "newer": {"prices": [plain_row("7")]},
        "named": {"prices": []},
    }
    found, told = tool.updated(old, new, "2026-12-01")
    assert found == {
        "gone": {"prices": [plain_row("5")]},
        "named": {"prices": []},
        "newer": {"prices": [plain_row("7")]},
        "nova": {
            "mode": "chat",
            "prices": [plain_row("1", None, "2026-12-01"), plain_row("2", "2026-12-01")],
        },
    }
    assert old["nova"]["prices"] == [plain_row("1")], "what was given is not changed"
    assert told.changed == ["`nova`: standard input 2, was 1"]
    assert told.new == ["`newer`", "`named` (no price yet)"]
    assert told.gone == ["`gone`"]
    assert told.facts == ["`nova`: mode chat"]


def test_the_day_of_a_change_that_a_source_knows() -> None:
    old = {"nova": {"prices": [plain_row("1")]}}
    new = {"nova": {"prices": [plain_row("1", None, "2026-11-15"), plain_row("2", "2026-11-15")]}}
    found = tool.updated(old, new, "2026-12-01")[0]["nova"]["prices"]
    assert found == [plain_row("1", None, "2026-11-15"), plain_row("2", "2026-11-15")]


def test_the_same_prices_change_nothing() -> None:
    old = {"nova": {"prices": [plain_row("1", None, "2025-01-01"), plain_row("2", "2025-01-01")]}}
    new = {"nova": {"prices": [plain_row("2")]}}
    found, told = tool.updated(old, new, "2026-12-01")
    assert found == old
    assert told.markdown() == "Nothing has changed.\n"


def test_a_row_that_only_gains_rates_is_replaced() -> None:
    more = plain_row("1")
    more["tiers"] = {"standard": {"input": "1", "output": "4"}, "batch": {"output": "2"}}
    old = {"nova": {"prices": [plain_row("1", "2026-01-01")]}}
    found, told = tool.updated(old, {"nova": {"prices": [more]}}, "2026-12-01")
    assert found["nova"]["prices"] == [{**more, "from": "2026-01-01"}]
    assert told.filled == ["`nova`: standard output 4; batch output 2"]
    assert not told.changed


@pytest.mark.parametrize(
    ("source", "newer", "corrected"),
    [(PAGE, PAGE, ["nova"]), ("https://github.com/BerriAI/litellm", PAGE, [])],
)
def test_a_row_that_was_never_true_is_replaced(
    source: str, newer: str, corrected: list[str]
) -> None:
    old = {"nova": {"prices": [{**plain_row("1", "2026-01-01"), "source": source}]}}
    new = {"nova": {"prices": [{**plain_row("2"), "source": newer}]}}
    found, told = tool.updated(old, new, "2026-12-01", corrected=corrected)
    assert found["nova"]["prices"] == [{**plain_row("2", "2026-01-01"), "source": newer}]
    assert told.corrected == ["`nova`: standard input 2, was 1"]


def test_a_model_that_had_no_price_gets_its_first() -> None:
    found, told = tool.updated(
        {"nova": {"prices": []}}, {"nova": {"prices": [plain_row("2")]}}, "2026-12-01"
    )
    assert found == {"nova": {"prices": [plain_row("2")]}}
    assert told.filled == ["`nova`: its first price"]


def test_retirements_are_told() -> None:
    old = {name: {"prices": [], "retired": "2027-01-01"} for name in ("moved", "off", "same")}
    new = {
        "moved": {"prices": [], "retired": "2027-02-01"},
        "off": {"prices": []},
        "same": old["same"],
    }
    assert tool.updated(old, new, "2026-12-01")[1].retired == [
        "`moved`: 2027-02-01, was 2027-01-01",
        "`off`: none, was 2027-01-01",
    ]


def test_what_a_person_should_look_at() -> None:
    place = ("standard", "", "input")
    other = ("batch", "272000", "output")
    assert [
        list(changes.remarkable("nova", {place: before}, {place: now}))
        for before, now in (("0", "0"), ("1", "0"), ("1", "3"), ("1", "3.1"), ("1", "0.3"))
    ] == [
        [],
        ["`nova` standard input: the rate is 0"],
        [],
        ["`nova` standard input: from 1 to 3.1"],
        ["`nova` standard input: from 1 to 0.3"],
    ]
    assert list(changes.remarkable("nova", {other: "1"}, {})) == [
        "`nova` batch above 272000 output: gone"
    ]


def test_changes_as_markdown() -> None:
    told = changes.Changes(new=["`nova`"], retired=["`gone`: 2027-01-01"])
    assert (
        told.markdown() == "### New models\n\n- `nova`\n\n### Retirements\n\n- `gone`: 2027-01-01\n"
    )


def test_a_model_has_a_line_of_its_own() -> None:
    text = tool.written({"date": "2026-11-23", "models": {"a": {"prices": []}, "b": {}}})
    assert json.loads(text) == {"date": "2026-11-23", "models": {"a": {"prices": []}, "b": {}}}
    assert len(text.splitlines()) == 4


GENAI = """
from types import SimpleNamespace as S
from decimal import Decimal
price = S(input_mtok=Decimal(3), output_mtok=Decimal(0))
model = S(id="nova", match=S(equals="nova"), is_match=lambda name: name == "nova", prices=price,
          price_variants=None, price_comments=None, context_window=1000)
providers = [S(id="openai", models=[model])]
"""


NAMES = """
ChatModel: TypeAlias = Literal["nova", "gpt-9-nova"]
'''Deprecated values:

- "gpt-9-nova": Announced shutdown date: 2027-04-01. See the page.
'''
"""


@pytest.fixture
def refresh(tmp_path: Path) -> Any:
    """Run a copy of the tool over wheels of that litellm table; the output, and the table."""
    (tmp_path / "tools").mkdir()
    for name in ("refresh_prices", "price_sources", "price_rules", "price_changes", "openai_names"):
        (tmp_path / "tools" / f"{name}.py").write_text((TOOLS / f"{name}.py").read_text())
    built = tmp_path / "openai_cli" / "models" / "data" / "openai.json"
    built.parent.mkdir(parents=True)
    with ZipFile(tmp_path / "genai_prices-0.9.8-py3-none-any.whl", "w") as wheel:
        wheel.writestr("genai_prices/__init__.py", "raise ImportError('no HTTP here')")
        wheel.writestr("genai_prices/data.py", GENAI)
    with ZipFile(tmp_path / "openai-9.8.7-py3-none-any.whl", "w") as wheel:
        wheel.writestr("openai/types/shared/chat_model.py", NAMES)

    def run(*flags: str, **models: dict[str, Any]) -> tuple[str, Any]:
        table = {name: {"litellm_provider": "openai", **facts} for name, facts in models.items()}
        with ZipFile(tmp_path / "litellm-1.2.3-py3-none-any.whl", "w") as wheel:
            path = "litellm/model_prices_and_context_window_backup.json"
            wheel.writestr(path, json.dumps(table))
            wheel.writestr("litellm/constants.py", "")
        done = subprocess.run(
            [sys.executable, "-P", str(tmp_path / "tools" / "refresh_prices.py"), str(tmp_path),
             *flags],
            capture_output=True, text=True, check=True, timeout=60,
            env={**os.environ, "PYTHONPATH": str(tmp_path / "tools")},
        )  # fmt: skip
        return done.stdout, json.loads(built.read_text())

    return run


def test_the_tool_reads_wheels_and_prints_what_it_found(refresh: Any) -> None:
    out, found = refresh(nova={"input_cost_per_token": 2.5e-06})
    assert "litellm lists 1 of OpenAI's models, genai-prices 1, both 1; openai names 1\n" in out
    assert "- the table has 2 models\n" in out
    assert "### New models\n\n- `gpt-9-nova` (no price yet)\n- `nova`\n" in out
    assert "nova standard input: litellm 2.5, genai-prices 3" in out
    assert "- `nova` standard output: the rate is 0" in out
    assert [(one["package"], one["version"]) for one in found["sources"]] == [
        ("litellm", "1.2.3"),
        ("genai-prices", "0.9.8"),
        ("openai", "9.8.7"),
    ]
    assert found["models"]["nova"]["context_window"] == 1000
    assert found["models"]["gpt-9-nova"] == {
        "mode": "chat",
        "retired": "2027-04-01",
        "encoding": "o200k_base",
        "prices": [],
    }


def test_the_tool_run_again(refresh: Any) -> None:
    first = refresh(nova={"input_cost_per_token": 2.5e-06})[1]
    again, same = refresh(nova={"input_cost_per_token": 2.5e-06})
    assert same["models"] == first["models"]
    assert "Nothing has changed.\n" in again, "what was shown is not shown again"
    out, changed = refresh(nova={"input_cost_per_token": 2.5e-05})
    old, new = changed["models"]["nova"]["prices"]
    assert {**old, "to": None} == first["models"]["nova"]["prices"][0]
    assert (old["to"], new["to"]) == (new["from"], None)
    assert new["tiers"]["standard"]["input"] == "25"
    assert "- `nova`: standard input 25, was 2.5\n" in out
    assert "- `nova` standard input: from 2.5 to 25\n" in out
    out, corrected = refresh("--correct", "nova", nova={"input_cost_per_token": 2.6e-05})
    assert len(corrected["models"]["nova"]["prices"]) == 2
    assert "### Corrected rates" in out


def test_the_tool_wants_one_wheel_of_each(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(TOOLS / "refresh_prices.py"), str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path} has 0 wheels of litellm, and needs one\n"
