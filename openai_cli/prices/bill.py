"""Add up requests and answers by model and tier, and price them by kind of rate."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from openai_cli.errors import UsageError
from openai_cli.models.table import CHARACTERS, SPEECH, TOKEN_KINDS, Table
from openai_cli.prices.billed import Billed
from openai_cli.prices.bodies import Asked
from openai_cli.prices.calls import NO_CALLS, AskedCalls, Calls
from openai_cli.prices.charges import (
    WITHOUT_TOKENS,
    Charge,
    Tariff,
    Usage,
    as_one_kind,
    by_kind,
    charge,
    product,
    rate_for,
    tariff,
    total,
)
from openai_cli.prices.usage import usage_of
from openai_cli.records import NamedTuple

# Shorter prompts are not cached: https://developers.openai.com/api/docs/guides/prompt-caching
SHORTEST_CACHED = 1024


class _Sum:
    """The sums of requests at the same rates.

    `counts` are tokens by kind, `others` quantities that are billed without tokens, and `unlimited`
    the numbers of outputs without a limit, by kind. `writable` are the tokens of `counts["input"]`
    that may be written to the cache, by kind of write. `unknown` counts things without a known
    price.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.counts: Counter[str] = Counter()
        self.others: dict[str, Decimal] = dict.fromkeys(WITHOUT_TOKENS, Decimal(0))
        self.unlimited_requests = 0
        self.unlimited: Counter[str] = Counter()
        self.writable: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()


class OpenOutput(NamedTuple):
    """A number of outputs of a kind without a limit, and their rate in USD per million tokens."""

    kind: str
    outputs: int
    rate: Decimal


class Statement(NamedTuple):
    """What the requests to one model at one tier cost, in USD.

    `unlimited` of the `requests` have no output limit: their `open_outputs` are not charged, and
    `limit_name` is the property that would set a limit. `if_written` is added if the prompts are
    written to the cache, which the API may do on its own. `unknown` describes what is not charged
    because its count or price is not known; if there is any, the cost is a lower bound.
    """

    tariff: Tariff
    requests: int
    charges: tuple[Charge, ...]
    unlimited: int
    limit_name: str
    if_written: Decimal
    open_outputs: tuple[OpenOutput, ...]
    unknown: tuple[str, ...] = ()

    @property
    def usd(self) -> Decimal:
        """The sum of the charges."""
        return total(charge.usd for charge in self.charges)

    def most(self) -> Decimal:
        """Return the maximum cost, with the model's longest output where there is no limit.

        Raises UsageError if the longest output is not known.
        """
        return total([self.with_longest, self.if_written])

    @property
    def with_longest(self) -> Decimal:
        """The sum of the charges, with the model's longest output where there is no limit.

        Raises UsageError if the longest output is not known.
        """
        longest = [
            product(found.outputs * self.longest_output, found.rate) for found in self.open_outputs
        ]
        return total([self.usd, *longest])

    @property
    def longest_output(self) -> int:
        """The tokens of the model's longest output or, if not known, of its context window."""
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
    """Adds up requests and answers by the prices of a day; memory grows with the number of models.

    They are processed in `region`, or at the global host for None, except for records and for
    answers that name their own region.
    """

    def __init__(self, table: Table, on: date, region: str | None = None) -> None:
        self.table = table
        self.on = on
        self.region = region
        self._tariffs: dict[tuple[str, str, str | None, date], Tariff] = {}
        self._sums: dict[tuple[Tariff, int], _Sum] = {}
        self._limit_names: dict[Tariff, str] = {}

    def empty(self) -> "Bill":
        """Return an empty bill with the same prices."""
        bill = Bill(self.table, self.on, self.region)
        bill._tariffs = self._tariffs
        return bill

    def tariff(self, name: str, tier: str) -> Tariff:
        """Return the prices of a model at a tier; raises the errors of `charges.tariff`."""
        return self._tariff(name, tier, self.region, self.on)

    def _tariff(self, name: str, tier: str, region: str | None, on: date) -> Tariff:
        key = name, tier, region, on
        found = self._tariffs.get(key)
        if found is None:
            found = tariff(self.table, name, tier, on, region=region)
            # Days with the same prices share one tariff.
            alike = (known for known in self._tariffs.values() if known.is_like(found))
            found = self._tariffs[key] = next(alike, found)
        return found

    def add_requests(
        self,
        request: Asked,
        prompts: Sequence[int],
        *,
        cached: int | None = None,
        written: int | None = None,
        calls: AskedCalls = NO_CALLS,
    ) -> None:
        """Add requests that differ only in their prompts, whose token counts are `prompts`.

        `cached` of these tokens are read from the cache and `written` are written to it; if both
        are None, that is not known, and the API may write them all. Each request may make `calls`.
        """
        prices = self.tariff(request.model, request.tier)
        longest = max(prompts)
        band = prices.band(longest)
        if band and len(prompts) > 1:
            for tokens in prompts:
                self.add_requests(request, [tokens], calls=calls)
            return
        outputs = 0 if prices.is_silent else request.choices * len(prompts)
        usage = Usage(
            input=sum(prompts),
            output=outputs * (request.limit or 0),
            cached=cached or 0,
            cache_write=written or 0,
        )
        sums = self._sum(prices, band, len(prompts))
        sums.counts.update(by_kind(_asked_for(request, prices, usage), prices.kinds))
        if cached is None and written is None and longest >= SHORTEST_CACHED:
            long = [tokens for tokens in prompts if tokens >= SHORTEST_CACHED]
            sums.writable[request.written_as] += sum(long)
        if outputs and request.limit is None:
            sums.unlimited_requests += len(prompts)
            sums.unlimited[_output_kind(request, prices)] += outputs
            self._limit_names.setdefault(prices, request.limit_name)
        _add_asked_calls(sums, prices, calls, len(prompts))

    def add_answer(self, billed: Billed, *, model: str, tier: str | None = None) -> None:
        """Add what an answer is billed by, at the prices of the model and, if given, of the tier.

        An answer about moderation has no usage, and is free. Raises UsageError, without adding
        anything, if another has none, if it is malformed, or if a kind in it has no price.
        """
        region = billed.region if billed.is_record else billed.region or self.region
        prices = self._tariff(model, tier or billed.tier, region, billed.day or self.on)
        if billed.usage is None:
            raise UsageError("the usage of the call is not known")
        is_untold = not billed.usage and prices.is_silent and prices.is_free
        tokens = Usage() if is_untold else usage_of(billed.usage, mode=prices.model.mode)
        band = prices.band(tokens.input)
        counts = by_kind(tokens, prices.kinds)
        without: dict[str, Decimal | int] = {SPEECH: tokens.seconds, CHARACTERS: tokens.characters}
        for kind in (*counts, *(kind for kind, quantity in without.items() if quantity)):
            prices.rate(band, kind)
        sums = self._sum(prices, band, 1)
        sums.counts.update(counts)
        for kind, quantity in without.items():
            sums.others[kind] += quantity
        sums.unknown.update(tokens.unknown)
        calls = made_calls(billed, prices)
        sums.unknown.update(calls.unknown)
        for kind, count in calls.counts.items():
            _add_calls(sums, prices, kind, count)

    def add_speech(self, name: str, tier: str, seconds: int) -> None:
        """Add a request for so many seconds of speech."""
        self._sum(self.tariff(name, tier), 0, 1).others[SPEECH] += seconds

    def add_characters(self, name: str, tier: str, text: str) -> None:
        """Add a text-to-speech request to a model that is billed by characters."""
        self._sum(self.tariff(name, tier), 0, 1).others[CHARACTERS] += len(text)

    def _sum(self, prices: Tariff, band: int, requests: int) -> _Sum:
        sums = self._sums.get((prices, band))
        if sums is None:
            sums = self._sums[prices, band] = _Sum()
        sums.requests += requests
        return sums

    def statements(self) -> list[Statement]:
        """Return what each model costs at each tier, in the order in which they were added."""
        return [
            self._statement(
                prices, {band: sums for (of, band), sums in self._sums.items() if of is prices}
            )
            for prices in dict.fromkeys(of for of, _ in self._sums)
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
            (*prices.unknown, *_unknown(bands.values())),
        )


def _charges(prices: Tariff, bands: Mapping[int, _Sum]) -> tuple[Charge, ...]:
    """Return a charge for each kind and rate, ordered by kind, those without tokens last."""
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
    """Return the extra cost if input is written to the cache, 0 if that is not dearer."""
    more = prices.rate(band, kind)[0] - prices.rate(band, "input")[0]
    return product(tokens, max(more, Decimal(0)))


def _asked_for(request: Asked, prices: Tariff, usage: Usage) -> Usage:
    """Return the usage of a request in the form in which the answer would report it."""
    if request.speaks:
        return usage._replace(audio_output=usage.output)
    return as_one_kind(usage, prices.model.mode)


def _output_kind(request: Asked, prices: Tariff) -> str:
    """Return the kind of rate of the output."""
    (kind,) = by_kind(_asked_for(request, prices, Usage(output=1)), prices.kinds)
    return kind


def made_calls(billed: Billed, prices: Tariff) -> Calls:
    """Return the calls of an answer; a model that always searches does not report its search."""
    calls = billed.calls or Calls()
    if prices.model.searches and not billed.is_record:
        return Calls({"web_search": 1, **calls.counts}, calls.unknown)
    return calls


def _add_calls(sums: _Sum, prices: Tariff, kind: str, count: int) -> None:
    if rate_for(kind, prices.bands[0]) is None:
        sums.unknown[f"{prices.name} has no known fee for {kind}"] += count
    else:
        sums.others[kind] += count


def _add_asked_calls(sums: _Sum, prices: Tariff, calls: AskedCalls, requests: int) -> None:
    """Add the dearest call that a request may make, times the number of calls allowed."""
    sums.unknown.update(dict.fromkeys(calls.unknown, requests))
    if prices.model.searches:
        sums.unknown[f"the tokens of what {prices.name} finds are not counted"] += requests
    if not calls.kinds:
        return
    if calls.most is None:
        sums.unknown["max_tool_calls is not given, so nothing bounds the tool calls"] += requests
        return
    fees = {kind: rate_for(kind, prices.bands[0]) for kind in calls.kinds}
    dearest = max(calls.kinds, key=lambda kind: (fees[kind] is None, fees[kind] or ()))
    _add_calls(sums, prices, dearest, calls.most * requests)


def _unknown(bands: Iterable[_Sum]) -> Iterator[str]:
    found: Counter[str] = Counter()
    for sums in bands:
        found.update(sums.unknown)
    for reason, count in found.items():
        yield f"{reason} ({count} times)" if count > 1 else reason
