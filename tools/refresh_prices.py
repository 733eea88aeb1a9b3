"""Rebuild the table of models and prices from the newest litellm, genai-prices and openai packages.

    pip download --no-deps --dest PACKAGES litellm genai-prices openai
    .venv/bin/python tools/refresh_prices.py PACKAGES

PACKAGES is a folder with one wheel of each. The tool writes openai_cli/models/data/openai.json, and
prints as Markdown all changes since the last table, what a person should check, and how the table
was built: what was left out, where the sources disagree, what a rule filled.

If the sources' prices differ from a model's last row, that row ends today and a new one begins. A
row that only gains rates, or that was never right, is replaced; `--correct MODEL` declares the
latter. A model that the sources no longer list keeps its rows.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from openai_names import Named, read_names
from price_changes import updated
from price_rules import completed, flat, gaps, put, shown
from price_sources import (
    ALWAYS_SEARCHES,
    PROJECTS,
    Listed,
    Row,
    Tiers,
    of_genai,
    of_litellm,
    read_genai,
    read_litellm,
    wheel_of,
)
from tiktoken.model import encoding_name_for_model

DATA = Path(__file__).parent.parent / "openai_cli" / "models" / "data" / "openai.json"
# Modes without text whose tokens could be counted.
_TEXTLESS = ("audio_speech", "audio_transcription", "image_generation", "moderation")

# Shutdown dates that no source has: https://developers.openai.com/api/docs/deprecations
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

# Context windows that are wrong in litellm: https://developers.openai.com/api/docs/models and, for
# embeddings, the description of POST /embeddings.
WINDOWS = {
    "gpt-3.5-turbo-instruct": 4096,
    "gpt-3.5-turbo-instruct-0914": 4096,
    "gpt-4o-mini-realtime-preview-2024-12-17": 16000,
    "text-embedding-3-large": 8192,
    "text-embedding-3-small": 8192,
    "text-embedding-ada-002": 8192,
    "text-embedding-ada-002-v2": 8192,
}

# Standard rates that applied until a date, which no source has, and OpenAI's page for them.
HISTORY = {
    # OpenAI announced to developers that the name would stand for gpt-4o-2024-08-06 from that day.
    "gpt-4o": (
        date(2024, 10, 2), {"input": "5", "output": "15"},
        "https://openai.com/index/introducing-structured-outputs-in-the-api/",
    ),
    "text-embedding-ada-002": (
        date(2023, 6, 13), {"input": "0.4"},
        "https://openai.com/index/function-calling-and-other-api-updates/",
    ),
}  # fmt: skip


LICENCES = {"litellm": "MIT", "genai-prices": "MIT", "openai": "Apache-2.0"}


@dataclass(frozen=True)
class Disagreement:
    """A rate on which the two sources disagree; the table has `chosen`."""

    where: str
    litellm: str
    genai: str
    chosen: str
    why: str

    def __str__(self) -> str:
        both = f"litellm {self.litellm}, genai-prices {self.genai}"
        return f"{self.where}: {both}; took {self.chosen} ({self.why})"


def merged(name: str, one: Row, other: Row) -> tuple[Row, list[Disagreement]]:
    """Merge rows of litellm and genai-prices; return the row and the disagreements.

    The source closer to OpenAI wins; if they are equally close, litellm does, as it follows the
    pricing page daily.
    """
    right = other if other.rank > one.rank else one
    why = f"from {right.source}" if one.rank != other.rank else "both are as near to OpenAI"
    found: Tiers = {}
    disagreements = []
    ours, theirs = dict(flat(one.tiers)), dict(flat(other.tiers))
    for place, rate in {**ours, **theirs, **dict(flat(right.tiers))}.items():
        put(found, place, rate)
        if place in ours and place in theirs and ours[place] != theirs[place]:
            disagreements.append(
                Disagreement(f"{name} {shown(place)}", ours[place], theirs[place], rate, why)
            )
    return Row(other.start, found, right.source), disagreements


def combined(
    litellm: Mapping[str, Listed],
    genai: Mapping[str, Listed],
    names: Mapping[str, Named],
    today: str,
) -> tuple[dict[str, Any], list[Disagreement]]:
    """All models in the form of the table, and where the first two sources disagree.

    A model found only in `names` is listed without a price.
    """
    models, disagreements = {}, []
    sums = _sums(litellm, genai)
    for name in sorted({*litellm, *genai, *names}):
        one, other = litellm.get(name, Listed()), genai.get(name, Listed())
        rows = list(other.rows or one.rows)
        if one.rows and other.rows:
            starts = [row.start.isoformat() if row.start else "" for row in rows]
            now = max(place for place, start in enumerate(starts) if start <= today)
            rows[now], found = merged(name, one.rows[-1], rows[now])
            disagreements += found
        facts = _facts(name, one.facts, other.facts, names.get(name, Named()), sums)
        encoding = _encoding(name, facts.get("mode"), rows)
        versions = _versions(_with_history(name, rows), today)
        models[name] = {**facts, **encoding, "prices": versions}
    return models, disagreements


Limits = tuple[int | None, int | None]


def _limits(facts: Mapping[str, Any]) -> Limits:
    return facts.get("max_input_tokens"), facts.get("max_output_tokens")


def _sums(litellm: Mapping[str, Listed], genai: Mapping[str, Listed]) -> set[Limits]:
    """Pairs of input and output limits whose sum is the window, according to both sources.

    litellm's input limit is the whole window for some models, and for others the window less the
    longest output.
    """
    return {
        limits
        for name in litellm.keys() & genai.keys()
        if None not in (limits := _limits(litellm[name].facts))
        and sum(filter(None, limits)) == genai[name].facts.get("context_window")
    }


def _facts(
    name: str, one: Mapping[str, Any], other: Mapping[str, Any], named: Named, sums: set[Limits]
) -> dict[str, Any]:
    """The facts besides prices; for retirement dates, OpenAI's own package is authoritative."""
    limits = _limits(one)
    listed = sum(filter(None, limits)) if limits in sums else limits[0]
    shutdown = next((day for day, names in SHUTDOWNS.items() if name in names), None)
    old_mode = "completion" if shutdown == COMPLETIONS_END else None
    found = {
        "mode": one.get("mode", old_mode) or named.mode,
        "context_window": WINDOWS.get(name, listed or other.get("context_window")),
        "max_output_tokens": limits[1],
        "retired": named.retired or one.get("retired", shutdown and shutdown.isoformat()),
        "regions": one.get("regions"),
        "searches": bool(ALWAYS_SEARCHES.search(name)) or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _encoding(name: str, mode: str | None, rows: list[Row]) -> dict[str, str]:
    """tiktoken's encoding, else that of current models if the model reads text, else none."""
    try:
        found = encoding_name_for_model(name.split(":")[1] if name.startswith("ft:") else name)
    except KeyError:
        reads_text = "input" in rows[-1].tiers["standard"] if rows else mode == "chat"
        if mode in _TEXTLESS or not reads_text:
            return {}
        found = "o200k_base"
    return {"encoding": found}


def _with_history(name: str, rows: list[Row]) -> list[Row]:
    if name not in HISTORY or not rows or rows[0].start is not None:
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


def written(found: Mapping[str, Any]) -> str:
    """The file, with one line per model, so that a changed model is one changed line."""
    lines = [f"{json.dumps(name)}: {json.dumps(facts)}" for name, facts in found["models"].items()]
    head = {key: value for key, value in found.items() if key != "models"}
    return f'{json.dumps(head)[:-1]}, "models": {{\n' + ",\n".join(lines) + "\n}}\n"


def main() -> None:
    """Build the table from the three wheels, and print what has changed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", type=Path, help="a folder with a wheel of each")
    parser.add_argument(
        "--correct", action="append", default=[], metavar="MODEL", help="its old rates never held"
    )
    given = parser.parse_args()
    today = date.today().isoformat()
    wheels = {package: wheel_of(given.packages, package) for package in PROJECTS}
    report, models = _built(wheels, today)
    old = json.loads(DATA.read_text())["models"] if DATA.exists() else {}
    table, changes = updated(old, models, today, corrected=given.correct)
    changes.look += report.look
    sources = [
        {"package": package, "version": path.name.split("-")[1], "url": PROJECTS[package],
         "licence": LICENCES[package]}
        for package, path in wheels.items()
    ]  # fmt: skip
    content = written({"date": today, "sources": sources, "models": table})
    DATA.write_text(content, encoding="utf-8")
    print(f"## Prices of {today}\n\n{changes.markdown()}")
    print("### How it was built\n")
    print("".join(f"- {line}\n" for line in [*report.lines, f"the table has {len(table)} models"]))


@dataclass
class Report:
    """What to print about a build: `lines` on how it went, and `look` for a person to check."""

    lines: list[str]
    look: list[str]


def _built(wheels: Mapping[str, Path], today: str) -> tuple[Report, dict[str, Any]]:
    """The completed models from the wheels, and the report on them."""
    left_out: dict[str, Counter[str]] = {"litellm": Counter(), "genai-prices": Counter()}
    listed, fees = read_litellm(wheels["litellm"])
    litellm = of_litellm(listed, left_out["litellm"], fees)
    genai = of_genai(read_genai(wheels["genai-prices"]), litellm, left_out["genai-prices"])
    names = read_names(wheels["openai"])
    models, disagreements = combined(litellm, genai, names, today)
    report = Report([], [])
    report.lines += [
        f"litellm lists {len(litellm)} of OpenAI's models, genai-prices {len(genai)}, "
        f"both {len(litellm.keys() & genai.keys())}; openai names {len(names)}"
    ]
    report.lines += [
        f"left out of {package}: {count} {reason}"
        for package, counts in left_out.items()
        for reason, count in sorted((+counts).items())
    ]
    report.lines += [f"sources disagree: {found}" for found in disagreements]
    report.lines += [f"filled by a rule: {found}" for found in completed(models)]
    for gap, why in gaps(models):
        (report.lines if why else report.look).append(f"no rate: {gap}{why and f' ({why})'}")
    return report, models


if __name__ == "__main__":
    main()
