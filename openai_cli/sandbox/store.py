"""What the API stores between requests, as long as the sandbox runs: files, responses and so on."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import Any

from openai_cli.sandbox.refusals import Refusal

# The most things on a shelf, the most bytes, and how many names are remembered.
MOST_THINGS = 10_000
MOST_BYTES = 256 * 1024 * 1024
MOST_NAMES = 100_000


@dataclass
class Shelf:
    """Things of one kind by id, in the order in which they came.

    `said` is the message for a missing thing. When the shelf is full, the oldest make room for a
    new one if `oldest_goes`; otherwise the new one is refused.
    """

    said: str
    oldest_goes: bool = False
    _things: OrderedDict[str, tuple[Any, int]] = field(default_factory=OrderedDict)
    _held: int = 0
    _named: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def fresh(self, digest: str) -> str:
        """A name for a thing: the `digest` of its request, or another if that was used before."""
        with self._lock:
            times = self._named.pop(digest, 0) + 1
            self._named[digest] = times
            if len(self._named) > MOST_NAMES:
                self._named.popitem(last=False)
        if times == 1:
            return digest
        return hashlib.sha256(f"{digest} {times}".encode()).hexdigest()[: len(digest)]

    def put(self, name: str, thing: Any, size: int) -> None:
        """Store a thing of `size` bytes, replacing one with the same id.

        Raises a Refusal if there is no room for it.
        """
        with self._lock:
            while self._lacks_room(name, size):
                if not self.oldest_goes or not self._things:
                    raise Refusal(
                        f"There is no room left: the sandbox stores at most {MOST_THINGS} of "
                        f"these, and {MOST_BYTES} bytes of them. Delete some.",
                        code="storage_limit_exceeded",
                    )
                self._take(next(iter(self._things)))
            self._held += size - self._size(name)
            self._things[name] = thing, size

    def _lacks_room(self, name: str, size: int) -> bool:
        is_one_more = name not in self._things
        held = self._held - self._size(name) + size
        return len(self._things) + is_one_more > MOST_THINGS or held > MOST_BYTES

    def _size(self, name: str) -> int:
        """The size of a thing; 0 if there is none."""
        return self._things[name][1] if name in self._things else 0

    def _take(self, name: str) -> bool:
        """Remove a thing; return whether it was there."""
        self._held -= self._size(name)
        return self._things.pop(name, None) is not None

    def get(self, name: str) -> Any:
        """The thing; a Refusal if there is none."""
        with self._lock:
            if name not in self._things:
                raise self.missing(name)
            return self._things[name][0]

    def find(self, name: str) -> Any:
        """The thing, or None."""
        with self._lock:
            return self._things[name][0] if name in self._things else None

    def remove(self, name: str) -> None:
        """Remove the thing; a Refusal if there is none."""
        with self._lock:
            if not self._take(name):
                raise self.missing(name)

    @property
    def all(self) -> list[Any]:
        """The things, oldest first."""
        with self._lock:
            return [thing for thing, _ in self._things.values()]

    def under(self, path: str) -> list[tuple[str, Any]]:
        """The things whose ids begin with `path`, with their ids, oldest first."""
        with self._lock:
            return [(name, one) for name, (one, _) in self._things.items() if name.startswith(path)]

    def missing(self, name: str) -> Refusal:
        """The refusal for a missing thing."""
        return Refusal(self.said.format(name), status=404, param="id")


@dataclass
class SandboxStore:
    """Everything that one sandbox stores."""

    files: Shelf = field(default_factory=lambda: Shelf("No such File object: {}"))
    things: Shelf = field(default_factory=lambda: Shelf("Not found: {}"))
    deleted_models: Shelf = field(default_factory=lambda: Shelf("The model '{}' does not exist"))
    responses: Shelf = field(
        default_factory=lambda: Shelf("Response with id '{}' not found.", oldest_goes=True)
    )
    chats: Shelf = field(
        default_factory=lambda: Shelf("Completion '{}' not found.", oldest_goes=True)
    )
    # Collections that have been given their sample.
    sampled: set[str] = field(default_factory=set)
    # Held while a thing is read and changed.
    lock: RLock = field(default_factory=RLock)
