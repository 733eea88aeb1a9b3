"""What litellm and genai-prices say of OpenAI's models, in one form, from their wheels."""

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import ZipFile

LITELLM_TABLE = "litellm/model_prices_and_context_window_backup.json"
PROJECTS = {
    "litellm": "https://github.com/BerriAI/litellm",
    "genai-prices": "https://github.com/pydantic/genai-prices",
}
# What OpenAI's pricing page is and was called, and its other pages.
PRICING_PAGE = re.compile(r"https://(?:[a-z]+\.)?openai\.com/(?:api/)?(?:docs/)?pricing")
OPENAIS_PAGE = re.compile(r"https://(?:[a-z]+\.)?openai\.com/[^\s,)]*[^\s,).]")
MILLION = Decimal(1_000_000)

# tier -> kind -> rate; under "above" the same by thresholds.
Tiers = dict[str, dict[str, Any]]

_LITELLM_KINDS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cached_input",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_12hr": "cache_write_12h",
    "input_cost_per_audio_token": "audio_input",
    "output_cost_per_audio_token": "audio_output",
    "cache_read_input_audio_token_cost": "cached_audio_input",
    "input_cost_per_image_token": "image_input",
    "output_cost_per_image_token": "image_output",
    "cache_read_input_image_token_cost": "cached_image_input",
    "input_cost_per_second": "input_second",
    "output_cost_per_second": "output_second",
    "input_cost_per_character": "input_character",
}
_LITELLM_KEY = re.compile(
    rf"(?P<kind>{'|'.join(sorted(_LITELLM_KINDS, key=len, reverse=True))})"
    r"(?:_above_(?P<above>\d+)k_tokens)?(?:_(?P<tier>[a-z]+))?"
)
_LITELLM_TIERS = {None: "standard", "batches": "batch"}

_GENAI_KINDS = {
    "input_mtok": ("input", Decimal(1)),
    "output_mtok": ("output", Decimal(1)),
    "cache_read_mtok": ("cached_input", Decimal(1)),
    "cache_write_mtok": ("cache_write", Decimal(1)),
    "input_audio_mtok": ("audio_input", Decimal(1)),
    "output_audio_mtok": ("audio_output", Decimal(1)),
    "cache_audio_read_mtok": ("cached_audio_input", Decimal(1)),
    "input_image_mtok": ("image_input", Decimal(1)),
    "output_image_mtok": ("image_output", Decimal(1)),
    "cache_image_read_mtok": ("cached_image_input", Decimal(1)),
    "input_audio_hours": ("input_second", Decimal(3600)),
    "input_mchars": ("input_character", MILLION),
}
# Other providers' spellings of OpenAI's names, and patterns that are no names.
_NO_NAME = re.compile(
    r"gpt-35.*|gpt-3\.5-0301|gpt-5-\d.*|.*[-.]|.*\.ft-.*|.*:extended|text-embedding-ada"
)


@dataclass
class Row:
    """The prices of a model from `start` on, None is unknown, and the address that has them."""

    start: date | None
    tiers: Tiers
    source: str

    @property
    def rank(self) -> int:
        """How near the source is to OpenAI: its pricing page, another page of it, or none."""
        return 2 if PRICING_PAGE.match(self.source) else 1 if OPENAIS_PAGE.match(self.source) else 0


@dataclass
class Listed:
    """What one source says of a model; the last of the `rows` holds today."""

    facts: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


def read(folder: Path) -> tuple[Any, Any, list[dict[str, str]]]:
    """litellm's table, genai-prices's provider `openai`, and what the two packages are.

    `folder` has a wheel of each.
    """
    wheels = [_wheel(folder, package) for package in PROJECTS]
    with ZipFile(wheels[0]) as wheel:
        table = json.loads(wheel.read(LITELLM_TABLE))
    with tempfile.TemporaryDirectory() as unpacked, ZipFile(wheels[1]) as wheel:
        wheel.extractall(unpacked)
        sys.path.insert(0, unpacked)
        providers = import_module("genai_prices.data").providers
    sources = [
        {"package": package, "version": path.name.split("-")[1], "url": url, "licence": "MIT"}
        for (package, url), path in zip(PROJECTS.items(), wheels, strict=True)
    ]
    return table, next(each for each in providers if each.id == "openai"), sources


def _wheel(folder: Path, package: str) -> Path:
    found = list(folder.glob(f"{package.replace('-', '_')}-*.whl"))
    if len(found) != 1:
        sys.exit(f"{folder} has {len(found)} wheels of {package}, and needs one")
    return found[0]


def exact(number: float, times: Decimal = MILLION) -> str:
    """A rate as it was written, times `times`, with no digit more: 2.5e-06 is 2.5 a million."""
    return plain(Decimal(repr(number)) * times)


def plain(number: Decimal) -> str:
    """The number without exponent and without zeros at its end."""
    return f"{number.normalize():f}"


def source_of(said: str | None, package: str) -> str:
    """OpenAI's page that a package names as its source, the pricing page first, else its own."""
    for pages in (PRICING_PAGE, OPENAIS_PAGE):
        if found := pages.search(said or ""):
            return found[0]
    return PROJECTS[package]


def of_litellm(table: Mapping[str, Any], left_out: Counter[str]) -> dict[str, Listed]:
    """OpenAI's models of litellm's table; `left_out` counts what is not taken, by reason."""
    models = {}
    for name, facts in table.items():
        if facts.get("litellm_provider") not in ("openai", "text-completion-openai"):
            continue
        if "/" in name:
            left_out["models: images of one size, and second names"] += 1
        elif tiers := _litellm_tiers(facts, left_out):
            row = Row(None, tiers, source_of(facts.get("source"), "litellm"))
            models[name] = Listed(_litellm_facts(facts), [row])
        else:
            left_out["models: without a price of tokens, seconds or characters"] += 1
    return models


def _litellm_tiers(facts: Mapping[str, Any], left_out: Counter[str]) -> Tiers:
    tiers: Tiers = {}
    for key, rate in facts.items():
        match = _LITELLM_KEY.fullmatch(key)
        if match is None:
            if "cost" in key and rate:
                left_out[f"rates: {re.sub(r'_above.*', '', key)}"] += 1
            continue
        kind = _LITELLM_KINDS[match["kind"]]
        if kind == "output_second" and facts.get("mode") == "audio_transcription":
            left_out["rates: a second of sound, again for its text"] += 1
            continue
        rates = tiers.setdefault(_LITELLM_TIERS.get(match["tier"], match["tier"]), {})
        if match["above"]:
            threshold = str(int(match["above"]) * 1000)
            rates = rates.setdefault("above", {}).setdefault(threshold, {})
        each = not kind.endswith(("_second", "_character"))
        rates[kind] = exact(rate, MILLION if each else Decimal(1))
    return tiers


def _litellm_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "mode": facts.get("mode"),
        "max_output_tokens": facts.get("max_output_tokens"),
        "retired": facts.get("deprecation_date"),
        "max_input_tokens": facts.get("max_input_tokens"),
    }
    return {key: value for key, value in found.items() if value is not None}


def of_genai(provider: Any, names: Iterable[str], left_out: Counter[str]) -> dict[str, Listed]:
    """The models of genai-prices's provider `openai`: those it names, and those of `names`.

    `left_out` counts what is not taken, by reason.
    """
    own = {name for model in provider.models for name in (model.id, *_equals(model.match))}
    wanted = {name for name in own if _NO_NAME.fullmatch(name) is None}
    left_out["names: patterns, and other providers' spellings"] += len(own - wanted)
    found = {}
    for name in sorted(wanted.union(names)):
        model = next((model for model in provider.models if model.is_match(name)), None)
        rows = _genai_rows(model, left_out) if model is not None else []
        if any(row.tiers for row in rows):
            window = getattr(model, "context_window", None)
            found[name] = Listed({} if window is None else {"context_window": window}, rows)
    return found


def _equals(clause: Any) -> Iterator[str]:
    for inner in getattr(clause, "or_", [clause]):
        if (name := getattr(inner, "equals", None)) is not None:
            yield name


def _genai_rows(model: Any, left_out: Counter[str]) -> list[Row]:
    source = source_of(model.price_comments, "genai-prices")
    prices = model.prices if isinstance(model.prices, list) else [model.prices]
    rows = []
    for entry in prices:
        constraint = getattr(entry, "constraint", None)
        standard = _genai_rates(getattr(entry, "prices", entry), left_out)
        start = constraint.start_date if constraint else None
        rows.append(Row(start, {"standard": standard} if standard else {}, source))
    # Their start is the day when someone looked, not that of a change: the comments say so.
    for variant in model.price_variants or ():
        tier = variant.when.get("processing") or variant.when.get("service_tier")
        if tier != "default":
            rows[-1].tiers[tier] = _genai_rates(variant.prices, left_out)
    return rows


def _genai_rates(prices: Any, left_out: Counter[str]) -> dict[str, Any]:
    rates: dict[str, Any] = {}
    for key, price in vars(prices).items():
        if price is None or key not in _GENAI_KINDS:
            left_out[f"rates: {key}"] += price is not None
            continue
        kind, per = _GENAI_KINDS[key]
        rates[kind] = plain(getattr(price, "base", price) / per)
        for tier in getattr(price, "tiers", ()):
            above = rates.setdefault("above", {}).setdefault(str(tier.start), {})
            above[kind] = plain(tier.price / per)
    return rates
