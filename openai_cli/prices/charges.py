"""What tokens cost: their counts by kind, times the rates, in USD to the last digit."""

from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from datetime import date
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import NamedTuple

from openai_cli.errors import UsageError
from openai_cli.models.table import (
    CHARACTERS,
    FEES,
    OWN,
    SPEECH,
    Model,
    Rates,
    Row,
    Table,
)
from openai_cli.prices.regions import multiplier

# Sums and products keep all their digits, as the decimal module's manual has it for exact results.
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)

# What a kind without a rate of its own is priced as. Where a model has cached reads, or writes to
# the cache, at no rate, they are billed as input; those that live 12 hours are writes first.
_PRICED_AS: Mapping[str, str] = {
    "cached_input": "input",
    "cache_write": "input",
    "cache_write_12h": "cache_write",
    "cached_audio_input": "audio_input",
    "cached_image_input": "image_input",
    # Where a context of that size has no fee of its own.
    **{f"{tool}_{size}": tool for tool in ("web_search", "web_search_preview")
       for size in ("low", "high")},
}  # fmt: skip
# Of these the stand-in costs less: it does where the model has no such rate at any tier.
_CHEAPER = ("cache_write", "cache_write_12h")

# What is billed by another thing than tokens, at a rate for one, and how that is named.
WITHOUT_TOKENS: Mapping[str, str] = {
    SPEECH: "speech by its length",
    CHARACTERS: "text by its characters",
    **{fee: f"a call of {fee}" for fee in FEES},
}

# What all tokens of an answer are whose usage does not tell them apart, by the model's mode: the
# whole and its part, fields of Usage.
ONE_KIND: Mapping[str | None, tuple[str, str]] = {
    "audio_transcription": ("input", "audio_input"),
    "audio_speech": ("output", "audio_output"),
    "image_generation": ("output", "image_output"),
}

# Models of these modes answer with no tokens that cost.
SILENT_MODES = ("embedding", "moderation")


class Usage(NamedTuple):
    """The tokens of one request or many, or what is billed without them, as the API counts it.

    `input` holds the cached, the written and those of sound and images; `output` those of sound
    and images, and what a model reasons. `cached` holds the cached ones of sound and images.
    `seconds` are of speech that was heard, `characters` of text that was said. `unknown` says what
    was not reported, and so is in no sum.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    cache_write_12h: int = 0
    audio_input: int = 0
    image_input: int = 0
    cached_audio: int = 0
    cached_image: int = 0
    audio_output: int = 0
    image_output: int = 0
    seconds: Decimal = Decimal(0)
    characters: int = 0
    unknown: tuple[str, ...] = ()


class Charge(NamedTuple):
    """One row of a bill: so many tokens of a kind at a `rate` in USD for a million of them.

    Of a kind of WITHOUT_TOKENS it is seconds or characters, at a rate for one of them.
    `rate_of` is the kind whose rate it is: another one where the kind has none of its own.
    """

    kind: str
    quantity: int | Decimal
    rate: Decimal
    usd: Decimal
    rate_of: str


def as_one_kind(usage: Usage, mode: str | None) -> Usage:
    """The tokens that are not told apart as those that models of that mode take or make."""
    whole, part = ONE_KIND.get(mode, ("", ""))
    return usage._replace(**{part: getattr(usage, whole)}) if part else usage


def by_kind(usage: Usage, kinds: Container[str]) -> dict[str, int]:
    """The tokens by kind of rate; each is in one kind, and kinds without tokens are left out.

    Tokens of sound and images are of a kind of their own only where the model has a rate for
    them: where it is among `kinds`. What was read from the cache is text as far as there is text,
    for its discount is the smallest, unless the usage tells.
    """
    audio = usage.audio_input if "audio_input" in kinds else 0
    image = usage.image_input if "image_input" in kinds else 0
    text = usage.input - audio - image
    cached_audio = min(audio, usage.cached_audio)
    cached_image = min(image, usage.cached_image)
    cached_text = min(text, usage.cached - cached_audio - cached_image)
    rest = usage.cached - cached_audio - cached_image - cached_text
    more_audio = min(rest, audio - cached_audio)
    cached_audio, cached_image = cached_audio + more_audio, cached_image + rest - more_audio
    text -= cached_text
    written_12h = min(text, usage.cache_write_12h)
    written = min(text - written_12h, usage.cache_write)
    audio_output = usage.audio_output if "audio_output" in kinds else 0
    image_output = usage.image_output if "image_output" in kinds else 0
    counts = {
        "input": text - written - written_12h,
        "cached_input": cached_text,
        "cache_write": written,
        "cache_write_12h": written_12h,
        "audio_input": audio - cached_audio,
        "cached_audio_input": cached_audio,
        "image_input": image - cached_image,
        "cached_image_input": cached_image,
        "output": usage.output - audio_output - image_output,
        "audio_output": audio_output,
        "image_output": image_output,
    }
    return {kind: tokens for kind, tokens in counts.items() if tokens}


def rate_for(kind: str, rates: Rates, kinds: Container[str] = ()) -> tuple[Decimal, str] | None:
    """The rate of a kind, and the kind that has it; None where there is none.

    `kinds` are those of the model at any tier: what would be cheaper than such a rate is none.
    """
    own: str | None = kind
    while own is not None and own not in rates:
        own = None if own in kinds and own in _CHEAPER else _PRICED_AS.get(own)
    return None if own is None else (rates[own], own)


def charge(kind: str, quantity: int | Decimal, rate: Decimal, rate_of: str) -> Charge:
    """What so many tokens of a kind cost, or so many seconds or characters."""
    cost = _EXACT.multiply(Decimal(quantity), rate)
    usd = cost if kind in WITHOUT_TOKENS else _EXACT.scaleb(cost, -6)
    return Charge(kind, quantity, rate, usd, rate_of)


def product(tokens: int, rate: Decimal) -> Decimal:
    """What so many tokens cost at a rate for a million."""
    return _EXACT.scaleb(_EXACT.multiply(Decimal(tokens), rate), -6)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, to the last digit."""
    summed = Decimal(0)
    for amount in amounts:
        summed = _EXACT.add(summed, amount)
    return summed


def times(amount: Decimal, count: Decimal) -> Decimal:
    """So much as often, to the last digit."""
    return _EXACT.multiply(amount, count)


def difference(amount: Decimal, less: Decimal) -> Decimal:
    """What is left of an amount, to the last digit."""
    return _EXACT.subtract(amount, less)


class Tariff:
    """What a model costs at one tier and in one region (None: none is chosen) on one day.

    `name` is the model's as it was asked for. `bands` are the rates in the order in which they were
    needed: those of a small request, then any for long ones. `kinds` are those of the model, also
    where this tier has no rate for one. `unknown` says what may make them higher.
    """

    def __init__(
        self, name: str, model: Model, row: Row, tier: str, region: str | None = None
    ) -> None:
        self.name = name
        self.model = model
        self.row = row
        self.tier = tier
        self.region = region
        self.kinds = row.kinds(tier)
        times = multiplier(model, region)
        self.unknown = () if times else (f"what {name} costs more in the region {region}",)
        self._times = times or Decimal(1)
        self.bands = [self._rates(0)]
        self._reach = 0

    def is_like(self, other: "Tariff") -> bool:
        """Whether another, of any day, has the same rates for the same."""
        mine = self.name, self.tier, self.region, self.row
        return mine == (other.name, other.tier, other.region, other.row)

    def _rates(self, input_tokens: int) -> Rates:
        rates = self.row.rates(self.tier, input_tokens)
        if self._times == 1:
            return rates
        return {
            kind: rate if kind in FEES else _EXACT.multiply(rate, self._times)
            for kind, rate in rates.items()
        }

    def band(self, input_tokens: int) -> int:
        """The place in `bands` of the rates for a request of so many tokens."""
        if input_tokens <= self._reach:
            return 0
        # Thresholds only ever add: what holds for a long request holds for all shorter ones. A
        # look further ahead spares the next ones theirs.
        with suppress(UsageError):  # a tier may have no rates for what is ahead
            if self._rates(2 * input_tokens) == self.bands[0]:
                self._reach = 2 * input_tokens
                return 0
        rates = self._rates(input_tokens)
        if rates not in self.bands:
            self.bands.append(rates)
        return self.bands.index(rates)

    @property
    def is_silent(self) -> bool:
        """Whether the model gives no tokens that cost: embeddings, moderation."""
        return self.model.mode in SILENT_MODES

    @property
    def is_free(self) -> bool:
        """Whether nothing that the model takes or gives costs."""
        return not any(rate for kind, rate in self.bands[0].items() if kind not in FEES)

    @property
    def is_by_character(self) -> bool:
        """Whether the model is billed by the characters that it says."""
        return CHARACTERS in self.bands[0]

    @property
    def completes(self) -> bool:
        """Whether the model takes a bare text, at /completions: all that are older than chat do."""
        mode, encoding = self.model.mode, self.model.encoding
        return mode == "completion" or (mode is None and encoding in ("p50k_base", "r50k_base"))

    def rate(self, band: int, kind: str) -> tuple[Decimal, str]:
        """The rate of a kind in a band, and the kind that has it; UsageError where none has."""
        found = rate_for(kind, self.bands[band], self.kinds)
        if found is None:
            raise UsageError(
                f"{self.name} has no price for {WITHOUT_TOKENS.get(kind, f'{kind} tokens')} "
                f"at the tier '{self.tier}'",
                parameter="model",
            )
        return found

    def notes(self, on: date) -> list[str]:
        """What a person should know of these prices on that day."""
        model, row = self.model, self.row
        found = []
        if model.retired is not None and model.retired <= on:
            found.append(f"{self.name} was retired on {model.retired}")
        if row.start is None and on < row.seen and row.source != OWN:
            until = f"that of {row.seen}" if row.end is None else f"the one until {row.end}"
            found.append(f"since when {self.name} has its price is not known: it is {until}")
        if self.name.startswith(f"{model.name}-"):
            found.append(f"the table has no {self.name}: priced as {model.name}")
        return found


def tariff(table: Table, name: str, tier: str, on: date, *, region: str | None = None) -> Tariff:
    """What the model of that name costs at that tier, and in that region, on that day.

    UsageError, which names what there is, for a model that the table does not know, for a day
    without a price, and for a tier without one.
    """
    model = table.model(name)
    return Tariff(name, model, model.row(on), tier, region)
