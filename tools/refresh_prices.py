"""Rebuild the table of models and prices from the newest litellm and genai-prices packages.

    pip download --no-deps --dest PACKAGES litellm genai-prices
    python tools/refresh_prices.py PACKAGES

PACKAGES is a folder with one wheel of each. It writes openai_cli/models/data/openai.json, and
prints how many models each source lists, what of them is left out, where the two disagree, and,
of the models whose prices are new, what a person should look at: a rate of 0, and a rate that
changed by more than 3 times.

Rows are appended and never edited: where the sources have other prices than the last row of a
model, that row ends today and a new one begins. A model that they no longer list keeps its rows.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from price_sources import Listed, Row, Tiers, of_genai, of_litellm, read
from tiktoken.model import encoding_name_for_model

DATA = Path(__file__).parent.parent / "openai_cli" / "models" / "data" / "openai.json"
# Modes without text of which tokens could be counted.
_TEXTLESS = ("audio_speech", "audio_transcription", "image_generation", "moderation")

# Days of the end of models that no source dates: https://developers.openai.com/api/docs/deprecations
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
    date(2026, 2, 17): ("chatgpt-4o-latest",),
    date(2026, 3, 26): ("gpt-4-0125-preview", "gpt-4-0314", "gpt-4-turbo-preview"),
    date(2026, 7, 23): ("gpt-realtime-mini-2025-10-06",),
}  # fmt: skip

# Windows that litellm has wrong: https://developers.openai.com/api/docs/models, and
# for embeddings the description of POST /embeddings.
WINDOWS = {
    "gpt-3.5-turbo-instruct": 4096,
    "gpt-3.5-turbo-instruct-0914": 4096,
    "gpt-4o-mini-realtime-preview-2024-12-17": 16000,
    "text-embedding-3-large": 8192,
    "text-embedding-3-small": 8192,
    "text-embedding-ada-002": 8192,
    "text-embedding-ada-002-v2": 8192,
}

# Standard rates that a model had until a day, which no source has, and OpenAI's page that says so.
HISTORY = {
    # OpenAI wrote to developers that the name would stand for gpt-4o-2024-08-06 from that day on.
    "gpt-4o": (
        date(2024, 10, 2), {"input": "5", "output": "15"},
        "https://openai.com/index/introducing-structured-outputs-in-the-api/",
    ),
    "text-embedding-ada-002": (
        date(2023, 6, 13), {"input": "0.4"},
        "https://openai.com/index/function-calling-and-other-api-updates/",
    ),
}  # fmt: skip


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


def merged(name: str, one: Row, other: Row) -> tuple[Row, list[Disagreement]]:
    """One row of litellm's and of genai-prices's, and where they disagree.

    The one whose source is nearer to OpenAI is right; of two as near litellm, which follows the
    page day by day.
    """
    right = other if other.rank > one.rank else one
    why = f"from {right.source}" if one.rank != other.rank else "both are as near to OpenAI"
    found: Tiers = {}
    disagreements = []
    ours, theirs = dict(_flat(one.tiers)), dict(_flat(other.tiers))
    for place, rate in {**ours, **theirs, **dict(_flat(right.tiers))}.items():
        _put(found, place, rate)
        if place in ours and place in theirs and ours[place] != theirs[place]:
            where = " ".join((name, *filter(None, place)))
            disagreements.append(Disagreement(where, ours[place], theirs[place], rate, why))
    return Row(other.start, found, right.source), disagreements


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
    sums = _sums(litellm, genai)
    for name in sorted({*litellm, *genai}):
        one, other = litellm.get(name, Listed()), genai.get(name, Listed())
        rows = list(other.rows or one.rows)
        if one.rows and other.rows:
            starts = [row.start.isoformat() if row.start else "" for row in rows]
            now = max(place for place, start in enumerate(starts) if start <= today)
            rows[now], found = merged(name, one.rows[-1], rows[now])
            disagreements += found
        facts = _facts(name, one.facts, other.facts, sums)
        encoding = _encoding(name, facts.get("mode"), rows[-1])
        versions = _versions(_with_history(name, rows), today)
        models[name] = {**facts, **encoding, "prices": versions}
    return models, disagreements


Limits = tuple[int | None, int | None]


def _limits(facts: Mapping[str, Any]) -> Limits:
    return facts.get("max_input_tokens"), facts.get("max_output_tokens")


def _sums(litellm: Mapping[str, Listed], genai: Mapping[str, Listed]) -> set[Limits]:
    """The limits of input and output whose sum is a window, as both sources say of some model.

    litellm's input limit is the whole window of one model, and of another what the longest output
    leaves of it.
    """
    return {
        limits
        for name in litellm.keys() & genai.keys()
        if None not in (limits := _limits(litellm[name].facts))
        and sum(filter(None, limits)) == genai[name].facts.get("context_window")
    }


def _facts(
    name: str, one: Mapping[str, Any], other: Mapping[str, Any], sums: set[Limits]
) -> dict[str, Any]:
    limits = _limits(one)
    listed = sum(filter(None, limits)) if limits in sums else limits[0]
    shutdown = next((day for day, names in SHUTDOWNS.items() if name in names), None)
    old_mode = "completion" if shutdown == COMPLETIONS_END else None
    found = {
        "mode": one.get("mode", old_mode),
        "context_window": WINDOWS.get(name, listed or other.get("context_window")),
        "max_output_tokens": limits[1],
        "retired": one.get("retired", shutdown and shutdown.isoformat()),
    }
    return {key: value for key, value in found.items() if value is not None}


def _encoding(name: str, mode: str | None, row: Row) -> dict[str, str]:
    """tiktoken's, else that of today's models for what reads text, else nothing."""
    try:
        found = encoding_name_for_model(name.split(":")[1] if name.startswith("ft:") else name)
    except KeyError:
        if mode in _TEXTLESS or "input" not in row.tiers["standard"]:
            return {}
        found = "o200k_base"
    return {"encoding": found}


def _with_history(name: str, rows: list[Row]) -> list[Row]:
    if name not in HISTORY or rows[0].start is not None:
        return rows
    end, rates, source = HISTORY[name]
    return [Row(None, {"standard": rates}, source), replace(rows[0], start=end), *rows[1:]]


def _versions(rows: Iterable[Row], today: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for row in rows:
        start = None if row.start is None else row.start.isoformat()
        if found:
            found[-1]["to"] = start
        found.append(
            {"from": start, "to": None, "source": row.source, "seen": today, "tiers": row.tiers}
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
    today = date.today().isoformat()
    listed, provider, sources = read(parser.parse_args().packages)
    left_out: dict[str, Counter[str]] = {"litellm": Counter(), "genai-prices": Counter()}
    litellm = of_litellm(listed, left_out["litellm"])
    genai = of_genai(provider, litellm, left_out["genai-prices"])
    models, disagreements = combined(litellm, genai, today)
    old = json.loads(DATA.read_text())["models"] if DATA.exists() else {}
    table = updated(old, models, today)
    content = written({"date": today, "sources": sources, "models": table})
    DATA.write_text(content, encoding="utf-8")
    print(f"litellm lists {len(litellm)} of OpenAI's models, genai-prices {len(genai)}")
    print(f"both list {len(litellm.keys() & genai.keys())}, the table has {len(table)}")
    for package, counts in left_out.items():
        for reason, count in sorted((+counts).items()):
            print(f"left out of {package}: {count} {reason}")
    print(f"{len(disagreements)} disagreements:", *disagreements, sep="\n  ")
    fresh = {name: facts for name, facts in table.items() if not _is_known(facts, old.get(name))}
    print("for a person's eye:", *remarkable(fresh), sep="\n  ")


def _is_known(facts: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
    return before is not None and facts["prices"] == before["prices"]


if __name__ == "__main__":
    main()
