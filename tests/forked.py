"""The installed command without its start-up: processes forked from one with the package loaded.

A process of the command takes 90 to 250 ms of CPU, most of it to load the interpreter and the
package; a fork takes 30. `forked` is a program to run in its place. The forked process is like any
other: it has the arguments, environment, folder, umask, streams and ignored signals of the program
that asked for it, which passes signals on and ends as the fork ends. But it is in another session
and has no other open files, and it does not test how the command starts.
"""

import atexit
import gc
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from ast import literal_eval
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import openai_cli
from openai_cli.__main__ import main

# Python skips site packages and the program imports almost nothing, so it starts in 10 ms.
PROGRAM = """#!{python} -IS
import _signal, _socket, os, sys
def is_open(number):
    try:
        return os.fstat(number)
    except OSError:
        return None
streams = [number for number in range(3) if is_open(number)]
signals = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP)
ignored = [number for number in signals if _signal.getsignal(number) == _signal.SIG_IGN]
found = os.umask(0), os.getcwd(), streams, list(map(int, ignored)), sys.argv, dict(os.environ)
data = repr(found).encode()
asked = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
asked.connect({address!r})
rights = b"".join(number.to_bytes(4, sys.byteorder) for number in streams)
asked.sendmsg(
    [len(data).to_bytes(8, "big")],
    [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)] if streams else [],
)
while data:
    data = data[asked.send(data):]
process = int.from_bytes(asked.recv(8), "big")
for number in signals:
    if number not in ignored:
        _signal.signal(number, lambda number, frame: os.kill(process, number))
asked.send(b"!")  # now it may begin
status = int.from_bytes(asked.recv(8), "big")
if os.WIFSIGNALED(status):
    _signal.signal(os.WTERMSIG(status), _signal.SIG_DFL)
    os.kill(os.getpid(), os.WTERMSIG(status))
os._exit(os.waitstatus_to_exitcode(status))
"""


# Taken before a test sets its own, as a socket's path is limited to 104 bytes on macOS.
_TEMPORARY = tempfile.gettempdir()


@cache
def forked() -> Path:
    """A program in a folder of its own that replaces the command, while this process lasts.

    Its server is started by the first call, and ends with this process.
    """
    made = tempfile.TemporaryDirectory(dir=_TEMPORARY)
    atexit.register(made.cleanup)
    address, program = Path(made.name, "socket"), Path(made.name, "openai-cli")
    program.write_text(PROGRAM.format(python=sys.executable, address=str(address)))
    program.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen(64)
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.forked", str(listener.fileno()), str(program)],
            cwd=Path(__file__).parents[1],
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
        )
    atexit.register(server.communicate)  # closes its stdin, and waits for it
    return program


STREAMS = ("stdin", "stdout", "stderr")


class Forking:
    """A process with the package loaded, which forks itself for each request on the socket.

    It ends when its stdin is closed.
    """

    def __init__(self, listener: socket.socket, command: str) -> None:
        self.listener = listener
        self.command = command
        self.asking: dict[int, socket.socket] = {}  # by the process forked for it
        self.ended, self.wake = os.pipe()
        os.set_blocking(self.wake, False)
        signal.set_wakeup_fd(self.wake)
        signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)

    def serve(self) -> None:
        """Fork for each request."""
        while True:
            readable: list[Any] = [0, self.listener, self.ended, *self.asking.values()]
            for one in select.select(readable, [], [])[0]:
                if one == 0:
                    return
                if one is self.listener:
                    self._fork(self.listener.accept()[0])
                elif one == self.ended:
                    self._tell()
                else:  # the program that asked is gone
                    for process in [key for key, value in self.asking.items() if value is one]:
                        os.kill(process, signal.SIGKILL)
                        self.asking.pop(process).close()

    def _fork(self, asking: socket.socket) -> None:
        size, streams, _flags, _address = socket.recv_fds(asking, 8, 3)
        data = bytearray()
        while len(data) < int.from_bytes(size, "big"):
            data += asking.recv(2**16)
        awaited, begun = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(begun)
            os.read(awaited, 1)
            os.close(awaited)
            asking.close()
            self._become(data.decode(), streams)
        for number in (awaited, *streams):
            os.close(number)
        self.asking[process] = asking
        asking.sendall(process.to_bytes(8, "big"))
        asking.recv(1)  # from now on signals are passed on
        os.close(begun)

    def _become(self, data: str, streams: list[int]) -> NoReturn:
        """Become the process of the command that was requested."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for other in (self.listener, *self.asking.values()):
            other.close()
        mask, folder, numbers, ignored, arguments, environment = literal_eval(data)
        for number in {0, 1, 2} - {*numbers}:
            os.close(number)
            setattr(sys, STREAMS[number], None)
        for number, stream in zip(numbers, streams, strict=True):
            os.dup2(stream, number)
        for number in (self.ended, self.wake, *streams):
            os.close(number)
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        os.umask(mask)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        sys.argv = arguments
        sys.orig_argv[:] = [sys.executable, self.command, *arguments[1:]]
        main()

    def _tell(self) -> None:
        os.read(self.ended, 2**10)
        while self.asking:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                break
            if asking := self.asking.pop(process, None):
                asking.sendall(status.to_bytes(8, "big"))
                asking.close()


def load() -> None:
    """Load all modules of the package, and what they load when it is first needed."""
    for module in pkgutil.walk_packages(openai_cli.__path__, "openai_cli."):
        import_module(module.name)
    for name in ("requests", "jmespath", "jsonschema", "rich.markdown", "tiktoken", "tomllib"):
        import_module(name)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    number, command = sys.argv[1:]
    load()
    Forking(socket.socket(fileno=int(number)), command).serve()
