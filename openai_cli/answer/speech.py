"""The events of POST /audio/speech with stream_format sse."""

from base64 import b64decode
from binascii import Error
from dataclasses import dataclass
from typing import Any

from openai_cli.answer.choice import Choice
from openai_cli.answer.parts import Answer
from openai_cli.answer.shape import as_string, misshapen


@dataclass
class Speech(Answer):
    """Sound in pieces, which is not kept."""

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        self.is_done = self.is_done or body.get("type") == "speech.audio.done"
        return super().add(body)

    def check(self, _body: dict[str, Any]) -> None:
        raise misshapen("it is no stream of sound")


def sound(body: dict[str, Any]) -> bytes:
    """The sound of an event; BadAnswerError where it is not base64."""
    if body.get("type") != "speech.audio.delta":
        return b""
    try:
        return b64decode(as_string(body.get("audio"), "audio"), validate=True)
    except (Error, ValueError):
        raise misshapen("a piece of sound is not base64") from None
