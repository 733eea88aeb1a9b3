"""Price tokens: their counts by kind times the rates, exactly, in USD."""

from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from datetime import date
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal

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
from openai_cli.records import NamedTuple

# Sums and products keep all digits, by the decimal module's recipe for exact results.
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)

# The kind whose rate applies if a kind has none of its own. Cached reads and cache writes without a
# rate are billed as input, 12-hour writes first as ordinary writes.
_PRICED_AS: Mapping[str, str] = {
    "cached_input": "input",
    "cache_write": "input",
    "cache_write_12h": "cache_write",
    "cached_audio_input": "audio_input",
    "cached_image_input": "image_input",
    # A context size without a fee of its own.
    **{f"{tool}_{size}": tool for tool in ("web_search", "web_search_preview")
       for size in ("low", "high")},
}  # fmt: skip
# The substitute rates of these are cheaper, so they apply only if no tier has such a rate.
_CHEAPER = ("cache_write", "cache_write_12h")

# What is billed per second, character or call instead of by tokens, and its name.
WITHOUT_TOKENS: Mapping[str, str] = {
    SPEECH: "speech by its length",
    CHARACTERS: "text by its characters",
    **{fee: f"a call of {fee}" for fee in FEES},
}

# If an answer's usage does not break down its tokens, they all are of this kind, by the model's
# mode: the field of Usage with the total, and the field of the part.
ONE_KIND: Mapping[str | None, tuple[str, str]] = {
    "audio_transcription": ("input", "audio_input"),
    "audio_speech": ("output", "audio_output"),
    "image_generation": ("output", "image_output"),
}

# Models of these modes have no output tokens that cost anything.
SILENT_MODES = ("embedding", "moderation")


class Usage(NamedTuple):
    """The tokens of one request or many, or what is billed instead, as the API counts it.

    `input` includes cached, written, audio and image tokens; `output` includes audio, image and
    reasoning tokens; `cached` includes cached audio and image tokens. `seconds` are of transcribed
    speech, `characters` of spoken text. `unknown` describes what was not reported and is missing.
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
    """One row of a bill: a quantity of tokens at a `rate` in USD per million.

    For a kind in WITHOUT_TOKENS, the quantity is seconds, characters or calls, and the rate is for
    one. `rate_of` is the kind whose rate was used, which differs if the kind has none of its own.
    """

    kind: str
    quantity: int | Decimal
    rate: Decimal
    usd: Decimal
    rate_of: str


def as_one_kind(usage: Usage, mode: str | None) -> Usage:
    """Assign tokens without a breakdown to the kind that models of that mode use."""
    whole, part = ONE_KIND.get(mode, ("", ""))
    return usage._replace(**{part: getattr(usage, whole)}) if part else usage


def by_kind(usage: Usage, kinds: Container[str]) -> dict[str, int]:
    """Split the tokens by kind of rate, without overlap; kinds without tokens are left out.

    Audio and image tokens are separate only if the model has a rate for them, in `kinds`. Unless
    the usage breaks down cached tokens, they count as text first, which has the smallest discount.
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
    """Return the rate for a kind, and the kind that it belongs to; None if there is none.

    `kinds` are those that the model has at any tier: no cheaper substitute replaces one of these.
    """
    own: str | None = kind
    while own is not None and own not in rates:
        own = None if own in kinds and own in _CHEAPER else _PRICED_AS.get(own)
    return None if own is None else (rates[own], own)


def charge(kind: str, quantity: int | Decimal, rate: Decimal, rate_of: str) -> Charge:
    """Return the charge for a quantity of tokens, seconds, characters or calls."""
    cost = _EXACT.multiply(Decimal(quantity), rate)
    usd = cost if kind in WITHOUT_TOKENS else _EXACT.scaleb(cost, -6)
    return Charge(kind, quantity, rate, usd, rate_of)


def product(tokens: int, rate: Decimal) -> Decimal:
    """Return the cost of tokens at a rate per million, exactly."""
    return _EXACT.scaleb(_EXACT.multiply(Decimal(tokens), rate), -6)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum."""
    summed = Decimal(0)
    for amount in amounts:
        summed = _EXACT.add(summed, amount)
    return summed


def times(amount: Decimal, count: Decimal) -> Decimal:
    """Return the exact product."""
    return _EXACT.multiply(amount, count)


def difference(amount: Decimal, less: Decimal) -> Decimal:
    """Return the exact difference."""
    return _EXACT.subtract(amount, less)


class Tariff:
    """The prices of a model at one tier, in one region (None: the global host), on one day.

    `name` is the model's name as requested. `bands` are the rates in the order in which they were
    needed: those of short requests first, then any for long ones. `kinds` are those of the model,
    even if this tier has no rate for one. `unknown` describes what may make the prices higher.
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
        """Return whether another tariff, of any day, has the same model, tier, region and rates."""
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
        """Return the index in `bands` of the rates for a request of so many tokens."""
        if input_tokens <= self._reach:
            return 0
        # Thresholds only add to rates, so the band of a long request is that of all shorter ones.
        # Looking further ahead saves lookups for the next requests.
        with suppress(UsageError):  # the tier may have no rates that far ahead
            if self._rates(2 * input_tokens) == self.bands[0]:
                self._reach = 2 * input_tokens
                return 0
        rates = self._rates(input_tokens)
        if rates not in self.bands:
            self.bands.append(rates)
        return self.bands.index(rates)

    @property
    def is_silent(self) -> bool:
        """Whether the model has no billed output tokens: embeddings, moderation."""
        return self.model.mode in SILENT_MODES

    @property
    def is_free(self) -> bool:
        """Whether the model's input and output are free."""
        return not any(rate for kind, rate in self.bands[0].items() if kind not in FEES)

    @property
    def is_by_character(self) -> bool:
        """Whether the model is billed by the characters that it speaks."""
        return CHARACTERS in self.bands[0]

    @property
    def completes(self) -> bool:
        """Whether the model takes plain text, at /completions, as all models before chat do."""
        mode, encoding = self.model.mode, self.model.encoding
        return mode == "completion" or (mode is None and encoding in ("p50k_base", "r50k_base"))

    def rate(self, band: int, kind: str) -> tuple[Decimal, str]:
        """Return the rate for a kind in a band, and the kind that it belongs to.

        Raises UsageError if there is none.
        """
        found = rate_for(kind, self.bands[band], self.kinds)
        if found is None:
            raise UsageError(
                f"{self.name} has no price for {WITHOUT_TOKENS.get(kind, f'{kind} tokens')} "
                f"at the tier '{self.tier}'",
                parameter="model",
            )
        return found

    def notes(self, on: date) -> list[str]:
        """Return notes for the user on these prices on that day."""
        model, row = self.model, self.row
        found = []
        if model.retired is not None and model.retired <= on:
            found.append(f"{self.name} was retired on {model.retired}")
        if row.start is None and on < row.seen and row.source != OWN:
            until = f"that of {row.seen}" if row.end is None else f"the one until {row.end}"
            found.append(f"the price of {self.name} is {until}; when it took effect is not known")
        if self.name.startswith(f"{model.name}-"):
            found.append(f"{self.name} is not in the table: priced as {model.name}")
        return found


def tariff(table: Table, name: str, tier: str, on: date, *, region: str | None = None) -> Tariff:
    """Return the prices of the named model at that tier, in that region, on that day.

    Raises UsageError, with alternatives, for a model that is not in the table, and for a day or a
    tier without a price.
    """
    model = table.model(name)
    return Tariff(name, model, model.row(on), tier, region)
