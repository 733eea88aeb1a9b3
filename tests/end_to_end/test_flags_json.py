"""Each request property of the smaller endpoints that take JSON, from its flag to the socket.

What must arrive is written by hand from CreateEmbeddingRequest, CreateModerationRequest,
CreateSpeechRequest and CreateImageRequest in OpenAI's published description (openapi.json 2.3.0)
and, for what is newer, from the official package's types, which judge every body besides.
"""

import base64
from typing import Any, NamedTuple

import pytest

from tests.conftest import Run
from tests.flags.published import EMBED, GENERATE, MODERATE, SPEAK, Endpoint
from tests.flags.wire import Row, assert_sent, received
from tests.servers import reply, stream

VECTOR = {"object": "embedding", "index": 0, "embedding": [0.5]}
VECTORS = {"object": "list", "model": "m", "data": [VECTOR]}
VERDICT = {"flagged": False, "categories": {}, "category_scores": {}}
IMAGE = {"b64_json": base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()}
IMAGE_EVENT = {"type": "image_generation.completed", **IMAGE}


class Command(NamedTuple):
    """A command: what a bare call of it sends, and an answer to it."""

    name: str
    path: str
    endpoint: Endpoint
    bare: dict[str, Any]
    answer: bytes
    rows: list[Row]


COMMANDS = [
    Command(
        "embed",
        "/v1/embeddings",
        EMBED,
        {"model": "text-embedding-3-small", "input": "hi"},
        reply(VECTORS),
        [
            Row("dimensions", ("--dimensions", "1"), {"dimensions": 1}, {"dimensions": b"1"}),
            Row("encoding_format", ("--encoding-format", "float"), {"encoding_format": "float"}),
            Row("input", ("--input", "Grüße\n"), {"input": "Grüße\n"}, text=None),
            Row("input", ("--input", '["a"]'), {"input": ["a"]}, text=None),
            Row("input", ("--input", "[9906, 1917]"), {"input": [9906, 1917]}, text=None),
            Row("input", ("--input", "[[9906, 1917]]"), {"input": [[9906, 1917]]}, text=None),
            Row("model", ("-m", "no-such-model"), {"model": "no-such-model"}),
            Row("user", ("--user", "user-0042"), {"user": "user-0042"}),
        ],
    ),
    Command(
        "moderate",
        "/v1/moderations",
        MODERATE,
        {"model": "omni-moderation-latest", "input": "hi"},
        reply({"id": "modr-1", "model": "m", "results": [VERDICT]}),
        [
            Row("input", ("--input", "a", "--input", "b"), {"input": ["a", "b"]}, text=None),
            Row("input", ("--input", '["a", "b"]'), {"input": ["a", "b"]}, text=None),
            Row(
                "input",
                ("--input", '[{"type": "text", "text": "Grüße"}]'),
                {"input": [{"type": "text", "text": "Grüße"}]},
                text=None,
            ),
            Row("model", ("--model", "no-such-model"), {"model": "no-such-model"}),
        ],
    ),
    Command(
        "speak --voice alloy",
        "/v1/audio/speech",
        SPEAK,
        {"model": "gpt-4o-mini-tts", "input": "hi", "voice": "alloy"},
        reply(b"a sound", content_type="audio/mpeg"),
        [
            Row("input", ("--input", "Grüße\n"), {"input": "Grüße\n"}, text=None),
            Row("instructions", ("--instructions", "Whisper."), {"instructions": "Whisper."}),
            Row("model", ("-m", "tts-1"), {"model": "tts-1"}),
            Row("response_format", ("--response-format", "opus"), {"response_format": "opus"}),
            Row("speed", ("--speed", "0.25"), {"speed": 0.25}, {"speed": b"0.25"}),
            Row("speed", ("--speed", "4"), {"speed": 4}, {"speed": b"4"}),
            Row("stream_format", ("--stream-format", "audio"), {"stream_format": "audio"}),
            Row("voice", ("--voice", "cedar"), {"voice": "cedar"}),
            Row("voice", ("--voice", '{"id": "voice_0042"}'), {"voice": {"id": "voice_0042"}}),
        ],
    ),
    Command(
        "image generate",
        "/v1/images/generations",
        GENERATE,
        {"model": "gpt-image-1-mini", "prompt": "hi"},
        reply({"created": 1, "data": [IMAGE]}),
        [
            Row("background", ("--background", "transparent"), {"background": "transparent"}),
            Row("complexity", ("--complexity", "high"), {"complexity": "high"}),
            Row("frame_count", ("--frame-count", "16"), {"frame_count": 16}),
            Row("frame_duration_ms", ("--frame-duration-ms", "40"), {"frame_duration_ms": 40}),
            Row("model", ("-m", "dall-e-3"), {"model": "dall-e-3"}),
            Row("moderation", ("--moderation", "low"), {"moderation": "low"}),
            Row("n", ("-n", "1"), {"n": 1}, {"n": b"1"}),
            Row("output_compression", ("--output-compression", "0"), {"output_compression": 0}),
            Row("output_format", ("--output-format", "webp"), {"output_format": "webp"}),
            Row(
                "partial_images",
                ("--stream", "--partial-images", "3"),
                {"stream": True, "partial_images": 3},
            ),
            Row("prompt", ("--prompt", "Grüße\n"), {"prompt": "Grüße\n"}, text=None),
            Row("quality", ("--quality", "low"), {"quality": "low"}),
            Row("response_format", ("--response-format", "url"), {"response_format": "url"}),
            Row("safety_identifier", ("--safety-identifier", "f0"), {"safety_identifier": "f0"}),
            Row("size", ("--size", "1536x1024"), {"size": "1536x1024"}),
            Row("stream", ("--stream",), {"stream": True}),
            Row("stream", ("--no-stream",), {"stream": False}),
            Row("style", ("--style", "natural"), {"style": "natural"}),
            Row("svg", ("--svg", "model=gpt-6-luna"), {"svg": {"model": "gpt-6-luna"}}),
            Row("user", ("--user", "user-0042"), {"user": "user-0042"}),
        ],
    ),
]
CASES = [(command, row) for command in COMMANDS for row in command.rows]


@pytest.mark.parametrize(
    ("command", "row"), CASES, ids=[f"{command.name} {row}" for command, row in CASES]
)
def test_a_flag_reaches_the_socket(run: Run, command: Command, row: Row) -> None:
    answer = stream(IMAGE_EVENT, done=False) if row.sent.get("stream") else command.answer
    if row.sent.get("input") == ["a", "b"]:
        answer = reply({"id": "modr-1", "model": "m", "results": [VERDICT, VERDICT]})
    request = received(run, command.name, row, answer)
    assert_sent(request, {**command.bare, **row.sent}, row.numbers)
    command.endpoint.check(request.json)


BY_COMMAND = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)


@BY_COMMAND
def test_the_rows_cover_what_the_official_package_names(command: Command) -> None:
    assert {row.name for row in command.rows} == command.endpoint.properties


@BY_COMMAND
def test_a_bare_call_sends_what_the_endpoint_needs_alone(run: Run, command: Command) -> None:
    request = received(run, command.name, Row("bare", (), {}), command.answer)
    assert request.line == f"POST {command.path} HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.json == command.bare


def test_numbers_may_come_as_base64(run: Run) -> None:
    # 0.5 and -1 as little-endian floats of 32 bits.
    encoded = {**VECTORS, "data": [{**VECTOR, "embedding": "AAAAPwAAgL8="}]}
    row = Row("encoding_format", ("--encoding-format", "base64"), {"encoding_format": "base64"})
    request = received(run, "embed", row, reply(encoded))
    assert request.json["encoding_format"] == "base64"


def test_sound_may_come_as_events(run: Run) -> None:
    row = Row("stream_format", ("--stream-format", "sse"), {"stream_format": "sse"})
    answer = stream(
        {"type": "speech.audio.delta", "audio": "AAAA"},
        {"type": "speech.audio.done", "usage": None},
        done=False,
    )
    assert received(run, "speak --voice alloy", row, answer).json["stream_format"] == "sse"
