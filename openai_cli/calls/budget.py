"""--max-cost and [budget]: refuse a request that could cost more, before anything is sent."""

from typing import TYPE_CHECKING, Self

from openai_cli.context import Context
from openai_cli.errors import LimitError, UsageError
from openai_cli.flags.output import Prices
from openai_cli.records import mutable_record
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from openai_cli.ledger.book import Book
    from openai_cli.models.table import Table
    from openai_cli.prices.bound import Bound


@mutable_record
class Budget:
    """The limit of --max-cost in USD, None without one, and how much of it is reserved.

    `base_url` returns the server's base URL, whose region may set the price. With
    `allows_unbounded`, a part of a request that may cost any amount counts at its estimate.
    `has_own_prices`: the price table is not only the packaged one. With `waits`, the answer may
    come from the cache, so the cost is reserved only once the cache has missed. `book` holds the
    budgets shared by all processes, and `line` returns what is known of a call before it is sent.
    """

    context: Context
    table: "Callable[[], Table]"
    base_url: "Callable[[], str]"
    limit: "Decimal | None" = None
    reserved: "Decimal | None" = None
    allows_unbounded: bool = False
    has_own_prices: bool = False
    waits: bool = False
    book: "Book | None" = None
    line: "Callable[[Request], str]" = lambda _request: "{}"
    _due: "Callable[[], None] | None" = None

    @classmethod
    def of(
        cls,
        context: Context,
        options: object,
        table: "Callable[[], Table]",
        base_url: "Callable[[], str]",
    ) -> Self:
        """Return the budget of the options; raise UsageError for an invalid amount."""
        if not isinstance(options, Prices):
            return cls(context, table, base_url)
        made = cls(
            context,
            table,
            base_url,
            allows_unbounded=options.allow_unbounded,
            has_own_prices=options.prices is not None,
        )
        if options.max_cost is not None:
            from openai_cli.prices.money import amount

            made.limit = amount("--max-cost", options.max_cost)
        return made

    @property
    def _holds(self) -> bool:
        """Whether any limit applies."""
        return self.limit is not None or (self.book is not None and bool(self.book.limits))

    def check(self, *requests: Request) -> None:
        """Raise LimitError if one of the requests alone can cost more than a limit.

        The highest bound among them is reserved of the budgets shared by all processes.
        """
        if self._holds:
            self._now_or_later(lambda: self._check(requests))

    def _check(self, requests: "Sequence[Request]") -> None:
        if self._reserve_roughly(requests):
            return
        bounds = [self._bound(request) for request in requests]
        for most in bounds:
            self._refuse_above(most, None)
        self._book_most(requests, bounds)

    def reserve(self, request: Request) -> None:
        """Raise LimitError if this request and those reserved before can exceed the limit."""
        if self._holds:
            self._now_or_later(lambda: self._reserve(request))

    def _reserve(self, request: Request) -> None:
        most = self._bound(request)
        self._refuse_above(most, self.reserved)
        if most is not None:
            self.reserved = most.usd if self.reserved is None else self.reserved + most.usd
        self._book_most([request], [most])

    def _now_or_later(self, reserve: "Callable[[], None]") -> None:
        if self.waits:
            self._due = reserve
        else:
            reserve()

    def reserve_due(self) -> None:
        """Make the deferred reservation: the request is about to be sent."""
        due, self._due = self._due, None
        if due is not None:
            due()

    def pass_over(self) -> None:
        """Drop the deferred reservation: the answer comes from the cache."""
        self._due = None

    def check_unbounded(self, request: Request, reason: str, instead: str) -> None:
        """Refuse a request whose cost has no bound: a UsageError under --max-cost.

        `instead` is the hint, which says what to do instead. A [budget] lets the request pass with
        --allow-unbounded, until the budget is used up.
        """
        if self.limit is not None:
            raise UsageError(f"--max-cost: {reason}", hint=instead)
        if self.book is not None and self.book.limits:
            if not self.allows_unbounded:
                raise UsageError(f"[budget]: {reason}", hint="--allow-unbounded lets it pass")
            self._book_most([request], [None])

    def renew(self, request: Request) -> None:
        """Reserve the request's cost again in the shared budgets, after a failed attempt."""
        if self.book is not None and self.book.limits:
            self._now_or_later(lambda: self._book_most([request], [self._bound(request)]))

    def _book_most(self, requests: "Sequence[Request]", bounds: "Sequence[Bound | None]") -> None:
        """Reserve the highest bound; one without a bound only needs some budget left."""
        if self.book is None or not self.book.limits:
            return
        from openai_cli.prices.money import units

        most = max(units(one.usd) if one is not None else 0 for one in bounds)
        if most or None in bounds:  # a free request passes even when a budget is used up
            self.book.reserve(most, self.line(requests[0]), alone=True)

    def _reserve_roughly(self, requests: "Sequence[Request]") -> bool:
        """Reserve an upper estimate of the bound if the budgets have room for many such calls.

        This avoids counting tokens. Return False, with nothing reserved, where the exact bound is
        needed.
        """
        book = self.book
        is_plain = self.limit is None and not self.has_own_prices and not self.allows_unbounded
        if book is None or not book.limits or not is_plain:
            return False
        from openai_cli.http.address import region_of
        from openai_cli.prices.rough import rough

        on, region = self.context.today().isoformat(), region_of(self.base_url())
        bounds = []
        for request in requests:
            bound = rough(
                request.body, endpoint=request.path.partition("?")[0], on=on, region=region
            )
            if bound is None:
                return False
            bounds.append(bound)

        def exact() -> int:
            from openai_cli.prices.money import units

            found = (self._bound(request) for request in requests)
            return max(units(one.usd) for one in found if one is not None)

        return book.reserve_easily(max(bounds), self.line(requests[0]), exact)

    def _bound(self, request: Request) -> "Bound | None":
        """Return the most that a request can cost; None if it has no price, and needs none."""
        from openai_cli.http.address import region_of
        from openai_cli.prices.bound import bound

        try:
            most = bound(
                request.body,
                endpoint=request.path.partition("?")[0],
                table=self.table(),
                on=self.context.today(),
                region=region_of(self.base_url()),
            )
        except UsageError as error:
            if self.limit is None and self.allows_unbounded:
                self.context.messages.notice(f"[budget]: nothing is reserved: {error.problem}")
                return None
            error.problem = f"{self._name}: {error.problem}"
            if self.limit is None:
                error.add_hint("--allow-unbounded lets it pass")
            raise
        if most.input_tokens.unbounded and not self.allows_unbounded:
            raise no_bound(most.input_tokens.unbounded[0], self._name)
        for doubt in most.input_tokens.doubts if self.limit is not None else ():
            self.context.messages.notice(f"the cost is an estimate: {doubt}")
        return most

    @property
    def _name(self) -> str:
        """The limit that an error message names."""
        return "[budget]" if self.limit is None else "--max-cost"

    def _refuse_above(self, most: "Bound | None", before: "Decimal | None") -> None:
        from openai_cli.prices.money import plain

        if self.limit is None or most is None:
            return
        usd = most.usd if before is None else most.usd + before
        if usd > self.limit:
            so_far = f", {plain(usd)} USD with those before it" if before is not None else ""
            raise LimitError(
                f"the request can cost {plain(most.usd)} USD ({most.billed}){so_far}, "
                f"more than the {plain(self.limit)} of --max-cost",
                hint=f"{most.lowered_by} lowers it" if most.lowered_by else None,
            )


def no_bound(doubt: str, limit: str = "--max-cost") -> LimitError:
    """Return the error for a request whose cost has no bound; `doubt` is the reason."""
    return LimitError(
        f"{limit}: nothing bounds what the request can cost: {doubt}",
        hint="--allow-unbounded lets it pass, at its estimate",
    )
