"""OpenAI's models and their prices, from a table in this package.

The table is `data/openai.json`; tools/refresh_prices.py builds it, and data/README.md names its
sources. A user's own table (`--prices FILE`) overrides it:

    {"models": {"my-model": {"input": 1.5, "output": "2", "context_window": 32000}}}

The rates are named by KINDS. `tiers` has the rates of other tiers, `{"tiers": {"batch": {…}}}`, and
`above` the rates for requests with more input tokens, `{"above": {"272000": {"input": 3}}}`. Any
price replaces all prices of the model; a fact replaces only itself.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.models.lines import known_name, packaged
from openai_cli.records import NamedTuple

# The kinds of rates in USD per million tokens; `_12h` is a cache write that lives for 12 hours.
TOKEN_KINDS = (
    "input", "cached_input", "cache_write", "cache_write_12h", "output",
    "audio_input", "cached_audio_input", "audio_output",
    "image_input", "cached_image_input", "image_output",
)  # fmt: skip
# Rates for transcribed speech, in USD per second, and for spoken text, in USD per character.
SPEECH, CHARACTERS = "input_second", "input_character"
# Fees for tool calls, in USD per call, the same at every tier: web search with the current and with
# the older tool, by context size (without a suffix: medium); file search; a 1 GB code container.
FEES = (
    "web_search", "web_search_low", "web_search_high",
    "web_search_preview", "web_search_preview_low", "web_search_preview_high",
    "file_search", "code_interpreter",
)  # fmt: skip
KINDS = (*TOKEN_KINDS, SPEECH, CHARACTERS, "output_second", *FEES)

# The source of prices in the user's own table.
OWN = "--prices"

# The regions whose hosts, such as eu.api.openai.com, may multiply a model's rates.
REGIONS = ("eu", "us", "gov")

Rates = Mapping[str, Decimal]

# The form of rates and counts in a user's own table; more digits are taken for a typo.
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?"
_COUNT = r"[0-9]{1,15}"


def tier_of(service_tier: str | None) -> str:
    """Return the name in this table of a request's or an answer's `service_tier`.

    None, `default` and `auto` are the standard tier: only OpenAI knows the project's settings.
    """
    return "standard" if service_tier in (None, "default", "auto") else service_tier


class Row(NamedTuple):
    """One version of a model's prices, from `start` until the day before `end`; None is unknown.

    `source` is the URL of the page, `seen` the day when it showed them, and `by_tier` the rates of
    each tier.
    """

    model: str
    start: date | None
    end: date | None
    source: str
    seen: date
    by_tier: Mapping[str, Mapping[str, Any]]

    @property
    def tiers(self) -> list[str]:
        """The tiers that have a price."""
        return list(self.by_tier)

    def rates(self, tier: str, input_tokens: int) -> Rates:
        """Return the known rates by kind, for a request of that many input tokens.

        Above a threshold (272,000 tokens for some models) other rates apply to the whole request.
        Raises UsageError if the tier has no price, or none above a threshold of the standard tier.
        """
        found = self._tier(tier)
        rates = {kind: found[kind] for kind in KINDS if kind in found}
        standard = self.by_tier.get("standard", found)
        rates |= {fee: standard[fee] for fee in FEES if fee in standard}
        higher = found.get("above", {})
        for threshold in {**standard.get("above", {}), **higher}:
            if input_tokens <= int(threshold):
                continue
            if threshold not in higher:
                raise UsageError(
                    f"{self.model} has no price above {threshold} input tokens for the tier "
                    f"'{tier}'",
                    parameter="service_tier",
                )
            rates |= higher[threshold]
        return {kind: Decimal(rate) for kind, rate in rates.items()}

    def kinds(self, tier: str) -> frozenset[str]:
        """Return the kinds of rates that the model has at the tier or at the standard tier.

        Raises UsageError if the tier has no price.
        """
        return frozenset((*self._tier(tier), *self.by_tier.get("standard", ()))) - {"above"}

    def thresholds(self, tier: str) -> list[int]:
        """Return the numbers of input tokens above which other rates apply, the lowest first.

        Raises UsageError if the tier has no price.
        """
        return [int(threshold) for threshold in self._tier(tier).get("above", {})]

    def _tier(self, tier: str) -> Mapping[str, Any]:
        try:
            return self.by_tier[tier]
        except KeyError:
            raise UsageError(
                f"{self.model} has no price for the tier '{tier}'",
                hint=f"its tiers are {', '.join(self.by_tier)}",
                parameter="service_tier",
            ) from None


class Model(NamedTuple):
    """A model; sizes are in tokens, `retired` is the day it was retired, None is unknown.

    `regions` has the multipliers of regions with higher rates. `searches` says that the model
    searches the web for every answer.
    """

    name: str
    mode: str | None
    encoding: str | None
    context_window: int | None
    max_output_tokens: int | None
    retired: date | None
    rows: tuple[Row, ...]
    regions: Mapping[str, Decimal] | None = None
    searches: bool = False

    def is_retired(self, on: date) -> bool:
        """Return whether the model is known to be retired on that day."""
        return self.retired is not None and self.retired <= on

    def row(self, on: date) -> Row:
        """Return the prices on a day; raise UsageError if none are known.

        A row whose start is unknown applies to all days before its end.
        """
        for row in self.rows[::-1]:
            if (row.start is None or row.start <= on) and (row.end is None or on < row.end):
                return row
        when = f"on {on}" if self.rows else "yet"
        raise UsageError(
            f"no price of {self.name} is known {when}",
            hint=None if self.rows else "--prices FILE can add one",
            parameter="model",
        )


class Table:
    """The models by name; `date` is the day of the data."""

    def __init__(self, found: Mapping[str, Any], content: bytes) -> None:
        self.date = date.fromisoformat(found["date"])
        self._found: Mapping[str, Any] = found["models"]
        self._content = content
        self._read: dict[str, Model] = {}

    @cached_property
    def digest(self) -> str:
        """The SHA-256, in hex, of all data that the table was read from."""
        import hashlib

        return hashlib.sha256(self._content).hexdigest()

    @cached_property
    def models(self) -> Mapping[str, Model]:
        return {name: self._model(name) for name in self._found}

    def find(self, name: str) -> Model | None:
        """Return the model with that name, resolved by `known_name`, or None."""
        known = known_name(name, self._found)
        return None if known is None else self._model(known)

    def model(self, name: str) -> Model:
        """Return the model like `find`, but raise UsageError if there is none."""
        if (found := self.find(name)) is not None:
            return found
        from difflib import get_close_matches

        near = get_close_matches(name, self._found)
        raise UsageError(
            f"no price is known for the model {name!r}",
            hint=f"did you mean {' or '.join(near)}?" if near else "--prices FILE can add one",
            parameter="model",
        )

    def _model(self, name: str) -> Model:
        """Return the same object for a name each time, so that equal rows are identical."""
        if name not in self._read:
            self._read[name] = _model(name, self._found[name])
        return self._read[name]


def load_table(overlay: str | PathLike[str] | None = None) -> Table:
    """Load the table of this package, overridden by the user's own if there is one.

    Raises UsageError, naming the place, if the user's table cannot be read, is not JSON, or does
    not have the form above.
    """
    found = packaged()
    if overlay is None:
        return Table({"date": found.date, "models": found}, found.content)
    try:
        own = Path(overlay).read_bytes()
    except OSError as error:
        raise UsageError(f"--prices: cannot read '{overlay}': {error.strerror}") from None
    except ValueError:  # a NUL in the name
        raise UsageError(f"--prices: '{overlay!s}' is not a file name") from None
    models = {**found}
    for name, facts in _own_models(own).items():
        models[name] = _overlaid(name, facts, models.get(name, {}), found.date)
    return Table({"date": found.date, "models": models}, found.content + own)


def known_model(name: str) -> Model | None:
    """Return the model of that name in this package's table, or None."""
    return load_table().find(name)


def _model(name: str, facts: Mapping[str, Any]) -> Model:
    return Model(
        name=name,
        mode=facts.get("mode"),
        encoding=facts.get("encoding"),
        context_window=facts.get("context_window"),
        max_output_tokens=facts.get("max_output_tokens"),
        retired=_day(facts.get("retired")),
        rows=tuple(
            Row(
                name,
                _day(row["from"]),
                _day(row["to"]),
                row["source"],
                date.fromisoformat(row["seen"]),
                row["tiers"],
            )
            for row in facts["prices"]
        ),
        regions=_multipliers(facts.get("regions")),
        searches=facts.get("searches", False),
    )


def _multipliers(found: Mapping[str, str] | None) -> Mapping[str, Decimal] | None:
    return None if found is None else {region: Decimal(times) for region, times in found.items()}


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


_FACTS: Mapping[str, type] = {
    "mode": str, "encoding": str, "context_window": int, "max_output_tokens": int
}  # fmt: skip


def _own_models(content: bytes) -> Mapping[str, Any]:
    """Parse a user's table to its models."""
    import json

    try:
        found = json.loads(content, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--prices: the file is not JSON: {error}") from None
    models = found.get("models") if isinstance(found, dict) else None
    if not isinstance(models, dict):
        raise _wrong("models", "must be an object of models by their names")
    return models


def _overlaid(name: str, own: Any, known: Mapping[str, Any], seen: str) -> dict[str, Any]:
    """Return a model's facts in the table, overridden by the user's own facts and prices."""
    where = f"models.{name}"
    own = _mapping(own, where)
    facts = {key: _fact(key, own[key], f"{where}.{key}") for key in _FACTS if key in own}
    tiers = _own_tiers(own, where)
    if not tiers:
        return {"prices": [], **known, **facts}
    row = {"from": None, "to": None, "source": OWN, "seen": seen, "tiers": tiers}
    return {**known, **facts, "prices": [row]}


def _fact(key: str, value: Any, where: str) -> Any:
    if _FACTS[key] is int:
        return _count(value, where)
    if not isinstance(value, str):
        raise _wrong(where, "must be a string")
    return value


def _own_tiers(own: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the rates by tier; those of the standard tier are next to the facts."""
    standard = {key: value for key, value in own.items() if key not in (*_FACTS, "tiers")}
    others = _mapping(own.get("tiers", {}), f"{where}.tiers")
    if standard and "standard" in others:
        raise _wrong(f"{where}.tiers.standard", "is given twice: leave one out")
    tiers = {"standard": _own_rates(standard, where)} if standard else {}
    for tier, rates in others.items():
        tiers[tier] = _own_rates(rates, f"{where}.tiers.{tier}")
    return tiers


def _own_rates(rates: Any, where: str, *, is_above: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind, rate in _mapping(rates, where).items():
        if kind == "above" and not is_above:
            found[kind] = _own_thresholds(_mapping(rate, f"{where}.above"), f"{where}.above")
        elif kind in KINDS:
            found[kind] = _rate(rate, f"{where}.{kind}")
        else:
            from difflib import get_close_matches

            near = get_close_matches(kind, KINDS, n=1)
            raise _wrong(f"{where}.{kind}", "is not a rate" + (f": {near[0]}?" if near else ""))
    return found


def _own_thresholds(rates: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the rates above each threshold, the lowest first."""
    by_threshold = {_count(key, where): (key, higher) for key, higher in rates.items()}
    return {
        str(threshold): _own_rates(higher, f"{where}.{key}", is_above=True)
        for threshold, (key, higher) in sorted(by_threshold.items())
    }


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(where, "must be an object")
    return value


def _rate(value: Any, where: str) -> str:
    """Return a rate as text, from a JSON number or a string with one."""
    if not isinstance(value, (str, Decimal)) or re.fullmatch(_NUMBER, str(value)) is None:
        raise _wrong(where, "must be a number, or a string with one, of at least 0")
    return str(value)


def _count(value: Any, where: str) -> int:
    if not isinstance(value, (str, Decimal)) or re.fullmatch(_COUNT, str(value)) is None:
        raise _wrong(where, "must be an integer of at least 0")
    return int(value)


def _wrong(where: str, what: str) -> UsageError:
    return UsageError(f"--prices: {where} {what}")
