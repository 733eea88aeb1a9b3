"""Count large amounts of text, with gigatoken if the extra `bulk` is installed, else with tiktoken.

gigatoken counts about ten times as fast as tiktoken. It runs in separate processes (see `team`), so
that its memory can be released and Python does not slow it down. tiktoken counts in threads,
because it releases the GIL: on two processors, threads were as fast as processes, 1.7 times one,
and they share the 90 MiB of the vocabulary.
"""

import os
from collections.abc import Sequence
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet, finalize

from openai_cli.tokens.agreement import in_pieces
from openai_cli.tokens.encoders import full_encoder, rules_of
from openai_cli.tokens.encoding import count_all
from openai_cli.tokens.processors import processors

if TYPE_CHECKING:
    from concurrent.futures import Future

    from openai_cli.tokens.tasks import Part, Task
    from openai_cli.tokens.team import Team

# In characters, like all sizes here. gigatoken takes half a second to load. tiktoken takes as long,
# and counts this much in a fifth of that, so a process does not pay for less.
LITTLE = 2_000_000

# The number of pending submissions: this much is read while gigatoken loads.
AHEAD = 24

# The size of a task for a process, in bytes.
TASK = 2**23

# The maximum number of threads that count with tiktoken.
_MOST_THREADS = 4

# The versions whose counts are known to equal tiktoken's.
_GIGATOKEN = "0.10."


class Counter:
    """Counts many or long texts, and files, in one encoding.

    The threads and up to `workers` processes that it starts are kept for the next texts until
    `close` or the end of a `with` block; after that, it starts new ones. Threads may share a
    counter. A forked process starts its own workers.

    Text that looks like a special token is ordinary text. Texts must pass `cutting.check_runs`.
    Raises UsageError for an unknown encoding.
    """

    size = TASK

    def __init__(self, encoding: str, workers: int | None = None) -> None:
        rules_of(encoding)
        self._encoding = encoding
        self._workers = workers
        self._reset()
        _all.add(self)

    @cached_property
    def name(self) -> str:
        """The name of the engine for large amounts: "gigatoken" or "tiktoken"."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            return "gigatoken" if version("gigatoken").startswith(_GIGATOKEN) else "tiktoken"
        except PackageNotFoundError:
            return "tiktoken"

    @cached_property
    def ahead(self) -> int:
        """The number of pending tasks that keeps all processes busy."""
        return AHEAD + 4 * self._most

    @property
    def reads_files(self) -> bool:
        """Whether it has processes that read files by themselves."""
        return self.name == "gigatoken"

    def submit(self, texts: Sequence[str]) -> "Counts":
        """Start to count the tokens of each text."""
        counts = Counts(texts, self._encoding, self._lock)
        with self._lock:
            self._size += 1 + sum(map(len, texts))
            self._early.append(counts)
            if self._size > LITTLE:
                team = self._begun()
                for early in self._early:
                    early.begin(team)
                self._early.clear()
        return counts

    def submit_task(self, task: "Task") -> "Future[list[Part]]":
        """Start to count files, which a process reads; only if it `reads_files`."""
        with self._lock:
            team = self._begun()
            assert not isinstance(team, _Threads)  # noqa: S101 - for the types
            return team.submit_task(task)

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text; CliError if a gigatoken process dies."""
        return self.submit(texts).result()

    def close(self) -> None:
        """Cancel what is pending, and stop the threads and processes."""
        self._end()
        self._reset()

    def forget(self) -> None:
        """Reset in a forked process, whose parent owns the threads and processes."""
        self._end.detach()
        if self._team is not None:
            self._team.forget()
        self._reset()

    @property
    def _most(self) -> int:
        return self._workers or processors()

    def _reset(self) -> None:
        self._lock = RLock()
        self._early: list[Counts] = []
        self._size = 0
        self._team: Team | _Threads | None = None
        self._end = finalize(self, _nothing)

    def _begun(self) -> "Team | _Threads":
        if self._team is None:
            if self.reads_files:
                from openai_cli.tokens.team import Team

                self._team = Team(self._encoding, self._most)
            else:
                self._team = _Threads(self._encoding, self._most)
            self._end.detach()
            self._end = finalize(self, self._team.close)
        return self._team

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Counts:
    """The counts of some texts, which may still be pending."""

    def __init__(self, texts: Sequence[str], encoding: str, lock: Any) -> None:
        self._texts = texts
        self._encoding = encoding
        self._lock = lock
        self._future: Future[list[int]] | None = None
        self._found: list[int] | None = None

    def begin(self, team: "Team | _Threads") -> None:
        """Submit the texts, unless they are counted already."""
        if self._found is None:
            self._future = team.submit(self._texts)

    def result(self) -> list[int]:
        """Return the number of tokens of each text, waiting if necessary."""
        with self._lock:
            if self._future is None and self._found is None:
                self._found = count_all(self._texts, encoding=self._encoding)
            self._texts = ()
        return self._future.result() if self._found is None and self._future else self._found or []


class _Threads:
    """Counts with tiktoken, in threads."""

    def __init__(self, encoding: str, most: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._encoding = encoding
        self._encoder = full_encoder(encoding)
        self._executor = ThreadPoolExecutor(min(most, _MOST_THREADS))

    def submit(self, texts: Sequence[str]) -> "Future[list[int]]":
        return self._executor.submit(in_pieces, texts, self._count, self._encoding)

    def close(self) -> None:
        """Cancel what is pending; each thread finishes its current work."""
        self._executor.shutdown(cancel_futures=True)

    def forget(self) -> None:
        """Do nothing: threads are not forked."""

    def _count(self, texts: Sequence[str]) -> list[int]:
        return list(map(len, map(self._encoder.encode_ordinary, texts)))


def _nothing() -> None:
    """Do nothing: the finalizer of a counter that has started nothing."""


_all: WeakSet[Counter] = WeakSet()


def _forget_all() -> None:
    for counter in list(_all):
        counter.forget()


os.register_at_fork(after_in_child=_forget_all)
