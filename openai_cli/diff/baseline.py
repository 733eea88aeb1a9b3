"""Read a baseline, an earlier output of `cost --json`, at the current prices."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from typing import Any, TypeVar

from openai_cli.diff.items import Amount, Entry, Item, Pricer
from openai_cli.errors import UsageError
from openai_cli.jsontext import quoted
from openai_cli.models.table import KINDS
from openai_cli.prices.bodies import Asked
from openai_cli.prices.charges import Charge, Tariff, charge, total
from openai_cli.records import NamedTuple

Json = Any
T = TypeVar("T")

_NOT_OURS = "--baseline: '{}' is not what `cost --json` printed"
_SIMPLE = {"input", "output"}


class Baseline(NamedTuple):
    """An earlier output: its entries, its sum, and the day of its prices.

    With `is_sum`, each entry is the sum of all requests to a model.
    """

    entries: list[Entry]
    usd: Decimal
    prices_of: str
    is_sum: bool


def read_baseline(name: str, text: bytes, pricer: Pricer, *, path: str | None) -> Baseline:
    """Parse the baseline in the file `name`; `path` is the file of its custom_ids and lines.

    Raises UsageError if the file is not a baseline.
    """
    found = _parsed(name, text)
    try:
        rows = [_Row.of(row) for row in found["rows"]]
        requests = {_Row.of(each).key: int(each["requests"]) for each in found["models"]}
        usd = total(row.usd for row in rows)
        entries = [
            _entry(list(group), requests.get(key, 1), pricer, path)
            for key, group in groupby(rows, lambda row: row.key)
        ]
        prices_of = str(found["prices"]["date"])
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
        raise UsageError(_NOT_OURS.format(name)) from None
    is_sum = all(entry.model is not None for entry in entries)
    return Baseline(entries, usd, prices_of, is_sum)


def by_model(entries: Iterable[Entry]) -> list[Entry]:
    """Add up the entries of each path by model, as in a baseline without rows.

    Raises UsageError for an entry without a known price.
    """
    found: dict[tuple[str, str | None], list[Amount]] = {}
    for entry in entries:
        if entry.amount is None:
            raise UsageError(entry.error or f"'{entry.path}' has no known price")
        found.setdefault((entry.path, entry.amount.model), []).append(entry.amount)
    return [
        Entry(path, model=model, amount=_sum(model, amounts))
        for (path, model), amounts in found.items()
    ]


def _sum(model: str | None, amounts: Sequence[Amount]) -> Amount:
    is_open = any(one.longest is not None for one in amounts)
    return Amount(
        total(one.usd for one in amounts),
        total(one.usd if one.longest is None else one.longest for one in amounts)
        if is_open
        else None,
        tuple(dict.fromkeys(reason for one in amounts for reason in one.unknown)),
        model,
        sum(one.tokens or 0 for one in amounts),
    )


def _parsed(name: str, text: bytes) -> Mapping[str, Json]:
    import json

    try:
        found = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise UsageError(_NOT_OURS.format(name)) from None
    if not isinstance(found, dict):
        raise UsageError(_NOT_OURS.format(name))
    return found


class _Row(NamedTuple):
    """A row of the JSON: the quantity of a kind, its model, and its place."""

    path: str | None
    custom_id: str | None
    line: int | None
    model: str
    tier: str
    region: str | None
    kind: str
    quantity: Decimal | int | None
    rate: Decimal
    usd: Decimal

    @classmethod
    def of(cls, row: Mapping[str, Json]) -> "_Row":
        """Parse a row; fields that a summary lacks are empty."""
        quantity = next((row[unit] for unit in ("tokens", "seconds", "characters", "calls")
                         if row.get(unit) is not None), None)  # fmt: skip
        rate = next((row[name] for name in row if name.startswith("usd_per_")), 0)
        kind = row.get("kind", "")
        if kind and kind not in KINDS:
            raise ValueError(kind)
        return cls(
            _given(row, "path", str), _given(row, "custom_id", str), _given(row, "line", int),
            _text(row["model"]), _text(row["tier"]), _given(row, "region", str), kind, quantity,
            Decimal(rate), Decimal(row.get("usd") or 0),
        )  # fmt: skip

    @property
    def key(self) -> tuple[Json, ...]:
        return self[:6]


def _given(row: Mapping[str, Json], name: str, kind: type[T]) -> T | None:
    """Return a field that a row may lack; raise TypeError if it is of another type."""
    value = row.get(name)
    if value is not None and type(value) is not kind:
        raise TypeError(quoted(str(value)))
    return value


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(quoted(str(value)))
    return value


def _entry(rows: Sequence[_Row], requests: int, pricer: Pricer, path: str | None) -> Entry:
    first = rows[0]
    by_place = replace(pricer, region=first.region)
    where = first.path or path or ""
    is_one = first.path is not None or first.custom_id is not None or first.line is not None
    entry = Entry(where, first.custom_id, first.line, None if is_one else first.model)
    try:
        item = _item(rows) if requests == 1 else None
        amount = by_place.amount(item) if item else _repriced(rows, requests, by_place)
    except UsageError as error:
        return entry._replace(error=f"the baseline: {error.problem}")
    return entry._replace(item=item, amount=amount)


def _item(rows: Sequence[_Row]) -> Item | None:
    """Return the request of some rows if it has just a text and an output limit; else None."""
    if not {row.kind for row in rows} <= _SIMPLE:
        return None
    tokens = sum(int(row.quantity or 0) for row in rows if row.kind == "input")
    limits = [row.quantity for row in rows if row.kind == "output"]
    # The output of a text without a limit is unknown; that of a request is the longest.
    is_open = None in limits and rows[0].path is None
    limit = None if is_open else sum(int(limit or 0) for limit in limits)
    return Item(Asked(rows[0].model, rows[0].tier, limit=limit), tokens)


def _repriced(rows: Sequence[_Row], requests: int, pricer: Pricer) -> Amount:
    prices = pricer.bill().tariff(rows[0].model, rows[0].tier)
    taken = sum(int(row.quantity or 0) for row in rows if row.kind.endswith("input"))
    band = prices.band(taken // max(requests, 1))
    usd = total(one.usd for one in _charges(rows, prices, band))
    return Amount(usd, unknown=prices.unknown, model=rows[0].model, tokens=taken)


def _charges(rows: Iterable[_Row], prices: Tariff, band: int) -> Iterator[Charge]:
    """Yield the earlier charges at current rates; a rate that still exists is kept."""
    for row in rows:
        if row.quantity is None:
            continue
        rate, kind = prices.rate(band, row.kind)
        same = any(rates.get(kind) == row.rate for rates in prices.bands)
        yield charge(row.kind, row.quantity, row.rate if same else rate, kind)
