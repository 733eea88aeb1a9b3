"""Report the ledger's sums by a key, as a table, Markdown, CSV or JSON."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from openai_cli.messages import one_line
from openai_cli.prices.grid import Grid, csv_of, escaped, lines_of, markdown_of, with_bars
from openai_cli.prices.money import dollars, exact_json, plain, units
from openai_cli.records import NamedTuple

if TYPE_CHECKING:
    from openai_cli.ledger.book import Standing
    from openai_cli.ledger.store import Store

_MONDAY = "date(day, '-6 days', 'weekday 1')"
# The keys to add up calls by, in SQL; a week is identified by its Monday.
KEYS: Mapping[str, str] = {
    "day": "day",
    "week": _MONDAY,
    "month": "substr(day, 1, 7)",
    "model": "model",
    "label": "label",
    "command": "command",
    "host": "host",
}
PERIODS = ("day", "week", "month")


class Group(NamedTuple):
    """The calls with one key: their number, the number without a known cost, and their usage.

    `is_least` says that some cost more than is known. Amounts are in units.
    """

    key: str | None
    calls: int
    unpriced: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    units: int
    is_least: bool


class Saved(NamedTuple):
    """The answers from the cache: their number, and what they would have cost, in units."""

    calls: int = 0
    units: int = 0


class Spent(NamedTuple):
    """The contents of a report: the groups by a key, for some days, and the state of budgets."""

    by: str
    groups: tuple[Group, ...]
    since: date | None = None
    until: date | None = None
    budgets: "tuple[Standing, ...]" = ()
    saved: Saved = Saved()

    @property
    def units(self) -> int:
        """The known total."""
        return sum(group.units for group in self.groups)

    @property
    def is_least(self) -> bool:
        """Whether more was spent than is known."""
        return any(group.is_least or group.unpriced for group in self.groups)


def groups_of(store: "Store", by: str, since: date | None, until: date | None) -> tuple[Group, ...]:
    """Group the calls of a range of days, ends included; the dearest first, periods in order."""
    order = "1" if by in PERIODS else "7 DESC, 1"
    found = store.rows(
        f"SELECT {KEYS[by]}, count(*), sum(units IS NULL), sum(coalesce(input_tokens, 0)),"  # noqa: S608
        " sum(coalesce(cached_tokens, 0)), sum(coalesce(output_tokens, 0)),"
        " sum(coalesce(units, 0)), max(is_least) FROM calls"
        f" WHERE day >= ? AND day <= ? GROUP BY 1 ORDER BY {order}",
        [str(since or date.min), str(until or date.max)],
    )
    return tuple(Group._make((*row[:-1], bool(row[-1]))) for row in found)


def saved_of(store: "Store", since: date | None, until: date | None) -> Saved:
    """Return what the cache saved in a range of days, ends included."""
    found = store.rows(
        "SELECT record FROM calls WHERE day >= ? AND day <= ? AND record LIKE '%\"cache_age\"%'",
        [str(since or date.min), str(until or date.max)],
    )
    records = [json.loads(record, parse_float=Decimal) for (record,) in found]
    kept = [record for record in records if record.get("cache_age") is not None]
    return Saved(len(kept), sum(units(Decimal(one.get("saved_usd") or 0)) for one in kept))


def as_json(spent: Spent) -> str:
    """Format the report as JSON on one line; amounts are numbers with all their digits."""
    rows = [
        {
            spent.by: group.key,
            "calls": group.calls,
            "unpriced": group.unpriced,
            "input_tokens": group.input_tokens,
            "cached_tokens": group.cached_tokens,
            "output_tokens": group.output_tokens,
            "usd": dollars(group.units),
            "at_least": group.is_least or group.unpriced > 0,
        }
        for group in spent.groups
    ]
    found = {
        "by": spent.by,
        "since": None if spent.since is None else str(spent.since),
        "until": None if spent.until is None else str(spent.until),
        "total": dollars(spent.units),
        "at_least": spent.is_least,
        "saved": {"calls": spent.saved.calls, "usd": dollars(spent.saved.units)},
        "rows": rows,
        "budgets": [_json_budget(one) for one in spent.budgets],
    }
    return f"{exact_json(found)}\n"


def _json_budget(one: "Standing") -> dict[str, Any]:
    return {
        "period": one.limit.period,
        "label": one.limit.label,
        "profile": one.limit.profile,
        "usd": dollars(one.limit.units),
        "spent": dollars(one.spent),
        "reserved": dollars(one.reserved),
        "left": dollars(one.left),
    }


def as_table(spent: Spent, *, columns: int | None = None) -> str:
    """Format the report in aligned columns; for a terminal, whose width is `columns`, with bars."""
    lines = lines_of(_grid(spent))
    if columns is not None:
        lines = with_bars(lines, [dollars(group.units) for group in spent.groups], columns)
    return "".join(f"{line.rstrip()}\n" for line in (*lines, *_remarks(spent)))


def as_markdown(spent: Spent) -> str:
    """Format the report as a GitHub Markdown table."""
    return markdown_of(_grid(spent)) + "".join(f"\n{escaped(one)}\n" for one in _remarks(spent))


def as_csv(spent: Spent) -> str:
    """Format the rows as CSV, without their total."""
    return csv_of(_grid(spent))


def _grid(spent: Spent) -> Grid:
    rows = [[_shown(spent.by, group.key), *_cells([group])] for group in spent.groups]
    total = ", at least" if spent.is_least else ""
    head = [spent.by, "calls", "input", "cached", "output", "USD"]
    return Grid(head, rows, 1, [f"total{total}", *_cells(spent.groups)])


def _cells(groups: Sequence[Group]) -> list[str]:
    counts = [
        sum(getattr(group, name) for group in groups)
        for name in ("calls", "input_tokens", "cached_tokens", "output_tokens")
    ]
    return [*map(str, counts), plain(dollars(sum(group.units for group in groups)))]


def _shown(by: str, key: str | None) -> str:
    if key is None:
        return "(none)"
    if by != "week":
        return one_line(key)
    monday = date.fromisoformat(key)
    return f"{monday} to {monday + min(timedelta(days=6), date.max - monday)}"


def _remarks(spent: Spent) -> list[str]:
    """Return the lines below the table: calls without a cost, the cache, and the budgets."""
    remarks = told_unpriced(sum(group.unpriced for group in spent.groups))
    if saved := spent.saved.calls:
        usd = plain(dollars(spent.saved.units))
        remarks.append(f"from the cache: {saved} of the calls; {usd} USD saved")
    budgets = (f"budget, {one.limit.name}: {one.told}" for one in spent.budgets)
    return [*remarks, *map(one_line, budgets)]


def told_unpriced(calls: int) -> list[str]:
    """Return the line below a table about calls that are in no sum; none if there are none."""
    noun = "call" if calls == 1 else "calls"
    return [f"{calls} {noun} without a known cost"] if calls else []
