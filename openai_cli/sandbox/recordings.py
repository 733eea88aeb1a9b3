"""`--record-replies FILE`: record each answer of the upstream as a line for `--replies`."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Condition, Lock
from typing import Any

from openai_cli.errors import OutputError, UsageError
from openai_cli.sandbox.asked import Asked
from openai_cli.sandbox.likeness import Likeness
from openai_cli.sandbox.linefile import LineFile, reason
from openai_cli.sandbox.replies import OPENING
from openai_cli.sandbox.replyline import encoded
from openai_cli.sandbox.route import ROOT

# Headers that are kept. Those that identify who asked, such as rate limits, are not.
_KEPT = frozenset(
    {
        "content-disposition", "content-language", "content-type", "openai-processing-ms",
        "openai-version", "retry-after", "retry-after-ms", "x-request-id", "x-should-retry",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Recorded:
    """A complete answer; `pieces` are the events of a stream, or parts of the body."""

    status: int
    headers: Sequence[tuple[str, str]]
    pieces: Sequence[bytes]
    is_stream: bool


class Recordings:
    """Appends to a file that only its owner may read; UsageError if it cannot be written.

    `now` returns the time; each request gets a later one than those before it. `likeness` says what
    is kept out of a line, and how it is found. `failure` is why a line could not be written, if one
    could not.
    """

    def __init__(self, path: str, likeness: Likeness, now: Callable[[], datetime]) -> None:
        self._likeness = likeness
        self._now = now
        self._last = now() - timedelta(days=1)
        self._lock = Lock()
        self._changed = Condition()
        self._under_way = 0
        self.count = 0
        self.is_over = False
        self.failure: OutputError | None = None
        try:
            self._file = LineFile(path, opening=OPENING)
        except (OSError, ValueError) as error:
            problem = f"--record-replies: cannot write '{path}': {reason(error)}"
            raise UsageError(problem) from None

    def moment(self) -> str:
        """The time of a request, later than that of any request before it."""
        with self._lock:
            self._last = max(self._now(), self._last + timedelta(microseconds=1))
            return self._last.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def add(self, asked: Asked, moment: str, answer: Recorded) -> None:
        """Record the answer to a request of that time, unless `is_over`; raises OutputError."""
        if self.is_over:
            return
        text = json.dumps(self._row(asked, moment, answer), ensure_ascii=False)
        try:
            # JSON has escapes for lone surrogates, which UTF-8 cannot encode.
            self._file.append(text.encode("utf-8", "backslashreplace"))
        except (OSError, ValueError) as error:
            self.failure = OutputError(
                f"--record-replies: an answer could not be written to '{self._file.path}': "
                f"{reason(error)}"
            )
            raise self.failure from None
        with self._lock:
            self.count += 1

    def _row(self, asked: Asked, moment: str, answer: Recorded) -> dict[str, Any]:
        likeness = self._likeness
        redaction = likeness.redaction
        headers = {
            name.lower(): redaction.text(value)
            for name, value in answer.headers
            if name.lower() in _KEPT
        }
        row: dict[str, Any] = {
            "recorded": moment,
            "method": asked.method,
            "path": likeness.target(asked.target).removeprefix(ROOT),
            "request": likeness.body(asked.body),
        }
        if likeness.match is not None:
            row["match"] = likeness.match
        if likeness.redact:
            row["redact"] = [*likeness.redact]
        row |= {"status": answer.status, "headers": headers}
        if answer.is_stream:
            row["events"] = [encoded(event) for event in redaction.events(answer.pieces)]
        else:
            row["content"] = encoded(redaction.body(b"".join(answer.pieces)))
        return row

    @contextmanager
    def one_under_way(self) -> Iterator[None]:
        """Mark an answer that is to be recorded as in progress."""
        with self._changed:
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def settle(self, seconds: float) -> bool:
        """Wait up to `seconds` for answers that are to be recorded; return whether none is left.

        Afterwards it `is_over`: later answers are not recorded.
        """
        with self._changed:
            is_done = self._changed.wait_for(lambda: not self._under_way, seconds)
            self.is_over = True
            return is_done
