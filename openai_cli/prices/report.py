"""How a cost is shown: a table, Markdown, JSON, a bare number. Text only; nothing is printed."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain
from math import ceil
from typing import Any, NamedTuple

from openai_cli.messages import one_line
from openai_cli.models.table import CHARACTERS, SPEECH, TOKEN_KINDS, Table
from openai_cli.prices.charges import Charge, total
from openai_cli.prices.estimate import Statement
from openai_cli.prices.money import exact_json, plain

_BAR, _LONGEST_BAR = "█", 30
_GAP = "  "


class _Unit(NamedTuple):
    """How a kind that is billed by another thing than tokens is shown.

    `name` is what it is, `noun` its unit; `rated` heads the rate for `times` of it, as the page of
    prices has it.
    """

    name: str
    noun: str
    rated: str
    times: int


_UNITS = {
    SPEECH: _Unit("speech", "second", "USD per minute", 60),
    CHARACTERS: _Unit("text", "character", "USD per million", 1_000_000),
}


class Report(NamedTuple):
    """What is shown of a cost.

    `statements` are parts of one total, or, with `is_choice`, other models for the same, which have
    none. `is_detailed` shows each kind of tokens with its rate. `at_most` says that the output is
    an upper bound, `missing` what to give where no limit bounds it; `doubts` why the tokens are an
    estimate, and `notes` what to know of the prices, which are those of `table` on the day `as_of`.
    """

    statements: tuple[Statement, ...]
    as_of: date
    table: Table
    is_choice: bool = False
    is_detailed: bool = False
    at_most: bool = False
    missing: str = ""
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def usd(self) -> Decimal:
        """The sum of all rows, in USD."""
        return total(charge.usd for statement in self.statements for charge in statement.charges)

    @property
    def unlimited(self) -> int:
        """How many requests have no limit: their output is in no sum."""
        return sum(statement.unlimited for statement in self.statements)


class _Grid(NamedTuple):
    """Cells to be laid out: `words` columns are text, those behind them numbers."""

    head: list[str]
    rows: list[list[str]]
    words: int
    last: list[str] | None


def as_table(report: Report, *, columns: int | None = None) -> str:
    """The report for a person, in aligned columns; with `columns`, a terminal's, with bars."""
    grid = _grid(report)
    cells = [grid.head, *grid.rows, *([grid.last] if grid.last else [])]
    shown = [
        _padded(column, number >= grid.words)
        for number, column in enumerate(zip(*cells, strict=True))
    ]
    lines = [_GAP.join(row) for row in zip(*shown, strict=True)]
    if columns is not None and report.is_choice:
        lines = _with_bars(lines, report.statements, columns)
    return "".join(f"{line.rstrip()}\n" for line in [*lines, *_remarks(report)])


def as_markdown(report: Report) -> str:
    """The report as a table of GitHub's Markdown, with the date and the digest of the prices."""
    grid = _grid(report)
    rule = ["---" if number < grid.words else "--:" for number in range(len(grid.head))]
    rows = [[_escaped(cell) for cell in row] for row in grid.rows]
    if grid.last:
        rows.append([f"**{_escaped(cell)}**" if cell else "" for cell in grid.last])
    table = "".join(f"| {' | '.join(row)} |\n" for row in [grid.head, rule, *rows])
    remarks = [
        *_remarks(report),
        *(f"An estimate: {doubt}." for doubt in report.doubts),
        *(f"Note: {note}." for note in report.notes),
        f"Prices of {report.table.date} (sha256 {report.table.digest}) as of {report.as_of}.",
    ]
    return table + "".join(f"\n{_escaped(one_line(remark))}\n" for remark in remarks)


def as_json(report: Report) -> str:
    """The report as JSON on one line; money is numbers with all their digits."""
    found = {
        "total": None if report.is_choice else report.usd,
        "at_most": report.at_most and not report.unlimited,
        "without_limit": report.unlimited,
        "rows": list(chain.from_iterable(_json_rows(report, one) for one in report.statements)),
        "models": [
            {
                **_named(statement),
                "requests": statement.requests,
                "without_limit": statement.unlimited,
                "total": statement.usd,
            }
            for statement in report.statements
        ],
        "estimate": bool(report.doubts),
        "doubts": report.doubts,
        "notes": report.notes,
        "as_of": str(report.as_of),
        "prices": {"date": str(report.table.date), "digest": report.table.digest},
    }
    return f"{exact_json(found)}\n"


def as_total(report: Report) -> str:
    """The sum alone."""
    return f"{plain(report.usd)}\n"


def _named(statement: Statement) -> dict[str, Any]:
    return {"model": statement.tariff.name, "tier": statement.tariff.tier}


def _json_rows(report: Report, statement: Statement) -> Iterator[dict[str, Any]]:
    for charge in statement.charges:
        unit = _UNITS.get(charge.kind)
        yield {
            **_named(statement),
            "kind": charge.kind,
            f"{unit.noun}s" if unit else "tokens": charge.quantity,
            f"usd_per_{unit.noun}" if unit else "usd_per_million": charge.rate,
            "rate_of": charge.rate_of,
            "usd": charge.usd,
        }
    for output in statement.open_outputs:
        yield {
            **_named(statement),
            "kind": output.kind,
            "tokens": None,
            "usd_per_million": output.rate,
            "rate_of": output.kind,
            "usd": None,
            "missing": report.missing,
        }


def _grid(report: Report) -> _Grid:
    return _detailed(report) if report.is_detailed else _by_model(report)


def _detailed(report: Report) -> _Grid:
    """A row for each kind of tokens, or for what is billed without them, with its rate."""
    rows, counted, rated = [], "tokens", "USD per million"
    for statement in report.statements:
        name, tier = one_line(statement.tariff.name), statement.tariff.tier
        for charge in statement.charges:
            kind, rate = _kind(charge, at_most=report.at_most), charge.rate
            if unit := _UNITS.get(charge.kind):
                counted, rated = f"{unit.noun}s", unit.rated
                rate = round(unit.times * rate, 9).normalize()
            rows.append([name, tier, kind, str(charge.quantity), plain(rate), plain(charge.usd)])
        for output in statement.open_outputs:
            missing = f"{output.kind}: {report.missing}"
            rows.append([name, tier, missing, "", plain(output.rate), ""])
    last = [_total_label(report), "", "", "", "", plain(report.usd)]
    return _Grid(["model", "tier", "kind", counted, rated, "USD"], rows, 3, last)


def _kind(charge: Charge, *, at_most: bool) -> str:
    if unit := _UNITS.get(charge.kind):
        return unit.name
    if charge.rate_of != charge.kind:
        return f"{charge.kind}, priced as {charge.rate_of}"
    return f"{charge.kind}, at most" if at_most and charge.kind == "output" else charge.kind


def _by_model(report: Report) -> _Grid:
    """A row for each model, with a column for each kind of charge that there is."""
    statements = report.statements
    present = {charge.kind for statement in statements for charge in statement.charges}
    kinds = [kind for kind in (*TOKEN_KINDS, *_UNITS) if kind in present]
    heads = [_head(kind, at_most=report.at_most) for kind in kinds]
    head = ["model", "tier", *([] if report.is_choice else ["requests"]), *heads, "USD"]
    rows = [
        [one_line(statement.tariff.name), statement.tariff.tier, *_sums([statement], report, kinds)]
        for statement in statements
    ]
    last = [_total_label(report), "", *_sums(statements, report, kinds)]
    return _Grid(head, rows, 2, None if report.is_choice else last)


def _head(kind: str, *, at_most: bool) -> str:
    if unit := _UNITS.get(kind):
        return f"{unit.name}, {unit.noun}s"
    return "output, at most" if kind == "output" and at_most else kind


def _sums(statements: Sequence[Statement], report: Report, kinds: Sequence[str]) -> list[str]:
    charges = [charge for statement in statements for charge in statement.charges]
    counts = [sum(charge.quantity for charge in charges if charge.kind == kind) for kind in kinds]
    requests = [] if report.is_choice else [sum(statement.requests for statement in statements)]
    return [*map(str, [*requests, *counts]), plain(total(charge.usd for charge in charges))]


def _total_label(report: Report) -> str:
    return "total without output" if report.unlimited else "total"


def _remarks(report: Report) -> list[str]:
    """What stands beneath the table: outputs without a limit."""
    if report.is_detailed or not report.unlimited:
        return []
    if report.is_choice:
        return [f"output: {report.missing}"]
    return [
        f"{one_line(statement.tariff.name)}: output of {statement.unlimited} of "
        f"{statement.requests} requests: {report.missing}"
        for statement in report.statements
        if statement.unlimited
    ]


def _padded(column: Sequence[str], is_number: bool) -> list[str]:
    """The cells of a column in one width; numbers stand with their points in line."""
    cells = list(column)
    if is_number:
        decimals = max(len(cell.partition(".")[2]) for cell in cells[1:])
        cells[1:] = [_with_decimals(cell, decimals) for cell in cells[1:]]
    width = max(map(len, cells))
    align: Callable[[str, int], str] = str.rjust if is_number else str.ljust
    return [align(cell, width) for cell in cells]


def _with_decimals(cell: str, decimals: int) -> str:
    if not cell or not decimals:
        return cell
    whole, _, fraction = cell.partition(".")
    return f"{whole}.{fraction.ljust(decimals, '0')}"


def _with_bars(lines: list[str], statements: Sequence[Statement], columns: int) -> list[str]:
    """The lines with a bar behind each model, the dearest's as long as there is room for."""
    room = min(_LONGEST_BAR, columns - len(lines[0]) - len(_GAP))
    dearest = max(statement.usd for statement in statements)
    if room < 1 or not dearest:
        return lines
    bars = ["", *(_BAR * ceil(room * one.usd / dearest) for one in statements)]
    return [f"{line}{_GAP}{bar}" for line, bar in zip(lines, bars, strict=True)]


def _escaped(text: str) -> str:
    """The text with what Markdown would take for its own as characters of HTML."""
    return "".join(f"&#{ord(letter)};" if letter in "\\`*[]<>|&~" else letter for letter in text)
