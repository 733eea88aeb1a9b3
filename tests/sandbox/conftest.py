"""One sandbox for all tests: it keeps nothing between requests."""

from collections.abc import Iterator

import pytest

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from tests.sandbox.client import KEY


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(0, SandboxConfig(key=KEY)) as serving:
        yield serving
