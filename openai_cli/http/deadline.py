"""The time limit of a whole call, `--max-time`; `--timeout` limits a single read.

A server that sends a byte now and then never exceeds the read timeout, yet the call never ends.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from openai_cli.errors import BadAnswerError, NetworkError, UnreachableError
from openai_cli.records import mutable_record


@mutable_record
class Deadline:
    """A time limit in seconds, which starts to run when it is first queried; None is no limit.

    All times are read from `clock`, in seconds.
    """

    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    _end: float | None = None

    def restart(self) -> None:
        """Reset the limit; it starts to run at the next query."""
        self._end = None

    def left(self) -> float | None:
        """Return the remaining seconds, at least 0, or None if there is no limit."""
        if self.seconds is None:
            return None
        if self._end is None:
            self._end = self.clock() + self.seconds
        return max(0.0, self._end - self.clock())

    def within(self, seconds: float) -> float:
        """Return `seconds` or the remaining time, whichever is less.

        Raises UnreachableError if no time remains.
        """
        self.check()
        left = self.left()
        return seconds if left is None else min(seconds, left)

    def check(self) -> None:
        """Raise UnreachableError if the time is up."""
        if self.left() == 0:
            raise self._over()

    def sleep(self, sleep: Callable[[float], None], seconds: float) -> None:
        """Sleep for at most the remaining time; raise UnreachableError if it is up afterwards."""
        sleep(self.within(seconds))
        self.check()

    @contextmanager
    def watched(self, cut: Callable[[], None]) -> Iterator[None]:
        """Call `cut` from another thread if the time runs out inside the block.

        Raises UnreachableError in that case, whether the block then fails or returns.
        """
        left = self.left()
        if left is None:
            yield
            return
        self.check()
        import threading

        is_cut = threading.Event()

        def end() -> None:
            is_cut.set()
            cut()

        timer = threading.Timer(left, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (NetworkError, BadAnswerError) as error:
            if is_cut.is_set() or self.left() == 0:
                raise self._over() from error
            raise
        finally:
            timer.cancel()
        if is_cut.is_set():
            raise self._over()

    def _over(self) -> UnreachableError:
        return UnreachableError(
            f"the call took longer than {self.seconds:g} s", hint="--max-time SECONDS waits longer"
        )
