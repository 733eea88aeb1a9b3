"""The responses of POST /audio/transcriptions and /audio/translations, whole or streamed."""

from typing import Any

from openai_cli.answer.base import Answer
from openai_cli.answer.choice import Choice
from openai_cli.answer.shape import as_objects, as_string, misshapen
from openai_cli.records import field, mutable_record

# The formats that are not JSON.
TEXTS = ("text", "srt", "vtt")


@mutable_record
class Transcript(Answer):
    """A transcript as one choice. If it names speakers, each turn is a line: `A: Hello`.

    With `speakers`, the text of a stream comes from its segments, otherwise from its deltas.
    """

    own_types = ("transcript.",)

    speakers: bool = False
    choice: Choice = field(default_factory=lambda: Choice(0))
    _end_body: dict[str, Any] | None = None

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        self.note(body)
        text = self._text(body)
        if text:
            self.choice.text.append(text)
        return [(self.choice, text)]

    def check(self, body: dict[str, Any]) -> None:
        as_string(body.get("text"), "text")

    def knows(self, body: dict[str, Any], *, streamed: bool) -> bool:
        return super().knows(body, streamed=streamed) or isinstance(body.get("text"), str)

    def end(self) -> None:
        if not self.choice.has_begun:
            raise misshapen("the stream has no text")

    @property
    def in_order(self) -> list[Choice]:
        return [self.choice]

    @property
    def final(self) -> dict[str, Any] | None:
        return self._end_body

    def _text(self, body: dict[str, Any]) -> str:
        kind = body.get("type")
        if kind is None or str(kind).startswith(self.own_types):
            self.choice.has_begun = True
        match body.get("type"):
            case "transcript.text.delta":
                return "" if self.speakers else as_string(body.get("delta"), "delta")
            case "transcript.text.segment":
                return _turn(body) if self.speakers else ""
            case "transcript.text.done":
                self.has_last, self._end_body = True, body
                return "" if self.choice.text else as_string(body.get("text"), "text")
            case None:
                return _whole(body)
        return ""


def _whole(body: dict[str, Any]) -> str:
    segments = as_objects(body.get("segments"), "segments")
    if segments and all("speaker" in segment for segment in segments):
        return "".join(_turn(segment) for segment in segments)
    return as_string(body.get("text"), "text")


def _turn(segment: dict[str, Any]) -> str:
    """Format a speaker's turn as a line."""
    if not isinstance(segment.get("speaker"), str):
        raise misshapen("a segment has no speaker")
    return f"{segment['speaker']}: {as_string(segment.get('text'), 'text').strip()}\n"


@mutable_record
class TextTranscript(Transcript):
    """A transcript that is not JSON: text, or subtitles in SRT or WebVTT format."""

    is_text = True
