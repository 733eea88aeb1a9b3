"""Describe a request that no line is for: what it is, or how it differs from a recording."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any

from openai_cli.records import NamedTuple
from openai_cli.sandbox.asked import Asked, canonical
from openai_cli.sandbox.replyline import ReplyLine

# In characters, how much to show of a body, and of a value; and how many differences to list.
SHOWN = 200
_SHORT = 60
_MOST = 3


class _Absent:
    """Stands for a property that is missing."""


_ABSENT = _Absent()


class Difference(NamedTuple):
    """The values at a `place` of the recorded body and of the one received."""

    place: str
    recorded: Any
    asked: Any

    @property
    def size(self) -> int:
        """The number of characters in which two texts differ."""
        if not isinstance(self.recorded, str) or not isinstance(self.asked, str):
            return 0
        start = _alike(self.recorded, self.asked)
        rests = self.recorded[start:], self.asked[start:]
        return max(map(len, rests)) - _alike(*(rest[::-1] for rest in rests))

    def __str__(self) -> str:
        here, there = _shown(self.asked, self.recorded), _shown(self.recorded, self.asked)
        if self.recorded is _ABSENT:
            return f"{self.place} is {here}, and not recorded"
        if self.asked is _ABSENT:
            return f"{self.place} is missing, recorded {there}"
        return f"{self.place} is {here}, recorded {there}"


def told_of(asked: Asked, lines: Iterable[ReplyLine]) -> str:
    """Describe the request, and how it differs from the nearest recording for its path."""
    path = asked.target.partition("?")[0]
    found = [
        ((len(differences), sum(each.size for each in differences)), line.number, differences)
        for line in lines
        if line.likeness is not None and line.method == asked.method and path in line.paths
        if (differences := [*_between(line, asked)])
    ]
    if not found:
        return f"{path}{_body(asked.body)}"
    _, number, differences = min(found, key=lambda each: each[:2])
    return f"{asked.method} {path}; the nearest is line {number}: {_listed(differences)}"


def _listed(differences: Sequence[Difference]) -> str:
    rest = len(differences) - _MOST
    shown = [str(difference) for difference in differences[:_MOST]]
    return "; ".join([*shown, f"and {rest} more"] if rest > 0 else shown)


def _body(body: Any) -> str:
    text = "" if body is None else f" with the body {json.dumps(body, ensure_ascii=False)}"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _between(line: ReplyLine, asked: Asked) -> Iterator[Difference]:
    """Yield the differences between a recording and a request, in its recorded form."""
    assert line.likeness is not None  # noqa: S101 - as all lines that are compared
    likeness, target = line.likeness, line.likeness.target(asked.target)
    if target != line.target:
        yield Difference("the query", *_queries(line.target or "", target))
    there = likeness.seen(line.request)
    here = likeness.seen(likeness.body(asked.body))
    yield from differences_of(there, here)


def _queries(*targets: str) -> tuple[Any, ...]:
    queries = (target.partition("?")[2] for target in targets)
    return tuple(query or _ABSENT for query in queries)


def differences_of(there: Any, here: Any, place: str = "") -> Iterator[Difference]:
    """Yield the places where two JSON values differ, down to single strings and numbers."""
    if isinstance(there, dict) and isinstance(here, dict):
        for name in dict.fromkeys([*here, *there]):
            inner = f"{place}.{name}" if place else name
            yield from differences_of(there.get(name, _ABSENT), here.get(name, _ABSENT), inner)
    elif isinstance(there, list) and isinstance(here, list):
        for at in range(max(len(there), len(here))):
            old, new = (side[at] if at < len(side) else _ABSENT for side in (there, here))
            yield from differences_of(old, new, f"{place}[{at}]")
    elif there is _ABSENT or here is _ABSENT or canonical(there) != canonical(here):
        yield Difference(place or "the body", there, here)


def _alike(one: str, other: str) -> int:
    """The length of the common prefix."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in same)


def _shown(value: Any, other: Any) -> str:
    """A value as JSON; of a long text, the part where it starts to differ from the other."""
    text = json.dumps(None if value is _ABSENT else value, ensure_ascii=False)
    if len(text) <= _SHORT:
        return text
    start = 0
    if isinstance(value, str) and isinstance(other, str):
        start = max(0, _alike(value, other) - 10)
        text = json.dumps(value[start : start + _SHORT], ensure_ascii=False)
        lead = "…" if start else ""
        tail = "…" if len(value) > start + _SHORT else ""
        return f'"{lead}{text[1:-1]}{tail}"'
    return f"{text[:_SHORT]}…"
