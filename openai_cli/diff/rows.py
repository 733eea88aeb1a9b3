"""Match two sides: what was added, removed and changed, and why the cost differs."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Context, Decimal
from typing import Literal

from openai_cli.diff.items import Amount, Entry, Item, Pricer
from openai_cli.errors import UsageError
from openai_cli.prices.charges import difference, times, total
from openai_cli.records import NamedTuple

Status = Literal["added", "removed", "changed", "unchanged"]

# The parts of a change, in the order in which they are separated.
PARTS = ("text", "model", "limits", "price")

# Counts the prompt of an item for the model of that name.
Recount = Callable[[Item, str], int]

NOTHING = Decimal(0)


class Row(NamedTuple):
    """What one thing costs on both sides, in USD.

    `entry` is that of the head, or of the base if it was removed. `base` or `head` is 0 if that
    side does not have it; `parts` add up to their difference. `unknown` describes costs of the head
    that are not included and that the base does not have; `base_error` says why the base has no
    known price.
    """

    entry: Entry
    status: Status
    base: Decimal
    head: Decimal
    parts: Mapping[str, Decimal]
    models: tuple[str | None, str | None]
    tokens: tuple[int | None, int | None]
    unknown: tuple[str, ...] = ()
    base_error: str | None = None

    @property
    def change(self) -> Decimal:
        """How much more the head costs."""
        return difference(self.head, self.base)

    @property
    def shown(self) -> str:
        """The path and the name of the entry, in words."""
        return " ".join(word for word in (self.entry.path, self.entry.shown) if word)


def rows_of(
    base: Sequence[Entry],
    head: Sequence[Entry],
    pricer: Pricer,
    recount: Recount,
    *,
    calls: Decimal = Decimal(1),
) -> list[Row]:
    """Return a row for each thing on either side, in the order of the head, times `calls`.

    Raises UsageError for an entry of the head without a known price.
    """
    for entry in head:
        if entry.amount is None:
            raise UsageError(entry.error or f"'{entry.path}' has no known price")
    rows = (_row(pair, pricer, recount) for pair in _paired(base, head))
    return [_times(row, calls) for row in rows]


def _times(row: Row, calls: Decimal) -> Row:
    if calls == 1:
        return row
    parts = {part: times(usd, calls) for part, usd in row.parts.items()}
    return row._replace(base=times(row.base, calls), head=times(row.head, calls), parts=parts)


# The entry of a row, then the entries of the base and of the head; the first is one of these.
Pair = tuple[Entry, Entry | None, Entry | None]


def _paired(base: Sequence[Entry], head: Sequence[Entry]) -> Iterator[Pair]:
    """Pair the entries of the head with those of the base; removed ones follow at each path."""
    before = _by_key(base)
    after = _by_key(head)
    of_path: dict[str, dict[_Key, None]] = defaultdict(dict)
    for key in (*after, *before):
        of_path[key[0]][key] = None
    for keys in of_path.values():
        for key in keys:
            yield from _matched(before.get(key, []), after.get(key, []))


_Key = tuple[str, str | None, str | None]


def _by_key(entries: Iterable[Entry]) -> dict[_Key, list[Entry]]:
    found: dict[_Key, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.path, entry.custom_id, entry.model].append(entry)
    return found


def _matched(before: Sequence[Entry], after: Sequence[Entry]) -> Iterator[Pair]:
    """Pair entries with the same key, such as lines without a custom_id.

    Those with the same content are paired first, then the rest in order.
    """
    same: dict[bytes, list[Entry]] = defaultdict(list)
    for entry in before:
        if entry.item and entry.item.content:
            same[entry.item.content].append(entry)
    pairs: dict[int, Entry] = {}
    for place, entry in enumerate(after):
        content = entry.item.content if entry.item else b""
        if same.get(content):
            pairs[place] = same[content].pop(0)
    taken = {id(entry) for entry in pairs.values()}
    rest = [entry for entry in before if id(entry) not in taken]
    for place, entry in enumerate(after):
        yield entry, pairs.get(place) or (rest.pop(0) if rest else None), entry
    for entry in rest:
        yield entry, entry, None


def _row(pair: Pair, pricer: Pricer, recount: Recount) -> Row:
    entry, before, after = pair
    base, head = before and before.amount, after and after.amount
    longest = _counts_longest(base, head)
    was, now = _usd(base, longest=longest), _usd(head, longest=longest)
    row = Row(
        entry,
        _status(before, after, is_same=was == now),
        was,
        now,
        {},
        (base and base.model, head and head.model),
        (base and base.tokens, head and head.tokens),
        tuple(
            reason
            for reason in (head.unknown if head else ())
            if base is None or reason not in base.unknown
        ),
        before and before.error,
    )
    if row.status != "changed" or base is None:
        return row
    return row._replace(parts=_parts(row, before, after, pricer, recount, longest=longest))


def _counts_longest(base: Amount | None, head: Amount | None) -> bool:
    """Return whether an output without a limit counts as the model's longest.

    It does if only one side has a limit, because the output of the other may become that long. If
    neither side has one, it is in neither sum; a removed entry does not lower the sum by it.
    """
    if head is None:
        return False
    return (
        head.longest is not None
        if base is None
        else (base.longest is None) != (head.longest is None)
    )


def _usd(amount: Amount | None, *, longest: bool) -> Decimal:
    if amount is None:
        return NOTHING
    return amount.longest if longest and amount.longest is not None else amount.usd


def _status(before: Entry | None, after: Entry | None, *, is_same: bool) -> Status:
    """Return the status; the same request at the same cost is unchanged, whatever its text."""
    if before is None:
        return "added"
    if after is None:
        return "removed"
    if before.amount is None or after.amount is None:
        return "changed"
    asks_same = (before.item and before.item.asked) == (after.item and after.item.asked)
    same_tokens = before.amount.tokens == after.amount.tokens
    return "unchanged" if is_same and asks_same and same_tokens else "changed"


def _parts(
    row: Row,
    before: Entry | None,
    after: Entry | None,
    pricer: Pricer,
    recount: Recount,
    *,
    longest: bool,
) -> dict[str, Decimal]:
    """Split the change into parts; each is what it adds after the ones before it."""
    old, new = before and before.item, after and after.item
    if old is None or new is None:
        part = "text" if row.models[0] == row.models[1] else "model"
        return {part: row.change}
    parts: dict[str, Decimal] = {}
    reached = row.base
    for part, step in _steps(old, new, recount):
        with suppress(UsageError):  # a model may have no price at the other's tier
            now = _usd(pricer.amount(step), longest=longest)
            if now != reached:
                parts[part] = difference(now, reached)
            reached = now
    return parts


def _steps(old: Item, new: Item, recount: Recount) -> Iterator[tuple[str, Item]]:
    """Yield the steps from one request to the other, one part of the change at a time."""
    same_model = old.asked.model == new.asked.model
    tokens = new.tokens if same_model or not new.content else recount(new, old.asked.model)
    yield "text", old._replace(tokens=tokens, calls=new.calls)
    yield (
        "model",
        old._replace(
            asked=old.asked._replace(model=new.asked.model), tokens=new.tokens, calls=new.calls
        ),
    )
    yield "limits", new._replace(asked=new.asked._replace(tier=old.asked.tier))
    yield "price", new


class Comparison(NamedTuple):
    """All rows of a comparison."""

    rows: tuple[Row, ...]

    def of(self, *statuses: Status) -> list[Row]:
        """Return the rows with one of these statuses."""
        return [row for row in self.rows if row.status in statuses]

    @property
    def moved(self) -> list[tuple[str, str]]:
        """The paths in the base and in the head of what was moved without a change."""
        same = (row.entry for row in self.of("unchanged"))
        found = ((entry.was, entry.path) for entry in same if entry.was is not None)
        return list(dict.fromkeys(found))

    @property
    def base(self) -> Decimal:
        """What the base costs, in USD."""
        return total(row.base for row in self.rows)

    @property
    def head(self) -> Decimal:
        """What the head costs, in USD."""
        return total(row.head for row in self.rows)

    @property
    def change(self) -> Decimal:
        """How much more the head costs, in USD."""
        return difference(self.head, self.base)

    def parts(self) -> dict[str, Decimal]:
        """Return the change by part, including what was added and removed."""
        found = {
            "added": total(row.head for row in self.of("added")),
            "removed": difference(NOTHING, total(row.base for row in self.of("removed"))),
        }
        for part in PARTS:
            found[part] = total(row.parts.get(part, NOTHING) for row in self.rows)
        return {part: usd for part, usd in found.items() if usd}


def percent(base: Decimal, change: Decimal) -> Decimal | None:
    """Return the change in percent of the base; None if the base is 0."""
    return change / base * 100 if base else None


def rounded(value: Decimal, places: int) -> Decimal:
    """Round to decimal places, also a value with more digits than a context has."""
    context = Context(prec=max(value.adjusted(), 0) + places + 2)
    return value.quantize(Decimal(1).scaleb(-places), context=context)
