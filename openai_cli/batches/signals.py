"""Signals during a run: the first has no new request sent, the second ends the process."""

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Self

from openai_cli.errors import ENDING, Terminated

# In seconds: a terminal that closes sends SIGHUP, and so does its shell; that is one end.
_TOGETHER = 1.0


class Stopping:
    """Whether an end was asked for. Use it as a context manager: it takes the signals meanwhile."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._at = float("-inf")
        self._before: dict[int, Any] = {}

    @property
    def is_asked(self) -> bool:
        """Whether a signal came."""
        return self._number is not None

    def check(self) -> None:
        """Raise what the first signal raises by itself."""
        if self._number is not None:
            self._raise(self._number)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, *ENDING):
                if (before := signal.getsignal(number)) != signal.SIG_IGN:
                    self._before[number] = before
                    signal.signal(number, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        now, before = time.monotonic(), self._at
        self._at = now
        if self._number is None:
            self._number = number
        elif number == signal.SIGINT or now - before > _TOGETHER:
            self._raise(number)

    @staticmethod
    def _raise(number: int) -> None:
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise Terminated(number)
