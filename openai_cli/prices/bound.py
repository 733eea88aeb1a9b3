"""Compute the maximum cost of a request."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from openai_cli.errors import UsageError
from openai_cli.flags.names import flag_of
from openai_cli.models.table import Model, Table
from openai_cli.prices.bill import Bill
from openai_cli.prices.bodies import asked
from openai_cli.prices.calls import asked_calls
from openai_cli.prices.charges import Tariff, total
from openai_cli.records import NamedTuple

if TYPE_CHECKING:
    from openai_cli.tokens.counted import Doubt, TokenCount

# A known model for each older encoding.
_COUNTED_AS = {"cl100k_base": "gpt-4", "p50k_base": "text-davinci-003", "r50k_base": "davinci"}


def counted_as(name: str, model: Model) -> str | None:
    """Return the model to count like, for one that only the user's own table has; else None."""
    from openai_cli.tokens.encoding import encoding_for_model

    try:
        encoding_for_model(name)
    except UsageError:
        return _COUNTED_AS.get(model.encoding or "", "gpt-4o")
    return None


def prompt_tokens(
    body: Mapping[str, Any], endpoint: str | None, prices: Tariff, on: date
) -> "TokenCount":
    """Count the tokens of a prompt that is sent on a day.

    A model that only the user's own table has is counted like a known one. Raises the errors of
    `count_request`.
    """
    from openai_cli.tokens.counted import Doubt, TokenCount
    from openai_cli.tokens.messages import count_request

    like = counted_as(prices.name, prices.model)
    if like is None:
        return count_request(body, endpoint=endpoint, on=on)
    tokens = count_request({**body, "model": like}, endpoint=endpoint, on=on)
    doubt = Doubt(f"how {prices.name} counts is not known: counted like {like}")
    return TokenCount(tokens, (*tokens.doubts, doubt))


class Bound(NamedTuple):
    """The maximum cost of a request, in USD.

    If the body sets no output limit, `output_tokens` are the model's longest outputs, and
    `lowered_by` is the flag that sets a limit. `most_input` is an upper bound for the input tokens,
    except for parts in `input_tokens.unbounded`, which are estimates. A model that is billed by
    `characters` has no tokens.
    """

    usd: Decimal
    input_tokens: "TokenCount"
    output_tokens: int
    lowered_by: str | None
    notes: tuple[str, ...]
    characters: int | None = None

    @property
    def most_input(self) -> int:
        """The input tokens, including what each of their doubts may add."""
        return _with_doubts(self.input_tokens)

    @property
    def billed(self) -> str:
        """What the request is billed for, in words."""
        if self.characters is not None:
            return f"{self.characters} characters"
        return f"{self.most_input} input and up to {self.output_tokens} output tokens"


def bound(
    body: Mapping[str, Any],
    *,
    endpoint: str | None,
    table: Table,
    on: date,
    region: str | None = None,
) -> Bound:
    """Return the maximum cost of sending a body to an endpoint (`/chat/completions`) on a day.

    The prompt is priced as a cache write if that costs more, and each output (`n`, or at
    /completions `best_of` if larger, per prompt) at its limit, or at the model's longest output
    without one. Of tools that are billed per call, the dearest is called `max_tool_calls` times,
    and after each call the model reads a prompt of its whole window. Models that are billed by
    characters are priced by the characters of the text to say.

    Tools without a known fee, or without a limit on their calls, are in `input_tokens.unbounded`.

    Raises UsageError for a model, a tier or a day without a known price, if the longest output is
    needed and not known, and for a body whose tokens cannot be counted.
    """
    model = body.get("model")
    if not isinstance(model, str):
        raise UsageError("the body names no model, so its price is not known", parameter="model")
    from openai_cli.tokens.counted import TokenCount

    request = asked(body, model=model)
    bill = Bill(table, on, region)
    prices = bill.tariff(model, request.tier)
    if (none := _without_tokens(body, bill, prices)) is not None:
        return none
    tokens = prompt_tokens(body, endpoint, prices, on)
    tokens = TokenCount(tokens, bounded(tokens.doubts, body, prices.model))
    calls = asked_calls(body, searches=prices.model.searches)
    bill.add_requests(request, [_with_doubts(tokens)], calls=calls)
    (statement,) = bill.statements()
    tokens = _with_unbounded(tokens, statement.unknown)
    usd, is_open = statement.most(), statement.unlimited > 0
    limit = statement.longest_output if is_open else request.limit or 0
    return Bound(
        usd,
        tokens,
        0 if prices.is_silent else limit * request.choices,
        flag_of(request.limit_name) if is_open else None,
        tuple(prices.notes(on)),
    )


def _with_doubts(tokens: "TokenCount") -> int:
    return tokens + sum(doubt.more or 0 for doubt in tokens.doubts)


def bounded(
    doubts: "Iterable[Doubt]", body: Mapping[str, Any], model: Model
) -> "tuple[Doubt, ...]":
    """Return the doubts of a count, with those about hosted tools bounded by `max_tool_calls`.

    After each call the model reads its prompt again, at most its whole context window.
    """
    from openai_cli.tokens.counted import Doubt

    most, window = body.get("max_tool_calls"), model.context_window
    if type(most) is not int or window is None or most < 0:
        return tuple(doubts)
    return tuple(
        Doubt(doubt, most * window) if doubt.by_calls and doubt.more is None else doubt
        for doubt in doubts
    )


def _with_unbounded(tokens: "TokenCount", reasons: Iterable[str]) -> "TokenCount":
    """Return the count with a doubt for each reason why it has no bound."""
    from openai_cli.tokens.counted import Doubt, TokenCount

    return TokenCount(tokens, (*tokens.doubts, *(Doubt(reason, None) for reason in reasons)))


def _without_tokens(body: Mapping[str, Any], bill: Bill, prices: Tariff) -> Bound | None:
    """Return the bound for a model that is free or billed by characters; None for any other."""
    from openai_cli.tokens.counted import TokenCount

    text = body.get("input")
    characters = None
    if prices.is_by_character and isinstance(text, str):
        bill.add_characters(prices.name, prices.tier, text)
        characters = len(text)
    elif not prices.is_free:
        return None
    usd = total(statement.usd for statement in bill.statements())
    return Bound(usd, TokenCount(0), 0, None, tuple(prices.notes(bill.on)), characters)
