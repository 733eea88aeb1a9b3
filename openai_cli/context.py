"""The world as one object: streams, terminals, environment, time and chance.

Everything that a command knows of the machine comes through a Context, so that a test can hand it
another one. `Context.system()` is the real world; `Context.test()` a closed one in memory.
"""

import io
import os
import select
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from io import RawIOBase
from typing import TYPE_CHECKING, BinaryIO, Self

from openai_cli.errors import UsageError
from openai_cli.messages import Messages
from openai_cli.records import record
from openai_cli.settings import Settings

if TYPE_CHECKING:
    from datetime import date, datetime


@record
class Context:
    """Streams are binary; None is a stream that was closed before the program began.

    `command` is the name of the command that runs, as `models list`.
    `now` gives seconds since the epoch, `sleep` takes seconds, `chance` gives a number in [0, 1).
    `stdin_ready(seconds)` waits until stdin has data or its end, at most that long.
    """

    stdin: BinaryIO | None
    stdout: BinaryIO | RawIOBase | None
    stdin_is_terminal: bool
    stdout_is_terminal: bool
    environ: Mapping[str, str]
    messages: Messages
    settings: Settings = field(default_factory=Settings)
    command: str = ""
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = field(default_factory=lambda: _chance)
    stdin_ready: Callable[[float], bool] = field(default=lambda _seconds: True)

    @classmethod
    def system(cls) -> Self:
        """The process's own world."""
        stdin, stdout, stderr = sys.stdin, sys.stdout, sys.stderr
        return cls(
            stdin=stdin.buffer if stdin else None,
            # Without Python's buffer: what is written is out, and what failed is not tried again.
            stdout=getattr(stdout.buffer, "raw", stdout.buffer) if stdout else None,
            stdin_is_terminal=bool(stdin) and stdin.isatty(),
            stdout_is_terminal=bool(stdout) and stdout.isatty(),
            environ=os.environ,
            messages=Messages(stderr, environ=os.environ),
            stdin_ready=_stdin_ready,
        )

    @classmethod
    def test(
        cls,
        *,
        stdin: bytes | None = None,
        stdout: BinaryIO | RawIOBase | None = None,
        terminal: bool = False,
        environ: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = lambda _seconds: None,
        now: float = 0.0,
    ) -> Self:
        """A closed world: memory for streams, no waiting, no chance; `stdin` None is a terminal."""
        return cls(
            stdin=io.BytesIO(stdin or b""),
            stdout=io.BytesIO() if stdout is None else stdout,
            stdin_is_terminal=stdin is None,
            stdout_is_terminal=terminal,
            environ=environ or {},
            messages=Messages(io.StringIO(), environ={}),
            now=lambda: now,
            sleep=sleep,
            chance=lambda: 0.0,
        )

    def today(self) -> "date":
        """The day in UTC; raises as `utc` does."""
        return self.utc(self.now()).date()

    def utc(self, seconds: float) -> "datetime":
        """A moment in seconds since the epoch; SOURCE_DATE_EPOCH stands for any, as in builds.

        https://reproducible-builds.org/specs/source-date-epoch/. Raises UsageError for one that is
        beyond the year 9999, as milliseconds are.
        """
        from datetime import UTC, datetime

        pinned = self.variable("SOURCE_DATE_EPOCH")
        try:
            moment = int(pinned) if pinned and pinned.isdecimal() else seconds
            return datetime.fromtimestamp(moment, UTC)
        except (ValueError, OverflowError, OSError):
            raise UsageError(
                "SOURCE_DATE_EPOCH must be in seconds since 1970, and before the year 10000"
            ) from None

    def variable(self, name: str) -> str | None:
        """An environment variable; empty is unset."""
        return self.environ.get(name) or None


def _chance() -> float:
    import random

    return random.random()  # noqa: S311 - jitter, no secret


def _stdin_ready(seconds: float) -> bool:
    """Whether stdin has data or its end within `seconds`; a file that cannot be polled has."""
    try:
        return bool(select.select([sys.stdin], [], [], seconds)[0])
    except (OSError, ValueError):
        return True
