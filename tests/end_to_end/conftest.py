"""The sandbox as users start it: one process for all tests."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import COMMAND
from tests.forked import forking


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    """The base URL of an `openai-cli sandbox` with these arguments, which ends with the block."""
    process = subprocess.Popen(
        [str(COMMAND), "sandbox", "--quiet", "--any-key", *arguments],
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


@pytest.fixture(scope="session")
def forked() -> Iterator[Path]:
    """The command as a process that starts in no time: see `tests.forked`."""
    with tempfile.TemporaryDirectory() as folder, forking(Path(folder)) as program:
        yield program
