"""The sandbox as users start it: one process for all tests."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.forked import forked


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
