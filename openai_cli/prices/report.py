"""What is shown of a cost, and how as JSON or as a bare number. Nothing is printed here."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, NamedTuple

from openai_cli.models.table import CHARACTERS, FEES, SPEECH, Table
from openai_cli.prices.bill import Statement
from openai_cli.prices.charges import total
from openai_cli.prices.money import exact_json, plain


class Unit(NamedTuple):
    """How a kind that is billed by another thing than tokens is shown.

    `name` is what it is, `noun` its unit; `rated` heads the rate for `times` of it, as the page of
    prices has it.
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


def as_json(report: Report) -> str:
    """The report as JSON on one line; money is numbers with all their digits."""
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
    """The sum alone."""
    return f"{plain(report.usd)}\n"


def each(report: Report) -> Iterator[tuple[Statement, Label | None]]:
    """The statements, each with its label where they have them."""
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
    """The statements of each label; those of one stand together."""
    together = groupby(zip(report.labels, report.statements, strict=True), itemgetter(0))
    for label, found in together:
        yield label, [statement for _, statement in found]


def _json_groups(report: Report) -> Iterator[dict[str, Any]]:
    for label, found in groups(report):
        requests = sum(statement.requests for statement in found)
        usd = total(statement.usd for statement in found)
        yield {**label.json, "requests": requests, "total": usd}
