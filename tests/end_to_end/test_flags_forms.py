"""Each property of the endpoints that take a multipart form, from its flag to the socket.

What must arrive is written by hand from CreateTranscriptionRequest, CreateTranslationRequest,
CreateImageEditRequest, CreateImageVariationRequest and CreateFileRequest in OpenAI's published
description (openapi.json 2.3.0) and, for what is newer, from the official package's types. An array
is `name[]`, repeated, and an object `name[key]`, as the official client writes them.
"""

import base64
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from openai import OpenAI

from tests.conftest import MADE_UP_KEY, Run
from tests.flags.published import EDIT, TRANSCRIBE, TRANSLATE, UPLOAD, VARY, Endpoint
from tests.flags.wire import joined
from tests.forms import Field, fields_of
from tests.servers import Received, Server, reply, stream

WAV = (
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\0\0\0"
)
# One black pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
LINES = b'{"a": 1}\n'
FILES = {"a.wav": WAV, "b.wav": WAV, "a.png": PNG, "b.png": PNG, "a.jsonl": LINES}

TEXT = reply({"text": "ok"})
DONE = stream({"type": "transcript.text.done", "text": "ok"}, done=False)
PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()
IMAGE = reply({"created": 1, "data": [{"b64_json": PICTURE}]})
IMAGES = reply({"created": 1, "data": [{"b64_json": PICTURE}] * 2})
EDITED = stream({"type": "image_edit.completed", "b64_json": PICTURE}, done=False)
STORED = reply({"id": "file-1"})

HEARD = Field("file", WAV, "a.wav", "audio/x-wav")
SHOWN = Field("image", PNG, "a.png", "image/png")


@dataclass(frozen=True)
class Row:
    """A property, what is typed, and the fields that must be in the form besides a bare call's."""

    name: str
    typed: tuple[str, ...]
    sent: tuple[tuple[str, str | Field], ...]
    answer: bytes | None = None

    def __str__(self) -> str:
        return " ".join(self.typed)[:50]


@dataclass(frozen=True)
class Command:
    """A command: what a bare call of it types and sends, and an answer to it."""

    name: str
    typed: tuple[str, ...]
    path: str
    endpoint: Endpoint
    bare: dict[str, str | Field]
    answer: bytes
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        return self.name


def one(name: str, flag: str, value: str) -> Row:
    """A property that is one field of text."""
    return Row(name, (flag, value), ((name, value),))


COMMANDS = (
    Command(
        "transcribe",
        ("a.wav",),
        "/v1/audio/transcriptions",
        TRANSCRIBE,
        {"model": "gpt-4o-mini-transcribe", "file": HEARD},
        TEXT,
        (
            one("chunking_strategy", "--chunking-strategy", "auto"),
            Row(
                "chunking_strategy",
                ("--chunking-strategy", '{"type": "server_vad", "threshold": 0.5}'),
                (
                    ("chunking_strategy[type]", "server_vad"),
                    ("chunking_strategy[threshold]", "0.5"),
                ),
            ),
            Row(
                "file", ("--filename", "talk.wav"), (("file", HEARD._replace(filename="talk.wav")),)
            ),
            Row("include", ("--include", "logprobs"), (("include[]", "logprobs"),)),
            Row(
                "keywords",
                ("--keywords", "Zürich", "--keywords", "ökonomisch"),
                (("keywords[]", "Zürich"), ("keywords[]", "ökonomisch")),
            ),
            Row(
                "known_speaker_names",
                ("--known-speaker-names", "A", "--known-speaker-names", "B"),
                (("known_speaker_names[]", "A"), ("known_speaker_names[]", "B")),
            ),
            Row(
                "known_speaker_references",
                ("--known-speaker-references", "data:audio/wav;base64,AAAA"),
                (("known_speaker_references[]", "data:audio/wav;base64,AAAA"),),
            ),
            one("language", "--language", "de"),
            Row("languages", ("--languages", "de"), (("languages[]", "de"),)),
            one("model", "-m", "whisper-1"),
            one("prompt", "--prompt", "Grüße\n"),
            Row(
                "response_format",
                ("--response-format", "text"),
                (("response_format", "text"),),
                reply("ok", content_type="text/plain"),
            ),
            Row("stream", ("--stream",), (("stream", "true"),), DONE),
            Row("stream", ("--no-stream",), (("stream", "false"),)),
            one("temperature", "--temperature", "0"),
            one("temperature", "--temperature", "1"),
            Row(
                "timestamp_granularities",
                ("--timestamp-granularities", "word", "--timestamp-granularities", "segment"),
                (("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment")),
            ),
        ),
    ),
    Command(
        "translate",
        ("a.wav",),
        "/v1/audio/translations",
        TRANSLATE,
        {"model": "whisper-1", "file": HEARD},
        TEXT,
        (
            Row(
                "file", ("--filename", "talk.wav"), (("file", HEARD._replace(filename="talk.wav")),)
            ),
            one("model", "-m", "whisper-2"),
            one("prompt", "--prompt", "Names: Ann"),
            one("response_format", "--response-format", "verbose_json"),
            one("temperature", "--temperature", "0.5"),
        ),
    ),
    Command(
        "image edit",
        ("--prompt", "Add a hat — now", "--image", "a.png"),
        "/v1/images/edits",
        EDIT,
        {"model": "gpt-image-1-mini", "prompt": "Add a hat — now", "image": SHOWN},
        IMAGE,
        (
            one("background", "--background", "opaque"),
            one("complexity", "--complexity", "low"),
            one("frame_count", "--frame-count", "2"),
            one("frame_duration_ms", "--frame-duration-ms", "0"),
            Row(
                "image",
                ("--image", "b.png"),
                (
                    ("image[]", SHOWN._replace(name="image[]")),
                    ("image[]", SHOWN._replace(name="image[]", filename="b.png")),
                ),
            ),
            one("input_fidelity", "--input-fidelity", "high"),
            Row(
                "markup",
                ("--markup", "b.png"),
                (("markup", SHOWN._replace(name="markup", filename="b.png")),),
            ),
            Row(
                "mask",
                ("--mask", "b.png"),
                (("mask", SHOWN._replace(name="mask", filename="b.png")),),
            ),
            one("model", "-m", "gpt-image-1.5"),
            Row("n", ("-n", "2"), (("n", "2"),), IMAGES),
            one("output_compression", "--output-compression", "100"),
            one("output_format", "--output-format", "jpeg"),
            Row(
                "partial_images",
                ("--stream", "--partial-images", "1"),
                (("stream", "true"), ("partial_images", "1")),
                EDITED,
            ),
            one("quality", "--quality", "medium"),
            one("response_format", "--response-format", "b64_json"),
            one("safety_identifier", "--safety-identifier", "f00d"),
            one("size", "--size", "1024x1024"),
            Row("stream", ("--stream",), (("stream", "true"),), EDITED),
            Row("svg", ("--svg", "model=gpt-6-luna"), (("svg[model]", "gpt-6-luna"),)),
            one("user", "--user", "user-0042"),
        ),
    ),
    Command(
        "image vary",
        ("a.png",),
        "/v1/images/variations",
        VARY,
        {"model": "dall-e-2", "image": SHOWN},
        IMAGE,
        (
            one("model", "-m", "dall-e-3"),
            Row("n", ("-n", "2"), (("n", "2"),), IMAGES),
            one("response_format", "--response-format", "b64_json"),
            one("size", "--size", "256x256"),
            one("user", "--user", "user-0042"),
        ),
    ),
    Command(
        "files upload",
        ("a.jsonl", "--purpose", "batch"),
        "/v1/files",
        UPLOAD,
        {"purpose": "batch", "file": Field("file", LINES, "a.jsonl", "application/octet-stream")},
        STORED,
        (
            one("purpose", "--purpose", "fine-tune"),
            Row(
                "expires_after",
                ("--expires-after", "anchor=created_at", "--expires-after", "seconds=3600"),
                (("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600")),
            ),
            Row(
                "file",
                ("--filename", "b.jsonl"),
                (("file", Field("file", LINES, "b.jsonl", "application/octet-stream")),),
            ),
        ),
    ),
)


def fields(sent: dict[str, str | Field], more: tuple[tuple[str, str | Field], ...]) -> list[Field]:
    """What a bare call sends, with `more` in its place or behind it."""
    replaced = {name.removesuffix("[]").partition("[")[0] for name, _ in more}
    whole = [*((name, value) for name, value in sent.items() if name not in replaced), *more]
    return [
        value if isinstance(value, Field) else Field(name, value.encode()) for name, value in whole
    ]


def received(run: Run, folder: Path, command: Command, row: Row) -> Received:
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    with Server([row.answer or command.answer]) as server:
        line = joined([*command.name.split(), *command.typed], row.typed)
        done = run(*line, base_url=server.base_url)
    assert done.code == 0, done.err
    return server.received[0]


CASES = [(command, row) for command in COMMANDS for row in command.rows]


@pytest.mark.parametrize(
    ("command", "row"), CASES, ids=[f"{command} {row}" for command, row in CASES]
)
def test_a_flag_reaches_the_socket(run: Run, folder: Path, command: Command, row: Row) -> None:
    request = received(run, folder, command, row)
    assert sorted(fields_of(request), key=str) == sorted(fields(command.bare, row.sent), key=str)


BY_COMMAND = pytest.mark.parametrize("command", COMMANDS, ids=str)


@BY_COMMAND
def test_the_rows_cover_what_the_official_package_names(command: Command) -> None:
    covered = {row.name for row in command.rows} | {*command.bare}
    assert covered == command.endpoint.properties


@BY_COMMAND
def test_a_bare_call_sends_what_the_endpoint_needs_alone(
    run: Run, folder: Path, command: Command
) -> None:
    request = received(run, folder, command, Row("bare", (), ()))
    assert request.line == f"POST {command.path} HTTP/1.1"
    assert sorted(fields_of(request), key=str) == sorted(fields(command.bare, ()), key=str)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("transcribe", "--file", "a.wav"), HEARD),
        (("translate", "--file", "a.wav"), HEARD),
        (("image", "vary", "--image", "a.png"), SHOWN),
        (("files", "upload", "--purpose", "batch", "--file", "a.jsonl"), None),
    ],
)
def test_the_file_may_be_a_flag(
    run: Run, folder: Path, arguments: tuple[str, ...], field: Field | None
) -> None:
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    answer = {"image": IMAGE, "files": STORED}.get(arguments[0], TEXT)
    with Server([answer]) as server:
        assert run(*arguments, base_url=server.base_url).code == 0
    names = [one.filename for one in fields_of(server.received[0]) if one.filename]
    assert names == [field.filename if field else "a.jsonl"]


IMAGE_URL = '[{"image_url": "https://images.invalid/a.png"}, {"file_id": "file-1"}]'


def test_an_edit_of_named_images_is_json(run: Run) -> None:
    typed = (
        "--images", IMAGE_URL, "--mask", "file_id=file-2", "--moderation", "low",
        "--size", "auto", "-n", "1", "--user", "user-0042",
    )  # fmt: skip
    with Server([IMAGE]) as server:
        assert run("image", "edit", "Add a hat", *typed, base_url=server.base_url).code == 0
    assert server.received[0].headers["content-type"] == "application/json"
    assert server.received[0].json == {
        "model": "gpt-image-1-mini",
        "prompt": "Add a hat",
        "images": [{"image_url": "https://images.invalid/a.png"}, {"file_id": "file-1"}],
        "mask": {"file_id": "file-2"},
        "moderation": "low",
        "size": "auto",
        "n": 1,
        "user": "user-0042",
    }


class SameCall(NamedTuple):
    """What is typed, and the same call of the official client."""

    typed: str
    method: str
    arguments: dict[str, Any]
    answer: bytes


SAME = [
    SameCall(
        "transcribe a.wav -m whisper-1 --response-format verbose_json"
        " --timestamp-granularities word --timestamp-granularities segment --temperature 0.5"
        " --include logprobs --language de --known-speaker-names A --known-speaker-names B"
        ' --chunking-strategy {"type":"server_vad","threshold":0.5,"prefix_padding_ms":300}',
        "audio.transcriptions.create",
        {
            "file": ("a.wav", WAV, "audio/x-wav"),
            "model": "whisper-1",
            "response_format": "verbose_json",
            "timestamp_granularities": ["word", "segment"],
            "temperature": 0.5,
            "include": ["logprobs"],
            "language": "de",
            "known_speaker_names": ["A", "B"],
            "chunking_strategy": {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
            },
        },
        TEXT,
    ),
    SameCall(
        "image edit Hat --image a.png --image b.png --mask b.png -n 1 --size auto"
        " --output-compression 50 --user u",
        "images.edit",
        {
            "image": [("a.png", PNG, "image/png"), ("b.png", PNG, "image/png")],
            "mask": ("b.png", PNG, "image/png"),
            "model": "gpt-image-1-mini",
            "prompt": "Hat",
            "n": 1,
            "size": "auto",
            "output_compression": 50,
            "user": "u",
        },
        IMAGE,
    ),
    SameCall(
        "files upload a.jsonl --purpose batch --expires-after anchor=created_at"
        " --expires-after seconds=3600",
        "files.create",
        {
            "file": ("a.jsonl", LINES, "application/octet-stream"),
            "purpose": "batch",
            "expires_after": {"anchor": "created_at", "seconds": 3600},
        },
        STORED,
    ),
]


@pytest.mark.parametrize("call", SAME, ids=lambda call: call.method)
def test_the_form_is_that_of_the_official_client(run: Run, folder: Path, call: SameCall) -> None:
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    with Server([call.answer] * 2) as server:
        assert run(*call.typed.split(" "), base_url=server.base_url).code == 0
        with OpenAI(base_url=server.base_url, api_key=MADE_UP_KEY, max_retries=0) as client:
            attrgetter(call.method)(client)(**call.arguments)
    ours, theirs = map(fields_of, server.received)
    assert sorted(ours, key=str) == sorted(theirs, key=str)
