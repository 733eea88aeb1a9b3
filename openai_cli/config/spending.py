"""Parse `ledger` and `[budget]` in the configuration file: the record of calls, and their limits.

These are not flags of any command. A profile may have its own `ledger`. Budgets are only allowed at
the top level, in `[budget]`, `[budget.labels.NAME]` and `[budget.profiles.NAME]`.
"""

from collections.abc import Iterator
from typing import Any

from openai_cli.config.document import Document
from openai_cli.config.values import expanded
from openai_cli.errors import UsageError
from openai_cli.prices.money import units_of
from openai_cli.records import replace
from openai_cli.settings import BudgetLimit

LEDGER, BUDGET = "ledger", "budget"
PERIODS = ("day", "week", "month")
_KINDS = {"labels": "label", "profiles": "profile"}


def ledger_of(document: Document, profile: str | None) -> bool | str:
    """Return whether calls are recorded in the ledger, or its file; UsageError if invalid."""
    paths = [("profiles", profile), ()] if profile is not None else [()]
    for path in paths:
        if LEDGER in document.table(*path):
            found = checked_ledger(document, path, document.table(*path)[LEDGER])
            if found is False and BUDGET in document.tables:
                raise UsageError(
                    f"{document.place(*path, LEDGER)}: ledger must not be false with [{BUDGET}], "
                    "which adds up its entries"
                )
            return found
    return BUDGET in document.tables


def checked_ledger(document: Document, path: tuple[str, ...], value: Any) -> bool | str:
    """Return the value of `ledger` in the table at `path`; UsageError if it is not valid."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value:
        return expanded(value)
    raise UsageError(f"{document.place(*path, LEDGER)}: ledger must be true, false or a file")


def budget_of(document: Document) -> tuple[BudgetLimit, ...]:
    """Return the limits of [budget]; raise UsageError for the first invalid one."""
    found = []
    for one in limits(document):
        if isinstance(one, UsageError):
            raise one
        found.append(one)
    return tuple(found)


def limits(document: Document) -> Iterator[BudgetLimit | UsageError]:
    """Yield the limits of [budget], or an error for each invalid one, in the order of the file."""
    table = document.tables.get(BUDGET, {})
    if not isinstance(table, dict):
        yield UsageError(f"{document.place(BUDGET)}: {BUDGET} must be a table, [{BUDGET}]")
        return
    for key, value in table.items():
        if key not in _KINDS:
            yield _limit(document, (BUDGET, key), value)
            continue
        yield from _named_limits(document, key, value)


def _named_limits(document: Document, key: str, value: Any) -> Iterator[BudgetLimit | UsageError]:
    """Yield the limits of labels or of profiles."""
    form = f"[{BUDGET}.{key}.NAME]"
    if not isinstance(value, dict):
        yield UsageError(f"{document.place(BUDGET, key)}: {key} must have tables, {form}")
        return
    for name, own in value.items():
        if not isinstance(own, dict):
            yield UsageError(f"{document.place(BUDGET, key, name)}: {name} must be a table, {form}")
            continue
        for period, usd in own.items():
            found = _limit(document, (BUDGET, key, name, period), usd)
            if isinstance(found, BudgetLimit):
                found = replace(found, **{_KINDS[key]: name})
            yield found


def _limit(document: Document, path: tuple[str, ...], value: Any) -> BudgetLimit | UsageError:
    place, period = document.place(*path), path[-1]
    if period not in PERIODS:
        *names, last = [*PERIODS, *_KINDS] if len(path) == 2 else PERIODS
        return UsageError(
            f"{place}: no such budget: {period}", hint=f"it is {', '.join(names)} or {last}"
        )
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return UsageError(f"{place}: {period} must be an amount of USD, such as 5.00")
    try:
        return BudgetLimit(period, units_of(f"{place}: {period}", str(value)))
    except UsageError as error:
        return error
