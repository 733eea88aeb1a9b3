"""The sealed world of every test: a home of its own, no key, no network but loopback."""

import os
import socket
import subprocess
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

COMMAND = Path(sysconfig.get_path("scripts")) / "openai-cli"
MADE_UP_KEY = "sk-made-up-for-tests"

# 2026-11-23, in UTC: prices grow old, and tests must not.
THAT_DAY = "1795392000"

_HIDDEN = (
    "OPENAI_", "XDG_", "NO_COLOR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)  # fmt: skip

_connect = socket.socket.connect


@pytest.fixture(autouse=True)
def _sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the machine's home, keys, keyring, proxies, certificates, date; no net but loopback.

    Streams are buffered as Python does by itself, so that what is flushed is flushed by us.
    """
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    for name in os.environ:
        if name.startswith(_HIDDEN) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", THAT_DAY)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            assert address[0] in ("127.0.0.1", "::1"), f"a test wanted to reach {address}"
        _connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


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
def run(tmp_path: Path) -> Run:
    """Run the installed command as a process in an empty folder.

    `base_url` and `key` go into its environment; stdin is /dev/null unless `stdin` has bytes for
    a pipe.
    """
    folder = tmp_path / "work"
    folder.mkdir()

    def run_command(
        *arguments: str | bytes,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        base_url: str | None = None,
        key: str | None = MADE_UP_KEY,
        **popen: Any,
    ) -> Result:
        environment = {**os.environ, **(env or {})}
        if base_url is not None:
            environment["OPENAI_BASE_URL"] = base_url
        if key is not None:
            environment["OPENAI_API_KEY"] = key
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        done = subprocess.run(
            [str(COMMAND), *arguments],
            capture_output=True,
            env=environment,
            cwd=folder,
            timeout=60,
            check=False,
            **given,
            **popen,
        )
        return Result(done.returncode, done.stdout, done.stderr.decode())

    return run_command


@pytest.fixture
def folder(run: Run, tmp_path: Path) -> Path:
    """The folder that `run` runs in."""
    return tmp_path / "work"
