"""A file of models with one per line, so that only the requested ones are parsed.

The file is JSON: `{"date": …, "models": {` on the first line, then `"NAME": {…},` on a line each.
"""

import json
from collections.abc import Container, Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "openai.json"


class Lines(Mapping[str, Mapping[str, Any]]):
    """A mapping of model names to their facts; `date` is the file's date, `content` its bytes.

    Parsing one model takes a fiftieth of the time of parsing all.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.date: str = json.loads(content[: content.index(b"\n")] + b"}}")["date"]

    def line(self, name: str) -> bytes | None:
        """Return the unparsed facts of a model, or None if there is no such model."""
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
    """Return the models of this package."""
    return Lines(DATA.read_bytes())


def known_name(name: str, models: Container[str]) -> str | None:
    """Return the name of a model's entry in `models`, or None if it has none.

    A fine-tuned model (`ft:BASE:org::id`) has the entry `ft:BASE`; a snapshot without its own entry
    (`gpt-6-luna-2026-11-01`) has that of its model.
    """
    base = ":".join(name.split(":")[:2]) if name.startswith("ft:") else name
    return next((known for known in (base, _without_day(base)) if known in models), None)


def _without_day(name: str) -> str:
    """Return a model's name without the date of a snapshot at its end."""
    end = "".join("0" if character.isdecimal() else character for character in name[-11:])
    return name[:-11] if end == "-0000-00-00" else name
