"""Price the calls that were added to the ledger without a price."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from pathlib import Path

from openai_cli.answer.base import Answer
from openai_cli.errors import CliError, OutputError, UsageError
from openai_cli.ledger.recent import Unpriced
from openai_cli.ledger.rows import Row, unknown
from openai_cli.ledger.store import Failure, NoLedgerError, Store, why
from openai_cli.models.table import Table
from openai_cli.prices.occasion import Occasion, Outcome
from openai_cli.prices.receipt import Receipt
from openai_cli.records import replace

# How many calls are priced before other processes get a turn.
_AT_ONCE = 500


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """Open the ledger at `path` for a command, with all calls priced.

    Raises UsageError if the file is not a ledger, and OutputError if it cannot be used.
    """
    store = None
    try:
        store = Store(path)
        price_all(store)
        yield store
    except Failure as error:
        no_database = getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB"
        if no_database or isinstance(error, NoLedgerError):
            raise UsageError(f"'{path}' is not a ledger") from None
        raise OutputError(f"the ledger cannot be used: {why(path, error)}") from None
    finally:
        if store is not None:
            store.close()


def priced(told: str, prices: str) -> str:
    """Return a call's line for the usage file, from the result of `unpriced.told`."""
    found = json.loads(told)
    occasion = Occasion(**found["occasion"])
    on = date.fromisoformat(occasion.time[:10])
    answer = Answer(**found["answer"])
    receipt = Receipt.of(answer, _table(prices), on, region=found["region"])
    receipt = replace(receipt, exit_code=found["exit_code"])
    if found["outcome"] is not None:
        receipt = receipt.of_failed(Outcome(**found["outcome"]))
    if answer.age is not None:
        receipt = receipt.of_cache(answer.age)
    return receipt.record(occasion, batch_id=found["batch_id"])


@lru_cache(maxsize=64)
def _table(prices: str) -> Table:
    """Return the table with these prices, which most calls share with an earlier one."""
    return Table(json.loads(prices), b"")


def price_all(store: Store) -> None:
    """Price all calls without a price, in batches."""
    is_done = False
    while not is_done:
        with store.transaction():
            price_some(store, _AT_ONCE)
            is_done = not store.has_unpriced()


def price_some(store: Store, most: int) -> None:
    """Price the oldest calls without a price, at most `most`, within a transaction."""
    for one in store.take_unpriced(most):
        row = _row_of(one)
        held = one.held or 0
        store.charge(one.day, one.label, one.profile, -held)
        store.add(row, held if row.units is None else row.units)


def _row_of(call: Unpriced) -> Row:
    """Return the row of a call; one that cannot be priced must not block all others."""
    try:
        return Row.of(priced(call.told, call.prices))
    except (CliError, ArithmeticError, LookupError, TypeError, ValueError):
        found = json.loads(call.told)
        reason = "its price could not be determined from what was kept of it"
        return unknown(found["occasion"], exit_code=found["exit_code"], reason=reason)
