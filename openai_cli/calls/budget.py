"""What commands that send do with --max-cost: refuse, before anything is sent."""

from typing import TYPE_CHECKING

from openai_cli.context import Context
from openai_cli.errors import LimitError, UsageError
from openai_cli.flags.ours import Prices
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from decimal import Decimal


def check_cost(
    context: Context, options: Prices, request: Request, spent: "Decimal | None" = None
) -> "Decimal | None":
    """Refuse what can cost more than --max-cost, by LimitError.

    Gives what the request can cost and `spent`, what those before it can, in USD; None where there
    is no limit.
    """
    if options.max_cost is None:
        return None
    from openai_cli.models.table import load_table
    from openai_cli.prices.estimate import bound
    from openai_cli.prices.money import amount, plain

    limit = amount("--max-cost", options.max_cost)
    try:
        most = bound(
            request.body,
            endpoint=request.path,
            table=load_table(options.prices),
            on=context.today(),
        )
    except UsageError as error:
        error.problem = f"--max-cost: {error.problem}"
        raise
    for doubt in most.input_tokens.doubts:
        context.messages.notice(f"the cost is an estimate: {doubt}")
    usd = most.usd if spent is None else most.usd + spent
    if usd > limit:
        so_far = f", {plain(usd)} USD with those before it" if spent is not None else ""
        raise LimitError(
            f"the request can cost {plain(most.usd)} USD ({most.billed}){so_far}, "
            f"more than the {plain(limit)} of --max-cost",
            hint=f"{most.lowered_by} lowers it" if most.lowered_by else None,
        )
    return usd
