"""Rebuild the table of models and prices from the newest litellm and genai-prices packages.

    pip download --no-deps --dest PACKAGES litellm genai-prices
    python tools/refresh_prices.py PACKAGES

PACKAGES is a folder with one wheel of each. It writes openai_cli/prices/data/openai.json, and
prints how many models each source lists, where the two disagree, and what a person should look at:
a rate of 0, and a rate that changed by more than 3 times.

Rows are appended and never edited: where the sources have other prices than the last row of a
model, that row ends today and a new one begins. A model that they no longer list keeps its rows.
"""

import argparse
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

from tiktoken.model import encoding_name_for_model

DATA = Path(__file__).parent.parent / "openai_cli" / "prices" / "data" / "openai.json"
LITELLM_TABLE = "litellm/model_prices_and_context_window_backup.json"
PRICING_PAGE = "https://developers.openai.com/api/docs/pricing"
# Addresses that OpenAI's pricing page has and had.
PRICING_PAGES = re.compile(
    r"developers\.openai\.com/api/docs/pricing|platform\.openai\.com/docs/pricing"
    r"|openai\.com/(?:api/)?pricing"
)
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
_NO_NAME = re.compile(r"gpt-35.*|gpt-5-\d.*|.*[-.]|.*\.ft-.*|.*:extended")

# Days of the end of models that no source dates: https://platform.openai.com/docs/deprecations
COMPLETIONS_END = date(2024, 1, 4)
SHUTDOWNS = {
    COMPLETIONS_END: (
        "ada", "babbage", "curie", "davinci", "text-ada-001", "text-curie-001", "text-davinci-001",
        "text-davinci-002", "text-davinci-003",
    ),
    date(2024, 9, 13): ("gpt-3.5-turbo-0301", "gpt-3.5-turbo-0613", "gpt-3.5-turbo-16k-0613"),
    date(2024, 12, 6): ("gpt-4-vision-preview", "gpt-4-1106-vision-preview"),
    date(2025, 6, 6): ("gpt-4-32k", "gpt-4-32k-0314", "gpt-4-32k-0613"),
    date(2025, 7, 14): ("gpt-4.5-preview",),
    date(2025, 7, 28): ("o1-preview", "o1-preview-2024-09-12"),
    date(2025, 10, 27): ("o1-mini", "o1-mini-2024-09-12"),
}  # fmt: skip


@dataclass
class Row:
    """The prices of a model from `start` on; None is unknown."""

    start: date | None
    tiers: Tiers
    is_openais: bool


@dataclass
class Listed:
    """What one source says of a model; the last of the `rows` holds today."""

    facts: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Disagreement:
    """The two sources give two rates; `chosen` is the one that the table has."""

    where: str
    litellm: str
    genai: str
    chosen: str
    why: str

    def __str__(self) -> str:
        both = f"litellm {self.litellm}, genai-prices {self.genai}"
        return f"{self.where}: {both}; took {self.chosen} ({self.why})"


def exact(number: float, times: Decimal = MILLION) -> str:
    """A rate as it was written, times `times`, with no digit more: 2.5e-06 is 2.5 a million."""
    return plain(Decimal(repr(number)) * times)


def plain(number: Decimal) -> str:
    """The number without exponent and without zeros at its end."""
    return f"{number.normalize():f}"


def of_litellm(table: Mapping[str, Any], left_out: Counter[str]) -> dict[str, Listed]:
    """OpenAI's models of litellm's table; `left_out` counts what is not taken, by reason."""
    models = {}
    for name, facts in table.items():
        if facts.get("litellm_provider") not in ("openai", "text-completion-openai"):
            continue
        tiers = _litellm_tiers(facts, left_out)
        if "/" in name:
            left_out["an image of one size, or a second name"] += 1
        elif not tiers:
            left_out["no price of tokens, seconds or characters"] += 1
        else:
            source = str(facts.get("source", ""))
            row = Row(None, tiers, PRICING_PAGES.search(source) is not None)
            models[name] = Listed(_litellm_facts(facts), [row])
    return models


def _litellm_tiers(facts: Mapping[str, Any], left_out: Counter[str]) -> Tiers:
    tiers: Tiers = {}
    for key, rate in facts.items():
        match = _LITELLM_KEY.fullmatch(key)
        if match is None:
            if "cost" in key and rate:
                left_out[f"rate: {re.sub(r'_above.*', '', key)}"] += 1
            continue
        kind = _LITELLM_KINDS[match["kind"]]
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


def of_genai(provider: Any, names: Iterable[str]) -> dict[str, Listed]:
    """The models of genai-prices's provider `openai`: those it names, and those of `names`."""
    own = {name for model in provider.models for name in (model.id, *_equals(model.match))}
    wanted = {*names, *(name for name in own if _NO_NAME.fullmatch(name) is None)}
    found = {}
    for name in sorted(wanted):
        model = next((model for model in provider.models if model.is_match(name)), None)
        rows = _genai_rows(model) if model is not None else []
        if any(row.tiers for row in rows):
            window = getattr(model, "context_window", None)
            found[name] = Listed({} if window is None else {"context_window": window}, rows)
    return found


def _equals(clause: Any) -> Iterator[str]:
    for inner in getattr(clause, "or_", [clause]):
        if (name := getattr(inner, "equals", None)) is not None:
            yield name


def _genai_rows(model: Any) -> list[Row]:
    names_page = PRICING_PAGES.search(model.price_comments or "") is not None
    prices = model.prices if isinstance(model.prices, list) else [model.prices]
    rows = []
    for entry in prices:
        constraint = getattr(entry, "constraint", None)
        standard = _genai_rates(getattr(entry, "prices", entry))
        start = constraint.start_date if constraint else None
        rows.append(Row(start, {"standard": standard} if standard else {}, names_page))
    for variant in model.price_variants or ():
        tier = variant.when.get("processing") or variant.when.get("service_tier")
        if tier != "default":
            rows[-1].tiers[tier] = _genai_rates(variant.prices)
    return rows


def _genai_rates(prices: Any) -> dict[str, Any]:
    rates: dict[str, Any] = {}
    for key, (kind, per) in _GENAI_KINDS.items():
        price = getattr(prices, key, None)
        if price is None:
            continue
        rates[kind] = plain(getattr(price, "base", price) / per)
        for tier in getattr(price, "tiers", ()):
            above = rates.setdefault("above", {}).setdefault(str(tier.start), {})
            above[kind] = plain(tier.price / per)
    return rates


def merged(name: str, one: Row, other: Row) -> tuple[Tiers, list[Disagreement]]:
    """The rates of litellm's row and of genai-prices's, and where they disagree."""
    found: Tiers = {}
    disagreements = []
    # Both or neither name the page: the newer to verify is litellm, whose table changes daily.
    takes_other = other.is_openais and not one.is_openais
    why = (
        "it alone names OpenAI's pricing page"
        if one.is_openais != other.is_openais
        else "both name OpenAI's pricing page, and litellm has every tier from it"
        if one.is_openais
        else "neither names OpenAI's pricing page"
    )
    ours, theirs = dict(_flat(one.tiers)), dict(_flat(other.tiers))
    for place in dict.fromkeys((*ours, *theirs)):
        rate, rival = ours.get(place), theirs.get(place)
        chosen = rival if rate is None or (takes_other and rival is not None) else rate
        if rate is not None and rival is not None and rate != rival:
            where = " ".join((name, *filter(None, place)))
            disagreements.append(Disagreement(where, rate, rival, str(chosen), why))
        _put(found, place, str(chosen))
    return found, disagreements


Place = tuple[str, str, str]


def _flat(tiers: Tiers) -> Iterator[tuple[Place, str]]:
    """Each rate with its tier, its threshold (or nothing) and its kind."""
    for tier, rates in tiers.items():
        for kind, rate in rates.items():
            if kind != "above":
                yield (tier, "", kind), rate
        for threshold, higher in rates.get("above", {}).items():
            for kind, rate in higher.items():
                yield (tier, threshold, kind), rate


def _put(tiers: Tiers, place: Place, rate: str) -> None:
    tier, threshold, kind = place
    rates = tiers.setdefault(tier, {})
    if threshold:
        rates = rates.setdefault("above", {}).setdefault(threshold, {})
    rates[kind] = rate


def combined(
    litellm: Mapping[str, Listed], genai: Mapping[str, Listed], today: str
) -> tuple[dict[str, Any], list[Disagreement]]:
    """The models of both, in the form of the table, and where the two disagree."""
    models, disagreements = {}, []
    for name in sorted({*litellm, *genai}):
        one, other = litellm.get(name, Listed()), genai.get(name, Listed())
        rows = other.rows or one.rows
        if one.rows and other.rows:
            tiers, found = merged(name, one.rows[-1], other.rows[-1])
            disagreements += found
            is_openais = one.rows[-1].is_openais or other.rows[-1].is_openais
            rows = [*other.rows[:-1], Row(other.rows[-1].start, tiers, is_openais)]
        models[name] = {**_facts(name, one.facts, other.facts), "prices": _versions(rows, today)}
    return models, disagreements


def _facts(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    window = other.get("context_window", one.get("max_input_tokens"))
    shutdown = next((day for day, names in SHUTDOWNS.items() if name in names), None)
    retired = one.get("retired", shutdown and shutdown.isoformat())
    mode = one.get("mode", "completion" if shutdown == COMPLETIONS_END else None)
    found = {
        "mode": mode,
        "encoding": _encoding(name, mode),
        "context_window": window,
        "max_output_tokens": one.get("max_output_tokens"),
        "retired": retired,
    }
    return {key: value for key, value in found.items() if value is not None}


def _encoding(name: str, mode: str | None) -> str | None:
    """tiktoken's, else that of today's models for what reads or writes text."""
    try:
        return encoding_name_for_model(name.split(":")[1] if name.startswith("ft:") else name)
    except KeyError:
        return "o200k_base" if mode in ("chat", "responses", "completion", "embedding") else None


def _versions(rows: Iterable[Row], today: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for row in rows:
        start = None if row.start is None else row.start.isoformat()
        if found:
            found[-1]["to"] = start
        source = PRICING_PAGE if row.is_openais else "https://github.com/pydantic/genai-prices"
        found.append(
            {"from": start, "to": None, "source": source, "seen": today, "tiers": row.tiers}
        )
    return found


def updated(old: Mapping[str, Any], new: Mapping[str, Any], today: str) -> dict[str, Any]:
    """The old models with what is new: facts replaced, rows appended, nothing taken away."""
    models = dict(old)
    for name, facts in new.items():
        rows = old.get(name, {}).get("prices", [])
        last = facts["prices"][-1]
        if not rows:
            rows = facts["prices"]
        elif rows[-1]["tiers"] != last["tiers"]:
            start = last["from"] if (last["from"] or "") > (rows[-1]["from"] or "") else today
            rows = [*rows[:-1], {**rows[-1], "to": start}, {**last, "from": start}]
        models[name] = {**facts, "prices": rows}
    return {name: models[name] for name in sorted(models)}


def remarkable(models: Mapping[str, Any]) -> Iterator[str]:
    """What a person should look at: rates of 0, and changes by more than 3 times."""
    for name, facts in models.items():
        rows = facts["prices"]
        for place, rate in _flat(rows[-1]["tiers"]):
            where = " ".join((name, *filter(None, place)))
            if Decimal(rate) == 0:
                yield f"{where}: the rate is 0"
            before = dict(_flat(rows[-2]["tiers"])).get(place) if len(rows) > 1 else None
            if before and Decimal(before) and not 1 / 3 <= Decimal(rate) / Decimal(before) <= 3:
                yield f"{where}: from {before} to {rate}"


def written(found: Mapping[str, Any]) -> str:
    """The file: a line for each model, so that a change of one is a change of a line."""
    lines = [f"{json.dumps(name)}: {json.dumps(facts)}" for name, facts in found["models"].items()]
    head = {key: value for key, value in found.items() if key != "models"}
    return f'{json.dumps(head)[:-1]}, "models": {{\n' + ",\n".join(lines) + "\n}}\n"


def main() -> None:
    """Build the table from the two wheels, and print what it is made of."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", type=Path, help="a folder with a wheel of each")
    folder = parser.parse_args().packages
    today = date.today().isoformat()
    with tempfile.TemporaryDirectory() as unpacked:
        listed, provider, sources = _sources(folder, Path(unpacked))
    left_out: Counter[str] = Counter()
    litellm = of_litellm(listed, left_out)
    genai = of_genai(provider, litellm)
    models, disagreements = combined(litellm, genai, today)
    old = json.loads(DATA.read_text()) if DATA.exists() else {"models": {}}
    table = updated(old["models"], models, today)
    content = written({"date": today, "sources": sources, "models": table})
    DATA.write_text(content, encoding="utf-8")
    print(f"litellm lists {len(litellm)} of OpenAI's models, genai-prices {len(genai)}")
    print(f"the table has {len(table)}")
    for reason, count in left_out.most_common():
        print(f"left out of litellm's table: {count} of {reason}")
    print(f"{len(disagreements)} disagreements:", *disagreements, sep="\n  ")
    print("for a person's eye:", *remarkable(table), sep="\n  ")


def _sources(folder: Path, unpacked: Path) -> tuple[Any, Any, list[dict[str, str]]]:
    wheels = {name: next(folder.glob(f"{name}-*.whl")) for name in ("litellm", "genai_prices")}
    with ZipFile(wheels["litellm"]) as wheel:
        table = json.loads(wheel.read(LITELLM_TABLE))
    with ZipFile(wheels["genai_prices"]) as wheel:
        wheel.extractall(unpacked)
    sys.path.insert(0, str(unpacked))
    providers = import_module("genai_prices.data").providers
    names = [path.name.split("-") for path in wheels.values()]
    sources = [
        {"package": name.replace("_", "-"), "version": version} for name, version, *_ in names
    ]
    return table, next(each for each in providers if each.id == "openai"), sources


if __name__ == "__main__":
    main()
