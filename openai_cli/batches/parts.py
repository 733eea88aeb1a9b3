"""The parts of a run that go to the Batch API, as its state has them."""

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from openai_cli.batches.schema import Stage, Waiting
from openai_cli.batches.state import State

_LINES = (
    "SELECT number, start, size, digest, tokens, output, bound, attempts FROM lines"
    " WHERE part = ? AND state = 4 ORDER BY number"
)


class Step(StrEnum):
    """How far a part is. A batch may be made of it from `UPLOADED` on, and is known from `OPEN`."""

    INTENDED = "intended"
    UPLOADED = "uploaded"
    OPEN = "open"
    COLLECTED = "collected"  # what came of it is in the state, and its files are still there
    ENDED = "ended"


class Part(NamedTuple):
    """A part: its `intent` tells its file and its batch from all others.

    `batch` is the batch as the API told it last, `asked` when it was asked for first.
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
        """The batch as the API told it last."""
        found: dict[str, Any] = json.loads(self.batch or b"{}")
        return found

    @property
    def answered(self) -> int:
        """How many of its lines the API has answered, as it told last."""
        counts = self.told.get("request_counts")
        completed = counts.get("completed") if isinstance(counts, dict) else 0
        return completed if type(completed) is int else 0

    @property
    def filename(self) -> str:
        """What its file is called at the API."""
        return f"openai-cli-{self.intent}.jsonl"


class Parts:
    """The parts in the state of a run. What changes them stands in a transaction."""

    def __init__(self, state: State) -> None:
        self._state = state

    def at(self, *steps: Step) -> list[Part]:
        """The parts that are at one of these steps, in order; all where none is named."""
        rows = self._state.rows(
            "SELECT number, intent, lines, size, tokens, state, file_id, batch_id, asked, batch"
            " FROM parts ORDER BY number"
        )
        parts = (Part._make(row) for row in rows)
        told = [part._replace(step=Step(part.step)) for part in parts]
        return [part for part in told if not steps or part.step in steps]

    def of(self, number: int) -> Part:
        """A part that there is, as it is now."""
        return next(part for part in self.at() if part.number == number)

    def on_their_way(self) -> list[Part]:
        """The parts whose lines are with the Batch API."""
        return self.at(Step.INTENDED, Step.UPLOADED, Step.OPEN)

    def begin(self, intent: str, lines: list[Waiting], size: int, tokens: int) -> Part:
        """Write down that these lines are to be a batch."""
        ((number,),) = self._state.rows("SELECT IFNULL(MAX(number), 0) + 1 FROM parts")
        part = Part(number, intent, len(lines), size, tokens)
        self.put(part)
        self._state.write(
            "UPDATE lines SET state = 4, part = ?, attempts = attempts + 1 WHERE number = ?",
            ((number, line.number) for line in lines),
        )
        return part

    def put(self, part: Part) -> Part:
        """Write a part as it is now."""
        self._state.write(
            "INSERT OR REPLACE INTO parts"
            "(number, intent, lines, size, tokens, state, file_id, batch_id, asked, batch)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [part],
        )
        return part

    def lines(self, part: Part) -> list[Waiting]:
        """The lines of a part that nothing has come of yet, in their order in its file."""
        return list(map(Waiting._make, self._state.rows(_LINES, (part.number,))))

    def names(self, part: Part) -> dict[str, int]:
        """The numbers of the same lines, by their custom_id."""
        return dict(
            self._state.rows(
                "SELECT custom_id, number FROM lines WHERE part = ? AND state = 4", (part.number,)
            )
        )

    def give_back(self, part: Part) -> None:
        """Have the lines of a part wait again, as if it had never been."""
        self._state.write(
            "UPDATE lines SET state = 0, part = NULL, attempts = attempts - 1"
            " WHERE part = ? AND state = 4",
            [(part.number,)],
        )

    def lose(self, numbers: Iterable[int]) -> None:
        """What these lines can cost may have been paid, and nobody knows."""
        self._state.write(
            "UPDATE lines SET lost = lost + IFNULL(bound, 0) WHERE number = ?",
            ((number,) for number in numbers),
        )

    def reserved(self, part: Part | None = None) -> int:
        """The most that the lines with the Batch API can cost, all or those of a part, in units."""
        whose, values = ("", ()) if part is None else (" AND part = ?", (part.number,))
        query = f"SELECT IFNULL(SUM(bound), 0) FROM lines WHERE state = {int(Stage.PART)}{whose}"  # noqa: S608 - all of it is ours
        ((bound,),) = self._state.rows(query, values)
        return int(bound)
