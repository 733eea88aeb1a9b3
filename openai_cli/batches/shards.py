"""Merge the shards of a run."""

import heapq
import re
from collections.abc import Iterator
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path

from openai_cli.batches.files import Files
from openai_cli.batches.results import Shape
from openai_cli.batches.schema import Stage, Sums
from openai_cli.batches.state import State
from openai_cli.errors import UsageError
from openai_cli.reading import is_there


class Shards:
    """All shards of a run, found by its output; `stack` closes them.

    Raises UsageError if one is missing or unfinished.
    """

    def __init__(self, output: str, stack: ExitStack) -> None:
        self.files = _found(Files.of(output))
        self._states = []
        for files in self.files:
            if not is_there(files.state):
                raise UsageError(
                    f"the shard '{files.output}' is missing: there is no '{files.state}'",
                    hint="run it, or copy its files here",
                )
            self._states.append(stack.enter_context(State(files.state, is_read_only=True)))
        self.sums = [state.sums() for state in self._states]
        for files, sums in zip(self.files, self.sums, strict=True):
            if sums.waiting:
                raise UsageError(
                    f"{sums.waiting:,} lines of '{files.output}' have no answer yet",
                    hint="run that shard to its end first",
                )

    @property
    def path(self) -> str:
        """The path of the endpoint, such as `/embeddings`."""
        return str(self._states[0]["path"])

    def answers(self, shape: Shape) -> Iterator[bytes]:
        """The formatted answers, in the order of the input."""
        rows = (state.ended(Stage.DONE) for state in self._states)
        return (shape(ended) for ended in heapq.merge(*rows, key=lambda ended: ended.number))

    def failures(self) -> Iterator[bytes]:
        """The lines of the shards' failure files, in the order of the input."""
        numbered = (self._numbered(*one) for one in zip(self.files, self._states, strict=True))
        return (line for _, line in heapq.merge(*numbered, key=itemgetter(0)))

    @staticmethod
    def _numbered(files: Files, state: State) -> Iterator[tuple[int, bytes]]:
        ended = state.ended(Stage.FAILED)
        first = next(ended, None)
        if first is None:
            return
        with files.failed.open("rb") as file:
            yield first.number, file.readline()
            yield from ((one.number, line) for one, line in zip(ended, file, strict=True))

    def total(self) -> Sums:
        """The totals over all shards."""
        return Sums(*map(sum, zip(*self.sums, strict=True)))


def _found(files: Files) -> list[Files]:
    """The shards next to an output, as many as their names say there are."""
    output = files.output
    pattern = re.compile(
        rf"{re.escape(output.stem)}\.([0-9]+)-of-([0-9]+){re.escape(output.suffix)}\.run"
    )
    folder = output.parent
    names = [found for path in _in(folder) if (found := pattern.fullmatch(path.name))]
    counts = {int(found[2]) for found in names}
    if len(counts) != 1:
        raise UsageError(
            f"there are shards of several runs of '{output}'" if counts
            else f"there are no shards of '{output}'",
            hint="batch run FILE -o OUT --shard I/N makes them",
        )  # fmt: skip
    (count,) = counts
    return [Files.of(str(output), (index, count)) for index in range(1, count + 1)]


def _in(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
