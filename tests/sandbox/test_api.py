"""Paths, methods, keys and bodies that are no bodies, with the API's words written by hand."""

import re

import pytest

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.api import Api, HttpRequest
from openai_cli.sandbox.config import SandboxConfig
from tests.sandbox.client import CHAT, COMPLETIONS, KEY, MESSAGES, chat, complete, error, send

NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank "
    "username) if you're accessing the API from your browser and are prompted for a username and "
    "password. You can obtain an API key from https://platform.openai.com/account/api-keys."
)
NOT_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not "
    "valid JSON. If you have trouble figuring out how to fix this, please contact us through our "
    "help center at help.openai.com.)"
)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer  "},
        {"Authorization": KEY},
        {"Authorization": "Basic c2FuZGJveA=="},
    ],
)
def test_a_key_is_needed(sandbox: Sandbox, headers: dict[str, str]) -> None:
    body = {"model": "gpt-6-luna", "messages": MESSAGES}
    answer = send(sandbox, CHAT, body, headers=headers)
    assert (answer.status, answer.json) == (401, error(NO_KEY))


@pytest.mark.parametrize("key", ["another-key", KEY[:-1], f"{KEY}x", KEY.upper(), "cl\xe9"])
def test_another_key_is_refused(sandbox: Sandbox, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    answer = send(sandbox, "/v1/models", method="GET", headers=headers)
    assert (answer.status, answer.json["error"]["code"]) == (401, "invalid_api_key")
    assert key not in answer.json["error"]["message"]


def test_any_key_will_do_where_none_is_set() -> None:
    headers = {"Authorization": "bearer another-made-up-key"}
    with Sandbox(0, SandboxConfig(key=None)) as sandbox:
        assert send(sandbox, "/v1/models", method="GET", headers=headers).status == 200
        assert send(sandbox, "/v1/models", method="GET", headers={}).status == 401


def test_each_sandbox_has_a_key_of_its_own() -> None:
    with Sandbox() as one, Sandbox() as other:
        assert send(one, "/v1/models", method="GET").status == 200
        assert re.fullmatch(r"sandbox-[0-9a-f]{32}", one.key)
        assert one.key != other.key


@pytest.mark.parametrize(
    "path", ["/v1/foo", "/", "/chat/completions", "/v1/chat/completions/", "//["]
)
def test_unknown_path(sandbox: Sandbox, path: str) -> None:
    answer = send(sandbox, path, {})
    told = "/[" if path == "//[" else path
    assert (answer.status, answer.json) == (404, error(f"Invalid URL (POST {told})"))


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/embeddings", "POST"),
        ("DELETE", COMPLETIONS, "POST"),
        ("PUT", CHAT, "POST, GET"),
        ("POST", "/v1/models", "GET"),
    ],
)
def test_wrong_method(sandbox: Sandbox, method: str, path: str, allowed: str) -> None:
    answer = send(sandbox, path, method=method)
    hint = "(HINT: Perhaps you meant to use a different HTTP method?)"
    assert (answer.status, answer.json) == (
        405,
        error(f"Not allowed to {method} on {path}. {hint}"),
    )
    assert answer.headers["allow"] == allowed


def test_models(sandbox: Sandbox) -> None:
    answer = send(sandbox, "/v1/models?limit=1", method="GET")
    assert answer.status == 200
    assert answer.json["object"] == "list"
    assert answer.json["data"][0] == {
        "id": "gpt-6-luna",
        "object": "model",
        "created": 1767225600,
        "owned_by": "sandbox",
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"[]",
        b'"hello"',
        b'{"model": "m", "messages": [',
        b"\xff\xfe\xff",
        b'{"temperature": NaN}',
        b'{"temperature": -Infinity}',
        b'{"temperature": 1e999}',
        b'{"seed": ' + b"9" * 5000 + b"}",
        b'{"metadata": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
        b"[" * 100_000,
    ],
    ids=lambda content: str(content[:20]),
)
def test_not_a_json_object(sandbox: Sandbox, content: bytes) -> None:
    answer = send(sandbox, CHAT, content)
    assert (answer.status, answer.json) == (400, error(NOT_JSON))


@pytest.mark.parametrize("depth", [50, 250, 300, 350, 400, 450, 480, 2000])
def test_a_deep_schema_never_crashes(depth: int) -> None:
    """Python's limit strikes the maker of instances or the parser, at depths of its version."""
    schema = '{"required": ["a"], "properties": {"a": ' * depth + "{}" + "}}" * depth
    content = (
        '{"model": "m", "messages": [{"role": "user", "content": "a"}], "response_format": '
        f'{{"type": "json_schema", "json_schema": {{"name": "n", "schema": {schema}}}}}}}'
    )
    received = HttpRequest("POST", CHAT, content.encode(), authorization=f"Bearer {KEY}")
    assert Api().respond(received).status in {200, 400}


def test_a_duplicate_property_has_its_last_value(sandbox: Sandbox) -> None:
    content = b'{"model": 1, "model": "m", "prompt": "a", "prompt": "Say hi"}'
    assert send(sandbox, COMPLETIONS, content).json["choices"][0]["text"] == "hi"


def test_half_a_surrogate_pair_is_no_crash(sandbox: Sandbox) -> None:
    content = b'{"model": "m", "prompt": "Say a\\ud83d", "user": "\\udc00"}'
    assert send(sandbox, COMPLETIONS, content).json["choices"][0]["text"] == "a\ufffd"
    wrong = send(sandbox, COMPLETIONS, b'{"model": "m", "prompt": "a", "\\ud83d": 1}')
    assert wrong.json == error("Unrecognized request argument supplied: ?")


@pytest.mark.parametrize("token", [999_999_999, -1, 2**70])
def test_a_token_that_the_model_does_not_have(sandbox: Sandbox, token: int) -> None:
    answer = complete(sandbox, prompt=[token])
    assert (answer.status, answer.json) == (
        400,
        error(f"Invalid request: cl100k_base has no token {token}."),
    )


def test_the_same_request_has_the_same_answer_to_the_byte(sandbox: Sandbox) -> None:
    one, two, other = chat(sandbox, n=2), chat(sandbox, n=2), chat(sandbox, n=3)
    assert one.content == two.content
    assert one.headers["x-request-id"] == two.headers["x-request-id"]
    assert one.headers["x-request-id"] != other.headers["x-request-id"]
    assert one.json["id"] != other.json["id"]
