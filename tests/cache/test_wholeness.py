"""What of an answer is held as it arrives, and what it lacks to be known as whole."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from openai_cli.cache.entry import Entry
from openai_cli.cache.wholeness import Overheard, Replayed, shortfall
from tests.servers import events

IMAGES, SPEECH, TRANSCRIPTS = "/images/generations", "/audio/speech", "/audio/transcriptions"
EVENTS = "text/event-stream"
PICTURE = {"type": "image_generation.completed", "b64_json": "iVBORw0KGgo="}


@dataclass
class Arriving:
    """An answer of the client in these pieces."""

    parts: list[bytes]
    content_type: str = "application/json"
    status: int = 200
    has_known_end: bool = True
    request_id: str | None = None
    ended: list[float | None] = field(default_factory=list)

    def pieces(self) -> Iterator[bytes]:
        yield from self.parts

    def end_within(self, seconds: float | None) -> None:
        self.ended.append(seconds)


def heard(*parts: bytes, most: int = 1000, **more: Any) -> Overheard:
    return Overheard(cast("Any", Arriving([*parts], **more)), most)


def lacks(path: str, asked: dict[str, Any], *parts: bytes, **more: Any) -> str | None:
    """What an answer lacks that was read to its end."""
    answer = heard(*parts, **more)
    assert b"".join(answer.pieces()) == b"".join(parts)
    return shortfall(path, asked, answer)


def test_what_is_as_large_as_may_be_is_held_and_of_more_nothing_is() -> None:
    fits, above = heard(b"abc", b"de", most=5), heard(b"abc", b"def", b"g", most=5)
    assert [*fits.pieces()] == [b"abc", b"de"]
    assert fits.body == b"abcde"
    assert [*above.pieces()] == [b"abc", b"def", b"g"]
    assert above.body is None
    assert above._kept == []


def test_an_answer_is_no_younger_than_new_where_the_clock_was_set_back() -> None:
    assert Replayed.of(Entry(10.0, 20.0, "", b""), now=5.0).age == 0


def test_json_of_which_the_rest_was_not_read_is_not_whole() -> None:
    answer = heard(b'{"data": [{"b64_json": "AAAA"}]}', b" ")
    next(answer.pieces())
    assert shortfall(IMAGES, {}, answer) == "it was not read to its end"


def test_an_event_with_an_image_at_an_address_is_not_kept() -> None:
    asked = {"stream": True}
    at_address = {"type": "image_generation.completed", "url": "https://images.example/a.png"}
    assert lacks(IMAGES, asked, events(PICTURE, done=False), content_type=EVENTS) is None
    told = lacks(IMAGES, asked, events(at_address, done=False), content_type=EVENTS)
    assert told == "its image is at a URL, which expires"


@pytest.mark.parametrize(
    ("asked", "body", "content_type", "told"),
    [
        ({}, b"ID3", "audio/mpeg", None),
        ({}, b"", "audio/mpeg", "it is empty"),
        (
            {"stream_format": "sse"},
            events({"type": "speech.audio.delta", "audio": "AAAA"}, done=False),
            EVENTS,
            "the stream ended before the answer was whole",
        ),
        (
            {"stream_format": "sse"},
            events(
                {"type": "speech.audio.delta", "audio": "AAAA"},
                {"type": "speech.audio.done"},
                done=False,
            ),
            EVENTS,
            None,
        ),
    ],
)
def test_speech(asked: dict[str, Any], body: bytes, content_type: str, told: str | None) -> None:
    assert lacks(SPEECH, asked, body, content_type=content_type) == told


def test_a_text_that_is_streamed_has_a_last_event() -> None:
    asked = {"response_format": "text", "stream": "true"}
    parts = (
        {"type": "transcript.text.delta", "delta": "a"},
        {"type": "transcript.text.done", "text": "a"},
    )
    half, whole = events(*parts[:1], done=False), events(*parts, done=False)
    told = lacks(TRANSCRIPTS, asked, half, content_type=EVENTS)
    assert told == "the stream ended before the answer was whole"
    assert lacks(TRANSCRIPTS, asked, whole, content_type=EVENTS, has_known_end=False) is None
