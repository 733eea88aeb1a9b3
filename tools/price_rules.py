"""Rules for the rates of a table: they fill gaps, or name them.

A rate that a source leaves out would be replaced by another that is too low. So tiers that OpenAI
sells as one have the same rates, an alias has every kind of rate that its snapshots have, and each
tier has every kind that the standard tier has, or the gap is named.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from price_sources import FEES, Tiers

# Tiers with the same rates, by the description of `service_tier` (fast is another name for
# priority) and the guide to flex processing (its tokens are priced like those of batch).
SAME = (("priority", "fast"), ("batch", "flex"))

# Kinds that stand in for a kind without a rate, at an equal or higher rate.
_DEARER = {
    "cached_input": "input",
    "cached_audio_input": "audio_input",
    "cached_image_input": "image_input",
}

# Why a tier lacks a rate: the tier, the kind or threshold, the models, and the reason.
WHY_NOT = (
    ("priority", "above 272000", r"gpt-5\.[45].*", "priority processing takes no long context"),
    ("fast", "above 272000", r"gpt-5\.[45].*", "priority processing takes no long context"),
    ("decisions", "cache_write_12h", r"gpt-6-luna", "no source has one for this tier"),
    ("batch", "image_output", r"gpt-image-1", "retired on 2026-10-23, and no source has one"),
)

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")

Place = tuple[str, str, str]


def flat(tiers: Tiers) -> Iterator[tuple[Place, str]]:
    """Yield each rate with its tier, threshold (or '') and kind."""
    for tier, rates in tiers.items():
        for kind, rate in rates.items():
            if kind != "above":
                yield (tier, "", kind), rate
        for threshold, higher in rates.get("above", {}).items():
            for kind, rate in higher.items():
                yield (tier, threshold, kind), rate


def put(tiers: Tiers, place: Place, rate: str) -> None:
    """Set the rate of a place."""
    tier, threshold, kind = place
    rates = tiers.setdefault(tier, {})
    if threshold:
        rates = rates.setdefault("above", {}).setdefault(threshold, {})
    rates[kind] = rate


def shown(place: Place) -> str:
    """A place in words."""
    tier, threshold, kind = place
    return f"{tier} above {threshold} {kind}" if threshold else f"{tier} {kind}"


def completed(models: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """Fill gaps in the models' last rows by these rules; yield what was filled."""
    for name, facts in models.items():
        tiers = _last(facts)
        for first, second in SAME:
            yield from _paired(name, tiers, first, second)
            yield from _paired(name, tiers, second, first)
    for alias, snapshot in aliases(models):
        alike, other = _last(models[alias]), _last(models[snapshot])
        if _agree(alike, other):
            yield from _filled(alias, alike, dict(flat(other)), f"of {snapshot}")
            yield from _filled(snapshot, other, dict(flat(alike)), f"of {alias}")
            for name, like in ((alias, snapshot), (snapshot, alias)):
                if "regions" not in models[name] and "regions" in models[like]:
                    models[name]["regions"] = models[like]["regions"]
                    yield f"{name} regions: {models[like]['regions']}, of {like}"


def aliases(models: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield aliases and their snapshots that both have prices, the newest snapshot first."""
    for name in sorted(models, reverse=True):
        alias = _SNAPSHOT.sub("", name)
        if alias != name and alias in models and _last(models[alias]) and _last(models[name]):
            yield alias, name


def gaps(models: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the remaining gaps, and why they exist; '' if that is unknown."""
    for name, facts in models.items():
        tiers = _last(facts)
        for place in _missing(tiers):
            tier, threshold, kind = place
            said = {kind, f"above {threshold}"}
            reasons = (
                why
                for of, what, pattern, why in WHY_NOT
                if of == tier and what in said and re.fullmatch(pattern, name)
            )
            yield f"{name} {shown(place)}", next(reasons, "")
    for alias, snapshot in aliases(models):
        one, other = _last(models[alias]), _last(models[snapshot])
        if _agree(one, other):
            for place in dict(flat(one)).keys() ^ dict(flat(other)).keys():
                yield f"{alias} and {snapshot} {shown(place)}", ""


def _last(facts: Mapping[str, Any]) -> Tiers:
    rows = facts["prices"]
    return rows[-1]["tiers"] if rows else {}


def _agree(one: Tiers, other: Tiers) -> bool:
    """Whether the rates that both have are equal; a snapshot may have prices of its own."""
    rates = dict(flat(other))
    common = [(place, rate) for place, rate in flat(one) if place in rates]
    return bool(common) and all(rates[place] == rate for place, rate in common)


def _paired(name: str, tiers: Tiers, one: str, other: str) -> Iterator[str]:
    """Fill a tier from the one it is sold with; both must exist and agree."""
    if one not in tiers or other not in tiers or not _agree({"": tiers[one]}, {"": tiers[other]}):
        return
    rates = {
        (other, *place[1:]): rate
        for place, rate in flat({one: tiers[one]})
        if place[2] not in _DEARER or "batch" not in (one, other)  # where they may cost the whole
    }
    yield from _filled(name, tiers, rates, f"of {one}")


def _filled(name: str, tiers: Tiers, rates: Mapping[Place, str], source: str) -> Iterator[str]:
    known = dict(flat(tiers))
    for place, rate in rates.items():
        if place not in known:
            put(tiers, place, rate)
            yield f"{name} {shown(place)}: {rate}, {source}"


def _missing(tiers: Tiers) -> Iterator[Place]:
    """The places of the standard tier that another tier lacks, without a dearer stand-in."""
    known = dict(flat(tiers))
    for tier in tiers:
        for threshold, kind in [place[1:] for place in known if place[0] == "standard"]:
            place = tier, threshold, kind
            if place in known or kind in FEES:
                continue
            if (tier, threshold, _DEARER.get(kind)) not in known:
                yield place
