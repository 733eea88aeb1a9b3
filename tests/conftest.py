"""The sealed world of every test: a home of its own, no key, no network but loopback."""

import io
import os
import signal
import socket
import subprocess
import sysconfig
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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

# 2026-11-23, in UTC: prices grow old, and tests must not.
THAT_DAY = "1795392000"

# Of a test, in seconds, on a machine that is busy with much else.
TOO_LONG = 300

_HIDDEN = (
    "OPENAI_", "XDG_", "NO_COLOR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)  # fmt: skip

# How long an example takes hangs on what else the machine does, and says nothing of the rule.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

_connect = socket.socket.connect


@pytest.fixture(autouse=True)
def _sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the machine's home, keys, keyring, proxies, certificates, date; no net but loopback.

    Of PATH there is what this user may search.

    Processes buffer streams and keep bytecode as Python does by itself: what is flushed is flushed
    by us, and not every process compiles the package anew.
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
    monkeypatch.setenv("PATH", os.pathsep.join(filter(_may_be_searched, os.get_exec_path())))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", THAT_DAY)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            assert address[0] in ("127.0.0.1", "::1"), f"a test wanted to reach {address}"
        _connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


def _may_be_searched(folder: str) -> bool:
    """What may not be is another user's, and what is not found is denied there."""
    return os.access(folder, os.R_OK | os.X_OK)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """SIGINT and SIGHUP as usual, though `nohup` or a shell has them ignored; and no hanging."""

    def too_long(_signal: int, _frame: object) -> None:
        pytest.fail(f"it is not done after {TOO_LONG} seconds")

    handlers: dict[int, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGHUP: signal.SIG_DFL,
        signal.SIGALRM: too_long,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    # And again, for what waits once more while it is unwound.
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
def folder(tmp_path: Path) -> Path:
    """The empty folder that `run` and `installed` run in."""
    made = tmp_path / "work"
    made.mkdir()
    return made


@pytest.fixture
def run(folder: Path) -> Run:
    """Run a command line inside the test's process, which takes 16 ms where a process takes 220.

    `base_url` and `key` go into its environment; stdin is empty unless `stdin` has bytes. The
    sockets and files are real. What needs file descriptors, signals or an end of the process takes
    `installed`.
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
            patch.setattr("keyring.core._keyring_backend", None)  # looked for once in a process
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
    """The variables of a command line besides those of the test."""
    own = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": key}
    return {**(env or {}), **{name: value for name, value in own.items() if value is not None}}


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """A command line leaves the process as it was: for the next line would run in what is left."""
    before = _state()
    yield
    assert _state() == before


def _state() -> dict[str, Any]:
    """What of a process outlives a call and that a call could change."""
    mask = os.umask(0)
    os.umask(mask)
    return {
        "environment": dict(os.environ),
        "folder": Path.cwd(),
        "mask": mask,
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        # Those of servers, which may be still at an answer, are daemons.
        "threads": {thread for thread in threading.enumerate() if not thread.daemon},
    }


@pytest.fixture
def installed(folder: Path) -> Run:
    """Run the installed command as a process; the arguments are those of `run`, and Popen's.

    stdin is /dev/null unless `stdin` has bytes for a pipe.
    """
    return _running(COMMAND, folder)


@pytest.fixture
def process(folder: Path) -> Run:
    """As `installed`, but by a fork, which takes a quarter of the time: see `tests.forked`."""
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
