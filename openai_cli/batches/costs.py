"""The tokens and the cost of a file's requests, line by line, and in total for each way to run."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import chain, repeat
from typing import TYPE_CHECKING, TypeVar

from openai_cli.errors import UsageError
from openai_cli.models.table import Table
from openai_cli.prices.bill import Bill
from openai_cli.prices.bodies import Asked, asked
from openai_cli.prices.bound import bound, bounded, counted_as
from openai_cli.prices.calls import AskedCalls, asked_calls
from openai_cli.prices.charges import total
from openai_cli.prices.money import units
from openai_cli.records import NamedTuple
from openai_cli.tokens.endpoints import COUNTED

if TYPE_CHECKING:
    from openai_cli.batches.lines import Line
    from openai_cli.tokens.lines import Group

T = TypeVar("T")

# The ways to run, and the tier at which each is billed.
WAYS = {"live": "standard", "flex": "flex", "batch": "batch"}


class Counted(NamedTuple):
    """A request's prompt tokens, its most output tokens, and the bound of its cost in units.

    None means unknown; `doubt` says why there is no bound.
    """

    tokens: int | None = None
    output: int | None = None
    bound: int | None = None
    doubt: str | None = None


class Prices(NamedTuple):
    """The prices to use: table, day, region, and tier (None for that of each body).

    With `allows_unbounded`, a request whose cost has no bound counts with its estimate.
    """

    table: Callable[[], Table]
    on: date
    region: str | None = None
    tier: str | None = None
    allows_unbounded: bool = False


class Sum(NamedTuple):
    """The cost of all requests in one way, in USD: the known part, and the maximum.

    `problem` says why an amount is unknown.
    """

    usd: Decimal | None = None
    most: Decimal | None = None
    problem: str | None = None


class Costs:
    """Counts requests as they are read, and adds them up for each of the `WAYS`."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._bills = {way: Bill(prices.table(), prices.on, prices.region) for way in WAYS}
        self._most = {way: bill.empty() for way, bill in self._bills.items()}
        self._problems: dict[str, str] = {}
        self._bounds: dict[tuple[Asked, AskedCalls, int], int] = {}
        self.tokens = 0
        self.doubts: dict[str, None] = {}
        self.unbounded: str | None = None

    def counted(
        self, lines: Iterable["Line"], keep: Callable[["Line"], T]
    ) -> Iterator[tuple[T, Counted]]:
        """Yield the result of `keep` for each line, with its counts.

        If a prompt cannot be counted, that line and all after it have no counts.
        """
        waiting: deque[T] = deque()
        iterator = iter(lines)
        if (first := next(iterator, None)) is None:
            return
        lines = chain((first,), iterator)
        if first.path not in COUNTED:
            yield from ((keep(line), self._alone(line)) for line in lines)
            return
        from openai_cli.tokens.lines import count_lines

        def told() -> Iterator[bytes]:
            number = 0
            for line in lines:
                waiting.append(keep(line))
                yield from repeat(b"\n", line.number - number - 1)
                yield line.raw
                number = line.number

        try:
            for group in count_lines(told(), stand_in=self._stand_in, on=self._prices.on):
                yield from ((waiting.popleft(), counted) for counted in self._of_group(group))
        except UsageError as error:
            none = Counted(doubt=error.problem)
            self._problems |= dict.fromkeys(WAYS, error.problem)
            yield from ((one, none) for one in waiting)
            yield from ((keep(line), none) for line in lines)

    def _stand_in(self, name: str) -> str | None:
        try:
            return counted_as(name, self._prices.table().model(name))
        except UsageError:
            from openai_cli.tokens.encoding import encoding_for_model

            try:
                encoding_for_model(name)
            except UsageError:
                return "gpt-4o"
            return None

    def _alone(self, line: "Line") -> Counted:
        """The counts of a request whose endpoint is not counted in groups."""
        prices = self._prices
        try:
            most = bound(
                line.body, endpoint=line.path, table=prices.table(), on=prices.on,
                region=prices.region,
            )  # fmt: skip
        except UsageError as error:
            for way in WAYS:
                self._problems.setdefault(way, error.problem)
            return Counted(doubt=error.problem)
        return Counted(int(most.input_tokens), most.output_tokens, units(most.usd))

    def _of_group(self, group: "Group") -> Iterator[Counted]:
        """The counts of each request in a group."""
        self.tokens += sum(group.tokens)
        self.doubts |= dict.fromkeys(group.doubts)
        for way in WAYS:
            if way not in self._problems:
                try:
                    self._add(group, way)
                except UsageError as error:
                    self._problems[way] = error.problem
        try:
            own, calls = self._asked(group, self._bills["live"], self._prices.tier)
            model = self._prices.table().model(own.model)
        except UsageError as error:
            yield from (Counted(tokens, doubt=error.problem) for tokens in group.tokens)
            return
        doubts = bounded(group.doubts, group.body, model)
        unbounded = next((str(one) for one in doubts if one.more is None), None)
        if unbounded is not None and self.unbounded is None:
            self.unbounded = unbounded
        more = sum(doubt.more or 0 for doubt in doubts)
        output = None if own.limit is None else own.limit * own.choices
        for tokens in group.tokens:
            if unbounded is not None and not self._prices.allows_unbounded:
                yield Counted(tokens, output, doubt=unbounded)
            else:
                yield self._priced(own, calls, tokens, more, output)

    def _add(self, group: "Group", way: str) -> None:
        """Add a group to the known cost and the maximum cost of one way."""
        request, calls = self._asked(group, self._bills[way], WAYS[way])
        self._bills[way].add_requests(request, group.tokens, calls=calls)
        doubts = bounded(group.doubts, group.body, self._prices.table().model(request.model))
        more = sum(doubt.more or 0 for doubt in doubts)
        self._most[way].add_requests(request, [one + more for one in group.tokens], calls=calls)

    def _asked(self, group: "Group", bill: Bill, tier: str | None) -> tuple[Asked, AskedCalls]:
        request = asked(group.body, model=str(group.body.get("model")), tier=tier)
        searches = bill.tariff(request.model, request.tier).model.searches
        return request, asked_calls(group.body, searches=searches)

    def _priced(
        self, own: Asked, calls: AskedCalls, tokens: int, more: int, output: int | None
    ) -> Counted:
        key = own, calls, tokens + more
        if (found := self._bounds.get(key)) is None:
            bill = self._bills["live"].empty()
            try:
                bill.add_requests(own, [tokens + more], calls=calls)
                (statement,) = bill.statements()
                if statement.unknown and not self._prices.allows_unbounded:
                    return Counted(tokens, output, doubt=statement.unknown[0])
                found = units(statement.most())
            except UsageError as error:
                return Counted(tokens, output, doubt=error.problem)
            if len(self._bounds) > 10_000:
                self._bounds.clear()
            self._bounds[key] = found
        return Counted(tokens, output, found)

    def sums(self) -> dict[str, Sum]:
        """The cost of all requests in each way."""
        return {way: self._sum(way) for way in WAYS}

    def _sum(self, way: str) -> Sum:
        if way in self._problems:
            return Sum(problem=self._problems[way])
        usd = total(statement.usd for statement in self._bills[way].statements())
        if self.unbounded is not None:
            return Sum(usd, problem=f"nothing bounds what they can cost: {self.unbounded}")
        try:
            return Sum(usd, total(statement.most() for statement in self._most[way].statements()))
        except UsageError as error:
            return Sum(usd, problem=error.problem)
