"""Refusals by rules that the published schemas do not say."""

from typing import Any

import pytest

from openai_cli.sandbox import API_KEY, Sandbox
from tests.sandbox.client import send
from tests.sandbox.test_forms import written

REFUSED: list[tuple[str, dict[str, Any], str | None, str]] = [
    ("/v1/responses", {"model": "m"}, None, "must be provided"),
    ("/v1/responses", {"model": "m", "input": ""}, "input", "empty"),
    (
        "/v1/responses",
        {"model": "m", "input": "a", "previous_response_id": "resp_0"},
        "previous_response_id",
        "'resp_0' not found",
    ),
    ("/v1/embeddings", {"model": "m", "input": ""}, "input", "empty"),
    ("/v1/embeddings", {"model": "m", "input": ["a", ""]}, "input", "empty"),
    ("/v1/embeddings", {"model": "m", "input": []}, "input", "Invalid"),
    ("/v1/embeddings", {"model": "m", "input": ["a"] * 2049}, "input", "2048"),
    ("/v1/embeddings", {"model": "m", "input": " a" * 8193}, "input", "8192 tokens"),
    ("/v1/embeddings", {"model": "m", "input": [" a" * 8000] * 38}, "input", "300000 tokens"),
    ("/v1/embeddings", {"model": "m", "input": "a", "dimensions": 1537}, "dimensions", "1536"),
    ("/v1/moderations", {"input": ""}, "input", "empty"),
    ("/v1/moderations", {"input": []}, "input", "empty"),
    ("/v1/audio/speech", {"model": "m", "input": "", "voice": "v"}, "input", "too short"),
    (
        "/v1/audio/speech",
        {"model": "tts-1", "input": "a", "voice": "alloy", "stream_format": "sse"},
        "stream_format",
        "not supported",
    ),
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


SOUND = ("file", b"RIFF", "a.wav")


@pytest.mark.parametrize(
    ("path", "fields", "param", "message"),
    [
        (
            "/v1/audio/transcriptions",
            [("model", "gpt-4o-transcribe"), SOUND, ("response_format", "srt")],
            "response_format",
            "not compatible",
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


@pytest.mark.parametrize("limit", ["0", "10001", "many", "-1"])
def test_a_limit_of_a_page(sandbox: Sandbox, limit: str) -> None:
    answer = send(sandbox, f"/v1/files?limit={limit}", method="GET")
    assert (answer.status, answer.json["error"]["param"]) == (400, "limit")
