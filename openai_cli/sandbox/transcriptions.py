"""POST /audio/transcriptions and /audio/translations: a text that names the file."""

import io
import wave
from collections.abc import Callable, Iterator
from math import ceil

from openai_cli.sandbox.exchange import (
    ApiRequest,
    HttpResponse,
    Json,
    Upload,
    json_response,
    sse_event,
)
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.usage import token_count

LARGEST = 25 * 1024 * 1024
# https://platform.openai.com/docs/guides/speech-to-text
FORMATS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
# Assumed bytes per second for formats other than WAV.
BYTES_A_SECOND = 4000


def create_transcription(request: ApiRequest) -> HttpResponse:
    """POST /audio/transcriptions."""
    return _answer(request, "transcribe")


def create_translation(request: ApiRequest) -> HttpResponse:
    """POST /audio/translations."""
    return _answer(request, "translate")


def _answer(request: ApiRequest, task: str) -> HttpResponse:
    body = request.body
    kind = body.get("response_format", "json")
    model = body["model"]
    is_other = kind in ("srt", "vtt", "verbose_json") and model != "whisper-1"
    if is_other or (kind == "diarized_json" and not model.endswith("-diarize")):
        raise Refusal(
            f"response_format '{kind}' is not compatible with model '{model}'. Use 'json' or "
            "'text' instead.",
            param="response_format",
            code="unsupported_value",
        )
    heard = _Heard(request, task)
    if body.get("stream") and model != "whisper-1":
        return HttpResponse(200, events=heard.events(kind == "diarized_json"))
    made: dict[str, Callable[[], HttpResponse]] = {
        "json": lambda: json_response({"text": heard.text, "usage": heard.usage}),
        "text": lambda: _plain(f"{heard.text}\n"),
        "srt": lambda: _plain(f"1\n{_time(0, ',')} --> {_time(heard.end, ',')}\n{heard.text}\n\n"),
        "vtt": lambda: _plain(
            f"WEBVTT\n\n{_time(0, '.')} --> {_time(heard.end, '.')}\n{heard.text}\n\n"
        ),
        "verbose_json": lambda: json_response(heard.verbose()),
        "diarized_json": lambda: json_response(heard.diarized()),
    }
    return made[kind]()


def _plain(text: str) -> HttpResponse:
    return HttpResponse(200, content=text.encode(), content_type="text/plain; charset=utf-8")


def _time(seconds: float, point: str) -> str:
    """A time as in subtitles: 00:01:02,500."""
    millis = round(seconds * 1000)
    return (
        f"{millis // 3_600_000:02}:{millis // 60_000 % 60:02}:{millis // 1000 % 60:02}"
        f"{point}{millis % 1000:03}"
    )


class _Heard:
    """The transcript of a file: a sentence that names it."""

    def __init__(self, request: ApiRequest, task: str) -> None:
        upload: Upload = request.body["file"]
        _check(upload)
        self.task = task
        self.end = _seconds(upload.data)
        fixed = request.said.text if request.said else None
        self.text = (
            f'This is a sandbox, not a model; your file was "{upload.filename}" '
            f"({len(upload.data)} bytes, {self.end:.1f} s)."
            if fixed is None
            else fixed
        )
        self._granularities = request.body.get("timestamp_granularities", ["segment"])
        self._model = request.body["model"]

    @property
    def usage(self) -> Json:
        """The usage: in seconds for whisper-1, in tokens for all other models."""
        if self._model == "whisper-1":
            return {"type": "duration", "seconds": ceil(self.end)}
        heard, said = max(1, round(self.end * 10)), token_count(self.text, "o200k_base")
        details = {"audio_tokens": heard, "text_tokens": 0}
        return {
            "type": "tokens",
            "input_tokens": heard,
            "input_token_details": details,
            "output_tokens": said,
            "total_tokens": heard + said,
        }

    def verbose(self) -> Json:
        """verbose_json, with the times of words and segments if they were asked for."""
        found: Json = {
            "task": self.task,
            "language": "english",
            "duration": self.end,
            "text": self.text,
            "usage": {"type": "duration", "seconds": ceil(self.end)},
        }
        words = self.text.split()
        length = self.end / (len(words) or 1)
        if "word" in self._granularities:
            found["words"] = [
                {"word": word, "start": at * length, "end": (at + 1) * length}
                for at, word in enumerate(words)
            ]
        if "segment" in self._granularities:
            found["segments"] = [
                {
                    "id": 0,
                    "seek": 0,
                    "start": 0.0,
                    "end": self.end,
                    "text": self.text,
                    "tokens": [],
                    "temperature": 0.0,
                    "avg_logprob": 0.0,
                    "compression_ratio": 1.0,
                    "no_speech_prob": 0.0,
                }
            ]
        return found

    def diarized(self) -> Json:
        """diarized_json, with two speakers who take turns."""
        return {
            "task": self.task,
            "duration": self.end,
            "text": self.text,
            "segments": list(self._turns()),
            "usage": self.usage,
        }

    def _turns(self) -> Iterator[Json]:
        first, semicolon, second = self.text.partition("; ")
        turns = [first + semicolon.rstrip(), second] if second else [first]
        length = self.end / len(turns)
        for at, text in enumerate(turns):
            yield {
                "type": "transcript.text.segment",
                "id": f"seg_{at}",
                "start": at * length,
                "end": (at + 1) * length,
                "text": text,
                "speaker": "AB"[at],
            }

    def events(self, diarized: bool) -> Iterator[bytes]:
        """Yield the events of a stream."""
        if diarized:
            yield from map(sse_event, self._turns())
        else:
            words = self.text.split(" ")
            for at, word in enumerate(words):
                delta = word if at == len(words) - 1 else f"{word} "
                yield sse_event({"type": "transcript.text.delta", "delta": delta})
        yield sse_event({"type": "transcript.text.done", "text": self.text, "usage": self.usage})


def _check(upload: Upload) -> None:
    if len(upload.data) > LARGEST:
        raise Refusal(
            f"Maximum content size limit ({LARGEST}) exceeded ({len(upload.data)} bytes read)",
            status=413,
        )
    if upload.filename.rpartition(".")[2].lower() not in FORMATS:
        listed = ", ".join(f"'{name}'" for name in FORMATS)
        raise Refusal(f"Invalid file format. Supported formats: [{listed}]", param="file")
    if not upload.data:
        raise Refusal(
            "Audio file is too short. Minimum audio length is 0.1 seconds.",
            param="file",
            code="audio_too_short",
        )


def _seconds(data: bytes) -> float:
    """The length of a WAV in seconds; for other formats, a guess by size."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            return float(file.getnframes() / file.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return len(data) / BYTES_A_SECOND
