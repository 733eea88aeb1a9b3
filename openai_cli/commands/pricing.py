"""What `cost` prices: the options for it, and texts and speech.

commands/pricing_files.py prices files of requests, answers and texts. commands/cost.py checks the
result against limits and prints it.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from openai_cli.commands.ledger import KEYS, day
from openai_cli.commands.long_stdin import count_stdin, text_or_blocks, whole_text
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.names import flag_of
from openai_cli.flags.ours import (
    OPTIONS,
    CommonOptions,
    Stdin,
    argument,
    number,
    options_group,
    ours,
    switch,
)
from openai_cli.flags.output import Prices, Written
from openai_cli.flags.values import Number
from openai_cli.http.address import region_of
from openai_cli.jsontext import quoted
from openai_cli.models import DEFAULT_CHAT, DEFAULT_TRANSCRIPTION
from openai_cli.models.table import REGIONS, Table, tier_of
from openai_cli.prices.bill import Bill, Statement
from openai_cli.prices.bodies import asked, body_of
from openai_cli.prices.bound import counted_as, prompt_tokens
from openai_cli.prices.calls import asked_calls
from openai_cli.prices.durations import billed_seconds, seconds_of
from openai_cli.records import Annotated
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.prices.report import Label
    from openai_cli.tokens.counted import Doubt

_SOME = Number(0, integer=True)
_COUNT = Number(1, integer=True)

# The options that limit an output, or state its length.
LIMITS = ("max_tokens", "max_completion_tokens", "output_tokens")


@options_group
class Rates(Prices):
    """At which prices, and for how long an output."""

    tier: Annotated[
        str | None,
        ours(OPTIONS, "--tier", "standard, batch, flex, priority, …", metavar="NAME"),
    ] = None
    region: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--region",
            f"Use the prices of a region: {', '.join(REGIONS)}",
            metavar="NAME",
            names=REGIONS,
        ),
    ] = None
    output_tokens: Annotated[
        str | None,
        ours(OPTIONS, "--output-tokens", "Assume this many tokens per output", metavar="N"),
    ] = None
    as_of: Annotated[
        str | None, ours(OPTIONS, "--as-of", "Use the prices of this day", metavar="YYYY-MM-DD")
    ] = None


@options_group
class Priced(CommonOptions, Written, Rates, Stdin):
    """What to price, and at which prices."""

    text: Annotated[
        list[str] | None,
        argument("[TEXT]...", "The text to price; paths with --files; - reads stdin"),
    ] = None
    model: Annotated[
        list[str] | None,
        ours(OPTIONS, "--model", "The model; repeat it to compare", metavar="NAME", short="-m"),
    ] = None
    max_tokens: Annotated[
        str | None, ours(OPTIONS, "--max-tokens", "Limit of each output", metavar="N")
    ] = None
    max_completion_tokens: Annotated[
        str | None, ours(OPTIONS, "--max-completion-tokens", "Same as --max-tokens", metavar="N")
    ] = None
    n: Annotated[str | None, ours(OPTIONS, "--n", "How many outputs", metavar="N")] = None
    best_of: Annotated[
        str | None,
        ours(OPTIONS, "--best-of", "Generate this many outputs to return the best", metavar="N"),
    ] = None
    input_tokens: Annotated[
        str | None,
        ours(
            OPTIONS, "--input-tokens", "Assume this many input tokens, without a text", metavar="N"
        ),
    ] = None
    cached_tokens: Annotated[
        str | None,
        ours(OPTIONS, "--cached-tokens", "Input tokens read from the cache", metavar="N"),
    ] = None
    cache_write_tokens: Annotated[
        str | None,
        ours(OPTIONS, "--cache-write-tokens", "Input tokens written to the cache", metavar="N"),
    ] = None
    request: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--request",
            "Price request bodies or batch lines, for -m if given",
            metavar="FILE",
        ),
    ] = None
    response: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--response",
            "Add up answers or usage lines, as -m if given",
            metavar="FILE",
        ),
    ] = None
    files: Annotated[
        bool, switch(OPTIONS, "files", "Price the files and folders that TEXT names")
    ] = False
    by_request: Annotated[
        bool, switch(OPTIONS, "by-request", "Print a row for each request or answer")
    ] = False
    audio: Annotated[
        list[str] | None,
        ours(OPTIONS, "--audio", "Price an audio file by its length; repeatable", metavar="FILE"),
    ] = None
    audio_seconds: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--audio-seconds",
            "Price this many seconds of speech for `transcribe`",
            metavar="N",
        ),
    ] = None
    since: Annotated[
        str | None,
        ours(OPTIONS, "--since", "Count usage lines from this day on (UTC)", metavar="YYYY-MM-DD"),
    ] = None
    until: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--until",
            "Count usage lines up to and including this day",
            metavar="YYYY-MM-DD",
        ),
    ] = None
    by: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--by",
            f"Add up usage lines by: {', '.join(KEYS)}",
            metavar="WHAT",
            names=tuple(KEYS),
        ),
    ] = None


class Pricing:
    """One run of `cost`: what it prices, and what to say about the result.

    `labels` name the file or request of each statement; `unpriced` gives the reason for each call
    that has no statement. With --max-cost, `most` is what requests can cost if their counts are as
    far too low as they can be, and `unbounded` says why that has no bound.
    """

    def __init__(self, context: Context, options: Priced, table: Table) -> None:
        if "" in (options.model or ()):
            raise UsageError("--model must not be empty")
        for name in options.model or ():
            if "," in name and table.find(name) is None:
                raise UsageError(
                    f"--model {quoted(name)} is taken as one name", hint="repeat --model for each"
                )
        self.context = context
        self.options = options
        self.table = table
        self.on = day("--as-of", options.as_of) or context.today()
        self.region = region(context, options)
        self.inputs = Inputs(context, options.stdin)
        self.doubts: dict[str, None] = {}
        self.labels: list[Label] = []
        self.unpriced: list[str] = []
        self.unbounded: Doubt | None = None
        self.most: list[Statement] = []

    @property
    def is_speech(self) -> bool:
        """Whether speech is priced."""
        return self.options.audio is not None or self.options.audio_seconds is not None

    def statements(self) -> list[Statement]:
        """The cost of the speech or text with each model, the cheapest first."""
        return self._of_speech() if self.is_speech else self._of_text()

    def bill(self) -> Bill:
        """An empty bill at the prices that were asked for."""
        return Bill(self.table, self.on, self.region)

    def _of_text(self) -> list[Statement]:
        """The cost of the text, or of --input-tokens, with each model, the cheapest first."""
        tokens = count_of(self.options, "input_tokens", _SOME)
        models = dict.fromkeys(self.options.model or [self.default_model])
        text, beside = ("", 0) if tokens is not None else self._text(models)
        found = [self._statement(name, tokens, text, beside) for name in models]
        return sorted(found, key=lambda statement: statement.usd)

    def _text(self, models: Iterable[str]) -> tuple[str, int]:
        """The text; or none, and the tokens of a long stdin that all the models count alike."""
        given = text_or_blocks(self.inputs, self.options.text)
        if given is None:
            raise UsageError(
                "there is no text to price",
                hint="for example: openai-cli cost hamburger --max-tokens 500",
            )
        if isinstance(given, str):
            return given, 0
        encoding = self._encoding(models)
        return (whole_text(given), 0) if encoding is None else ("", count_stdin(given, encoding))

    def _encoding(self, models: Iterable[str]) -> str | None:
        """The encoding of all the models; None where one has another, or counts characters."""
        from openai_cli.tokens.encoding import encoding_for_model

        found = set[str | None]()
        for name in models:
            prices = self.bill().tariff(name, self.tier or "standard")
            like = counted_as(name, prices.model) or name
            found.add(None if prices.is_by_character else encoding_for_model(like))
        return found.pop() if len(found) == 1 else None

    @property
    def default_model(self) -> str:
        """The model used if none is named."""
        return self.context.variable("OPENAI_MODEL") or DEFAULT_CHAT

    def _statement(self, name: str, tokens: int | None, text: str, beside: int) -> Statement:
        """What so many tokens cost, or without them those of the text and those `beside` it."""
        options = self.options
        bill = self.bill()
        prices = bill.tariff(name, self.tier or "standard")
        if tokens is None and prices.is_by_character:
            bill.add_characters(name, prices.tier, text)
            return bill.statements()[0]
        body, endpoint = body_of(text, prices)
        if tokens is None:
            counted = prompt_tokens(body, endpoint, prices, self.on)
            self.doubts |= dict.fromkeys(counted.doubts)
            tokens = counted + beside
        cached = count_of(options, "cached_tokens", _SOME)
        written = count_of(options, "cache_write_tokens", _SOME)
        if (cached or 0) + (written or 0) > tokens:
            raise UsageError(
                "--cached-tokens and --cache-write-tokens are parts of the input, which has "
                f"{tokens} tokens"
            )
        request = asked(body, model=name, tier=prices.tier)
        request = request._replace(choices=_choices(options), limit=limit_of(options))
        calls = asked_calls(body, searches=prices.model.searches)
        bill.add_requests(request, [tokens], cached=cached, written=written, calls=calls)
        return bill.statements()[0]

    @property
    def tier(self) -> str | None:
        """The tier that was asked for, by its name in the table."""
        return None if self.options.tier is None else tier_of(self.options.tier)

    def _of_speech(self) -> list[Statement]:
        """The cost of transcribing the speech with each model, the cheapest first."""
        lengths = self._lengths()
        given = self.options.model or [DEFAULT_TRANSCRIPTION]
        found = []
        for name in dict.fromkeys(given):
            bill = self.bill()
            for seconds in lengths:
                bill.add_speech(name, self.tier or "standard", seconds)
            found += bill.statements()
            if "input" in found[-1].tariff.bands[0]:
                doubt = f"{name} is billed by tokens; its price by length is OpenAI's estimate"
                self.doubts[doubt] = None
        return sorted(found, key=lambda statement: statement.usd)

    def _lengths(self) -> list[int]:
        """The billed seconds of each file, or of --audio-seconds."""
        if self.options.audio is None:
            figure = number("--audio-seconds", self.options.audio_seconds, Number(0))
            return [billed_seconds(Decimal(str(figure)))]
        return [billed_seconds(self._length(path)) for path in self.options.audio]

    def _length(self, path: str) -> Decimal:
        shown = "stdin" if path == "-" else f"'{path}'"
        (length,) = self.inputs.read("--audio", path, lambda file: (seconds_of(file, shown),))
        return length

    def bounds(self, statements: list[Statement]) -> list[Statement]:
        """What --max-cost is checked against, allowing for counts of requests that are too low."""
        return self.most or statements


def count_of(options: Rates, name: str, kind: Number) -> int | None:
    value = number(flag_of(name), getattr(options, name), kind)
    return None if value is None else int(value)


def _choices(options: Priced) -> int:
    n, best_of = count_of(options, "n", _COUNT), count_of(options, "best_of", _COUNT)
    if best_of is not None and best_of < (n or 1):
        raise UsageError("--best-of must be at least --n")
    return best_of or n or 1


def limit_of(options: Priced) -> int | None:
    """The limit of each output, or the figure given in its place."""
    given = (count_of(options, name, _SOME) for name in LIMITS)
    return next((limit for limit in given if limit is not None), None)


def region(context: Context, options: Rates) -> str | None:
    """The region that was asked for, else that of OPENAI_BASE_URL."""
    if options.region is not None:
        return options.region.lower()
    return region_of(context.variable("OPENAI_BASE_URL") or "")
