"""How long all of a call may take: `--max-time`, where `--timeout` is for one read.

A server that sends a byte now and then keeps every read short, and the whole without end.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from openai_cli.errors import BadAnswerError, NetworkError, UnreachableError
from openai_cli.records import mutable_record


@mutable_record
class Deadline:
    """A span in seconds that begins when it is first asked for; None never ends.

    All times are of `clock`, in seconds.
    """

    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    _end: float | None = None

    def restart(self) -> None:
        """Begin anew."""
        self._end = None

    def left(self) -> float | None:
        """The seconds that are left, 0 at the end; None where there is none."""
        if self.seconds is None:
            return None
        if self._end is None:
            self._end = self.clock() + self.seconds
        return max(0.0, self._end - self.clock())

    def within(self, seconds: float) -> float:
        """So many seconds, or what is left; UnreachableError where nothing is."""
        self.check()
        left = self.left()
        return seconds if left is None else min(seconds, left)

    def check(self) -> None:
        """Raise UnreachableError where the time is over."""
        if self.left() == 0:
            raise self._over()

    def sleep(self, sleep: Callable[[float], None], seconds: float) -> None:
        """Sleep, no longer than is left; UnreachableError where the time is over by then."""
        sleep(self.within(seconds))
        self.check()

    @contextmanager
    def watched(self, cut: Callable[[], None]) -> Iterator[None]:
        """Call `cut`, in another thread, when the time is over before the block is.

        What the block fails with then, or makes of what was cut, is UnreachableError.
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
