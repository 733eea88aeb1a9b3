"""The events of a stream of another server, wherever it was cut."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openai_cli.sandbox.events import events_of, is_ended

PARTS = st.sampled_from(
    [b"\r", b"\n", b"\r\n", b"\n\n", b"data: x", b": ping", b"\xe2\x80\xa8", b""]
)
STREAMS = st.lists(PARTS | st.binary(max_size=3), max_size=12).map(b"".join)


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    return [stream[start:end] for start, end in pairwise(ends)]


@settings(max_examples=300)
@given(STREAMS, st.lists(st.integers(0, 40), max_size=8))
@example(b"a\r\nb\r\r\r\n\r", [7])
def test_nothing_is_lost_and_the_cuts_mean_nothing(stream: bytes, cuts: list[int]) -> None:
    events = [*events_of(pieces(stream, cuts))]
    assert b"".join(events) == stream
    assert events == [*events_of([stream])]


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n"])
def test_an_event_ends_with_an_empty_line(end: bytes) -> None:
    line = end[: len(end) // 2]
    stream = [b"event: a" + line + b"data: 1" + end, b": ping" + end, b"data: 2" + line]
    assert [*events_of([b"".join(stream)])] == stream


def test_an_event_does_not_wait_for_the_next() -> None:
    came = events_of(iter([b"data: 1\n", b"\n", b"data: 2\n\n"]))
    assert next(came) == b"data: 1\n\n"


@pytest.mark.parametrize(
    ("last", "ended"),
    [
        (b"data: [DONE]\n\n", True),
        (b'event: response.completed\ndata: {"type": "response.completed"}\n\n', True),
        (b'data: {"type":"transcript.text.done"}\n\n', True),
        (b'data: {"error": {"message": "m"}}\n\n', True),
        (b'data: {"type": "response.output_text.delta", "delta": "done"}\n\n', False),
        (b'data: {"error": null, "choices": []}\n\n', False),
    ],
)
def test_what_is_the_last_event(last: bytes, ended: bool) -> None:
    assert is_ended([b"data: {}\n\n", last]) is ended
    assert not is_ended([])
