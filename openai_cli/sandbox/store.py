"""What the API keeps between requests: files, responses, as long as the sandbox lives."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from openai_cli.sandbox.refusals import Refusal


@dataclass
class Shelf:
    """Things of one kind by their ids, in the order in which they came.

    `said` is what is said of one that is not there.
    """

    said: str
    _things: dict[str, Any] = field(default_factory=dict)
    _named: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def fresh(self, digest: str) -> str:
        """What to name a thing by: `digest` of its request, and for the same again another one."""
        with self._lock:
            self._named[digest] += 1
            times = self._named[digest]
        if times == 1:
            return digest
        return hashlib.sha256(f"{digest} {times}".encode()).hexdigest()[: len(digest)]

    def put(self, name: str, thing: Any) -> None:
        """Keep a thing, in the place of one of the same id."""
        with self._lock:
            self._things[name] = thing

    def get(self, name: str) -> Any:
        """The thing; a Refusal where there is none."""
        with self._lock:
            if name not in self._things:
                raise self.missing(name)
            return self._things[name]

    def remove(self, name: str) -> None:
        """Forget the thing; a Refusal where there is none."""
        with self._lock:
            if self._things.pop(name, None) is None:
                raise self.missing(name)

    @property
    def all(self) -> list[Any]:
        """The things, the oldest first."""
        with self._lock:
            return list(self._things.values())

    def missing(self, name: str) -> Refusal:
        """The refusal of a thing that is not there."""
        return Refusal(self.said.format(name), status=404, param="id")


@dataclass
class SandboxStore:
    """All that one sandbox keeps."""

    files: Shelf = field(default_factory=lambda: Shelf("No such File object: {}"))
    deleted_models: Shelf = field(default_factory=lambda: Shelf("The model '{}' does not exist"))
    responses: Shelf = field(default_factory=lambda: Shelf("Response with id '{}' not found."))
