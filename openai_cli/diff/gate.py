"""Check the cost of a change against the limits that were set."""

from collections.abc import Iterator
from decimal import Decimal

from openai_cli.diff.rows import Comparison, Row, percent, rounded
from openai_cli.prices.money import plain
from openai_cli.records import NamedTuple


class Limits(NamedTuple):
    """The limits, as amounts in USD or percentages of the base; None is no limit.

    Changes smaller than `ignore_below` are ignored. An increase without a bound exceeds any limit,
    unless `allows_unbounded`.
    """

    increase: Decimal | None = None
    percent: Decimal | None = None
    increase_each: Decimal | None = None
    percent_each: Decimal | None = None
    cost: Decimal | None = None
    ignore_below: Decimal = Decimal(0)
    allows_unbounded: bool = False

    @property
    def are_any(self) -> bool:
        """Whether any limit is set."""
        return any(limit is not None for limit in self[:5])


class Failure(NamedTuple):
    """A message about an exceeded limit, and the row that exceeds it; None is the total."""

    problem: str
    row: Row | None = None


def failures(found: Comparison, limits: Limits) -> list[Failure]:
    """Return the limits that a change exceeds, those of single rows last.

    Percentages do not apply to new rows; amounts do.
    """
    if not limits.are_any:
        return []
    every = [*_of_all(found, limits), *_of_each(found, limits)]
    if not limits.allows_unbounded:
        every += (
            Failure(f"{row.shown}: it may cost more than is known: {row.unknown[0]}", row)
            for row in found.rows
            if row.unknown
        )
    return every


def _of_all(found: Comparison, limits: Limits) -> Iterator[Failure]:
    if limits.cost is not None and found.head > limits.cost:
        yield Failure(
            f"it can cost {plain(found.head)} USD, more than the {plain(limits.cost)} of --max-cost"
        )
    for wrong in _above(found.base, found.change, limits, limits.increase, limits.percent, each=""):
        yield Failure(wrong)


def _of_each(found: Comparison, limits: Limits) -> Iterator[Failure]:
    for row in found.rows:
        for wrong in _above(
            row.base, row.change, limits, limits.increase_each, limits.percent_each, each="-each"
        ):
            yield Failure(f"{row.shown}: {wrong}", row)


def _above(
    base: Decimal,
    change: Decimal,
    limits: Limits,
    most: Decimal | None,
    most_percent: Decimal | None,
    *,
    each: str,
) -> Iterator[str]:
    if change <= 0 or change < limits.ignore_below:
        return
    if most is not None and change > most:
        yield (
            f"it can cost {plain(change)} USD more, "
            f"which exceeds --max-increase{each} {plain(most)}"
        )
    grown = percent(base, change)
    if most_percent is not None and grown is not None and grown > most_percent:
        yield (
            f"it can cost {plain(rounded(grown, 1))} % more, "
            f"which exceeds --max-increase-percent{each} {plain(most_percent)}"
        )
