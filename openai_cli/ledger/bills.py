"""Compare what the API billed with the ledger, by day and model.

The formats are those of GET /organization/costs and /organization/usage/…:
https://platform.openai.com/docs/api-reference/usage
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from openai_cli.errors import BadAnswerError
from openai_cli.flags.durations import UNITS
from openai_cli.jsontext import quoted
from openai_cli.ledger.report import told_unpriced
from openai_cli.messages import one_line
from openai_cli.prices.charges import total
from openai_cli.prices.grid import Grid, csv_of, lines_of, markdown_of
from openai_cli.prices.money import dollars, exact_json, plain
from openai_cli.records import NamedTuple

if TYPE_CHECKING:
    from openai_cli.ledger.store import Store

COSTS = "/organization/costs"
USAGE = tuple(
    f"/organization/usage/{kind}"
    for kind in (
        "completions", "embeddings", "moderations", "images", "audio_speeches",
        "audio_transcriptions",
    )
)  # fmt: skip
# The maximum days per page, and the property to group by.
PAGES: Mapping[str, tuple[int, str]] = {
    COSTS: (180, "line_item"),
    **dict.fromkeys(USAGE, (31, "model")),
}

Key = tuple[str, str]


class Days(NamedTuple):
    """A range of days in UTC, both ends included."""

    since: date
    until: date

    def query(self, path: str) -> dict[str, str]:
        """Return the query for one bucket per day."""
        most, group = PAGES[path]
        start, last = (
            int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) for day in self
        )
        return {
            "start_time": str(start), "end_time": str(last + UNITS["d"]),
            "bucket_width": "1d", "limit": str(most), "group_by": group,
        }  # fmt: skip


@dataclass
class Sum:
    """The calls, tokens and USD of one day and model, by the ledger and by the API.

    `unpriced` is how many of the calls have no known cost.
    """

    calls: int = 0
    unpriced: int = 0
    tokens: int = 0
    usd: Decimal = Decimal(0)
    billed_calls: int = 0
    billed_tokens: int = 0
    billed_usd: Decimal = Decimal(0)

    @property
    def difference(self) -> Decimal:
        """What the API billed minus what the ledger has."""
        return self.billed_usd - self.usd


@dataclass
class Bills:
    """The sums for a range of days, by day and model."""

    days: Days
    sums: dict[Key, Sum] = field(default_factory=dict)

    def add_own(self, store: "Store", host: str | None) -> None:
        """Add the ledger's calls to this host."""
        found = store.rows(
            "SELECT day, coalesce(model, '(none)'), count(*), sum(units IS NULL),"
            " sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)),"
            " sum(coalesce(units, 0)) FROM calls WHERE day >= ? AND day <= ? AND host IS ?"
            " GROUP BY 1, 2",
            [str(self.days.since), str(self.days.until), host],
        )
        for day, model, calls, unpriced, tokens, units in found:
            one = self._of(day, model)
            one.calls, one.unpriced, one.tokens = calls, unpriced, tokens
            one.usd = dollars(units)

    def add_page(self, path: str, body: Mapping[str, Any]) -> str | None:
        """Add the buckets of a page; return the name of the next page, or None after the last.

        Raises BadAnswerError if the answer does not have the API's shape, or is not about USD.
        """
        try:
            for bucket in body["data"]:
                day = datetime.fromtimestamp(bucket["start_time"], UTC).date().isoformat()
                for result in bucket["results"]:
                    add = self._add_cost if path == COSTS else self._add_usage
                    add(day, result)
            return body["next_page"] if body.get("has_more") else None
        except (
            AttributeError, KeyError, TypeError, ValueError, OverflowError, ArithmeticError, OSError
        ):  # fmt: skip
            raise BadAnswerError(f"GET {path}: the answer does not have the API's shape") from None

    def _add_cost(self, day: str, result: Mapping[str, Any]) -> None:
        amount = result.get("amount") or {}
        if amount.get("value") is None:
            return
        value = Decimal(str(amount["value"]))
        if not value.is_finite():
            raise ValueError(value)
        currency = amount.get("currency", "usd")
        if currency.lower() != "usd":
            raise BadAnswerError(
                f"GET {COSTS}: an amount is in {quoted(currency)}, and the ledger is in USD"
            )
        model = (result.get("line_item") or "(none)").partition(",")[0]
        self._of(day, model).billed_usd += value

    def _add_usage(self, day: str, result: Mapping[str, Any]) -> None:
        one = self._of(day, result.get("model") or "(none)")
        one.billed_calls += result["num_model_requests"]
        one.billed_tokens += (result.get("input_tokens") or 0) + (result.get("output_tokens") or 0)

    def _of(self, day: str, model: str) -> Sum:
        return self.sums.setdefault((day, model), Sum())

    @property
    def rows(self) -> list[tuple[Key, Sum]]:
        """The sums, ordered by day and model."""
        return sorted(self.sums.items())


def as_json(bills: Bills) -> str:
    """Format the sums as JSON on one line; amounts are numbers with all their digits."""
    rows = [{"day": day, "model": model, **_json(one)} for (day, model), one in bills.rows]
    whole = _json(_whole(bills.sums.values()))
    since, until = map(str, bills.days)
    return f"{exact_json({'since': since, 'until': until, 'rows': rows, 'total': whole})}\n"


def _json(one: Sum) -> dict[str, Any]:
    return {**vars(one), "difference": one.difference}


def _whole(sums: Iterable[Sum]) -> Sum:
    found = list(sums)
    return Sum(
        sum(one.calls for one in found), sum(one.unpriced for one in found),
        sum(one.tokens for one in found), total(one.usd for one in found),
        sum(one.billed_calls for one in found),
        sum(one.billed_tokens for one in found), total(one.billed_usd for one in found),
    )  # fmt: skip


def as_table(bills: Bills, *, columns: int | None = None) -> str:  # noqa: ARG001 - as in report
    """Format the sums in aligned columns, for people."""
    lines = (*lines_of(_grid(bills)), *_remarks(bills))
    return "".join(f"{line.rstrip()}\n" for line in lines)


def as_markdown(bills: Bills) -> str:
    """Format the sums as a GitHub Markdown table."""
    return markdown_of(_grid(bills)) + "".join(f"\n{remark}\n" for remark in _remarks(bills))


def as_csv(bills: Bills) -> str:
    """Format the sums as CSV, without their total."""
    return csv_of(_grid(bills))


def _grid(bills: Bills) -> Grid:
    pairs = [name for both in ("calls", "tokens", "USD") for name in (both, f"API {both}")]
    head = ["day", "model", *pairs, "difference"]
    rows = [[day, one_line(model), *_cells(one)] for (day, model), one in bills.rows]
    return Grid(head, rows, 2, ["total", "", *_cells(_whole(bills.sums.values()))])


def _remarks(bills: Bills) -> list[str]:
    """Return the line below the table about calls whose cost no sum has."""
    return told_unpriced(sum(one.unpriced for one in bills.sums.values()))


def _cells(one: Sum) -> list[str]:
    counts = one.calls, one.billed_calls, one.tokens, one.billed_tokens
    return [*map(str, counts), *map(plain, (one.usd, one.billed_usd, one.difference))]
