"""The parts of a run that go to the Batch API, as stored in its state."""

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from openai_cli.batches.schema import Stage, Waiting
from openai_cli.batches.state import State
from openai_cli.records import NamedTuple

_LINES = (
    "SELECT number, start, size, digest, tokens, output, bound, attempts FROM lines"
    " WHERE part = ? AND state = 4 ORDER BY number"
)


class Step(StrEnum):
    """The progress of a part. It may have a batch from `UPLOADED`, and has one from `OPEN`."""

    INTENDED = "intended"
    UPLOADED = "uploaded"
    OPEN = "open"
    COLLECTED = "collected"  # its results are in the state; its files still exist
    ENDED = "ended"


class Part(NamedTuple):
    """A part; its `intent` identifies its file and its batch.

    `batch` is the batch as the API last reported it, `asked` when its creation was first requested.
    """

    number: int
    intent: str
    lines: int
    size: int
    tokens: int
    step: Step = Step.INTENDED
    file_id: str | None = None
    batch_id: str | None = None
    asked: float | None = None
    batch: bytes | None = None

    @property
    def told(self) -> dict[str, Any]:
        """The batch as the API last reported it."""
        found: dict[str, Any] = json.loads(self.batch or b"{}")
        return found

    @property
    def answered(self) -> int:
        """How many of its lines the API has answered, by its last report."""
        counts = self.told.get("request_counts")
        completed = counts.get("completed") if isinstance(counts, dict) else 0
        return completed if type(completed) is int else 0

    @property
    def filename(self) -> str:
        """The name of its file at the API."""
        return f"openai-cli-{self.intent}.jsonl"


class Parts:
    """The parts in the state of a run. Call methods that write in a transaction."""

    def __init__(self, state: State) -> None:
        self._state = state

    def at(self, *steps: Step) -> list[Part]:
        """The parts at one of these steps, in order; all parts if none is given."""
        rows = self._state.rows(
            "SELECT number, intent, lines, size, tokens, state, file_id, batch_id, asked, batch"
            " FROM parts ORDER BY number"
        )
        parts = (Part._make(row) for row in rows)
        told = [part._replace(step=Step(part.step)) for part in parts]
        return [part for part in told if not steps or part.step in steps]

    def of(self, number: int) -> Part:
        """An existing part, in its present state."""
        return next(part for part in self.at() if part.number == number)

    def on_their_way(self) -> list[Part]:
        """The parts whose lines are with the Batch API."""
        return self.at(Step.INTENDED, Step.UPLOADED, Step.OPEN)

    def begin(self, intent: str, lines: list[Waiting], size: int, tokens: int) -> Part:
        """Record that these lines are to become a batch."""
        ((number,),) = self._state.rows("SELECT IFNULL(MAX(number), 0) + 1 FROM parts")
        part = Part(number, intent, len(lines), size, tokens)
        self.put(part)
        self._state.write(
            "UPDATE lines SET state = 4, part = ?, attempts = attempts + 1 WHERE number = ?",
            ((number, line.number) for line in lines),
        )
        return part

    def put(self, part: Part) -> Part:
        """Store the part, replacing what was there."""
        self._state.write(
            "INSERT OR REPLACE INTO parts"
            "(number, intent, lines, size, tokens, state, file_id, batch_id, asked, batch)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [part],
        )
        return part

    def lines(self, part: Part) -> list[Waiting]:
        """The unanswered lines of a part, in the order of its file."""
        return list(map(Waiting._make, self._state.rows(_LINES, (part.number,))))

    def names(self, part: Part) -> dict[str, int]:
        """The numbers of the same lines, by custom_id."""
        return dict(
            self._state.rows(
                "SELECT custom_id, number FROM lines WHERE part = ? AND state = 4", (part.number,)
            )
        )

    def give_back(self, part: Part) -> None:
        """Return a part's lines to the waiting ones, as if the part had never been."""
        self._state.write(
            "UPDATE lines SET state = 0, part = NULL, attempts = attempts - 1"
            " WHERE part = ? AND state = 4",
            [(part.number,)],
        )

    def lose(self, numbers: Iterable[int]) -> None:
        """Record that these lines may have been billed up to their bound."""
        self._state.write(
            "UPDATE lines SET lost = lost + IFNULL(bound, 0) WHERE number = ?",
            ((number,) for number in numbers),
        )

    def reserved(self, part: Part | None = None) -> int:
        """The most that lines with the Batch API can cost, of all parts or of one, in units."""
        whose, values = ("", ()) if part is None else (" AND part = ?", (part.number,))
        query = f"SELECT IFNULL(SUM(bound), 0) FROM lines WHERE state = {int(Stage.PART)}{whose}"  # noqa: S608 - all of it is ours
        ((bound,),) = self._state.rows(query, values)
        return int(bound)
