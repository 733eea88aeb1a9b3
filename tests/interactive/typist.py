"""A user at a terminal who talks with `chat -i`: a pseudo-terminal read by pexpect."""

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from pexpect import EOF
from pexpect.fdpexpect import fdspawn

from tests.conftest import MADE_UP_KEY
from tests.forked import forked

# Starts every prompt: it turns bracketed paste on.
PROMPT = b"\x1b[?2004h"

ENTER, ALT_ENTER, CTRL_J = "\r", "\x1b\r", "\n"
UP, LEFT, HOME, BACKSPACE, TAB = "\x1b[A", "\x1b[D", "\x1b[H", "\x7f", "\t"
CTRL_C, CTRL_D, CTRL_R = "\x03", "\x04", "\x12"

# Ctrl-C reaches a process through its controlling terminal, which a new session must take.
TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(2, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def pasted(text: str) -> str:
    """Text as a terminal sends it when pasted: in bracketed paste, with its line ends."""
    return f"\x1b[200~{text}\x1b[201~"


class Typist:
    """A process of `chat -i` on a terminal of 80 columns; `stdout` is the terminal, or a file.

    Whatever is expected must appear within a minute. The process must have ended when the block
    ends.
    """

    def __init__(
        self,
        *arguments: str,
        base_url: str,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        stdout: IO[Any] | None = None,
        rows: int = 24,
    ) -> None:
        self._ours, self._theirs = pty.openpty()
        termios.tcsetwinsize(self._ours, (rows, 80))
        self.modes = termios.tcgetattr(self._theirs)
        given = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": MADE_UP_KEY, "TERM": "xterm"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, str(forked()), "chat", "-i", *arguments],
            stdin=self._theirs,
            stdout=self._theirs if stdout is None else stdout,
            stderr=self._theirs,
            env={**os.environ, **given, **(env or {})},
            cwd=cwd,
            start_new_session=True,
        )
        self._terminal: Any = fdspawn(self._ours, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.process.kill()
        self.process.wait(timeout=60)
        self._close_theirs()
        self._close_ours()

    def type(self, *keys: str) -> None:
        """Press the keys; `\\udcNN` is the byte 0xNN."""
        os.write(self._ours, "".join(keys).encode(errors="surrogateescape"))

    def see(self, text: str | bytes) -> bytes:
        """Wait until the terminal shows this; return what it showed before."""
        self._terminal.expect_exact(text)
        return self._before()

    def see_prompt(self) -> bytes:
        """Wait for the next prompt; return what was shown before it, with LF line ends."""
        return self.see(PROMPT).replace(b"\r\n", b"\n")

    def ask(self, *keys: str) -> bytes:
        """Type at a prompt, send it, and wait for the next; return what was shown until then."""
        self.type(*keys, ENTER)
        return self.see_prompt()

    def end(self) -> int:
        """Wait until the process ends; return its exit code."""
        return self.process.wait(timeout=60)

    def modes_now(self) -> list[Any]:
        """The current modes of the terminal."""
        return termios.tcgetattr(self._theirs)

    def hang_up(self) -> None:
        """Close the terminal."""
        self._close_theirs()
        self._close_ours()

    def rest(self) -> bytes:
        """The rest of the terminal's output, to the end of the process, with LF line ends."""
        self._close_theirs()
        self._terminal.expect_exact(EOF)
        return self._before().replace(b"\r\n", b"\n")

    def _before(self) -> bytes:
        shown: bytes = self._terminal.before
        return shown

    def _close_theirs(self) -> None:
        if self._theirs >= 0:
            os.close(self._theirs)
            self._theirs = -1

    def _close_ours(self) -> None:
        if self._ours >= 0:
            os.close(self._ours)
            self._ours = -1
