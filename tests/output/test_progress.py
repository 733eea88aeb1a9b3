"""The progress bar: for a terminal, and once it has taken long."""

import io
from itertools import chain, repeat
from typing import Any
from unittest.mock import patch

import pytest

from openai_cli.messages import Messages
from openai_cli.output.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: Any, *, seconds: float, quiet: bool = False) -> str:
    """What is on stderr after a megabyte was read, twice, `seconds` after the begin."""
    messages = Messages(stream, environ={})
    messages.quiet = quiet
    with patch(
        "openai_cli.output.progress.time.monotonic", side_effect=chain([0.0], repeat(seconds))
    ):
        progress = Progress(messages)
        with progress:
            progress.advance(2**20)
            progress.advance(2**20)
    return str(stream.getvalue())


def test_a_terminal_sees_how_much_was_read() -> None:
    assert "2.1/? MB" in shown(Terminal(), seconds=1.5)


@pytest.mark.parametrize(
    ("stream", "seconds", "quiet"),
    [(Terminal(), 0.5, False), (Terminal(), 1.5, True), (io.StringIO(), 1.5, False)],
)
def test_nobody_else_sees_anything(stream: Any, seconds: float, quiet: bool) -> None:
    assert shown(stream, seconds=seconds, quiet=quiet) == ""


def test_a_closed_stderr_is_no_terminal() -> None:
    with Progress(Messages(None, environ={})) as progress:
        progress.advance(2**30)


def test_a_terminal_is_asked_for_once() -> None:
    class Asked(io.StringIO):
        times = 0

        def isatty(self) -> bool:
            self.times += 1
            return True

    stream = Asked()
    with Progress(Messages(stream, environ={}), 1000) as progress:
        for _ in range(100):
            progress.advance(1)
    assert stream.times == 1
