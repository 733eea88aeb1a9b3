"""A file of models, of which only those are parsed that are asked for: each has a line of its own.

The file is JSON, `{"date": …, "models": {` on the first line, then `"NAME": {…},` on a line each.
"""

import json
from collections.abc import Container, Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "openai.json"


class Lines(Mapping[str, Mapping[str, Any]]):
    """The facts of the models by their names, and the `date` of the file; `content` is all of it.

    One model takes a fiftieth of the time that all take.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.date: str = json.loads(content[: content.index(b"\n")] + b"}}")["date"]

    def line(self, name: str) -> bytes | None:
        """The facts of a model as they stand there; None where there is no such model."""
        begin = f"\n{json.dumps(name)}: ".encode()
        at = self.content.find(begin)
        if at < 0:
            return None
        return self.content[at + len(begin) : self.content.index(b"\n", at + 1)].rstrip(b",")

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if "_all" in vars(self):
            return self._all[name]
        found = self.line(name)
        if found is None:
            raise KeyError(name)
        facts: Mapping[str, Any] = json.loads(found)
        return facts

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.line(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = json.loads(self.content)["models"]
        return found


@lru_cache
def packaged() -> Lines:
    """The models of this package."""
    return Lines(DATA.read_bytes())


def known_name(name: str, models: Container[str]) -> str | None:
    """The name under which `models` have a model; None where they do not.

    A fine-tuned model (`ft:BASE:org::id`) is the one that there is for `ft:BASE`; a snapshot that
    they lack (`gpt-6-luna-2026-11-01`) is its model.
    """
    base = ":".join(name.split(":")[:2]) if name.startswith("ft:") else name
    return next((known for known in (base, _without_day(base)) if known in models), None)


def _without_day(name: str) -> str:
    """A model's name without the day of a snapshot at its end."""
    end = "".join("0" if character.isdecimal() else character for character in name[-11:])
    return name[:-11] if end == "-0000-00-00" else name
