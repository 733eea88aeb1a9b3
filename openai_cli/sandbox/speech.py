"""POST /audio/speech: a tone, whatever the text."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from openai_cli.sandbox.exchange import ApiRequest, HttpResponse, sse_event
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.samples import sample_sound
from openai_cli.sandbox.usage import model_encoding, token_count

TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
PIECE = 1000


def create_speech(request: ApiRequest) -> HttpResponse:
    """Answer a body described by CreateSpeechRequest."""
    body = request.body
    if not body["input"]:
        raise Refusal("Invalid 'input': string too short.", param="input")
    if body.get("stream_format") == "sse" and body["model"] in ("tts-1", "tts-1-hd"):
        raise Refusal(
            f"stream_format 'sse' is not supported for {body['model']}.", param="stream_format"
        )
    kind = body.get("response_format", "mp3")
    data = sample_sound(kind)
    if body.get("stream_format") == "sse":
        return HttpResponse(200, events=_events(body, data))
    return HttpResponse(200, content=data, content_type=TYPES[kind])


def _events(body: Mapping[str, Any], data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE):
        piece = b64encode(data[start : start + PIECE]).decode()
        yield sse_event({"type": "speech.audio.delta", "audio": piece})
    tokens = token_count(body["input"], model_encoding(body["model"]))
    usage = {"input_tokens": tokens, "output_tokens": tokens, "total_tokens": 2 * tokens}
    yield sse_event({"type": "speech.audio.done", "usage": usage})
