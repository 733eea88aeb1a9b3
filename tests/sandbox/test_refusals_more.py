"""What the other endpoints refuse, and how."""

from typing import Any

import pytest

from openai_cli.sandbox import API_KEY, Sandbox
from tests.sandbox.client import send
from tests.sandbox.test_forms import written

REFUSED: list[tuple[str, dict[str, Any], str | None, str]] = [
    ("/v1/responses", {"model": "m"}, None, "must be provided"),
    ("/v1/responses", {"model": "m", "input": ""}, "input", "empty"),
    ("/v1/responses", {"model": "m", "input": 7}, "input", "Invalid type for 'input'"),
    ("/v1/responses", {"model": "m", "input": "a", "inputs": 1}, None, "inputs"),
    (
        "/v1/responses",
        {"model": "m", "input": "a", "temperature": 3},
        "temperature",
        "above maximum value. Expected a value <= 2",
    ),
    (
        "/v1/responses",
        {"model": "m", "input": "a", "previous_response_id": "resp_0"},
        "previous_response_id",
        "'resp_0' not found",
    ),
    ("/v1/embeddings", {"model": "m"}, "input", "Missing required parameter: 'input'"),
    ("/v1/embeddings", {"input": "a"}, "model", "Missing required parameter: 'model'"),
    ("/v1/embeddings", {"model": "m", "input": ""}, "input", "empty"),
    ("/v1/embeddings", {"model": "m", "input": ["a", ""]}, "input", "empty"),
    ("/v1/embeddings", {"model": "m", "input": []}, "input", "Invalid"),
    ("/v1/embeddings", {"model": "m", "input": ["a"] * 2049}, "input", "2048"),
    ("/v1/embeddings", {"model": "m", "input": " a" * 8193}, "input", "8192 tokens"),
    ("/v1/embeddings", {"model": "m", "input": [" a" * 8000] * 38}, "input", "300000 tokens"),
    ("/v1/embeddings", {"model": "m", "input": "a", "dimensions": 1537}, "dimensions", "1536"),
    ("/v1/embeddings", {"model": "m", "input": "a", "dimensions": 0}, "dimensions", "Invalid"),
    ("/v1/moderations", {"input": ""}, "input", "empty"),
    ("/v1/moderations", {"input": []}, "input", "empty"),
    ("/v1/moderations", {"input": 7}, "input", "Invalid"),
    ("/v1/moderations", {}, "input", "Missing required parameter: 'input'"),
    ("/v1/audio/speech", {"model": "m", "input": "a"}, "voice", "Missing required parameter"),
    ("/v1/audio/speech", {"model": "m", "input": "", "voice": "v"}, "input", "too short"),
    (
        "/v1/audio/speech",
        {"model": "m", "input": "a" * 4097, "voice": "alloy"},
        "input",
        "4096",
    ),
    (
        "/v1/audio/speech",
        {"model": "tts-1", "input": "a", "voice": "alloy", "stream_format": "sse"},
        "stream_format",
        "not supported",
    ),
    (
        "/v1/audio/speech",
        {"model": "m", "input": "a", "voice": "alloy", "speed": 0.2},
        "speed",
        "0.25",
    ),
    ("/v1/images/generations", {}, "prompt", "Missing required parameter: 'prompt'"),
    ("/v1/images/generations", {"prompt": "a", "n": 11}, "n", "10"),
    ("/v1/images/generations", {"prompt": "a", "size": "big"}, "size", "'big'"),
    (
        "/v1/images/generations",
        {"prompt": "a", "model": "dall-e-3", "n": 2},
        "n",
        "only n=1",
    ),
    (
        "/v1/images/generations",
        {"prompt": "a", "model": "dall-e-3", "stream": True},
        "stream",
        "does not support streaming",
    ),
    (
        "/v1/images/generations",
        {"prompt": "a", "model": "gpt-image-1", "response_format": "url"},
        "response_format",
        "Unknown parameter",
    ),
    (
        "/v1/images/generations",
        {"prompt": "a", "model": "gpt-image-1", "partial_images": 1},
        "partial_images",
        "only allowed when 'stream'",
    ),
    ("/v1/images/edits", {"prompt": "a"}, "images", "Missing required parameter: 'images'"),
    ("/v1/images/edits", {"prompt": "a", "images": [{}]}, "images[0]", "image_url"),
]


@pytest.mark.parametrize(
    ("path", "body", "param", "message"),
    REFUSED,
    ids=[f"{path} {str(body)[:40]}" for path, body, _, _ in REFUSED],
)
def test_a_body_that_is_refused(
    sandbox: Sandbox, path: str, body: dict[str, Any], param: str | None, message: str
) -> None:
    answer = send(sandbox, path, body)
    found = answer.json["error"]
    assert (answer.status, found["type"]) == (400, "invalid_request_error")
    assert found["param"] == param
    assert message in found["message"]


def form(sandbox: Sandbox, path: str, *fields: tuple[Any, ...]) -> Any:
    content, content_type = written(*fields)
    headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": content_type}
    return send(sandbox, path, content, headers=headers)


TEXT = ("file", b"hello", "a.txt")
EMPTY = ("file", b"", "a.wav")
SOUND = ("file", b"RIFF", "a.wav")


@pytest.mark.parametrize(
    ("path", "fields", "param", "message"),
    [
        ("/v1/audio/transcriptions", [("model", "m")], "file", "Missing required parameter"),
        ("/v1/audio/transcriptions", [SOUND], "model", "Missing required parameter"),
        ("/v1/audio/transcriptions", [("model", "m"), TEXT], "file", "Invalid file format"),
        ("/v1/audio/transcriptions", [("model", "m"), EMPTY], "file", "too short"),
        ("/v1/audio/transcriptions", [("model", "m"), ("file", "text")], "file", "Invalid"),
        (
            "/v1/audio/transcriptions",
            [("model", "gpt-4o-transcribe"), SOUND, ("response_format", "srt")],
            "response_format",
            "not compatible",
        ),
        (
            "/v1/audio/transcriptions",
            [("model", "m"), SOUND, ("temperature", "warm")],
            "temperature",
            "Invalid type for 'temperature'",
        ),
        ("/v1/images/edits", [("prompt", "a")], "image", "Missing required parameter"),
        (
            "/v1/images/edits",
            [("prompt", "a"), ("image", b"hello", "a.png")],
            "image",
            "Invalid image file",
        ),
        ("/v1/images/variations", [("n", "1")], "image", "Missing required parameter"),
        ("/v1/files", [("purpose", "batch")], "file", "Missing required parameter"),
        ("/v1/files", [("file", b"{}", "a.jsonl")], "purpose", "Missing required parameter"),
        ("/v1/files", [("purpose", "batch"), ("file", b"", "a")], "file", "empty"),
        (
            "/v1/files",
            [("purpose", "batch"), ("file", b"{}\nnone\n", "a.jsonl")],
            "file",
            "line 2 is no JSON object",
        ),
    ],
)
def test_a_form_that_is_refused(
    sandbox: Sandbox, path: str, fields: list[tuple[Any, ...]], param: str, message: str
) -> None:
    answer = form(sandbox, path, *fields)
    found = answer.json["error"]
    assert (answer.status, found["param"]) == (400, param)
    assert message in found["message"]


def test_a_file_that_is_too_large(sandbox: Sandbox) -> None:
    sound = ("file", b"RIFF" + bytes(25 * 1024 * 1024), "a.wav")
    answer = form(sandbox, "/v1/audio/transcriptions", ("model", "m"), sound)
    assert answer.status == 413
    assert "26214400" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/responses/resp_0"),
        ("DELETE", "/v1/responses/resp_0"),
        ("POST", "/v1/responses/resp_0/cancel"),
        ("GET", "/v1/models/none"),
        ("DELETE", "/v1/models/none"),
        ("GET", "/v1/files/file-0"),
        ("GET", "/v1/files/file-0/content"),
        ("DELETE", "/v1/files/file-0"),
        ("GET", "/v1/files?after=file-0"),
    ],
)
def test_what_is_not_there(sandbox: Sandbox, method: str, path: str) -> None:
    answer = send(sandbox, path, method=method)
    assert answer.status == 404
    assert answer.json["error"]["message"]


@pytest.mark.parametrize("limit", ["0", "10001", "many", "-1"])
def test_a_limit_of_a_page(sandbox: Sandbox, limit: str) -> None:
    answer = send(sandbox, f"/v1/files?limit={limit}", method="GET")
    assert (answer.status, answer.json["error"]["param"]) == (400, "limit")


@pytest.mark.parametrize(
    "path",
    ["/v1/responses", "/v1/embeddings", "/v1/moderations", "/v1/audio/speech", "/v1/files"],
)
def test_a_key_is_needed(sandbox: Sandbox, path: str) -> None:
    assert send(sandbox, path, {}, headers={}).status == 401


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/embeddings", "POST"),
        ("/v1/responses/resp_0", "GET, DELETE"),
        ("/v1/files", "GET, POST"),
        ("/v1/files/file-0", "GET, DELETE"),
    ],
)
def test_another_method(sandbox: Sandbox, path: str, allowed: str) -> None:
    answer = send(sandbox, path, method="PUT")
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
