"""Calls that are kept without their price: pricing them later tells what telling them now does."""

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.answer.base import Answer
from openai_cli.errors import CliError, NetworkError, RateLimitError, RefusedError, Terminated
from openai_cli.ledger import pricing, store
from openai_cli.ledger.pricing import opened, priced
from openai_cli.ledger.recent import Unpriced
from openai_cli.ledger.store import Store
from openai_cli.ledger.unpriced import told
from openai_cli.models import lines
from openai_cli.models.table import load_table
from openai_cli.prices.occasion import Outcome
from openai_cli.prices.receipt import Receipt
from tests.prices.tables import OCCASION

ON = date.fromisoformat(OCCASION.time[:10])

NAMES = st.sampled_from(
    ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "total_tokens",
     "prompt_tokens_details", "input_tokens_details", "input_token_details", "cached_tokens",
     "output_tokens_details", "cached_tokens_details", "cache_write_tokens", "audio_tokens",
     "image_tokens", "reasoning_tokens", "seconds", "characters", "type")
)  # fmt: skip
COUNTS = st.one_of(
    st.integers(-1, 10**6), st.just(2**60), st.none(), st.booleans(), st.just(""), st.just("7"),
    st.floats(0, 90), st.just("a secret text"),
)  # fmt: skip
USAGES = st.dictionaries(
    NAMES, st.one_of(COUNTS, st.dictionaries(NAMES, COUNTS), st.lists(COUNTS, max_size=1))
)
TYPES = st.sampled_from(
    ("message", "web_search", "web_search_call", "web_search_preview", "file_search_call",
     "code_interpreter", "code_interpreter_call", "shell_call", "image_generation",
     "image_generation_call", "oracle_call", None)
)  # fmt: skip
MODELS = st.sampled_from(
    ("gpt-4o", "gpt-6-luna", "gpt-6-luna-2026-10-01", "ft:gpt-4o:org::id", "whisper-1",
     "gpt-image-2", "gpt-4o-search-preview", "tts-1", "made-up", "", None)
)  # fmt: skip
ITEMS = st.fixed_dictionaries(
    {"type": TYPES},
    optional={
        "action": st.fixed_dictionaries({"type": st.sampled_from(("search", "open_page"))}),
        "container_id": st.sampled_from(("a", "b", None)),
        "container": st.one_of(st.just("c"), st.just({"memory_limit": "4g", "file_ids": ["f"]})),
        "environment": st.one_of(st.none(), st.just({"type": "container", "container_id": "d"})),
        "search_context_size": st.sampled_from(("low", "high", 3)),
        "model": MODELS,
        "content": st.just([{"type": "output_text", "text": "a secret text"}]),
        "arguments": st.just('{"a": "a secret text"}'),
        "parameters": st.just({"a secret text": {"type": "string"}}),
    },
)
LISTS = st.one_of(st.lists(st.one_of(ITEMS, st.just("no item")), max_size=3), st.none())
BILLABLES = st.fixed_dictionaries(
    {},
    optional={
        "output": LISTS,
        "tools": LISTS,
        "tool_usage": st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {"web_search": st.fixed_dictionaries({"num_requests": COUNTS}),
                 "image_gen": USAGES}
            ),
        ),
        "svg_usage": st.one_of(st.none(), USAGES, st.builds(dict, USAGES, model=MODELS)),
    },
)  # fmt: skip
ERRORS: list[BaseException | None] = [
    None,
    RefusedError("no", status=400, request_id="req_2"),
    RateLimitError("slow", status=429),
    RefusedError("late", status=408),
    NetworkError("cut"),
    Terminated(15),
    KeyboardInterrupt(),
    ValueError("a fault"),
]
ANSWERS = st.builds(
    Answer, usage=st.one_of(st.none(), USAGES), billable=BILLABLES, model=MODELS,
    asked_model=MODELS, service_tier=st.sampled_from((None, "default", "flex", "odd")),
    request_id=st.sampled_from((None, "req_1")), age=st.sampled_from((None, None, 3.5)),
)  # fmt: skip


def kept_of(
    answer: Answer, failed: BaseException | None = None, region: str | None = None
) -> tuple[str, str]:
    outcome = None if failed is None else Outcome.of(failed)
    return told(answer, OCCASION, region=region, batch_id=None, exit_code=0, outcome=outcome)


@given(ANSWERS, st.sampled_from(ERRORS), st.sampled_from((None, "eu", "gov", "au")))
def test_a_call_that_is_priced_later_has_the_line_that_it_would_have_now(
    answer: Answer, failed: BaseException | None, region: str | None
) -> None:
    kept = kept_of(answer, failed, region)
    now = Receipt.of(answer, load_table(), ON, region=region)
    if failed is not None:
        now = now.of_failed(Outcome.of(failed))
    if answer.age is not None:
        now = now.of_cache(answer.age)
    assert priced(*kept) == now.record(OCCASION)
    assert "secret" not in "".join(kept)


def test_a_newer_table_changes_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Answer(usage={"prompt_tokens": 10**6, "completion_tokens": 0}, model="gpt-4o")
    kept = kept_of(answer)
    dearer = lines.DATA.read_bytes().replace(b'"input": "2.5"', b'"input": "9.5"')
    monkeypatch.setattr(lines, "packaged", lambda: lines.Lines(dearer))
    assert json.loads(priced(*kept))["usd"] == 2.5


LATER = Answer(usage={"prompt_tokens": 10**6, "completion_tokens": 0}, model="gpt-4o")


def keep(ledger: Store, kept: tuple[str, str], held: int | None = None) -> None:
    with ledger.transaction():
        ledger.keep(Unpriced(OCCASION.time[:10], None, None, held, *kept))


def charged(ledger: Store) -> list[Any]:
    return ledger.rows("SELECT units FROM spent")


@pytest.mark.parametrize("held", [None, 9 * 10**12])
def test_what_was_held_of_a_budget_makes_room_for_what_it_cost(
    tmp_path: Path, held: int | None
) -> None:
    ledger = Store(tmp_path / "l")
    keep(ledger, kept_of(LATER), held)
    assert charged(ledger) == ([(held,)] if held else [])
    pricing.price_all(ledger)
    assert charged(ledger) == [(2_500_000_000_000,)]
    assert not ledger.has_unpriced()
    assert ledger.rows("SELECT * FROM prices") == []
    ledger.close()


def test_what_nobody_knows_the_cost_of_stays_held(tmp_path: Path) -> None:
    ledger = Store(tmp_path / "l")
    keep(ledger, kept_of(Answer(model="made-up", usage={"prompt_tokens": 1})), held=7)
    pricing.price_all(ledger)
    assert charged(ledger) == [(7,)]
    ledger.close()


def test_all_are_priced_also_where_they_are_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pricing, "_AT_ONCE", 2)
    ledger = Store(tmp_path / "l")
    for _ in range(5):
        keep(ledger, kept_of(LATER))
    ledger.close()
    with opened(tmp_path / "l") as again:
        assert again.rows("SELECT count(*), count(DISTINCT twin) FROM calls") == [(5, 5)]


def test_one_that_cannot_be_priced_keeps_no_other_from_it(tmp_path: Path) -> None:
    ledger = Store(tmp_path / "l")
    kept, prices = kept_of(LATER)
    broken = json.loads(prices)
    del broken["models"]["gpt-4o"]["prices"]
    keep(ledger, (kept, json.dumps(broken)))
    keep(ledger, kept_of(LATER))
    pricing.price_all(ledger)
    (first, second) = (json.loads(record) for (record,) in ledger.rows("SELECT record FROM calls"))
    assert (first["usd"], first["command"], second["usd"]) == (None, "chat", 2.5)
    assert first["unknown"] == ["its price could not be determined from what was kept of it"]
    ledger.close()


def test_a_ledger_of_the_first_version_gets_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "l"
    with monkeypatch.context() as older:
        older.setattr(store, "_TABLES", store._TABLES[:1])
        older.setattr(store, "VERSION", 1)
        first = Store(path)
        with first.transaction():
            first.charge("2026-11-28", None, None, 5)
        first.close()
    ledger = Store(path)
    keep(ledger, kept_of(LATER))
    assert charged(ledger) == [(5,)]
    ledger.close()


def test_a_ledger_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "l"
    Store(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(CliError, match="another version"), opened(path):
        pass
