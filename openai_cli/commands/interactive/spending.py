"""What the calls of a session have cost, and the least that the next one will cost."""

from collections import Counter
from typing import TYPE_CHECKING

from openai_cli.calls.session import Session
from openai_cli.commands.fitting import prompt_tokens
from openai_cli.errors import UsageError
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openai_cli.prices.receipt import Receipt


def spent(calls: "Sequence[Receipt]") -> str:
    """What the calls cost: the sum of the known prices, and the models whose price is unknown."""
    from openai_cli.prices.charges import total
    from openai_cli.prices.money import plain

    if not calls:
        return "no call so far"
    known = [call.usd for call in calls if call.usd is not None]
    told = [call for call in calls if call.usd is not None or call.input_tokens is not None]
    unknown = Counter(call.model or "a model without a name" for call in told if call.usd is None)
    inputs = sum(call.input_tokens or 0 for call in calls)
    outputs = sum(call.output_tokens or 0 for call in calls)
    least = "at least " if any(call.unknown for call in calls) else ""
    usd = f"{least}{plain(total(known))} USD" if known else "USD unknown"
    tokens = f", {inputs} input and {outputs} output tokens" if told else ""
    rest = "".join(
        f"; the price of {_calls(count)} to {model} is not known"
        for model, count in unknown.items()
    )
    if len(told) < len(calls):
        rest += f"; the usage of {_calls(len(calls) - len(told))} is not known: none was reported"
    return f"{usd} for {_calls(len(calls))}{tokens}{rest}"


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"


def next_turn(session: Session, request: Request) -> str:
    """The least that sending the conversation costs: a long prompt may be cached."""
    from openai_cli.prices.bill import SHORTEST_CACHED
    from openai_cli.prices.bodies import asked
    from openai_cli.prices.charges import product, tariff
    from openai_cli.prices.money import plain

    tokens = prompt_tokens(request)
    try:
        tier = asked(request.body, model=request.body["model"]).tier
        on = session.context.today()
        prices = tariff(session.table, request.body["model"], tier, on)
        kind = "input" if tokens < SHORTEST_CACHED else "cached_input"
        rate, _ = prices.rate(prices.band(tokens), kind)
    except UsageError as error:
        return f"the cost of the next turn is not known: {error.problem}"
    return f"the next turn: at least {plain(product(tokens, rate))} USD for {tokens} input tokens"
