"""The sandbox as users start it: one process for all tests."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.conftest import COMMAND


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """The base URL of a running `openai-cli sandbox`."""
    process = subprocess.Popen(
        [str(COMMAND), "sandbox", "--quiet", "--any-key"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process:
        yield process.stdout.readline().strip()
        process.terminate()
        process.wait(timeout=60)
    assert process.returncode == 143
