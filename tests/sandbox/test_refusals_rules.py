"""Refusals by rules that the published schemas do not say."""

from typing import Any

import pytest

from openai_cli.sandbox import Sandbox
from tests.sandbox.client import KEY, send
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
    ("/v1/responses", {"model": "m", "input": [{"type": None}]}, "input[0].type", "a string"),
    ("/v1/embeddings", {"model": "m", "input": ""}, "input", "empty"),
    (
        "/v1/embeddings",
        {"model": "text-embedding-ada-002", "input": "a", "dimensions": 2},
        None,
        "This model does not support specifying dimensions.",
    ),
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
    ("/v1/images/generations", {"prompt": "a", "size": f"{'9' * 5000}x1"}, "size", "999"),
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
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": content_type}
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
        (
            "/v1/audio/transcriptions",
            [("model", "whisper-1"), SOUND, ("response_format", "diarized_json")],
            "response_format",
            "not compatible",
        ),
        (
            "/v1/files",
            [
                ("purpose", "batch"),
                ("file", b"{}", "a.jsonl"),
                ("expires_after[anchor]", "created_at"),
                ("expires_after[seconds]", "3599"),
            ],
            "expires_after.seconds",
            "Expected a value >= 3600",
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
    "query", ["limit=0", "limit=10001", "limit=many", "limit=-1", f"limit={'9' * 5000}", "order=up"]
)
def test_a_page_that_is_none(sandbox: Sandbox, query: str) -> None:
    answer = send(sandbox, f"/v1/files?{query}", method="GET")
    assert (answer.status, answer.json["error"]["param"]) == (400, query.partition("=")[0])


@pytest.mark.parametrize("path", ["x/1x1", "png/big", "png/10", f"png/{'9' * 5000}x1"])
def test_an_image_that_is_not_there(sandbox: Sandbox, path: str) -> None:
    assert send(sandbox, f"/v1/images/{path}", method="GET").status == 404
