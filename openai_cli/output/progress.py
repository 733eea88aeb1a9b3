"""A progress bar on stderr for long operations at a terminal, drawn by rich."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from openai_cli.messages import Messages

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

# The bar appears after so many seconds.
_SOON = 1.0


class Progress:
    """A progress bar for bytes read, which appears after a second and vanishes at the end.

    With a `total`, in bytes, it shows the fraction done and vanishes when the total is reached.
    """

    def __init__(self, messages: Messages, total: int | None = None) -> None:
        self._messages = messages
        self._is_watched = messages.is_watched
        self._total = total
        self._begin = time.monotonic()
        self._read = 0
        self._bar: Bar | None = None

    def advance(self, size: int) -> None:
        """Count `size` more bytes as read."""
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
    """An updatable line at the bottom of a terminal; `close` removes it."""

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
        """Replace the line with this text."""
        self._live.update(self._made(text, overflow="ellipsis", no_wrap=True), refresh=True)

    def close(self) -> None:
        """Remove the line."""
        self._live.stop()
