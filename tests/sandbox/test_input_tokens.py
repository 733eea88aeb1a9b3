"""POST /responses/input_tokens, asked by the `openai` package's own client."""

from typing import Any

import openai
import pytest

from openai_cli.sandbox import Sandbox
from tests.sandbox.client import KEY, send

PATH = "/v1/responses/input_tokens"


def test_the_official_client_gets_a_count(sandbox: Sandbox) -> None:
    with openai.OpenAI(base_url=sandbox.base_url, api_key=KEY, max_retries=0) as client:
        counted = client.responses.input_tokens.count(model="gpt-4o", input="hamburger")
    # hamb|urger, and 7 around a message as the cookbook has it for gpt-4o.
    assert (counted.object, counted.input_tokens) == ("response.input_tokens", 9)


def test_tools_and_instructions_are_counted(sandbox: Sandbox) -> None:
    body: dict[str, Any] = {"model": "gpt-4o", "input": "hamburger"}
    bare = send(sandbox, PATH, body).json["input_tokens"]
    tool = {"type": "function", "name": "eat", "parameters": {}, "strict": False}
    assert send(sandbox, PATH, {**body, "instructions": "Eat."}).json["input_tokens"] > bare
    assert send(sandbox, PATH, {**body, "tools": [tool]}).json["input_tokens"] > bare


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": "gpt-4o", "input": 1}, 400),
        ({"model": "gpt-4o", "input": "hi", "max_output_tokens": 5}, 400),
        ({"model": "gpt-4o", "input": "hi", "tools": None}, 200),
    ],
)
def test_what_it_takes(sandbox: Sandbox, body: dict[str, Any], status: int) -> None:
    answer = send(sandbox, PATH, body)
    assert answer.status == status, answer.json
