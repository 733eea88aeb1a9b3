"""Fixed answers: which line of `--replies FILE` answers a request."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from threading import Lock

from openai_cli.errors import UsageError
from openai_cli.sandbox.asked import Asked
from openai_cli.sandbox.likeness import Likeness
from openai_cli.sandbox.linefile import is_torn
from openai_cli.sandbox.nearest import told_of
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.replyline import Answer, ReplyLine, line_of

# The beginning of a recording's line.
OPENING = b'{"recorded": "'


class Replies:
    """The lines of a file in order; the first that fits a request answers it.

    Lines that have the same whole request answer once each, in the order in which they were
    recorded; after that, the last one answers.

    Raises UsageError for an invalid line. `name` is the file's, for messages. With `strict`, a
    request that no line fits gets a Refusal, and `missed` reports it. `match` overrides the
    expressions of recordings. `torn` is the number of an incomplete last line, which is ignored.
    """

    def __init__(
        self,
        lines: Iterable[bytes] = (),
        *,
        name: str = "",
        strict: bool = False,
        match: str | None = None,
    ) -> None:
        self._name = name
        self._strict = strict
        self._lock = Lock()
        self._lines: list[ReplyLine] = []
        self.torn: int | None = None
        self.missed: list[str] = []
        for number, text in enumerate(lines, 1):
            if is_torn(text, OPENING) and (text.startswith(OPENING) or self.oldest):
                self.torn = number
            elif text.strip():
                self._lines.append(self._parsed(number, text, match))
        self._conditional = [line for line in self._lines if line.likeness is None]
        self._recorded: dict[Likeness, dict[str, list[ReplyLine]]] = {}
        for line in self._lines:
            if line.likeness is not None:
                keyed = self._recorded.setdefault(line.likeness, defaultdict(list))
                key = line.likeness.key(line.method, line.target or "", line.request)
                keyed[key].append(line)

    def _parsed(self, number: int, text: bytes, match: str | None) -> ReplyLine:
        try:
            return line_of(number, text, match)
        except RecursionError:
            problem = f"--replies: line {number} of '{self._name}' is nested too deeply"
            raise UsageError(problem) from None
        except ValueError as error:
            problem = f"--replies: line {number} of '{self._name}': {error}"
            raise UsageError(problem, hint="docs/sandbox.md lists the keys of a line") from None

    @property
    def is_empty(self) -> bool:
        """Whether there are no lines."""
        return not self._lines

    @property
    def oldest(self) -> str:
        """The time of the oldest recording; empty if there are none."""
        return min((line.recorded for line in self._lines if line.recorded), default="")

    def serves(self, path: str) -> bool:
        """Whether any line is for this path."""
        return any(path in line.paths for line in self._lines)

    def find(self, asked: Asked) -> Answer | None:
        """The answer of the first line that fits a request; None if the sandbox is to answer.

        An invalid request meets no condition.
        """
        conditional = [each for each in self._conditional if each.is_at(asked.method, asked.target)]
        fitting: list[ReplyLine] = []
        if conditional:
            with suppress(Refusal):
                fitting = [line for line in conditional if line.fits(asked.checked)]
        alike = [line for keyed in self._recorded for line in self._alike(keyed, asked)]
        with self._lock:
            line = _first(sorted([*fitting, *alike], key=lambda each: each.number))
            if line is not None:
                line.is_used = True
                line.left = None if line.left is None else line.left - 1
        if line is None and self._strict:
            raise self._missing(asked)
        return None if line is None else line.answer()

    def _alike(self, likeness: Likeness, asked: Asked) -> list[ReplyLine]:
        return self._recorded[likeness].get(likeness.key_of(asked), [])

    def _missing(self, asked: Asked) -> Refusal:
        """The refusal of a request that no line fits."""
        if not self._recorded:
            asked.check()  # an invalid request is refused as such
        why = f"no line of '{self._name}' matches {told_of(asked, self._lines)}"
        with self._lock:
            self.missed.append(why)
        return Refusal(f"The sandbox is strict: {why}")

    @property
    def unused(self) -> list[int]:
        """The numbers of the lines that have not answered anything."""
        return [line.number for line in self._lines if not line.is_used]


def _first(lines: Sequence[ReplyLine]) -> ReplyLine | None:
    """Of the lines that fit a request, the one that answers it."""
    first = next((line for line in lines if line.left != 0), None)
    if first is None or not first.is_recording:
        return first
    alike = [line for line in lines if line.is_recording]
    alike.sort(key=lambda line: (line.recorded, line.number))
    return next((line for line in alike if not line.is_used), alike[-1])
