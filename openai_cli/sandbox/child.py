"""Run a command beside the sandbox, as a shell or `env` would."""

import errno
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_command(command: Sequence[str], environ: Mapping[str, str], listening: int) -> int:
    """Run a command to its end; return its exit code, or 128 plus the signal that ended it.

    The command has our streams, and our signals are passed on to it. If we are killed, it is ended
    before the socket `listening` is finally closed. Raises OSError if it cannot be started, and
    FileNotFoundError if there is no such command.
    """
    with (
        _signals_passed_on() as (children, waiting),
        _woken() as wakes,
        _watched(listening) as tell,
    ):
        child = _started(command, environ)
        tell(child.pid)
        children.append(child)
        for number in waiting:
            child.send_signal(number)
        while (code := child.poll()) is None:
            select.select([wakes], [], [])
            os.read(wakes, 4096)
    return 128 - code if code < 0 else code


def _started(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return _popen(command, environ)
    except OSError as error:
        path = shutil.which(command[0], path=environ.get("PATH"))
        if error.errno != errno.ENOEXEC or path is None:
            raise
        # A text without #! is a script for sh, as in execvp(3).
        return _popen(["/bin/sh", path, *command[1:]], environ)


def _popen(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # File descriptors that the shell opened for the command stay open.
    return subprocess.Popen(command, env=environ, close_fds=False)  # noqa: S603 - the user's own


@contextmanager
def _watched(listening: int) -> Iterator[Callable[[int], None]]:
    """End the process whose id is told if ours is killed; see watcher.py."""
    with subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-I", "-S", Path(__file__).with_name("watcher.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        pass_fds=(listening,),
        start_new_session=True,
        bufsize=0,
    ) as watcher:

        def tell(number: int) -> None:
            assert watcher.stdin is not None  # noqa: S101 - it is a pipe
            watcher.stdin.write(f"{number}\n".encode())

        try:
            yield tell
        finally:
            watcher.kill()


@contextmanager
def _signals_passed_on() -> Iterator[tuple[list[subprocess.Popen[bytes]], list[int]]]:
    """Pass signals on to the children; signals that come before there is one are queued.

    An ignored signal stays ignored, as under `nohup` and in background jobs of a shell.
    """
    children: list[subprocess.Popen[bytes]] = []
    waiting: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and _is_foreground():
            return  # Ctrl-C at the terminal: the child has received it already
        if not children:
            waiting.append(number)
        for child in children:
            child.send_signal(number)

    handlers = {number: signal.getsignal(number) for number in _PASSED_ON}
    caught = [number for number, handler in handlers.items() if handler != signal.SIG_IGN]
    with _handling(dict.fromkeys(caught, pass_on)):
        yield children, waiting


@contextmanager
def _woken() -> Iterator[int]:
    """A file descriptor that becomes readable when a signal arrives or a child ends.

    A plain wait for the child would miss a signal that arrives just before it: Python runs handlers
    between its own instructions, and during the wait there are none.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        with _handling({signal.SIGCHLD: lambda _number, _frame: None}):
            yield reader
    finally:
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)


@contextmanager
def _handling(handlers: Mapping[int, Callable[[int, FrameType | None], None]]) -> Iterator[None]:
    """Install signal handlers, and restore the former ones afterwards."""
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_foreground() -> bool:
    """Whether we are in the process group that receives the terminal's signals."""
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
