"""The things that are priced on a side: a text, a request, the answers in a file."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from openai_cli.models.table import Table
from openai_cli.prices.bill import Bill, Statement
from openai_cli.prices.bodies import Asked
from openai_cli.prices.calls import NO_CALLS, AskedCalls
from openai_cli.prices.charges import total
from openai_cli.records import NamedTuple


class Item(NamedTuple):
    """A text or a request, with the tokens of its prompt.

    `name` is its custom_id, and `line` is where it begins in its file, from 1. `content` are its
    bytes, if they are needed to find the same request on the other side.
    """

    asked: Asked
    tokens: int
    calls: AskedCalls = NO_CALLS
    name: str | None = None
    line: int = 1
    content: bytes = b""


class Amount(NamedTuple):
    """What something costs, in USD.

    `longest` is the cost with the model's longest output where there is no limit, or None if all
    outputs have one. `unknown` describes what neither includes. `model` is the model that it is
    for, and `tokens` are the input tokens.
    """

    usd: Decimal
    longest: Decimal | None = None
    unknown: tuple[str, ...] = ()
    model: str | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class Pricer:
    """Prices both sides by the same table, on the same day and in the same region.

    `limit` is the output limit of a request that has none.
    """

    table: Table
    on: date
    region: str | None = None
    tier: str | None = None
    limit: int | None = None
    _known: dict[tuple[Asked, int, AskedCalls], Amount] = field(default_factory=dict, init=False)

    @cached_property
    def _bill(self) -> Bill:
        return Bill(self.table, self.on, self.region)

    def bill(self) -> Bill:
        """Return an empty bill."""
        return self._bill.empty()

    def amount(self, item: Item) -> Amount:
        """Return what an item costs; raise UsageError for a model without a price."""
        key = item.asked, item.tokens, item.calls
        if key not in self._known:
            bill = self.bill()
            bill.add_requests(item.asked, [item.tokens], calls=item.calls)
            self._known[key] = amount_of(bill.statements())
        return self._known[key]


def amount_of(statements: list[Statement]) -> Amount:
    """Return the sum of statements."""
    models = dict.fromkeys(one.tariff.name for one in statements)
    is_open = any(one.unlimited for one in statements)
    tokens = sum(
        int(charge.quantity)
        for one in statements
        for charge in one.charges
        if charge.kind.endswith("input")
    )
    return Amount(
        total(one.usd for one in statements),
        total(one.with_longest for one in statements) if is_open else None,
        tuple(dict.fromkeys(reason for one in statements for reason in one.unknown)),
        ", ".join(models),
        tokens,
    )


class Entry(NamedTuple):
    """Something on one side, at a path, with its cost.

    A request has its `custom_id` and its `line`; answers have the `model` that gave them. `item` is
    None unless it is a single request. `amount` is None if it has no known price; `error` says why.
    `was` is the path in the base of a file that was moved without a change.
    """

    path: str
    custom_id: str | None = None
    line: int | None = None
    model: str | None = None
    item: Item | None = None
    amount: Amount | None = None
    error: str | None = None
    was: str | None = None

    @property
    def shown(self) -> str:
        """What distinguishes it from other entries at its path; '' if there are none."""
        return self.custom_id or self.model or (f"line {self.line}" if self.line else "")
