"""The sealed environment of every test: its own home, no key, no network but loopback."""

import io
import os
import re
import signal
import socket
import subprocess
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from openai_cli import app
from openai_cli.context import Context
from openai_cli.messages import Messages
from tests.forked import forked

COMMAND = Path(sysconfig.get_path("scripts")) / "openai-cli"
MADE_UP_KEY = "sk-made-up-for-tests"

# 2026-11-23 in UTC: prices grow old, and tests must not.
THAT_DAY = "1795392000"

# Seconds for a single test, on a busy machine.
TOO_LONG = 300

_HIDDEN = (
    "OPENAI_", "XDG_", "NO_COLOR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)  # fmt: skip

# How long an example takes depends on the machine's load, and says nothing about the rule.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

_connect = socket.socket.connect

_numbers = count()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new folder; pytest's own looks through those of all tests before for a number to take."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return tmp_path_factory.mktemp(f"{name}-{next(_numbers)}", numbered=False)


@pytest.fixture(autouse=True)
def _sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the machine's home, keys, keyring, proxies, certificates and date; allow only loopback.

    PATH keeps only folders that this user may search. Processes buffer their streams and write
    bytecode as Python does by default, so tests see what we flush ourselves, and the package is not
    compiled anew by every process.
    """
    for name in ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"):
        monkeypatch.delenv(name, raising=False)
    for name in os.environ:
        if name.startswith(_HIDDEN) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("PATH", _searchable(os.environ["PATH"]))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", THAT_DAY)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            assert address[0] in ("127.0.0.1", "::1"), f"a test wanted to reach {address}"
        _connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@cache
def _searchable(path: str) -> str:
    """PATH without folders that may not be searched: they turn 'not found' into 'denied'."""
    folders = path.split(os.pathsep)
    return os.pathsep.join(each for each in folders if os.access(each, os.R_OK | os.X_OK))


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Handle SIGINT and SIGHUP as usual, even under `nohup`, and fail tests that hang."""

    def too_long(_signal: int, _frame: object) -> None:
        pytest.fail(f"it is not done after {TOO_LONG} seconds")

    handlers: dict[int, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGHUP: signal.SIG_DFL,
        signal.SIGALRM: too_long,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    # Repeated, in case the test blocks again while it is unwound.
    signal.setitimer(signal.ITIMER_REAL, TOO_LONG, 1)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in before.items():
        signal.signal(number, handler)


@dataclass(frozen=True)
class Result:
    """How a process of the command ended."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


Run = Callable[..., Result]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, where what could not be written is kept."""
    folder = tmp_path / "kept"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The empty folder that `run` and `installed` run in."""
    made = tmp_path / "work"
    made.mkdir()
    return made


@pytest.fixture
def run(folder: Path) -> Run:
    """Run a command line in the test's own process: 16 ms, where a new process takes 220.

    `base_url` and `key` go into its environment; stdin is empty unless `stdin` has bytes. Sockets
    and files are real. Tests of file descriptors, signals or the end of a process use `installed`.
    """

    def run_here(
        *arguments: str | bytes,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        base_url: str | None = None,
        key: str | None = MADE_UP_KEY,
    ) -> Result:
        out, err = io.BytesIO(), io.BytesIO()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in world(env, base_url, key).items():
                patch.setenv(name, value)
            patch.chdir(folder)
            patch.setattr("keyring.core._keyring_backend", None)  # looked up once per process
            stderr = io.TextIOWrapper(err, "utf-8", "backslashreplace", write_through=True)
            context = Context(
                stdin=io.BytesIO(stdin or b""),
                stdout=out,
                stdin_is_terminal=False,
                stdout_is_terminal=False,
                environ=os.environ,
                messages=Messages(stderr, environ=os.environ),
                sleep=lambda _seconds: None,
            )
            with nothing_left_behind():
                code = app.run(context, [os.fsdecode(argument) for argument in arguments])
        return Result(int(code), out.getvalue(), err.getvalue().decode())

    return run_here


def world(env: Mapping[str, str] | None, base_url: str | None, key: str | None) -> dict[str, str]:
    """The environment variables of a command line, besides those of the test."""
    own = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": key}
    return {**(env or {}), **{name: value for name, value in own.items() if value is not None}}


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Check that a command line leaves the process as it was, for the next one to run in."""
    before = _state()
    yield
    assert _state() == before


def _state() -> dict[str, Any]:
    """The process-wide state that a call could change."""
    mask = os.umask(0)
    os.umask(mask)
    return {
        "environment": dict(os.environ),
        "folder": Path.cwd(),
        "mask": mask,
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        # Server threads, which may still be answering, are daemons.
        "threads": {thread for thread in threading.enumerate() if not thread.daemon},
    }


@pytest.fixture
def installed(folder: Path) -> Run:
    """Run the installed command as a process; takes the arguments of `run`, and Popen's.

    stdin is /dev/null unless `stdin` has bytes for a pipe.
    """
    return _running(COMMAND, folder)


@pytest.fixture
def process(folder: Path) -> Run:
    """Like `installed`, but forked, which takes a quarter of the time: see `tests.forked`."""
    return _running(forked(), folder)


def _running(command: Path, folder: Path) -> Run:
    def run_process(
        *arguments: str | bytes,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        base_url: str | None = None,
        key: str | None = MADE_UP_KEY,
        **popen: Any,
    ) -> Result:
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        done = subprocess.run(
            [str(command), *arguments],
            capture_output=True,
            env={**os.environ, **world(env, base_url, key)},
            cwd=folder,
            timeout=60,
            check=False,
            **given,
            **popen,
        )
        return Result(done.returncode, done.stdout, done.stderr.decode())

    return run_process
