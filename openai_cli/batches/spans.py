"""Waiting between two looks: ever longer, and by the clock on the wall."""

from collections.abc import Callable
from dataclasses import dataclass

from openai_cli.batches.signals import Stopping
from openai_cli.calls.session import Session

# In seconds: the first span and the longest; how long one sleep is; how long all may be together.
_FIRST, _LONGEST, _NAP, _ALL = 0.1, 60.0, 0.25, 900.0


@dataclass(eq=False)
class Span:
    """Spans that double, from `first` on. `tick` is called all the time.

    A machine that slept meanwhile waits no more when it wakes: its sleep counts.
    """

    session: Session
    stopping: Stopping
    tick: Callable[[], None]
    first: float = _FIRST
    _next: float = 0.0
    _all: float = 0.0

    def anew(self, first: float = _FIRST) -> "Span":
        """Others that begin at the first."""
        return Span(self.session, self.stopping, self.tick, first)

    def restart(self) -> None:
        """Begin with the first again."""
        self._next = 0.0

    @property
    def is_over(self) -> bool:
        """Whether they were very long, all together."""
        return self._all > _ALL

    def wait(self) -> None:
        """Wait for the next span; less where an end is asked for.

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
