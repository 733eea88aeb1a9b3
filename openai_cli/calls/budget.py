"""--max-cost: a request that could cost more is refused before anything is sent."""

from typing import TYPE_CHECKING, Self

from openai_cli.context import Context
from openai_cli.errors import LimitError, UsageError
from openai_cli.flags.output import Prices
from openai_cli.records import mutable_record
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from openai_cli.models.table import Table
    from openai_cli.prices.bound import Bound


@mutable_record
class Budget:
    """The limit of --max-cost in USD, None without one, and what is reserved of it so far.

    `base_url` gives that of the server, which may be in a region of its own. `allows_unbounded`: a
    part of a request that may cost any amount counts as its estimate.
    """

    context: Context
    table: "Callable[[], Table]"
    base_url: "Callable[[], str]"
    limit: "Decimal | None" = None
    reserved: "Decimal | None" = None
    allows_unbounded: bool = False

    @classmethod
    def of(
        cls,
        context: Context,
        options: object,
        table: "Callable[[], Table]",
        base_url: "Callable[[], str]",
    ) -> Self:
        """The budget of the options; UsageError for an amount that is none."""
        if not isinstance(options, Prices) or options.max_cost is None:
            return cls(context, table, base_url)
        from openai_cli.prices.money import amount

        limit = amount("--max-cost", options.max_cost)
        return cls(context, table, base_url, limit, allows_unbounded=options.allow_unbounded)

    def check(self, request: Request) -> None:
        """Refuse, by LimitError, a request that can cost more than the limit by itself."""
        if self.limit is not None:
            self._refuse_above(self.limit, self._bound(request), None)

    def reserve(self, request: Request) -> None:
        """Refuse, by LimitError, a request with which all that were reserved can cost more."""
        if self.limit is not None:
            most = self._bound(request)
            self._refuse_above(self.limit, most, self.reserved)
            self.reserved = most.usd if self.reserved is None else self.reserved + most.usd

    def _bound(self, request: Request) -> "Bound":
        from openai_cli.prices.bound import bound
        from openai_cli.prices.regions import region_of

        try:
            most = bound(
                request.body,
                endpoint=request.path,
                table=self.table(),
                on=self.context.today(),
                region=region_of(self.base_url()),
            )
        except UsageError as error:
            error.problem = f"--max-cost: {error.problem}"
            raise
        if most.input_tokens.unbounded and not self.allows_unbounded:
            raise no_bound(most.input_tokens.unbounded[0])
        for doubt in most.input_tokens.doubts:
            self.context.messages.notice(f"the cost is an estimate: {doubt}")
        return most

    @staticmethod
    def _refuse_above(limit: "Decimal", most: "Bound", before: "Decimal | None") -> None:
        from openai_cli.prices.money import plain

        usd = most.usd if before is None else most.usd + before
        if usd > limit:
            so_far = f", {plain(usd)} USD with those before it" if before is not None else ""
            raise LimitError(
                f"the request can cost {plain(most.usd)} USD ({most.billed}){so_far}, "
                f"more than the {plain(limit)} of --max-cost",
                hint=f"{most.lowered_by} lowers it" if most.lowered_by else None,
            )


def no_bound(doubt: str) -> LimitError:
    """The error of a request whose cost has no bound, for this reason."""
    return LimitError(
        f"--max-cost: nothing bounds what the request can cost: {doubt}",
        hint="--allow-unbounded lets it pass, at its estimate",
    )
