"""A command that runs beside the sandbox, as a shell or `env` would run it."""

import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_command(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command to its end; its exit code, or 128 and the number of the signal that ended it.

    It has our streams, and the signals that come to us go on to it. Raises OSError where it cannot
    be started: FileNotFoundError where there is none of that name.
    """
    with _signals_passed_on() as (children, waiting):
        child = _started(command, environ)
        children.append(child)
        for number in waiting:
            child.send_signal(number)
        code = child.wait()
    return 128 - code if code < 0 else code


def _started(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return _popen(command, environ)
    except OSError as error:
        path = shutil.which(command[0], path=environ.get("PATH"))
        if error.errno != errno.ENOEXEC or path is None:
            raise
        # A text without #! is a script of sh, as execvp(3) has it.
        return _popen(["/bin/sh", path, *command[1:]], environ)


def _popen(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # What a shell has opened for the command beyond the three streams stays open.
    return subprocess.Popen(command, env=environ, close_fds=False)  # noqa: S603 - the user's own


@contextmanager
def _signals_passed_on() -> Iterator[tuple[list[subprocess.Popen[bytes]], list[int]]]:
    """Pass signals on to the children; those that come before there is one are waiting.

    One that is ignored stays so, as `nohup` and a shell's background jobs have it.
    """
    children: list[subprocess.Popen[bytes]] = []
    waiting: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and _is_foreground():
            return  # the terminal's Ctrl-C: the child has it already
        if not children:
            waiting.append(number)
        for child in children:
            child.send_signal(number)

    handlers = {number: signal.getsignal(number) for number in _PASSED_ON}
    caught = {number: handler for number, handler in handlers.items() if handler != signal.SIG_IGN}
    for number in caught:
        signal.signal(number, pass_on)
    try:
        yield children, waiting
    finally:
        for number, handler in caught.items():
            signal.signal(number, handler)


def _is_foreground() -> bool:
    """Whether we are in the group of processes that the terminal sends its signals to."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
