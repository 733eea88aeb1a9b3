"""POST /audio/speech: a tone, whatever the text."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from openai_cli.sandbox.exchange import Reply, Request, event
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.samples import sound
from openai_cli.sandbox.usage import count, encoding_of

TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
PIECE = 1000


def answer(request: Request) -> Reply:
    """The answer to a body that CreateSpeechRequest describes."""
    body = request.body
    if not body["input"]:
        raise Refusal("Invalid 'input': string too short.", param="input")
    if body.get("stream_format") == "sse" and body["model"] in ("tts-1", "tts-1-hd"):
        raise Refusal(
            f"stream_format 'sse' is not supported for {body['model']}.", param="stream_format"
        )
    kind = body.get("response_format", "mp3")
    data = sound(kind)
    if body.get("stream_format") == "sse":
        return Reply(200, events=_events(body, data))
    return Reply(200, content=data, content_type=TYPES[kind])


def _events(body: Mapping[str, Any], data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE):
        piece = b64encode(data[start : start + PIECE]).decode()
        yield event({"type": "speech.audio.delta", "audio": piece})
    tokens = count(body["input"], encoding_of(body["model"]))
    usage = {"input_tokens": tokens, "output_tokens": tokens, "total_tokens": 2 * tokens}
    yield event({"type": "speech.audio.done", "usage": usage})
