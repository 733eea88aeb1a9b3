"""What `cost` prices: its options for that, and texts, speech, requests and answers.

How it is judged and shown is in commands/cost.py.
"""

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.ours import (
    INPUT,
    CommonOptions,
    Prices,
    Stdin,
    Written,
    argument,
    number,
    options_group,
    ours,
)
from openai_cli.flags.values import Number
from openai_cli.jsontext import quoted
from openai_cli.models import DEFAULT_CHAT, DEFAULT_TRANSCRIPTION
from openai_cli.models.table import Table, tier_of
from openai_cli.prices.answers import Answers, Billed
from openai_cli.prices.bodies import Asked, asked, body_of
from openai_cli.prices.durations import billed_seconds, seconds_of
from openai_cli.prices.estimate import Bill, Statement, counted_as, flag_of, prompt_tokens
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.tokens.counted import Doubt
    from openai_cli.tokens.lines import Group

# Those of many requests repeat each other.
_MOST_DOUBTS = 5

_SOME = Number(0, integer=True)
_COUNT = Number(1, integer=True)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

# The options that limit an output, or say what it has.
LIMITS = ("max_tokens", "max_completion_tokens", "output_tokens")


@options_group
class Priced(CommonOptions, Written, Prices, Stdin):
    """What to price, and by which prices."""

    text: Annotated[str | None, argument("[TEXT]", "The text to price; - is stdin")] = None
    model: Annotated[
        list[str] | None,
        ours(INPUT, "--model", "The model; repeated, to compare", metavar="NAME", short="-m"),
    ] = None
    tier: Annotated[
        str | None,
        ours(INPUT, "--tier", "standard, batch, flex, priority, …", metavar="NAME"),
    ] = None
    max_tokens: Annotated[
        str | None, ours(INPUT, "--max-tokens", "The limit of each output", metavar="N")
    ] = None
    max_completion_tokens: Annotated[
        str | None, ours(INPUT, "--max-completion-tokens", "The same", metavar="N")
    ] = None
    output_tokens: Annotated[
        str | None,
        ours(INPUT, "--output-tokens", "What each output has, as a figure", metavar="N"),
    ] = None
    n: Annotated[str | None, ours(INPUT, "--n", "How many outputs", metavar="N")] = None
    best_of: Annotated[
        str | None, ours(INPUT, "--best-of", "Of how many outputs the best are", metavar="N")
    ] = None
    input_tokens: Annotated[
        str | None,
        ours(INPUT, "--input-tokens", "What the input has, instead of a text", metavar="N"),
    ] = None
    cached_tokens: Annotated[
        str | None,
        ours(INPUT, "--cached-tokens", "How many of the input the cache has", metavar="N"),
    ] = None
    cache_write_tokens: Annotated[
        str | None,
        ours(INPUT, "--cache-write-tokens", "How many of it are written there", metavar="N"),
    ] = None
    request: Annotated[
        str | None,
        ours(INPUT, "--request", "Price request bodies, or Batch API lines", metavar="FILE"),
    ] = None
    response: Annotated[
        str | None,
        ours(INPUT, "--response", "Add up answers, or a usage file", metavar="FILE"),
    ] = None
    audio: Annotated[
        list[str] | None,
        ours(INPUT, "--audio", "Price files of speech by their length; repeated", metavar="FILE"),
    ] = None
    audio_seconds: Annotated[
        str | None,
        ours(INPUT, "--audio-seconds", "Price so much speech, for `transcribe`", metavar="N"),
    ] = None
    as_of: Annotated[
        str | None, ours(INPUT, "--as-of", "By the prices of that day", metavar="YYYY-MM-DD")
    ] = None


class Pricing:
    """One call: what it costs, and what is to be said of that."""

    def __init__(self, context: Context, options: Priced, table: Table) -> None:
        self.context = context
        self.options = options
        self.table = table
        self.on = _day(options) or context.today()
        self.inputs = Inputs(context, options.stdin)
        self.doubts: dict[str, None] = {}
        self.unbounded: Doubt | None = None
        self._bounds = Bill(table, self.on)

    @property
    def is_speech(self) -> bool:
        """Whether what is priced is speech."""
        return self.options.audio is not None or self.options.audio_seconds is not None

    def statements(self) -> list[Statement]:
        """What is priced, as it was asked for."""
        if self.options.response is not None:
            return self._answered(self.options.response)
        if self.options.request is not None:
            return self._requested(self.options.request)
        return self._of_speech() if self.is_speech else self._of_text()

    def _of_text(self) -> list[Statement]:
        """What the text costs, or so many tokens, with each of the models, the cheapest first."""
        tokens = _number(self.options, "input_tokens", _SOME)
        given = [] if self.options.text is None else [self.options.text]
        text = None if tokens is not None else self.inputs.raw_text(given)
        if tokens is None and text is None:
            raise UsageError(
                "there is no text to price",
                hint="for example: openai-cli cost hamburger --max-tokens 500",
            )
        models = dict.fromkeys(self.options.model or [self._default_model])
        found = [self._statement(name, tokens, text or "") for name in models]
        return sorted(found, key=lambda statement: statement.usd)

    @property
    def _default_model(self) -> str:
        return self.context.variable("OPENAI_MODEL") or DEFAULT_CHAT

    def _statement(self, name: str, tokens: int | None, text: str) -> Statement:
        options = self.options
        bill = Bill(self.table, self.on)
        prices = bill.tariff(name, self._tier or "standard")
        if tokens is None and prices.is_by_character:
            bill.add_characters(name, prices.tier, text)
            return bill.statements()[0]
        body, endpoint = body_of(text, prices)
        if tokens is None:
            counted = prompt_tokens(body, endpoint, prices, self.on)
            self.doubts |= dict.fromkeys(counted.doubts)
            tokens = int(counted)
        cached = _number(options, "cached_tokens", _SOME)
        written = _number(options, "cache_write_tokens", _SOME)
        if (cached or 0) + (written or 0) > tokens:
            raise UsageError(
                "--cached-tokens and --cache-write-tokens are parts of the input, which has "
                f"{tokens} tokens"
            )
        request = asked(body, model=name, tier=prices.tier)
        request = request._replace(choices=_choices(options), limit=_limit(options))
        bill.add_requests(request, [tokens], cached=cached, written=written)
        return bill.statements()[0]

    @property
    def _tier(self) -> str | None:
        return None if self.options.tier is None else tier_of(self.options.tier)

    def _of_speech(self) -> list[Statement]:
        """What it costs to transcribe so much speech with each of the models."""
        lengths = self._lengths()
        given = self.options.model or [
            self.context.variable("OPENAI_MODEL") or DEFAULT_TRANSCRIPTION
        ]
        found = []
        for name in dict.fromkeys(given):
            bill = Bill(self.table, self.on)
            for seconds in lengths:
                bill.add_speech(name, self._tier or "standard", seconds)
            found += bill.statements()
            if "input" in found[-1].tariff.bands[0]:
                doubt = f"{name} is billed by tokens; its price by length is what OpenAI estimates"
                self.doubts[doubt] = None
        return sorted(found, key=lambda statement: statement.usd)

    def _lengths(self) -> list[int]:
        """The seconds that each file is billed for, or the one figure."""
        if self.options.audio is None:
            figure = number("--audio-seconds", self.options.audio_seconds, Number(0))
            return [billed_seconds(Decimal(str(figure)))]
        return [billed_seconds(self._length(path)) for path in self.options.audio]

    def _length(self, path: str) -> Decimal:
        shown = "stdin" if path == "-" else f"'{path}'"
        (length,) = self.inputs.read("--audio", path, lambda file: (seconds_of(file, shown),))
        return length

    def _answered(self, path: str) -> list[Statement]:
        """What the answers in a file did cost."""
        from openai_cli.tokens.lines import at_line, objects

        bill, answers = Bill(self.table, self.on), Answers()
        (model,) = self.options.model or (None,)
        for answer in answers.read(objects(self.inputs.lines("--response", path))):
            try:
                bill.add_usage(_model_of(answer, model), self._tier or answer.tier, answer.usage)
            except UsageError as error:
                raise at_line(answer.line, error) from None
        statements = bill.statements()
        if answers.failed:
            self.context.messages.notice(
                f"failed requests, which cost nothing and are in no sum: {answers.failed}"
            )
        elif not statements:
            raise UsageError(f"--response: there is no answer in '{path}'")
        return statements

    def _requested(self, path: str) -> list[Statement]:
        """What the requests in a file can cost."""
        from openai_cli.tokens.lines import at_line, count_lines

        bill, figure = Bill(self.table, self.on), _limit(self.options)
        (default,) = self.options.model or (self._default_model,)
        lines = self.inputs.lines("--request", path)
        for group in count_lines(lines, model=default, stand_in=self._stand_in, on=self.on):
            try:
                request = self._asked(group, default, figure)
                bill.add_requests(request, group.tokens)
                self._bound(request, group)
            except UsageError as error:
                raise at_line(group.numbers[0], error) from None
            if len(self.doubts) < _MOST_DOUBTS:
                self.doubts |= dict.fromkeys(group.doubts)
        return bill.statements()

    def _bound(self, request: Asked, group: "Group") -> None:
        """Add requests to what all can cost at most, where that is asked for."""
        if self.options.max_cost is None:
            return
        self.unbounded = self.unbounded or next((d for d in group.doubts if d.more is None), None)
        more = sum(doubt.more or 0 for doubt in group.doubts)
        self._bounds.add_requests(request, [tokens + more for tokens in group.tokens])

    def bounds(self, statements: list[Statement]) -> list[Statement]:
        """What --max-cost is held against: with all that counts of requests may be too low by."""
        return statements if self.options.request is None else self._bounds.statements()

    def _stand_in(self, name: str) -> str | None:
        return counted_as(name, self.table.model(name))

    def _asked(self, group: "Group", default: str, figure: int | None) -> Asked:
        """What requests ask for; `figure` stands for a limit where they have none."""
        model = group.body.get("model")
        tier = self._tier or (None if group.custom_ids[0] is None else "batch")
        request = asked(group.body, model=default if model is None else model, tier=tier)
        return request._replace(limit=figure) if request.limit is None else request


def _model_of(answer: Billed, default: str | None) -> str:
    name = answer.model or default
    if name is None:
        raise UsageError("the answer names no model", hint="--model names it")
    return name


def _number(options: Priced, name: str, kind: Number) -> int | None:
    value = number(flag_of(name), getattr(options, name), kind)
    return None if value is None else int(value)


def _choices(options: Priced) -> int:
    n, best_of = _number(options, "n", _COUNT), _number(options, "best_of", _COUNT)
    if best_of is not None and best_of < (n or 1):
        raise UsageError("--best-of must be at least --n")
    return best_of or n or 1


def _limit(options: Priced) -> int | None:
    given = (_number(options, name, _SOME) for name in LIMITS)
    return next((limit for limit in given if limit is not None), None)


def _day(options: Priced) -> date | None:
    if options.as_of is None:
        return None
    try:
        if _DAY.fullmatch(options.as_of):
            return date.fromisoformat(options.as_of)
    except ValueError:  # a 31st of June
        pass
    raise UsageError(f"--as-of must be a day such as 2026-11-23, not {quoted(options.as_of)}")
