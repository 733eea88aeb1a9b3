"""What a change may cost: the limits that were set, and where it is above them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from openai_cli.diff.rows import Comparison, Row, percent
from openai_cli.prices.money import plain


class Limits(NamedTuple):
    """The limits: amounts in USD, percents of the base; None is no limit.

    Changes of less than `ignore_below` are none. What costs more by an amount that nothing bounds
    is above any limit, unless it `allows_unbounded`.
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
        """Whether anything is judged."""
        return any(limit is not None for limit in self[:5])


class Failure(NamedTuple):
    """A limit that is not kept, in words, and of which row; None is of all together."""

    problem: str
    row: Row | None = None


def failures(found: Comparison, limits: Limits) -> list[Failure]:
    """The limits that a change is above, those of single rows last.

    Percents do not judge what is new: the amounts do.
    """
    if not limits.are_any:
        return []
    every = [*_of_all(found, limits), *_of_each(found, limits)]
    if not limits.allows_unbounded:
        every += (
            Failure(f"{row.shown}: that it costs no more is not known: {row.unknown[0]}", row)
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
            f"it can cost {plain(change)} USD more, above the {plain(most)} of --max-increase{each}"
        )
    grown = percent(base, change)
    if most_percent is not None and grown is not None and grown > most_percent:
        yield (
            f"it can cost {plain(round(grown, 1))} % more, "
            f"above the {plain(most_percent)} of --max-increase-percent{each}"
        )
