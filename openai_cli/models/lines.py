"""A file of models, of which only those are parsed that are asked for: each has a line of its own.

The file is JSON, `{"date": …, "models": {` on the first line, then `"NAME": {…},` on a line each.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any


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
