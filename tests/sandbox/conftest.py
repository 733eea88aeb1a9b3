"""One sandbox for all tests that store nothing, and a fresh one for each test that does."""

from collections.abc import Iterator

import openai
import pytest

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from tests.sandbox.client import KEY


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(0, SandboxConfig(key=KEY)) as serving:
        yield serving


@pytest.fixture
def official() -> Iterator[openai.OpenAI]:
    """The `openai` package's client, for an empty sandbox."""
    with (
        Sandbox(0, SandboxConfig(key=KEY)) as serving,
        openai.OpenAI(
            base_url=serving.base_url,
            api_key=serving.key,
            admin_api_key=serving.admin_key,
            max_retries=0,
        ) as client,
    ):
        yield client
