"""What requests can cost and what answers did cost: sums by model and tier, and bounds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from openai_cli.errors import UsageError
from openai_cli.models.table import CHARACTERS, SPEECH, TOKEN_KINDS, Model, Table, tier_of
from openai_cli.prices.answers import usage_of
from openai_cli.prices.bodies import Asked, asked
from openai_cli.prices.charges import (
    WITHOUT_TOKENS,
    Charge,
    Tariff,
    by_kind,
    charge,
    product,
    tariff,
    total,
)

if TYPE_CHECKING:
    from openai_cli.tokens.counted import TokenCount

# Prompts below are not cached: https://developers.openai.com/api/docs/guides/prompt-caching
SHORTEST_CACHED = 1024

# A known model for each encoding that is not today's.
_COUNTED_AS = {"cl100k_base": "gpt-4", "p50k_base": "text-davinci-003", "r50k_base": "davinci"}


class _Sum:
    """Requests at the same rates.

    `counts` are their tokens by kind, `others` what is billed without tokens; `unlimited` the
    outputs without a limit by kind; `writable` the tokens of `counts["input"]` that may be written
    to the cache, by the kind of such a write.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.counts: Counter[str] = Counter()
        self.others: dict[str, Decimal] = dict.fromkeys(WITHOUT_TOKENS, Decimal(0))
        self.unlimited_requests = 0
        self.unlimited: Counter[str] = Counter()
        self.writable: Counter[str] = Counter()

    def add_outputs(self, kind: str, request: Asked, requests: int) -> None:
        """Add the outputs of so many requests."""
        outputs = request.choices * requests
        if request.limit is None:
            self.unlimited_requests += requests
            self.unlimited[kind] += outputs
        else:
            self.counts[kind] += request.limit * outputs


class OpenOutput(NamedTuple):
    """So many outputs of a kind without a limit, at a rate in USD for a million tokens."""

    kind: str
    outputs: int
    rate: Decimal


class Statement(NamedTuple):
    """What the requests to one model at one tier cost, in USD.

    `unlimited` of the `requests` have no limit: their `open_outputs` are in no charge, and
    `limit_name` is the property that would set one. `if_written` is what is added where the prompts
    are written to the cache, as the API may do by itself.
    """

    tariff: Tariff
    requests: int
    charges: tuple[Charge, ...]
    unlimited: int
    limit_name: str
    if_written: Decimal
    open_outputs: tuple[OpenOutput, ...]

    @property
    def usd(self) -> Decimal:
        """The sum of the charges."""
        return total(charge.usd for charge in self.charges)

    def most(self) -> Decimal:
        """The most that it can come to: each output without a limit is the longest of the model.

        UsageError where that is not known.
        """
        longest = [
            product(found.outputs * self.longest_output, found.rate) for found in self.open_outputs
        ]
        return total([self.usd, self.if_written, *longest])

    @property
    def longest_output(self) -> int:
        """The tokens of the model's longest output, or, where that is not known, of its window."""
        model = self.tariff.model
        longest = model.max_output_tokens or model.context_window
        if longest is None:
            raise UsageError(
                f"the longest output of {self.tariff.name} is not known",
                hint="give it a limit",
                parameter=self.limit_name,
            )
        return longest


class Bill:
    """Adds requests and answers up, by the prices of one day; memory grows with the models."""

    def __init__(self, table: Table, on: date) -> None:
        self.table = table
        self.on = on
        self._tariffs: dict[tuple[str, str], Tariff] = {}
        self._sums: dict[tuple[Tariff, int], _Sum] = {}
        self._limit_names: dict[Tariff, str] = {}

    def tariff(self, name: str, tier: str) -> Tariff:
        """What a model costs at a tier; UsageError as `charges.tariff` has it."""
        found = self._tariffs.get((name, tier))
        if found is None:
            found = self._tariffs[name, tier] = tariff(self.table, name, tier, self.on)
        return found

    def add_requests(
        self,
        request: Asked,
        prompts: Sequence[int],
        *,
        cached: int | None = None,
        written: int | None = None,
    ) -> None:
        """Add requests that ask for the same, with prompts of so many tokens each.

        `cached` of these are read from the cache and `written` are written to it; where both are
        None that is not known, and the API may write them all.
        """
        prices = self.tariff(request.model, request.tier)
        longest = max(prompts)
        band = prices.band(longest)
        if band and len(prompts) > 1:
            for tokens in prompts:
                self.add_requests(request, [tokens])
            return
        sums = self._sum(prices, band, len(prompts))
        sums.counts["input"] += sum(prompts) - (cached or 0) - (written or 0)
        if cached is not None or written is not None:
            sums.counts["cached_input"] += cached or 0
            sums.counts["cache_write"] += written or 0
        elif longest >= SHORTEST_CACHED:
            long = [tokens for tokens in prompts if tokens >= SHORTEST_CACHED]
            sums.writable[request.written_as] += sum(long)
        if not prices.is_silent:
            speaks = request.speaks and "audio_output" in prices.bands[band]
            kind = "audio_output" if speaks else "output"
            sums.add_outputs(kind, request, len(prompts))
            if request.limit is None:
                self._limit_names.setdefault(prices, request.limit_name)

    def add_usage(self, name: str, tier: str, usage: Mapping[str, Any]) -> None:
        """Add an answer by its usage object; UsageError for one that is not of its form."""
        prices = self.tariff(name, tier)
        tokens = usage_of(usage, mode=prices.model.mode)
        band = prices.band(tokens.input)
        sums = self._sum(prices, band, 1)
        sums.counts.update(by_kind(tokens, prices.bands[band]))
        sums.others[SPEECH] += tokens.seconds
        sums.others[CHARACTERS] += tokens.characters

    def add_speech(self, name: str, tier: str, seconds: int) -> None:
        """Add a request by how much speech it has."""
        self._sum(self.tariff(name, tier), 0, 1).others[SPEECH] += seconds

    def add_characters(self, name: str, tier: str, text: str) -> None:
        """Add a request to say a text, to a model that is billed by its characters."""
        self._sum(self.tariff(name, tier), 0, 1).others[CHARACTERS] += len(text)

    def _sum(self, prices: Tariff, band: int, requests: int) -> _Sum:
        sums = self._sums.get((prices, band))
        if sums is None:
            sums = self._sums[prices, band] = _Sum()
        sums.requests += requests
        return sums

    def statements(self) -> list[Statement]:
        """What each model costs at each tier, in the order in which they came."""
        return [
            self._statement(
                prices, {band: sums for (of, band), sums in self._sums.items() if of is prices}
            )
            for prices in self._tariffs.values()
        ]

    def _statement(self, prices: Tariff, bands: Mapping[int, _Sum]) -> Statement:
        return Statement(
            prices,
            sum(sums.requests for sums in bands.values()),
            _charges(prices, bands),
            sum(sums.unlimited_requests for sums in bands.values()),
            self._limit_names.get(prices, ""),
            total(
                _if_written(prices, band, kind, tokens)
                for band, sums in bands.items()
                for kind, tokens in sums.writable.items()
            ),
            tuple(
                OpenOutput(kind, outputs, prices.rate(band, kind)[0])
                for band, sums in bands.items()
                for kind, outputs in sums.unlimited.items()
            ),
        )


def _charges(prices: Tariff, bands: Mapping[int, _Sum]) -> tuple[Charge, ...]:
    """A charge for each kind and rate, in the order of the kinds; those without tokens last."""
    tokens: Counter[tuple[str, Decimal, str]] = Counter()
    for band, sums in bands.items():
        for kind, count in sums.counts.items():
            if count:
                tokens[kind, *prices.rate(band, kind)] += count
    found = [charge(kind, count, rate, rate_of) for (kind, rate, rate_of), count in tokens.items()]
    found.sort(key=lambda row: (TOKEN_KINDS.index(row.kind), row.rate))
    others = {kind: sum(sums.others[kind] for sums in bands.values()) for kind in WITHOUT_TOKENS}
    found += [
        charge(kind, quantity, *prices.rate(0, kind))
        for kind, quantity in others.items()
        if quantity
    ]
    return tuple(found)


def _if_written(prices: Tariff, band: int, kind: str, tokens: int) -> Decimal:
    """What is added when input is written to the cache instead, where that costs more."""
    more = prices.rate(band, kind)[0] - prices.rate(band, "input")[0]
    return product(tokens, max(more, Decimal(0)))


def flag_of(name: str) -> str:
    """The flag of a request property."""
    return f"--{name.replace('_', '-')}"


def counted_as(name: str, model: Model) -> str | None:
    """The model to count as for one that a user's own table alone knows; None for all others."""
    from openai_cli.tokens.encoding import encoding_for_model

    try:
        encoding_for_model(name)
    except UsageError:
        return _COUNTED_AS.get(model.encoding or "", "gpt-4o")
    return None


def prompt_tokens(body: Mapping[str, Any], endpoint: str, prices: Tariff, on: date) -> "TokenCount":
    """The tokens of a prompt, sent on a day; a model that a user's own table alone knows counts as
    a known one.

    Raises what `count_request` raises.
    """
    from openai_cli.tokens.counted import Doubt, TokenCount
    from openai_cli.tokens.messages import count_request

    like = counted_as(prices.name, prices.model)
    if like is None:
        return count_request(body, endpoint=endpoint, on=on)
    tokens = count_request({**body, "model": like}, endpoint=endpoint, on=on)
    doubt = Doubt(f"how {prices.name} counts is not known: counted as for {like}")
    return TokenCount(tokens, (*tokens.doubts, doubt))


class Bound(NamedTuple):
    """The most that sending a request can cost, in USD.

    `lowered_by` is the flag that lowers it, where the body sets no limit: then `output_tokens` are
    the longest outputs of the model. `most_input` are the input tokens with what may come to them:
    a bound, unless there are `input_tokens.unbounded`, which it has at their estimate. Where the
    model is billed by `characters`, it has no tokens.
    """

    usd: Decimal
    input_tokens: "TokenCount"
    output_tokens: int
    lowered_by: str | None
    notes: tuple[str, ...]
    characters: int | None = None

    @property
    def most_input(self) -> int:
        """The count of the input with what each of its doubts may add."""
        return _with_doubts(self.input_tokens)

    @property
    def billed(self) -> str:
        """What it is billed for, in words."""
        if self.characters is not None:
            return f"{self.characters} characters"
        return f"{self.most_input} input and up to {self.output_tokens} output tokens"


def bound(body: Mapping[str, Any], *, endpoint: str, table: Table, on: date) -> Bound:
    """The most that sending a body to an endpoint (`/chat/completions`) on a day can cost.

    The prompt is priced as written to the cache where that costs more, and each of the outputs
    (`n`, at /completions `best_of` if it is more, for each prompt) at its limit. Outputs without a
    limit are the model's longest. A text to be said is priced by its characters, by the models that
    are billed so.

    UsageError for a model, a tier or a day without a known price, where the longest output is
    needed and not known, and for a body whose tokens cannot be counted.
    """
    model = body.get("model")
    if not isinstance(model, str):
        raise UsageError("the body names no model, so its price is not known", parameter="model")
    request = asked(body, model=model)
    bill = Bill(table, on)
    prices = bill.tariff(model, request.tier)
    if (none := _without_tokens(body, bill, prices)) is not None:
        return none
    tokens = prompt_tokens(body, endpoint, prices, on)
    bill.add_requests(request, [_with_doubts(tokens)])
    (statement,) = bill.statements()
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


def _without_tokens(body: Mapping[str, Any], bill: Bill, prices: Tariff) -> Bound | None:
    """The bound of what costs nothing, or is billed by characters; None for all else."""
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


def price_usage(
    usage: Mapping[str, Any], *, model: str | None, service_tier: str | None, table: Table, on: date
) -> Decimal | None:
    """What an answer cost in USD by its usage object, as the API or a record has it.

    None where the model, the tier or the day has no known price, and where the usage has no
    tokens.
    """
    bill = Bill(table, on)
    try:
        bill.add_usage(model or "", tier_of(service_tier), usage)
        return bill.statements()[0].usd
    except UsageError:
        return None
