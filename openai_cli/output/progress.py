"""A progress bar on stderr, for what takes long at a terminal; rich draws it."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from openai_cli.messages import Messages

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

# In seconds: what takes no longer needs no bar.
_SOON = 1.0


class Progress:
    """Shows how many bytes were read, once that has taken a second; gone when it is left.

    Of a `total`, in bytes, it shows how much is left, and it is gone when nothing is.
    """

    def __init__(self, messages: Messages, total: int | None = None) -> None:
        self._messages = messages
        self._is_watched = messages.is_watched
        self._total = total
        self._begin = time.monotonic()
        self._read = 0
        self._bar: Bar | None = None

    def advance(self, size: int) -> None:
        """So many bytes more were read."""
        self._read += size
        if self._total is not None and self._read >= self._total:
            self._stop()
        elif self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._read)
        elif self._is_watched and time.monotonic() - self._begin > _SOON:
            self._bar = self._started()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _started(self) -> "Bar":
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TimeElapsedColumn,
            TransferSpeedColumn,
        )

        bar = Progress(
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeElapsedColumn(),
            console=Console(file=self._messages.stream),
            transient=True,
        )
        bar.add_task("", total=self._total)
        bar.start()
        return bar


class StatusLine:
    """A line at the foot of a terminal that changes; it is gone when it is closed."""

    def __init__(self, messages: Messages) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        self._made = Text
        self._live = Live(
            Text(""), console=Console(file=messages.stream), transient=True, auto_refresh=False
        )
        self._live.start()

    def show(self, text: str) -> None:
        """Show this text in the place of the one before."""
        self._live.update(self._made(text, overflow="ellipsis", no_wrap=True), refresh=True)

    def close(self) -> None:
        """Take the line away."""
        self._live.stop()
