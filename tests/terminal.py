"""A command on a terminal: a pseudo-terminal from the standard library."""

import os
import pty
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import MADE_UP_KEY
from tests.forked import forked


class Terminal:
    """A process of the command whose stdin, stdout and stderr are one terminal of 80 columns."""

    def __init__(
        self, *arguments: str, base_url: str, cwd: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self._ours, theirs = pty.openpty()
        environment = {
            **os.environ,
            "OPENAI_BASE_URL": base_url,
            "OPENAI_API_KEY": MADE_UP_KEY,
            "TERM": "xterm",
            **(env or {}),
        }
        self.process = subprocess.Popen(
            [str(forked()), *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            cwd=cwd,
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = b""

    def read_until(self, text: bytes) -> None:
        """Read the terminal's output until it contains this."""
        while text not in self.seen:
            self.seen += os.read(self._ours, 4096)

    def read_all(self) -> bytes:
        """Read to the end; return everything shown, with LF line ends."""
        while True:
            try:
                piece = os.read(self._ours, 4096)
            except OSError:  # Linux: the other end is closed
                piece = b""
            if not piece:
                break
            self.seen += piece
        self.process.wait(timeout=60)
        os.close(self._ours)
        return self.seen.replace(b"\r\n", b"\n")
