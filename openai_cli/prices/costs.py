"""Compute what an answer did cost."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from openai_cli.errors import UsageError
from openai_cli.models.table import Table
from openai_cli.prices.bill import Bill
from openai_cli.prices.billed import Billed
from openai_cli.prices.charges import total
from openai_cli.records import NamedTuple


class Cost(NamedTuple):
    """What an answer cost, in USD; `usd` is None if its price is not known at all.

    `unknown` describes what is not included because its count or price is not known; if there is
    any, the cost is a lower bound.
    """

    usd: Decimal | None
    unknown: tuple[str, ...] = ()


def price_answer(billed: Iterable[Billed], *, table: Table, on: date) -> Cost:
    """Return the cost of an answer from all that it is billed by, its own model first.

    The cost is not known if its model, the tier or the day has no known price, or if the usage has
    no tokens; then the work of other models is left out too.
    """
    bill = Bill(table, on)
    unknown = []
    for number, part in enumerate(billed):
        try:
            bill.add_answer(part, model=part.model or "")
        except UsageError as error:
            if not number:
                return Cost(None, (error.problem,))
            unknown.append(error.problem)
    statements = bill.statements()
    reasons = [reason for statement in statements for reason in statement.unknown]
    return Cost(total(statement.usd for statement in statements), (*reasons, *unknown))
