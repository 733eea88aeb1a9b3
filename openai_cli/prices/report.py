"""A cost report, and its formats as JSON and as a bare number, without printing it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from openai_cli.models.table import CHARACTERS, FEES, SPEECH, Table
from openai_cli.prices.bill import Statement
from openai_cli.prices.charges import total
from openai_cli.prices.money import exact_json, plain
from openai_cli.records import NamedTuple


class Unit(NamedTuple):
    """How to show a kind that is not billed by tokens.

    `name` is what is billed and `noun` its unit. `rated` is the heading of the rate, which is for
    `times` units, as on OpenAI's pricing page.
    """

    name: str
    noun: str
    rated: str
    times: int


UNITS = {
    SPEECH: Unit("speech", "second", "USD per minute", 60),
    CHARACTERS: Unit("text", "character", "USD per million", 1_000_000),
    **{fee: Unit(fee, "call", "USD per thousand", 1000) for fee in FEES},
}


class Label(NamedTuple):
    """What a statement is about, as `shown` in its row and as JSON."""

    shown: str
    json: dict[str, Any]


class Report(NamedTuple):
    """The contents of a cost report.

    `statements` are parts of one total or, with `is_choice`, alternative models, which have no
    total. `is_detailed` shows each kind of tokens with its rate. `at_most` says that the output is
    an upper bound, and `missing` which limit to set if it has none. `doubts` say why the tokens are
    an estimate; `notes` are about the prices, which are those of `table` on the day `as_of`.
    `labels` name the statements, each in a row of its own, under the heading `labelled`; with
    `is_grouped`, the statements of a label share a row. `unpriced` says why calls are in no
    statement.
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
        """Descriptions of what is not included; if there are any, the cost is a lower bound."""
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
        """The number of requests without an output limit; their output is not included."""
        return sum(statement.unlimited for statement in self.statements)


def as_json(report: Report) -> str:
    """Format the report as JSON on one line; amounts are numbers with all their digits."""
    found = {
        "total": None if report.is_choice else report.usd,
        "at_most": report.at_most and not report.unlimited and not report.unknown,
        "without_limit": report.unlimited,
        "at_least": bool(report.unknown),
        "unknown": report.unknown,
        "rows": list(chain.from_iterable(_json_rows(report, *one) for one in each(report))),
        "models": [
            {
                **_named(statement, label),
                "requests": statement.requests,
                "without_limit": statement.unlimited,
                "total": statement.usd,
            }
            for statement, label in each(report)
        ],
        **({"groups": list(_json_groups(report))} if report.is_grouped else {}),
        "estimate": bool(report.doubts),
        "doubts": report.doubts,
        "notes": report.notes,
        "as_of": str(report.as_of),
        "prices": {"date": str(report.table.date), "digest": report.table.digest},
    }
    return f"{exact_json(found)}\n"


def as_total(report: Report) -> str:
    """Format just the sum."""
    return f"{plain(report.usd)}\n"


def each(report: Report) -> Iterator[tuple[Statement, Label | None]]:
    """Yield each statement with its label, or with None if there are no labels."""
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
        unit = UNITS.get(charge.kind)
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


def groups(report: Report) -> Iterator[tuple[Label, list[Statement]]]:
    """Yield each label with its statements, which are adjacent."""
    together = groupby(zip(report.labels, report.statements, strict=True), itemgetter(0))
    for label, found in together:
        yield label, [statement for _, statement in found]


def _json_groups(report: Report) -> Iterator[dict[str, Any]]:
    for label, found in groups(report):
        requests = sum(statement.requests for statement in found)
        usd = total(statement.usd for statement in found)
        yield {**label.json, "requests": requests, "total": usd}
