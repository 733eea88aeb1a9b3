"""Read the input of a run into its state: all of it at first, later what was added."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from openai_cli.batches.costs import Costs, Counted
from openai_cli.batches.job import changed
from openai_cli.batches.lines import Line
from openai_cli.batches.rules import Rules
from openai_cli.batches.schema import LineRow
from openai_cli.batches.source import Source
from openai_cli.batches.state import State
from openai_cli.errors import UsageError
from openai_cli.records import NamedTuple

_AT_ONCE = 1000


class Shard(NamedTuple):
    """One of several parts of the lines, numbered from 1."""

    number: int = 1
    of: int = 1

    @classmethod
    def parsed(cls, text: str) -> "Shard":
        """Parse a shard such as `2/4`; UsageError for anything else."""
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise UsageError(f"--shard must be I/N, such as 1/4, with I from 1 to N, not '{text}'")
        return cls(int(found[1]), int(found[2]))

    def has(self, number: int) -> bool:
        """Whether a line belongs to the shard."""
        return (number - 1) % self.of == self.number - 1


@dataclass(eq=False)
class Intake:
    """Reads the input once, compares it with the state, and adds new lines.

    With `recounts`, known lines are counted again. Call `take` in a transaction.
    """

    state: State
    source: Source
    rules: Rules
    costs: Costs
    shard: Shard
    recounts: bool = False

    def take(self) -> int:
        """Read the input; return the number of new lines.

        Raises UsageError for the first fault, and for lines that have changed.
        """
        known = self.state.known()
        moved: list[tuple[int, int, int]] = []
        count = 0
        rows = (
            _with_counts(row, counted)
            for row, counted in self.costs.counted(self._fresh(known, moved), _row)
        )
        while page := list(islice(rows, _AT_ONCE)):
            self.state.add_lines(page)
            count += len(page)
        if self.rules.faults:
            more = len(self.rules.faults) - 1
            error = self.rules.faults[0].error(self.source.shown)
            if more:
                error.add_hint(f"batch check names {more} more")
            raise error
        if (left := next(known, None)) is not None:
            raise UsageError(
                f"{self.source.shown}: line {left.number}, which the run has, is gone",
                hint="restore it, or start over with another output",
            )
        self.state.move(moved)
        return count

    def _fresh(self, known: Iterator[LineRow], moved: list[tuple[int, int, int]]) -> Iterator[Line]:
        """The lines that are not in the state yet, or are to be counted again."""
        for line in self.rules.read(self.source):
            if not self.shard.has(line.number):
                continue
            before = next(known, None)
            if before is None or self.recounts:
                yield line
            if before is None:
                continue
            if (before.number, before.digest) != (line.number, line.digest()):
                raise changed(self.source, min(before.number, line.number))
            if before.start != line.start or before.size != len(line.raw):
                moved.append((line.start, len(line.raw), line.number))


def _row(line: Line) -> LineRow:
    return LineRow(line.number, line.custom_id, line.digest(), line.start, len(line.raw))


def _with_counts(row: LineRow, counted: Counted) -> LineRow:
    return row._replace(tokens=counted.tokens, output=counted.output, bound=counted.bound)
