"""The progress of a run on stderr: a live line at a terminal, else one line per minute."""

import time
from dataclasses import dataclass, field
from typing import Protocol

from openai_cli.messages import Messages
from openai_cli.output.progress import StatusLine
from openai_cli.prices.money import dollars

# Seconds between two updates.
_AT_TERMINAL, _ELSEWHERE = 0.5, 60.0


class Going(Protocol):
    """A run in progress."""

    @property
    def in_flight(self) -> int: ...


@dataclass(eq=False)
class RunProgress:
    """Counts results of this process; `done` and `failed`, of `lines`, include earlier ones.

    `answered` counts lines in flight that the Batch API has answered, but that are not here yet.
    `usd` is in units.
    """

    messages: Messages
    lines: int
    done: int = 0
    failed: int = 0
    usd: int = 0
    came: int = 0
    tokens: int = 0
    came_usd: int = 0
    answered: int = 0
    _began: float = field(default_factory=time.monotonic)
    _shown: float = field(default_factory=time.monotonic)
    _line: StatusLine | None = None

    def count(self, tokens: int | None, usd: int | None) -> None:
        """Count an answer."""
        self.done += 1
        self.came += 1
        self.tokens += tokens or 0
        self.usd += usd or 0
        self.came_usd += usd or 0

    def fail(self) -> None:
        """Count a line that has failed for good."""
        self.failed += 1
        self.came += 1

    def tick(self, going: Going) -> None:
        """Show the progress if an update is due."""
        now = time.monotonic()
        is_watched = self.messages.is_watched
        if now - self._shown < (_AT_TERMINAL if is_watched else _ELSEWHERE):
            return
        self._shown = now
        if not is_watched:
            self.messages.notice(self.text(now, going.in_flight))
            return
        if self._line is None:
            self._line = StatusLine(self.messages)
        self._line.show(self.text(now, going.in_flight))

    def text(self, now: float, in_flight: int) -> str:
        """The progress in words."""
        seconds = max(now - self._began, 0.001)
        rate = self.came / seconds
        parts = [f"{self.done:,} of {self.lines:,} done"]
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        parts.append(f"{in_flight} in flight")
        if self.answered:
            parts.append(f"{self.answered:,} of them answered")
        parts.append(f"{rate:.1f} requests and {self.tokens / seconds:,.0f} tokens a second")
        left = self.lines - self.done - self.failed
        if self.usd:
            spent = f"{dollars(self.usd):.4f} USD"
            if self.came and left:
                expected = self.usd + self.came_usd * left // self.came
                spent += f" of some {dollars(expected):.4f}"
            parts.append(spent)
        if self.came and left:
            parts.append(f"{_span(left / rate)} left")
        return ", ".join(parts)

    def close(self) -> None:
        """Clear the status line."""
        if self._line is not None:
            self._line.close()
            self._line = None


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
