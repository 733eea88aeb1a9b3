"""The process's environment as one object: streams, terminals, variables, time and randomness.

A command accesses the machine only through a Context, so that a test can pass a different one.
`Context.system()` is the real one, `Context.test()` an isolated one in memory.
"""

import io
import os
import select
import sys
import time
from collections.abc import Callable, Mapping
from io import RawIOBase
from typing import TYPE_CHECKING, BinaryIO, Self

from openai_cli.errors import UsageError
from openai_cli.messages import Messages
from openai_cli.records import field, record
from openai_cli.settings import Settings

if TYPE_CHECKING:
    from datetime import date, datetime


@record
class Context:
    """The environment of a command.

    The streams are binary; None is a stream that was closed before the program started. `command`
    is the name of the running command, such as `models list`. `now` returns seconds since the
    epoch, `sleep` takes seconds, and `chance` returns a number in [0, 1). `stdin_ready(seconds)`
    waits at most that long until stdin has data or has ended.
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
    stdin_ready: Callable[[float], bool] = lambda _seconds: True

    @classmethod
    def system(cls) -> Self:
        """Return the environment of this process."""
        stdin, stdout, stderr = sys.stdin, sys.stdout, sys.stderr
        return cls(
            stdin=stdin.buffer if stdin else None,
            # Bypass Python's buffer, so that data is written at once and failed writes not retried.
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
        """Return an isolated environment in memory, without waiting or randomness.

        With `stdin` None, stdin is a terminal.
        """
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
        """Return the current day in UTC; raises the errors of `utc`."""
        return self.utc(self.now()).date()

    def utc(self, seconds: float) -> "datetime":
        """Convert seconds since the epoch to UTC; SOURCE_DATE_EPOCH overrides them, as in builds.

        https://reproducible-builds.org/specs/source-date-epoch/. Raises UsageError for a time after
        the year 9999, which milliseconds would be.
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
        """Return an environment variable, or None if it is unset or empty."""
        return self.environ.get(name) or None


def _chance() -> float:
    import random

    return random.random()  # noqa: S311 - jitter, no secret


def _stdin_ready(seconds: float) -> bool:
    """Return whether stdin gets data or ends within `seconds`; true if it cannot be polled."""
    try:
        return bool(select.select([sys.stdin], [], [], seconds)[0])
    except (OSError, ValueError):
        return True
