"""What each line took: for the state, for the budget, and for --usage-file, where it is once."""

from pathlib import Path
from typing import NamedTuple

from openai_cli.answer.base import Answer
from openai_cli.batches.costs import units
from openai_cli.batches.state import State
from openai_cli.calls.receipts import Receipts

# In bytes: how much of the end of a usage file is looked at for lines of ours.
_TAIL = 2**20


class Taken(NamedTuple):
    """What a line took: its cost in units, its tokens, its line for --usage-file."""

    usd: int | None
    tokens: int | None
    record: str | None


class Books:
    """Prices answers, and passes their lines on to --usage-file once they are in the state."""

    def __init__(self, receipts: Receipts, state: State) -> None:
        self._receipts = receipts
        self._state = state

    def of(self, answer: Answer, failed: BaseException | None = None) -> Taken:
        """What an answer took; of one that `failed`, as far as it is known."""
        receipt = self._receipts.receipt_of(answer, failed)
        known = [one for one in (receipt.input_tokens, receipt.output_tokens) if one is not None]
        is_whole = receipt.usd is not None and not receipt.unknown
        return Taken(
            units(receipt.usd) if receipt.usd is not None and is_whole else None,
            sum(known) if known else None,
            self._receipts.record_of(answer, receipt) if self._receipts.path is not None else None,
        )

    def tell(self) -> None:
        """Append what is in the state and not yet in --usage-file."""
        if self._receipts.path is None:
            return
        if told := self._state.untold():
            for _, record in told:
                self._receipts.append(record)
            self._receipts.check()
            with self._state.transaction():
                self._state.mark_told(number for number, _ in told)

    def recover(self) -> None:
        """After a kill, mark what was appended though nobody wrote that down."""
        path = self._receipts.path
        if path is None or not Path(path).is_file() or not (told := self._state.untold()):
            return
        with Path(path).open("rb") as file:
            file.seek(max(0, Path(path).stat().st_size - _TAIL))
            there = set(file.read().decode(errors="replace").split("\n"))
        with self._state.transaction():
            self._state.mark_told(number for number, record in told if record in there)
