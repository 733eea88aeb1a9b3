"""Signals during a run: the first stops sending, the second ends the process."""

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Self

from openai_cli.errors import ENDING, Terminated

# Seconds within which SIGHUPs count as one: a closing terminal sends it, and so does its shell.
_TOGETHER = 1.0


class Stopping:
    """Records signals that ask the run to stop; as a context manager, it handles them."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._at = float("-inf")
        self._before: dict[int, Any] = {}

    @property
    def is_asked(self) -> bool:
        """Whether a signal arrived."""
        return self._number is not None

    def check(self) -> None:
        """Raise what the first signal would have raised by itself."""
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
