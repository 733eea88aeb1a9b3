"""The ledger as the calls of a command see it: what may be spent, and what was."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from openai_cli.context import Context
from openai_cli.errors import LimitError
from openai_cli.ledger.book import Book, prune
from openai_cli.ledger.recent import VARIABLE, Unpriced
from openai_cli.ledger.store import Store
from openai_cli.prices.money import units
from openai_cli.records import replace
from openai_cli.settings import BudgetLimit, Settings
from tests.ledger.test_unpriced import LATER, ON, kept_of

TODAY = ON
LIMIT = BudgetLimit("day", 100)
RECORD = '{"time": "2026-12-01T00:00:00Z", "model": "gpt-4o"}'


def context_of(path: Path) -> Context:
    now = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC).timestamp()
    return Context.test(environ={VARIABLE: str(path)}, now=now)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store(path)) as store:
        yield store


@pytest.fixture
def book(path: Path) -> Iterator[Book]:
    with closing(Book(context_of(path), limits=(LIMIT,))) as book:
        yield book


def reserved(store: Store) -> list[int]:
    return [found for (found,) in store.rows("SELECT units FROM reserved")]


def spend(store: Store, amount: int, day: date = TODAY) -> None:
    with store.transaction():
        store.charge(day.isoformat(), None, None, amount)


def test_what_is_reserved_adds_up_to_the_limit(book: Book, store: Store) -> None:
    book.reserve(40, RECORD)
    book.reserve(60, RECORD)
    assert reserved(store) == [100]
    with pytest.raises(LimitError):
        book.reserve(1, RECORD)
    assert (book.reserved, reserved(store)) == (100, [100])


def test_what_is_reserved_alone_takes_the_place_of_what_was(book: Book, store: Store) -> None:
    book.reserve(60, RECORD)
    book.reserve(70, RECORD, alone=True)
    assert (book.reserved, reserved(store)) == (70, [70])


def test_what_is_left_is_given_back_at_the_end(book: Book, store: Store) -> None:
    book.reserve(40, RECORD)
    book.close()
    assert reserved(store) == []


def keep_unpriced(store: Store, held: int | None = None) -> None:
    """Keep a call of 2.50 USD of which nobody has asked what it cost."""
    with store.transaction():
        store.keep(Unpriced(TODAY.isoformat(), None, None, held, *kept_of(LATER)))


def test_what_was_kept_without_a_price_counts(path: Path, store: Store) -> None:
    limit = BudgetLimit("day", units(Decimal("2.5")) + 99)
    with closing(Book(context_of(path), limits=(limit,))) as book:
        keep_unpriced(store)
        book.reserve(99, RECORD)
        with pytest.raises(LimitError):
            book.reserve(1, RECORD)


# What need not be exact

LARGE = BudgetLimit("day", 100_000)


@pytest.mark.parametrize(
    ("spent", "bound", "is_easy"),
    [
        (0, 1000, True),
        (0, 1001, False),
        (79_999, 1, True),
        (80_000, 1, False),
        (79_999, 201, False),
    ],
)
def test_a_rough_bound_does_where_there_is_room_for_a_hundred(
    path: Path, store: Store, spent: int, bound: int, is_easy: bool
) -> None:
    spend(store, spent)
    with closing(Book(context_of(path), limits=(LARGE,))) as book:
        assert book.reserve_easily(bound, RECORD, lambda: 1) is is_easy
        assert reserved(store) == ([bound] if is_easy else [])


@pytest.mark.parametrize(("held", "is_easy"), [(None, False), (1, True)])
def test_a_rough_bound_does_where_budgets_have_all_calls(
    path: Path, store: Store, held: int | None, is_easy: bool
) -> None:
    keep_unpriced(store, held)
    with closing(Book(context_of(path), limits=(LARGE,))) as book:
        assert book.reserve_easily(1, RECORD, lambda: 1) is is_easy


@pytest.mark.parametrize(("exact", "most"), [(7, 7), (90, 50)])
def test_of_a_rough_bound_no_more_is_charged_than_need_be(
    path: Path, exact: int, most: int
) -> None:
    with closing(Book(context_of(path), limits=(LARGE,))) as book:
        book.reserve_easily(50, RECORD, lambda: exact)
        assert book.most == most


def test_what_could_not_be_written_is_not_reserved(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    transaction = Store.transaction

    @contextmanager
    def fails_at_its_end(store: Store, **given: Any) -> Iterator[None]:
        with transaction(store, **given):
            yield
            raise OSError

    with closing(Book(context_of(path), limits=(LARGE,))) as book:
        with monkeypatch.context() as full:
            full.setattr(Store, "transaction", fails_at_its_end)
            assert not book.reserve_easily(50, RECORD, lambda: 7)
        book.reserve(7, RECORD)
        assert reserved(store) == [7]


# Which budgets, and for how long


@pytest.mark.parametrize(
    ("label", "profile", "names"),
    [
        (None, None, ["day"]),
        ("ci", None, ["day", "day of label ci"]),
        (None, "work", ["day", "day of profile work"]),
        ("ci", "work", ["day", "day of label ci", "day of profile work"]),
        ("other", "other", ["day"]),
    ],
)
def test_the_budgets_of_a_label_and_a_profile_are_for_their_calls(
    path: Path, label: str | None, profile: str | None, names: list[str]
) -> None:
    limits = (LIMIT, BudgetLimit("day", 1, "ci"), BudgetLimit("day", 1, None, "work"))
    context = replace(context_of(path), settings=Settings(profile=profile, budget=limits))
    assert [limit.name for limit in Book.of(context, label).limits] == names


def test_what_the_week_counts_stays_where_it_began_in_the_month_before(store: Store) -> None:
    sunday, monday = date(2026, 11, 29), date(2026, 11, 30)
    for day in (sunday, monday):
        spend(store, 1, day)
    prune(store, date(2026, 12, 1), 0)
    assert store.rows("SELECT day FROM spent") == [(str(monday),)]


def test_a_ledger_that_cannot_be_written_is_told_of_once(tmp_path: Path) -> None:
    context = context_of(tmp_path)  # a folder
    book = Book(context)
    for _ in range(2):
        book.keep(*kept_of(LATER), TODAY.isoformat())
    assert isinstance(context.messages.stream, StringIO)
    assert context.messages.stream.getvalue().count("the ledger cannot be written") == 1
