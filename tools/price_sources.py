"""OpenAI's models in litellm and genai-prices, read from their wheels into one form."""

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from zipfile import ZipFile

LITELLM_TABLE = "litellm/model_prices_and_context_window_backup.json"
LITELLM_CONSTANTS = "litellm/constants.py"
_FILE_SEARCH = re.compile(r"OPENAI_FILE_SEARCH_COST_PER_1K_CALLS\"?, ([0-9.]+) / 1000\)")
PROJECTS = {
    "litellm": "https://github.com/BerriAI/litellm",
    "genai-prices": "https://github.com/pydantic/genai-prices",
    "openai": "https://github.com/openai/openai-python",
}
# OpenAI's pricing page, by its present and former addresses, and OpenAI's other pages.
PRICING_PAGE = re.compile(r"https://(?:[a-z]+\.)?openai\.com/(?:api/)?(?:docs/)?pricing")
OPENAIS_PAGE = re.compile(r"https://(?:[a-z]+\.)?openai\.com/[^\s,)]*[^\s,).]")
MILLION = Decimal(1_000_000)

# tier -> kind -> rate; "above" has the same by threshold.
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
# Regions whose processing may cost more, by the first label of their hosts.
_REGIONS = {
    "eu": "regional_processing_uplift_multiplier_eu",
    "us": "regional_processing_uplift_multiplier_us",
    "gov": "fedramp_uplift_multiplier",
}
# Models of POST /chat/completions that search the web for each answer.
ALWAYS_SEARCHES = re.compile(r"-search-(?:preview|api)")
_REASONS = re.compile(r"o[0-9]")
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
    "web_searches_kcount": ("web_search", Decimal(1000)),
    "storage_searches_kcount": ("file_search", Decimal(1000)),
}
# Fees for tool calls in USD, the same at every tier.
FEES = ("web_search", "web_search_preview", "file_search", "code_interpreter")
# Other providers' spellings of OpenAI's names, and patterns that are not names.
_NO_NAME = re.compile(
    r"gpt-35.*|gpt-3\.5-0301|gpt-5-\d.*|.*[-.]|.*\.ft-.*|.*:extended|text-embedding-ada"
)


class Fees(NamedTuple):
    """litellm's fees for every model, in USD: a file search, a code session."""

    file_search: str | None = None
    code_interpreter: str | None = None


NO_FEES = Fees()


@dataclass
class Row:
    """The prices of a model from `start` on (None if unknown), and the URL of their source."""

    start: date | None
    tiers: Tiers
    source: str

    @property
    def rank(self) -> int:
        """How close the source is to OpenAI: 2 for its pricing page, 1 for another page, else 0."""
        return 2 if PRICING_PAGE.match(self.source) else 1 if OPENAIS_PAGE.match(self.source) else 0


@dataclass
class Listed:
    """What one source says of a model; the last of the `rows` applies today."""

    facts: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


def wheel_of(folder: Path, package: str) -> Path:
    """The only wheel of a package in a folder; exits if there is not exactly one."""
    found = list(folder.glob(f"{package.replace('-', '_')}-*.whl"))
    if len(found) != 1:
        sys.exit(f"{folder} has {len(found)} wheels of {package}, and needs one")
    return found[0]


def read_litellm(path: Path) -> tuple[Mapping[str, Any], Fees]:
    """The table in a wheel of litellm, and its fees for every model."""
    with ZipFile(path) as wheel:
        table = json.loads(wheel.read(LITELLM_TABLE))
        constants = wheel.read(LITELLM_CONSTANTS).decode()
    session = table.get("openai/container", {}).get("code_interpreter_cost_per_session")
    call = _FILE_SEARCH.search(constants)
    return table, Fees(
        None if call is None else plain(Decimal(call[1]) / 1000),
        None if session is None else exact(session, Decimal(1)),
    )


def read_genai(path: Path) -> Any:
    """The provider `openai` in a wheel of genai-prices.

    Only its data are imported: the package itself needs an HTTP library.
    """
    with tempfile.TemporaryDirectory() as unpacked, ZipFile(path) as wheel:
        wheel.extractall(unpacked)
        package = ModuleType("genai_prices")
        package.__path__ = [str(Path(unpacked, "genai_prices"))]
        sys.modules["genai_prices"] = package
        providers = import_module("genai_prices.data").providers
    return next(each for each in providers if each.id == "openai")


def exact(number: float, times: Decimal = MILLION) -> str:
    """A rate as it was written, multiplied by `times` exactly: 2.5e-06 is 2.5 per million."""
    return plain(Decimal(repr(number)) * times)


def plain(number: Decimal) -> str:
    """The number without an exponent and trailing zeros."""
    return f"{number.normalize():f}"


def source_of(said: str | None, package: str) -> str:
    """OpenAI's page that a package cites, the pricing page first, or else the package's own."""
    for pages in (PRICING_PAGE, OPENAIS_PAGE):
        if found := pages.search(said or ""):
            return found[0]
    return PROJECTS[package]


def of_litellm(
    table: Mapping[str, Any], left_out: Counter[str], fees: Fees = NO_FEES
) -> dict[str, Listed]:
    """OpenAI's models in litellm's table, with `fees` for chat models.

    `left_out` counts what is skipped, by reason.
    """
    models = {}
    for name, facts in table.items():
        if facts.get("litellm_provider") not in ("openai", "text-completion-openai"):
            continue
        if "/" in name:
            left_out["models: images of one size, and second names"] += 1
        elif tiers := _litellm_tiers(facts, left_out):
            tiers["standard"] = tiers.get("standard", {}) | _litellm_fees(name, facts, fees)
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
            if "cost" in key and key != "search_context_cost_per_query" and rate:
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


def _litellm_fees(name: str, facts: Mapping[str, Any], fees: Fees) -> dict[str, str]:
    """The fees for tool calls, in USD per call.

    litellm's search fee is for the older tool, web_search_preview; models that always search have
    it as their own. According to the pricing page, reasoning models have one fee for both tools;
    for others, genai-prices has that of web_search.
    """
    found = {}
    if facts.get("mode") in ("chat", "responses"):
        found = {kind: fee for kind, fee in fees._asdict().items() if fee is not None}
    by_size = facts.get("search_context_cost_per_query", {})
    tools = ["web_search_preview"]
    if facts.get("supports_reasoning"):
        tools.append("web_search")
    elif ALWAYS_SEARCHES.search(name):
        tools = ["web_search"]
    medium = by_size.get("search_context_size_medium")
    for size in ("medium", "low", "high"):
        fee = by_size.get(f"search_context_size_{size}")
        if fee is None or (size != "medium" and fee == medium):
            continue
        suffix = "" if size == "medium" else f"_{size}"
        found |= {f"{tool}{suffix}": exact(fee, Decimal(1)) for tool in tools}
    return found


def _litellm_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "mode": facts.get("mode"),
        "max_output_tokens": facts.get("max_output_tokens"),
        "retired": facts.get("deprecation_date"),
        "max_input_tokens": facts.get("max_input_tokens"),
        "regions": {
            region: exact(facts[key], Decimal(1))
            for region, key in _REGIONS.items()
            if key in facts
        },
    }
    return {key: value for key, value in found.items() if value is not None}


def of_genai(provider: Any, names: Iterable[str], left_out: Counter[str]) -> dict[str, Listed]:
    """The models of genai-prices's provider `openai`: those that it names, and those in `names`.

    `left_out` counts what is skipped, by reason.
    """
    own = {name for model in provider.models for name in (model.id, *_equals(model.match))}
    wanted = {name for name in own if _NO_NAME.fullmatch(name) is None}
    left_out["names: patterns, and other providers' spellings"] += len(own - wanted)
    found = {}
    for name in sorted(wanted.union(names)):
        model = next((model for model in provider.models if model.is_match(name)), None)
        rows = _genai_rows(model, left_out) if model is not None else []
        if ALWAYS_SEARCHES.search(name):  # its fees are those of the underlying model
            rows = [replace(row, tiers=_without_fees(row.tiers)) for row in rows]
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
        if "web_search" in standard and _REASONS.match(model.id):
            standard["web_search_preview"] = standard["web_search"]
        rows.append(Row(start, {"standard": standard} if standard else {}, source))
    # Their start is the day of a look-up, not of a change, as the comments say.
    for variant in model.price_variants or ():
        tier = variant.when.get("processing") or variant.when.get("service_tier")
        if tier != "default":
            rates = _genai_rates(variant.prices, left_out)
            rows[-1].tiers |= _without_fees({tier: rates})
    return rows


def _without_fees(tiers: Tiers) -> Tiers:
    return {
        tier: {kind: rates[kind] for kind in rates if kind not in FEES}
        for tier, rates in tiers.items()
    }


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
