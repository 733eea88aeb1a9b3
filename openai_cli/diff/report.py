"""The report on a change of cost, and its formats: JSON, a table and Markdown."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from openai_cli.diff.gate import Failure
from openai_cli.diff.rows import NOTHING, Comparison, Row, percent, rounded
from openai_cli.messages import one_line
from openai_cli.models.table import Table
from openai_cli.output.sink import utf8_bytes
from openai_cli.prices.grid import escaped, padded
from openai_cli.prices.money import exact_json, plain
from openai_cli.records import NamedTuple

# The marker by which an earlier comment is found and updated.
MARKER = "<!-- openai-cli cost diff -->"

# The largest comment, in bytes: GitHub's limit is 65,536 characters.
LARGEST = 60_000

# How many moved files are named.
_MOST_MOVED = 10

# How many exceeded limits a comment names.
_MOST_FAILURES = 20

_HEAD = ("change", "file", "", "base USD", "head USD", "USD", "percent", "of it")


class Side(NamedTuple):
    """The name of a side as the user gave it, and its commit, if it has one."""

    name: str
    commit: str | None = None

    @property
    def shown(self) -> str:
        """The name and the commit, in words."""
        if not self.commit:
            return self.name
        short = self.commit[:12]
        return short if self.name == self.commit else f"{self.name} ({short})"


class Told(NamedTuple):
    """The contents of a report.

    `volume` says how many calls the amounts are for; '' is one of each. `failures` are exceeded
    limits; with `only_warn`, they are just reported. `notes` are about the amounts.
    """

    found: Comparison
    base: Side
    head: Side
    table: Table
    as_of: date
    volume: str = ""
    failures: tuple[Failure, ...] = ()
    only_warn: bool = False
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def signed(amount: Decimal) -> str:
    """Format an amount with its sign; 0 has none."""
    return f"+{plain(amount)}" if amount > 0 else plain(amount)


def shown_percent(base: Decimal, change: Decimal) -> str:
    """Format a change in percent of the base; `new` if the base is 0."""
    found = percent(base, change)
    if found is None:
        return "new" if change else ""
    return f"{signed(rounded(found, 1))}%"


def summary(told: Told) -> str:
    """Summarize the change in a line."""
    found = told.found
    grown = shown_percent(found.base, found.change)
    behind = f" ({grown})" if grown else ""
    return (
        f"{signed(found.change)} USD{behind}: from {plain(found.base)} to {plain(found.head)} USD"
        f"{told.volume}"
    )


def sources(told: Told) -> str:
    """Name both sides and the table of prices in a line."""
    prices = f"prices of {told.table.date} (sha256 {told.table.digest[:12]})"
    return one_line(f"base {told.base.shown}, head {told.head.shown}{told.volume}; {prices}")


def as_json(told: Told) -> str:
    """Format the change as JSON on one line; amounts are numbers with all their digits."""
    found = told.found
    same = found.of("unchanged")
    return (
        exact_json(
            {
                "base": {"name": told.base.name, "commit": told.base.commit, "usd": found.base},
                "head": {"name": told.head.name, "commit": told.head.commit, "usd": found.head},
                "change": found.change,
                "percent": _rounded(percent(found.base, found.change)),
                "parts": found.parts(),
                "volume": told.volume.removeprefix(", at ") or None,
                "rows": [_json_row(row) for row in found.of("added", "removed", "changed")],
                "unchanged": {"rows": len(same), "usd": sum((row.head for row in same), NOTHING)},
                "moved": [{"from": old, "to": new} for old, new in found.moved],
                "passed": not told.failures,
                "failures": [failure.problem for failure in told.failures],
                "estimate": bool(told.doubts),
                "doubts": told.doubts,
                "as_of": str(told.as_of),
                "prices": {"date": str(told.table.date), "digest": told.table.digest},
            }
        )
        + "\n"
    )


def _rounded(value: Decimal | None) -> Decimal | None:
    return None if value is None else rounded(value, 2)


def _json_row(row: Row) -> dict[str, Any]:
    entry = row.entry
    return {
        "path": entry.path,
        "custom_id": entry.custom_id,
        "line": entry.line,
        "status": row.status,
        "model": {"base": row.models[0], "head": row.models[1]},
        "input_tokens": {"base": row.tokens[0], "head": row.tokens[1]},
        "base": row.base,
        "head": row.head,
        "change": row.change,
        "percent": _rounded(percent(row.base, row.change)),
        "parts": row.parts,
        "unknown": [*row.unknown, *([row.base_error] if row.base_error else [])],
    }


def as_table(told: Told) -> str:
    """Format the change in aligned columns, for people."""
    rows = [_cells(row) for row in told.found.of("added", "removed", "changed")]
    table = [list(_HEAD), *rows, *_last(told.found)]
    is_number = [heading.endswith("USD") for heading in _HEAD]
    columns = [
        padded(column, number)
        for column, number in zip(zip(*table, strict=True), is_number, strict=True)
        if any(column[1:])
    ]
    lines = ["  ".join(row).rstrip() for row in zip(*columns, strict=True)]
    moved = [f"moved: {one_line(text)}" for text in _moved(told.found)]
    return "".join(f"{line}\n" for line in [*lines, *moved, sources(told)])


def _moved(found: Comparison) -> list[str]:
    """Describe the moved files: the first ones, and how many more there are."""
    told = [f"{old} to {new}" for old, new in found.moved]
    more = len(told) - _MOST_MOVED
    return [*told[:_MOST_MOVED], *([f"{more} more"] if more > 0 else [])]


def _cells(row: Row) -> list[str]:
    entry = row.entry
    return [
        row.status, one_line(entry.path), one_line(entry.shown), plain(row.base), plain(row.head),
        signed(row.change), shown_percent(row.base, row.change), _made_of(row),
    ]  # fmt: skip


def _made_of(row: Row) -> str:
    """Describe the parts of the change, and a change of the model."""
    parts = ", ".join(f"{part} {signed(usd)}" for part, usd in row.parts.items())
    changed = row.models[0] and row.models[1] and row.models[0] != row.models[1]
    models = f"{row.models[0]} to {row.models[1]}" if changed else ""
    return "; ".join(word for word in (parts, models) if word)


def _last(found: Comparison) -> Iterator[list[str]]:
    """Yield a row for everything unchanged, and the total."""
    same = found.of("unchanged")
    if same:
        usd = plain(sum((row.head for row in same), NOTHING))
        yield ["unchanged", f"{len(same)} {_rows(len(same))}", "", usd, usd, "0", "", ""]
    parts = ", ".join(f"{part} {signed(usd)}" for part, usd in found.parts().items())
    yield [
        "total", "", "", plain(found.base), plain(found.head), signed(found.change),
        shown_percent(found.base, found.change), parts,
    ]  # fmt: skip


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def as_markdown(told: Told) -> str:
    """Format the change as GitHub Markdown of at most LARGEST bytes, the largest changes first."""
    head = [MARKER, f"**Cost of the prompts: {_inline(summary(told))}**", ""]
    problems = _problems(told)
    tail = [
        "",
        f"Base {_inline(told.base.shown)}, head {_inline(told.head.shown)}.",
        f"Prices of {told.table.date} (sha256 {told.table.digest}) as of {told.as_of}.",
        *_fitting((f"Moved: {_inline(text)}." for text in _moved(told.found)), LARGEST // 4),
        *(f"An estimate: {_inline(doubt)}." for doubt in told.doubts),
        *(f"Note: {_inline(note)}." for note in told.notes),
    ]
    rows = sorted(told.found.of("added", "removed", "changed"), key=lambda row: -abs(row.change))
    headings = [heading or "request" for heading in _HEAD]
    rule = ["--:" if heading.endswith("USD") else "---" for heading in headings]
    table = [_line(headings), _line(rule)] if rows else []
    room = LARGEST - sum(map(_size, (*head, *problems, *tail, *table))) - 600
    lines = list(_fitting((_line([_inline(cell) for cell in _cells(row)]) for row in rows), room))
    table += lines
    if len(lines) < len(rows):
        tail.insert(0, f"\n{len(rows) - len(lines)} smaller changes are not shown.")
    if rows:
        table += [_line([f"**{cell}**" if cell else "" for cell in map(_inline, last)])
                  for last in _last(told.found)]  # fmt: skip
    return "\n".join([*head, *problems, *([""] if problems else []), *table, *tail]) + "\n"


def _problems(told: Told) -> list[str]:
    """Return a list item for each exceeded limit: the first ones, and how many more there are."""
    kind = "Above" if told.only_warn else "Fails"
    items = (f"- {kind}: {_inline(failure.problem)}" for failure in told.failures[:_MOST_FAILURES])
    shown = list(_fitting(items, LARGEST // 4))
    more = len(told.failures) - len(shown)
    return [*shown, *([f"- and {more} more"] if more else [])]


def _fitting(lines: Iterable[str], most: int) -> Iterator[str]:
    """Yield lines for as long as they have at most so many bytes together."""
    for line in lines:
        most -= _size(line)
        if most < 0:
            return
        yield line


def _inline(text: str) -> str:
    """Return a text, such as one with a path, as plain words within a line of Markdown."""
    return escaped(one_line(text))


def _size(line: str) -> int:
    """Return the bytes of a line and its newline in the report as it is written."""
    return len(utf8_bytes(line)) + 1


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
