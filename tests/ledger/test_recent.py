"""The recent calls: with them, the ledger holds and tells what it does without them."""

import json
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openai_cli.answer.base import Answer
from openai_cli.errors import LimitError
from openai_cli.ledger import recent, store
from openai_cli.ledger.book import Book
from openai_cli.ledger.pricing import opened
from openai_cli.ledger.recent import Header, Recent, State
from openai_cli.ledger.store import Store
from openai_cli.records import replace
from openai_cli.settings import BudgetLimit
from tests.ledger.test_book import RECORD, TODAY, context_of, spend
from tests.ledger.test_unpriced import kept_of

# 4 tokens of gpt-4o's input are 0.00001 USD.
CALL = kept_of(Answer(usage={"prompt_tokens": 4, "completion_tokens": 0}, model="gpt-4o"))
COST = 10_000_000
LARGE = BudgetLimit("day", 10**12)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def book_of(path: Path, *limits: BudgetLimit, label: str | None = None) -> Book:
    return Book(context_of(path), label, limits=limits)


def reserve(book: Book, bound: int = 1) -> bool:
    return book.reserve_easily(bound, RECORD, lambda: bound)


def keep(book: Book) -> None:
    book.keep(*CALL, TODAY.isoformat(), bound=book.reserved)


def call(path: Path, *limits: BudgetLimit, label: str | None = None) -> bool:
    """Make one call of a command; return whether the rough bound was enough."""
    with closing(book_of(path, *limits, label=label)) as book:
        is_easy = bool(limits) and reserve(book)
        keep(book)
    return is_easy


def lines(path: Path) -> list[Any]:
    """The header and the events of the recent calls."""
    text = Path(f"{path}.recent").read_text()
    return [json.loads(line.partition("\t")[0]) for line in text.splitlines()]


def kinds(path: Path) -> list[str]:
    return [line[0] for line in lines(path)[1:]]


def calls(path: Path) -> list[tuple[str | None, int]]:
    """The calls in the ledger: the label and the cost of each."""
    with opened(path) as store:
        return store.rows("SELECT label, units FROM calls ORDER BY id")


def sums(path: Path) -> tuple[int, int]:
    """What the ledger says is spent, and reserved."""
    with opened(path) as store, store.transaction():
        return store.spent(LARGE, TODAY.isoformat()), store.reserved(LARGE)


def test_only_the_first_call_needs_the_database(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(path, LARGE)
    monkeypatch.setattr(Store, "__init__", None)
    for _ in range(3):
        assert call(path, LARGE)
    assert kinds(path) == ["call", *["reserve", "call"] * 3]
    monkeypatch.undo()
    assert calls(path) == [(None, COST)] * 4
    assert lines(path) == []
    assert sums(path) == (4 * COST, 0)


def test_what_is_large_goes_into_the_database(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call(path)
    monkeypatch.setattr(recent, "_LARGEST", Path(f"{path}.recent").stat().st_size + 1)
    sizes = [len(lines(path)) for _ in range(4) if not call(path)]
    assert sizes == [2, 1, 2, 1]
    assert len(calls(path)) == 5


LABELS = st.sampled_from((None, "ci"))
ACTIONS = st.one_of(
    st.tuples(st.just("call"), LABELS),
    st.tuples(st.just("unbudgeted"), LABELS),
    st.tuples(st.just("reserve"), st.integers(0, COST)),
    st.tuples(st.just("exactly"), st.integers(0, 10 * COST)),
    st.tuples(st.just("keep"), st.none()),
    st.tuples(st.just("close"), st.none()),
    st.tuples(st.just("spend"), st.integers(1, 10 * COST)),
    st.tuples(st.just("look"), st.none()),
)
LIMITS = (
    BudgetLimit("day", 20 * COST),
    BudgetLimit("week", 10 * COST, "ci"),
    BudgetLimit("month", 30 * COST),
)


def done(path: Path, actions: list[tuple[str, Any]]) -> list[Any]:
    """Do these things to a ledger, and return everything that can be seen of them."""
    seen: list[Any] = []
    book = book_of(path, *LIMITS, label="ci")
    for action, given_ in actions:
        if action == "call":
            book.close()  # a process has one at a time
            seen.append(call(path, *LIMITS[::2], label=given_))
        elif action == "unbudgeted":
            call(path, label=given_)
        elif action == "reserve":
            seen.append((reserve(book, given_), book.reserved))
        elif action == "exactly":
            seen.append(refusal(book, given_))
        elif action == "keep":
            keep(book)
        elif action == "close":
            book.close()
        elif action == "spend":
            with closing(Store(path)) as store:
                spend(store, given_)
        else:
            seen.append((calls(path), sums(path)))
        seen.append(book.reserved)
    seen.append((calls(path), sums(path)))
    book.close()
    return [*seen, sums(path)]


def refusal(book: Book, bound: int) -> str:
    try:
        book.reserve(bound, RECORD)
    except LimitError as error:
        return str(error)
    return ""


NAMES = count()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(ACTIONS, max_size=20), st.sampled_from((0, 900, 3000, 2**16)))
def test_they_change_nothing_that_can_be_seen(
    tmp_path: Path, actions: list[tuple[str, Any]], largest: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recent, "_LARGEST", largest)
        found = done(tmp_path / f"a{next(NAMES)}", actions)
        patch.setattr(Recent, "state", lambda _self, _today: None)
        expected = done(tmp_path / f"b{next(NAMES)}", actions)
    assert found == expected
    while store._open:  # the command leaves them open until it ends
        store._open.pop().close()


@pytest.mark.parametrize(
    ("limit", "since", "but", "sums"),
    [
        (BudgetLimit("day", 1), "2026-11-28", None, (6, 24)),
        (BudgetLimit("month", 1), "2026-11-01", 1, (7, 16)),
        (BudgetLimit("day", 1, "ci"), "2026-11-28", 2, (4, 0)),
        (BudgetLimit("day", 1, None, "work"), "2026-11-28", None, (2, 8)),
    ],
)
def test_what_is_summed(
    limit: BudgetLimit, since: str, but: int | None, sums: tuple[int, int]
) -> None:
    begun = Header(
        "",
        "2026-11-28",
        [("2026-11-27", "", "", 1), ("2026-11-28", "", "work", 2), ("2026-11-28", "ci", "", 4)],
        [(1, "", "work", 8), (2, "ci", "", 16)],
        has_unheld=False,
    )
    state = State.of(begun, [])
    assert (state.spent(limit, since), state.reserved(limit, but=but)) == sums


@pytest.mark.parametrize("limits", [(), (LARGE,)])
def test_the_first_call_of_a_day_removes_what_is_old(
    path: Path, limits: tuple[BudgetLimit, ...]
) -> None:
    with closing(Store(path)) as store:
        spend(store, 1, TODAY - timedelta(days=401))
        call(path, *limits)
        assert store.rows("SELECT * FROM spent WHERE units = 1") == []


# What else happens to files


def test_a_call_that_was_taken_in_is_not_taken_in_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may be killed after its commit, before it empties the file."""
    for _ in range(3):
        call(path, LARGE)
    with monkeypatch.context() as killed:
        killed.setattr(Recent, "clear", lambda _self: None)
        assert sums(path) == (3 * COST, 0)
    assert kinds(path) == ["call", "reserve", "call", "reserve", "call"]
    assert calls(path) == [(None, COST)] * 3
    assert sums(path) == (3 * COST, 0)


@pytest.mark.parametrize("seed", range(0, 1000, 7))
def test_a_line_that_was_cut_off_loses_itself_alone(path: Path, seed: int) -> None:
    for _ in range(2):
        call(path)
    file = Path(f"{path}.recent")
    whole = file.read_bytes()
    cut = whole[: seed * len(whole) // 1000]
    file.write_bytes(cut)
    whole_lines = max(cut.count(b"\n"), 1)
    call(path)
    assert len(calls(path)) == 1 + (whole_lines - 1) + 1


def test_what_others_write_into_the_database_counts(path: Path) -> None:
    assert call(path, LARGE)
    assert call(path, LARGE)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("INSERT INTO spent VALUES (?, '', '', ?)", [str(TODAY), LARGE.units])
    with closing(book_of(path, LARGE)) as book:
        assert not reserve(book)
    assert sums(path)[0] == LARGE.units + 2 * COST


def test_what_is_left_of_a_ledger_that_was_removed_comes_into_the_next(path: Path) -> None:
    call(path)
    call(path)
    for name in ("ledger", "ledger-wal", "ledger-shm"):
        path.with_name(name).unlink(missing_ok=True)
    call(path)
    assert len(calls(path)) == 2


def test_the_sums_of_another_day_are_not_those_of_today(path: Path) -> None:
    call(path, LARGE)
    context = replace(context_of(path), now=lambda: context_of(path).now() + 86_400)
    with closing(Book(context, limits=(LARGE,))) as book:
        reserve(book)
        assert [line[2] for line in lines(path)] == ["2026-11-29"]


def test_calls_that_no_budget_was_charged_for_are_priced_first(path: Path) -> None:
    assert call(path, LARGE)
    call(path)
    assert kinds(path)[-1] == "call"
    with closing(book_of(path, LARGE)) as book:
        assert not reserve(book)
        book.reserve(1, RECORD)
        assert book.standings(Store(path))[0].spent == 2 * COST


def test_on_a_full_disk_a_call_is_added_whole_or_not_at_all(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(path)
    write = os.write
    before = lines(path)
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda handle, data: write(handle, data[:100]))
        book = Recent(path)
        with pytest.raises(OSError, match="No space left"):
            book.add(["call", None, 0, str(TODAY), None, None, None], *CALL)
    assert lines(path) == before
    call(path)
    assert len(calls(path)) == 2


def test_a_link_in_their_place_is_not_followed(path: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("a text of mine\n")
    Path(f"{path}.recent").symlink_to(tmp_path / "mine")
    book = book_of(path)
    keep(book)
    assert (tmp_path / "mine").read_text() == "a text of mine\n"


def test_two_names_of_a_ledger_have_the_same_recent_calls(path: Path, tmp_path: Path) -> None:
    call(path)
    (tmp_path / "other").symlink_to(path)
    call(tmp_path / "other")
    assert kinds(path) == ["call"]
    assert len(calls(tmp_path / "other")) == 2
