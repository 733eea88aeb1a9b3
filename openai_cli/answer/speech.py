"""The events of POST /audio/speech with stream_format sse."""

from typing import Any

from openai_cli.answer.base import Answer
from openai_cli.answer.choice import Choice
from openai_cli.answer.encoded import decoded
from openai_cli.answer.shape import as_string, misshapen
from openai_cli.records import mutable_record


@mutable_record
class Speech(Answer):
    """A stream of sound, which is not kept; `has_sound` says that some has arrived."""

    own_types = ("speech.",)

    has_sound: bool = False

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        self.has_last = self.has_last or body.get("type") == "speech.audio.done"
        self.has_sound = self.has_sound or body.get("type") == "speech.audio.delta"
        return super().add(body)

    def check(self, _body: dict[str, Any]) -> None:
        raise misshapen("it is not a stream of sound")

    def end(self) -> None:
        if not self.has_sound:
            raise misshapen("the stream has no sound")


def sound(body: dict[str, Any]) -> bytes:
    """Return the sound of an event, b"" if it has none; BadAnswerError if it is not base64."""
    if body.get("type") != "speech.audio.delta":
        return b""
    text = as_string(body.get("audio"), "audio")
    return decoded(text, "a piece of sound") if text else b""
