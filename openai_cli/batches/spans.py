"""Wait between two polls, longer each time, by the wall clock."""

from collections.abc import Callable
from dataclasses import dataclass

from openai_cli.batches.signals import Stopping
from openai_cli.calls.session import Session

# Seconds: the first span and the longest, one sleep, and all spans together.
_FIRST, _LONGEST, _NAP, _ALL = 0.1, 60.0, 0.25, 900.0


@dataclass(eq=False)
class Span:
    """Spans that double, starting with `first`. `tick` is called throughout.

    Wall-clock time counts, so a machine that was suspended does not wait longer on waking.
    """

    session: Session
    stopping: Stopping
    tick: Callable[[], None]
    first: float = _FIRST
    _next: float = 0.0
    _all: float = 0.0

    def anew(self, first: float = _FIRST) -> "Span":
        """Return a new series of spans, starting with `first`."""
        return Span(self.session, self.stopping, self.tick, first)

    def restart(self) -> None:
        """Start with the first span again."""
        self._next = 0.0

    @property
    def is_over(self) -> bool:
        """Whether all spans together exceed the limit."""
        return self._all > _ALL

    def wait(self) -> None:
        """Wait for the next span, or until the run is asked to stop.

        Raises UnreachableError at the deadline.
        """
        span = min(self._next or self.first, max(_LONGEST, self.first))
        self._next = span * 2
        self._all += span
        context = self.session.context
        end, slept = context.now() + span, 0.0
        while slept < span and context.now() < end and not self.stopping.is_asked:
            self.session.sleep(min(_NAP, span - slept))
            slept += _NAP
            self.tick()
