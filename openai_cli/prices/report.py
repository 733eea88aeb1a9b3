"""How a cost is shown: a table, Markdown, JSON, a bare number. Text only; nothing is printed."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain, groupby
from math import ceil
from operator import itemgetter
from textwrap import wrap
from typing import Any, NamedTuple

from openai_cli.messages import one_line
from openai_cli.models.table import CHARACTERS, FEES, SPEECH, TOKEN_KINDS, Table
from openai_cli.prices.bill import Statement
from openai_cli.prices.charges import Charge, total
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
    **{fee: _Unit(fee, "call", "USD per thousand", 1000) for fee in FEES},
}


class Label(NamedTuple):
    """What a statement is of, where each has its row: as it is `shown`, and in JSON."""

    shown: str
    json: dict[str, Any]


class Report(NamedTuple):
    """What is shown of a cost.

    `statements` are parts of one total, or, with `is_choice`, other models for the same, which have
    none. `is_detailed` shows each kind of tokens with its rate. `at_most` says that the output is
    an upper bound, `missing` what to give where no limit bounds it; `doubts` why the tokens are an
    estimate, and `notes` what to know of the prices, which are those of `table` on the day `as_of`.
    `labels` name what each statement is of, where each has its own row, under the head `labelled`;
    where it `is_grouped`, statements of one label have a row together.
    `unpriced` says of calls why they are in no statement.
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
    labels: tuple[Label, ...] = ()
    labelled: str = ""
    is_grouped: bool = False
    unpriced: tuple[str, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """What is in no sum: with any, the cost is at least that."""
        found = dict.fromkeys(
            reason for statement in self.statements for reason in statement.unknown
        )
        return (*found, *self.unpriced)

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
    """The report for a person, in aligned columns; with `columns`, a terminal's, with bars.

    Where a terminal is too narrow for the columns, each kind has a line beneath its model.
    """
    lines = _lines(_grid(report))
    if columns is not None and max(map(len, lines)) > columns:
        lines = _narrow(report, columns)
    elif columns is not None and report.is_choice:
        lines = _with_bars(lines, report.statements, columns)
    return "".join(f"{line.rstrip()}\n" for line in [*lines, *_remarks(report)])


def _lines(grid: _Grid) -> list[str]:
    cells = [grid.head, *grid.rows, *([grid.last] if grid.last else [])]
    shown = [
        _padded(column, number >= grid.words)
        for number, column in enumerate(zip(*cells, strict=True))
    ]
    return [_GAP.join(row) for row in zip(*shown, strict=True)]


def _narrow(report: Report, columns: int) -> list[str]:
    """For each statement its names, and beneath a line for each kind, with its count and USD."""
    rows: list[list[str]] = []
    heads: dict[int, str] = {}
    for statement, label in _each(report):
        words = [label.shown] if label else []
        heads[len(rows)] = " ".join([*words, statement.tariff.name, _tier(statement)])
        charges = statement.charges
        for charge in charges:
            kind = _kind(charge, at_most=report.at_most)
            rows.append([f"{_GAP}{kind}", str(charge.quantity), plain(charge.usd)])
        if not charges or report.is_choice:
            rows.append([f"{_GAP}sum", "", plain(statement.usd)])
    last = None if report.is_choice else [_total_label(report), "", plain(report.usd)]
    head, *lines = _lines(_Grid(["", "", "USD"], rows, 1, last))
    for place, names in sorted(heads.items(), reverse=True):
        lines[place:place] = wrap(one_line(names), columns)
    open_output = f"output: {report.missing}"
    remarks = wrap(open_output, columns) if report.is_detailed and report.unlimited else []
    return [head, *lines, *remarks]


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
        *(f"Not in the sum: {reason}." for reason in report.unknown),
        *(f"Note: {note}." for note in report.notes),
        f"Prices of {report.table.date} (sha256 {report.table.digest}) as of {report.as_of}.",
    ]
    return table + "".join(f"\n{_escaped(one_line(remark))}\n" for remark in remarks)


def as_json(report: Report) -> str:
    """The report as JSON on one line; money is numbers with all their digits."""
    found = {
        "total": None if report.is_choice else report.usd,
        "at_most": report.at_most and not report.unlimited and not report.unknown,
        "without_limit": report.unlimited,
        "at_least": bool(report.unknown),
        "unknown": report.unknown,
        "rows": list(chain.from_iterable(_json_rows(report, *one) for one in _each(report))),
        "models": [
            {
                **_named(statement, label),
                "requests": statement.requests,
                "without_limit": statement.unlimited,
                "total": statement.usd,
            }
            for statement, label in _each(report)
        ],
        **({"groups": list(_json_groups(report))} if report.is_grouped else {}),
        "estimate": bool(report.doubts),
        "doubts": report.doubts,
        "notes": report.notes,
        "as_of": str(report.as_of),
        "prices": {"date": str(report.table.date), "digest": report.table.digest},
    }
    return f"{exact_json(found)}\n"


def as_csv(report: Report) -> str:
    """The rows as CSV (RFC 4180, but with a bare newline), without their total."""
    import csv
    from io import StringIO

    grid, text = _grid(report), StringIO()
    csv.writer(text, lineterminator="\n").writerows([grid.head, *grid.rows])
    return text.getvalue()


def as_total(report: Report) -> str:
    """The sum alone."""
    return f"{plain(report.usd)}\n"


def _each(report: Report) -> Iterator[tuple[Statement, Label | None]]:
    labels = report.labels or (None,) * len(report.statements)
    return zip(report.statements, labels, strict=True)


def _named(statement: Statement, label: Label | None) -> dict[str, Any]:
    prices = statement.tariff
    found = {"model": prices.name, "tier": prices.tier}
    if prices.region is not None:
        found["region"] = prices.region
    return {**(label.json if label else {}), **found}


def _json_rows(
    report: Report, statement: Statement, label: Label | None
) -> Iterator[dict[str, Any]]:
    for charge in statement.charges:
        unit = _UNITS.get(charge.kind)
        yield {
            **_named(statement, label),
            "kind": charge.kind,
            f"{unit.noun}s" if unit else "tokens": charge.quantity,
            f"usd_per_{unit.noun}" if unit else "usd_per_million": charge.rate,
            "rate_of": charge.rate_of,
            "usd": charge.usd,
        }
    for output in statement.open_outputs:
        yield {
            **_named(statement, label),
            "kind": output.kind,
            "tokens": None,
            "usd_per_million": output.rate,
            "rate_of": output.kind,
            "usd": None,
            "missing": report.missing,
        }


def _grid(report: Report) -> _Grid:
    if report.is_grouped:
        return _by_group(report)
    return _detailed(report) if report.is_detailed else _by_model(report)


def _by_group(report: Report) -> _Grid:
    """A row for each label, with a column for each kind of charge that there is."""
    kinds = _kinds(report.statements)
    heads = [_head(kind, at_most=report.at_most) for kind in kinds]
    head = [report.labelled, "requests", *heads, "USD"]
    rows = [
        [one_line(label.shown), *_sums(found, report, kinds)] for label, found in _groups(report)
    ]
    return _Grid(head, rows, 1, [_total_label(report), *_sums(report.statements, report, kinds)])


def _groups(report: Report) -> Iterator[tuple[Label, list[Statement]]]:
    """The statements of each label; those of one stand together."""
    together = groupby(zip(report.labels, report.statements, strict=True), itemgetter(0))
    for label, found in together:
        yield label, [statement for _, statement in found]


def _json_groups(report: Report) -> Iterator[dict[str, Any]]:
    for label, found in _groups(report):
        requests = sum(statement.requests for statement in found)
        usd = total(statement.usd for statement in found)
        yield {**label.json, "requests": requests, "total": usd}


def _kinds(statements: Sequence[Statement]) -> list[str]:
    """The kinds of charges that there are, in the order of their columns."""
    present = {charge.kind for statement in statements for charge in statement.charges}
    return [kind for kind in (*TOKEN_KINDS, *_UNITS) if kind in present]


def _detailed(report: Report) -> _Grid:
    """A row for each kind of tokens, or for what is billed without them, with its rate."""
    rows, counted, rated = [], "tokens", "USD per million"
    for statement in report.statements:
        name, tier = one_line(statement.tariff.name), _tier(statement)
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
    return _Grid(head, rows, words, None if report.is_choice else last)


def _tier(statement: Statement) -> str:
    prices = statement.tariff
    return prices.tier if prices.region is None else f"{prices.tier}, {prices.region}"


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
    least = ", at least" if report.unknown else ""
    return f"total without output{least}" if report.unlimited else f"total{least}"


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
