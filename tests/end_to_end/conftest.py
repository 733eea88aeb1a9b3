"""The sandbox as users start it, one process for all tests; and a repository for `cost diff`."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, Run
from tests.forked import forked

THAT_DAY = {"SOURCE_DATE_EPOCH": "1795392000"}  # 2026-11-23

Diff = Callable[..., Result]


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    """Run `openai-cli sandbox` with these arguments within the block; yields its base URL."""
    process = subprocess.Popen(
        [str(forked()), "sandbox", "--quiet", "--any-key", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait(timeout=60)
    assert process.returncode == 143


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """The base URL of a running `openai-cli sandbox`."""
    with served() as base_url:
        yield base_url


class Repository:
    """A repository in the folder of a test, whose first commit is `main`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=T", "-c", "user.email=t@t.example", *arguments],
            cwd=self.folder, capture_output=True, check=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def write(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self) -> str:
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--message", "change", "--allow-empty")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(folder: Path) -> Repository:
    return Repository(folder)


@pytest.fixture
def diff(run: Run) -> Diff:
    def run_diff(*arguments: str, env: Any = None, **more: Any) -> Result:
        return run("cost", "diff", *arguments, env={**THAT_DAY, **(env or {})}, key=None, **more)

    return run_diff
