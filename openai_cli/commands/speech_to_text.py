"""What `transcribe` and `translate` have in common: files of speech, one request for each."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from openai_cli.calls.send import Plan, Sending, is_preview, send_all, show_all
from openai_cli.calls.session import reachable
from openai_cli.config.destination import base_url, destination, is_openai
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.ours import INPUT, argument, options_group, ours
from openai_cli.output.sink import separator
from openai_cli.request.body import Endpoint, Request, assembled
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.http.payload import FormFile

# https://platform.openai.com/docs/guides/speech-to-text
LARGEST = 25 * 1024 * 1024
TAKEN = "flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav or webm"


@options_group
class Hearing(Sending):
    """The options of a command that takes files of speech."""

    files: Annotated[list[str] | None, argument("[FILE]...", "Files of speech; - is stdin")] = None
    filename: Annotated[
        str | None,
        ours(INPUT, "--filename", "The name that the API sees: it tells the format",
             metavar="NAME"),
    ] = None  # fmt: skip


def hear(
    context: Context, options: Hearing, inputs: Inputs, endpoint: Endpoint, flags: dict[str, Any]
) -> None:
    """Send each file in a request of its own, and print what was said in their order."""
    named = flags.pop("file", None)
    base = assembled(context, options, inputs, endpoint, flags)
    files = _files(context, options, inputs, named)
    requests = [replace(base, files=(file,)) for file in files]
    _check_query(options, base)
    server = destination(context, options, inputs)
    if is_preview(options):
        show_all(context, options, requests, server)
        return
    if options.max_cost is not None:
        raise UsageError(
            "--max-cost: what speech costs hangs on how long it is",
            hint="before it, `openai-cli cost --audio FILE --max-cost USD` exits with 8 above it",
        )
    with ExitStack() as stack:
        server = reachable(stack, options, server)
        send_all(context, options, server, _plans(options, requests))


def _files(
    context: Context, options: Hearing, inputs: Inputs, named: str | None
) -> "list[FormFile]":
    from openai_cli.request.uploads import Rule, form_file, sources

    given = sources(inputs, options.files, named, example="transcribe talk.mp3")
    if options.filename is not None and len(given) > 1:
        raise UsageError("--filename names one file: give one")
    # Other servers take what they take.
    is_theirs = options.sandbox or is_openai(base_url(context, options))
    rule = Rule(kind_of, f"it takes {TAKEN}", LARGEST) if is_theirs else Rule(kind_of)
    return [
        form_file("file", source, inputs, rule=rule, filename=options.filename) for source in given
    ]


def kind_of(head: bytes) -> str | None:
    """The extension of the kind of audio that begins so; None where it is none that is taken."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "m4a" if head[8:11] == b"M4A" else "mp4"
    for start, kind in (
        (b"fLaC", "flac"),
        (b"OggS", "ogg"),
        (b"\x1aE\xdf\xa3", "webm"),
        (b"ID3", "mp3"),
        (b"\x00\x00\x01\xba", "mpeg"),
        (b"\x00\x00\x01\xb3", "mpeg"),
    ):
        if head.startswith(start):
            return kind
    # A frame of MPEG audio: 11 sync bits, any version but 01, any layer but 00 (ISO 11172-3).
    is_frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    return "mp3" if is_frame and head[1] & 0x18 != 0x08 and head[1] & 0x06 else None


def _check_query(options: Hearing, request: Request) -> None:
    from openai_cli.answer.transcript import TEXTS

    if options.query is not None and request.body.get("response_format") in TEXTS:
        raise UsageError(
            f"--query needs JSON, and response_format {request.body['response_format']} is none"
        )


def _plans(options: Hearing, requests: list[Request]) -> Iterator[Plan]:
    from openai_cli.answer.transcript import TEXTS, TextTranscript, Transcript
    from openai_cli.output.writers import Affixes

    between = "" if options.null else separator(options.separator)
    for position, request in enumerate(requests):
        format_ = request.body.get("response_format")
        is_text = format_ in TEXTS and request.body.get("stream") is not True
        yield Plan(
            request,
            answer=partial(
                TextTranscript if is_text else Transcript, speakers=format_ == "diarized_json"
            ),
            streams=_can_stream(request),
            tells_usage=False,
            frames=(Affixes(between),) if position else (),
        )


def _can_stream(request: Request) -> bool:
    """Whether a stream is of use: whisper-1 has none, and it is a stream of JSON."""
    formats = (None, "json", "diarized_json")
    is_transcription = request.path.endswith("/transcriptions")
    is_known = request.body.get("model") != "whisper-1"
    return is_transcription and is_known and request.body.get("response_format") in formats
