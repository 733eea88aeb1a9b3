"""Format a cost in rows and columns, as a table, Markdown or CSV, without printing it."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import zip_longest
from math import ceil
from textwrap import wrap

from openai_cli.messages import one_line
from openai_cli.models.table import TOKEN_KINDS
from openai_cli.prices.bill import Statement
from openai_cli.prices.charges import Charge, total
from openai_cli.prices.money import plain
from openai_cli.prices.report import UNITS, Report, each, groups
from openai_cli.records import NamedTuple

_BAR, _LONGEST_BAR = "█", 30


_GAP = "  "


class Grid(NamedTuple):
    """Cells to lay out: the first `words` columns are text, the others numbers."""

    head: list[str]
    rows: list[list[str]]
    words: int
    last: list[str] | None


def as_table(report: Report, *, columns: int | None = None) -> str:
    """Format the report in aligned columns; for a terminal, whose width is `columns`, with bars.

    If the terminal is too narrow, each kind has a line below its model.
    """
    lines = lines_of(_grid(report))
    if columns is not None and max(map(len, lines)) > columns:
        lines = _narrow(report, columns)
    elif columns is not None and report.is_choice:
        lines = with_bars(lines, [one.usd for one in report.statements], columns)
    remarks = _remarks(report)
    if columns is not None:
        remarks = [line for remark in remarks for line in _wrapped(remark, columns)]
    return "".join(f"{line.rstrip()}\n" for line in [*lines, *remarks])


def _wrapped(text: str, columns: int) -> list[str]:
    """Wrap a text to the width of the terminal, without breaking flags at their hyphens."""
    return wrap(text, columns, break_on_hyphens=False)


def lines_of(grid: Grid) -> list[str]:
    """Format a grid as aligned lines: its head, its rows, and its last row if there is one."""
    cells = [grid.head, *grid.rows, *([grid.last] if grid.last else [])]
    shown = [
        padded(column, number >= grid.words)
        for number, column in enumerate(zip(*cells, strict=True))
    ]
    return [_GAP.join(row) for row in zip(*shown, strict=True)]


def _narrow(report: Report, columns: int) -> list[str]:
    """Format each statement as its names and below them a line for each kind with count and USD."""
    rows: list[list[str]] = []
    heads: dict[int, str] = {}
    for statement, label in each(report):
        words = [label.shown] if label else []
        heads[len(rows)] = " ".join([*words, statement.tariff.name, _tier(statement)])
        charges = statement.charges
        for charge in charges:
            kind = _kind(charge, at_most=report.at_most)
            rows.append([f"{_GAP}{kind}", str(charge.quantity), plain(charge.usd)])
        if not charges or report.is_choice:
            rows.append([f"{_GAP}sum", "", plain(statement.usd)])
    last = None if report.is_choice else [_total_label(report), "", plain(report.usd)]
    counted = "" if set(_kinds(report.statements)) & UNITS.keys() else "tokens"
    head, *lines = lines_of(Grid(["", counted, "USD"], rows, 1, last))
    for place, names in sorted(heads.items(), reverse=True):
        lines[place:place] = _wrapped(one_line(names), columns)
    return [head, *lines]


def as_markdown(report: Report) -> str:
    """Format the report as a GitHub Markdown table, with the date and digest of the prices."""
    table = markdown_of(_grid(report))
    remarks = [
        *_remarks(report),
        *(f"An estimate: {doubt}." for doubt in report.doubts),
        *(f"Not in the sum: {reason}." for reason in report.unknown),
        *(f"Note: {note}." for note in report.notes),
        f"Prices of {report.table.date} (sha256 {report.table.digest}) as of {report.as_of}.",
    ]
    return table + "".join(f"\n{escaped(one_line(remark))}\n" for remark in remarks)


def markdown_of(grid: Grid) -> str:
    """Format a grid as a GitHub Markdown table."""
    rule = ["---" if number < grid.words else "--:" for number in range(len(grid.head))]
    rows = [[escaped(cell) for cell in row] for row in grid.rows]
    if grid.last:
        rows.append([f"**{escaped(cell)}**" if cell else "" for cell in grid.last])
    return "".join(f"| {' | '.join(row)} |\n" for row in [grid.head, rule, *rows])


def as_csv(report: Report) -> str:
    """Format the report's rows as CSV, without their total."""
    return csv_of(_grid(report))


def csv_of(grid: Grid) -> str:
    """Format a grid as CSV (RFC 4180, but with bare newlines), without its last row."""
    import csv
    from io import StringIO

    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([grid.head, *grid.rows])
    return text.getvalue()


def _grid(report: Report) -> Grid:
    if report.is_grouped:
        return _by_group(report)
    return _detailed(report) if report.is_detailed else _by_model(report)


def _by_group(report: Report) -> Grid:
    """Return a row for each label, with a column for each kind of charge that occurs."""
    kinds = _kinds(report.statements)
    heads = [_head(kind, at_most=report.at_most) for kind in kinds]
    head = [report.labelled, "requests", *heads, "USD"]
    rows = [
        [one_line(label.shown), *_sums(found, report, kinds)] for label, found in groups(report)
    ]
    return Grid(head, rows, 1, [_total_label(report), *_sums(report.statements, report, kinds)])


def _kinds(statements: Sequence[Statement]) -> list[str]:
    """Return the kinds of charges that occur, in the order of their columns."""
    present = {charge.kind for statement in statements for charge in statement.charges}
    return [kind for kind in (*TOKEN_KINDS, *UNITS) if kind in present]


def _detailed(report: Report) -> Grid:
    """Return a row for each kind of charge, with its rate."""
    rows, counted, rated = [], "tokens", "USD per million"
    for statement in report.statements:
        name, tier = one_line(statement.tariff.name), _tier(statement)
        for charge in statement.charges:
            kind, rate = _kind(charge, at_most=report.at_most), charge.rate
            if unit := UNITS.get(charge.kind):
                counted, rated = f"{unit.noun}s", unit.rated
                rate = round(unit.times * rate, 9).normalize()
            rows.append([name, tier, kind, str(charge.quantity), plain(rate), plain(charge.usd)])
        rows += [
            [name, tier, each.kind, "", plain(each.rate), ""] for each in statement.open_outputs
        ]
    last = [_total_label(report), "", "", "", "", plain(report.usd)]
    return Grid(["model", "tier", "kind", counted, rated, "USD"], rows, 3, last)


def _kind(charge: Charge, *, at_most: bool) -> str:
    if unit := UNITS.get(charge.kind):
        return unit.name
    if charge.rate_of != charge.kind:
        return f"{charge.kind}, priced as {charge.rate_of}"
    return f"{charge.kind}, at most" if at_most and charge.kind == "output" else charge.kind


def _by_model(report: Report) -> Grid:
    """Return a row for each model, with a column for each kind of charge that occurs."""
    statements = report.statements
    kinds = _kinds(statements)
    heads = [_head(kind, at_most=report.at_most) for kind in kinds]
    head = ["model", "tier", *([] if report.is_choice else ["requests"]), *heads, "USD"]
    rows = [
        [one_line(statement.tariff.name), _tier(statement), *_sums([statement], report, kinds)]
        for statement in statements
    ]
    last = [_total_label(report), "", *_sums(statements, report, kinds)]
    if report.labels:
        head = [report.labelled, *head]
        rows = [[one_line(of.shown), *row] for of, row in zip(report.labels, rows, strict=True)]
        last = [last[0], "", *last[1:]]
    words = 3 if report.labels else 2
    return Grid(head, rows, words, None if report.is_choice else last)


def _tier(statement: Statement) -> str:
    prices = statement.tariff
    return prices.tier if prices.region is None else f"{prices.tier}, {prices.region}"


def _head(kind: str, *, at_most: bool) -> str:
    if unit := UNITS.get(kind):
        return f"{unit.name}, {unit.noun}s"
    return "output, at most" if kind == "output" and at_most else kind


def _sums(statements: Sequence[Statement], report: Report, kinds: Sequence[str]) -> list[str]:
    charges = [charge for statement in statements for charge in statement.charges]
    counts = [sum(charge.quantity for charge in charges if charge.kind == kind) for kind in kinds]
    requests = [] if report.is_choice else [sum(statement.requests for statement in statements)]
    return [*map(str, [*requests, *counts]), plain(total(charge.usd for charge in charges))]


def _total_label(report: Report) -> str:
    least = ", at least" if report.unknown else ""
    return f"total without output{least}" if report.unlimited else f"total{least}"


def _remarks(report: Report) -> list[str]:
    """Return the remarks below the table, on outputs without a limit."""
    if not report.unlimited:
        return []
    if report.is_detailed or report.is_choice:
        return [f"output: {report.missing}"]
    counts: dict[str, list[Statement]] = {}
    for statement in report.statements:
        counts.setdefault(one_line(statement.tariff.name), []).append(statement)
    return [
        f"{name}: output of {unlimited} of {sum(each.requests for each in found)} requests: "
        f"{report.missing}"
        for name, found in counts.items()
        if (unlimited := sum(each.unlimited for each in found))
    ]


def padded(column: Sequence[str], is_number: bool) -> list[str]:
    """Pad the cells of a column to one width; align numbers at the decimal point."""
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


def with_bars(lines: list[str], amounts: Sequence[Decimal], columns: int) -> list[str]:
    """Append a bar to each row; the dearest row's is as long as the terminal allows."""
    room = min(_LONGEST_BAR, columns - len(lines[0]) - len(_GAP))
    dearest = max(amounts, default=Decimal(0))
    if room < 1 or not dearest:
        return lines
    bars = ["", *(_BAR * ceil(room * usd / dearest) for usd in amounts)]
    return [f"{line}{_GAP}{bar}" for line, bar in zip_longest(lines, bars, fillvalue="")]


def escaped(text: str) -> str:
    """Escape Markdown's special characters as HTML character references."""
    return "".join(f"&#{ord(letter)};" if letter in "\\`*_[]<>|&~" else letter for letter in text)
