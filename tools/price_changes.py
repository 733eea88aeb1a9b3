"""Merge the old table with the new rates, and describe every change between them in Markdown."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from price_rules import Place, flat, shown
from price_sources import OPENAIS_PAGE

# Facts about a model, besides prices, whose changes are reported.
_FACTS = ("mode", "encoding", "context_window", "max_output_tokens", "regions", "searches")


@dataclass
class Changes:
    """The changes since the last table, in words, by heading."""

    new: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    look: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """The changes for a changelog, without empty headings."""
        headings = {
            "New models": self.new,
            "Models that no source lists any more (their rows stay)": self.gone,
            "Changed prices (a new row, from this day on)": self.changed,
            "Corrected rates (they were never true: the row is replaced)": self.corrected,
            "Filled gaps (the row is replaced)": self.filled,
            "Retirements": self.retired,
            "Other facts": self.facts,
            "For a person's eye": self.look,
        }
        parts = [f"### {head}\n\n{_list(found)}" for head, found in headings.items() if found]
        return "\n".join(parts) or "Nothing has changed.\n"


def _list(lines: Iterable[str]) -> str:
    return "".join(f"- {line}\n" for line in lines)


def updated(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    today: str,
    *,
    corrected: Iterable[str] = (),
) -> tuple[dict[str, Any], Changes]:
    """Merge the new models into the old ones; return the result and the changes.

    Facts are replaced, and nothing is removed. If the rates in a model's last row have changed,
    that row ends and a new one begins. A row is replaced if it only gains rates, or if it was never
    right: for the models in `corrected`, and if the new row comes from a page of OpenAI's and the
    old did not.
    """
    changes = Changes()
    models = dict(old)
    for name, facts in new.items():
        before = old.get(name)
        if before is None:
            changes.new.append(f"`{name}`{_priced(facts)}")
            models[name] = dict(facts)
        else:
            is_wrong = name in corrected
            rows = _rows(name, before["prices"], facts["prices"], changes, _When(today, is_wrong))
            models[name] = {**facts, "prices": rows}
            _tell_facts(name, before, facts, changes)
        now = _rates(facts)
        changes.look += remarkable(name, {} if before is None else _rates(before), now)
    changes.gone += [f"`{name}`" for name in old if name not in new]
    return {name: models[name] for name in sorted(models)}, changes


def _rates(facts: Mapping[str, Any]) -> dict[Place, str]:
    """Today's rates, by place."""
    rows = facts["prices"]
    return dict(flat(rows[-1]["tiers"])) if rows else {}


def _priced(facts: Mapping[str, Any]) -> str:
    return "" if facts["prices"] else " (no price yet)"


class _When(NamedTuple):
    """The day of the build, and whether a model's old rates were wrong."""

    today: str
    is_wrong: bool


def _rows(name: str, rows: list[Any], found: list[Any], changes: Changes, when: _When) -> list[Any]:
    """The rows of a model that the old table has."""
    if not found or not rows:
        changes.filled += [f"`{name}`: its first price"] if found else []
        return found or rows
    last, newest = rows[-1], found[-1]
    before, after = dict(flat(last["tiers"])), dict(flat(newest["tiers"]))
    if before == after:
        return rows
    told = [f"`{name}`: {'; '.join(_differences(before, after))}"]
    if all(after.get(place) == rate for place, rate in before.items()):
        changes.filled += told
        return [*rows[:-1], {**last, "tiers": newest["tiers"], "source": newest["source"]}]
    if when.is_wrong or (_is_openais(newest) and not _is_openais(last)):
        changes.corrected += told
        return [*rows[:-1], {**newest, "from": last["from"]}]
    changes.changed += told
    start = newest["from"] if (newest["from"] or "") > (last["from"] or "") else when.today
    return [*rows[:-1], {**last, "to": start}, {**newest, "from": start}]


def _is_openais(row: Mapping[str, Any]) -> bool:
    return OPENAIS_PAGE.match(row["source"]) is not None


def _differences(before: Mapping[Place, str], after: Mapping[Place, str]) -> Iterator[str]:
    for place in {**before, **after}:
        old, new = before.get(place), after.get(place)
        if old != new:
            yield f"{shown(place)} {new or 'gone'}{'' if old is None else f', was {old}'}"


def _tell_facts(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any], changes: Changes
) -> None:
    old, new = before.get("retired"), after.get("retired")
    if old != new:
        changes.retired.append(f"`{name}`: {new or 'none'}{f', was {old}' if old else ''}")
    told = [
        f"{fact} {after.get(fact)}{f', was {before[fact]}' if before.get(fact) else ''}"
        for fact in _FACTS
        if (before.get(fact) or None) != (after.get(fact) or None)
    ]
    if told:
        changes.facts.append(f"`{name}`: {'; '.join(told)}")


def remarkable(name: str, before: Mapping[Place, str], now: Mapping[Place, str]) -> Iterator[str]:
    """Yield what a person should check: rates of 0, missing rates, changes by more than 3 times."""
    for place, rate in now.items():
        old = before.get(place)
        if rate == old:
            continue
        if Decimal(rate) == 0:
            yield f"`{name}` {shown(place)}: the rate is 0"
        elif old and Decimal(old) and not 1 / 3 <= Decimal(rate) / Decimal(old) <= 3:
            yield f"`{name}` {shown(place)}: from {old} to {rate}"
    yield from (f"`{name}` {shown(place)}: gone" for place in before if place not in now)
