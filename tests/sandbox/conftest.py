"""One sandbox for all tests: it keeps nothing between requests."""

from collections.abc import Iterator

import pytest

from openai_cli.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as serving:
        yield serving
