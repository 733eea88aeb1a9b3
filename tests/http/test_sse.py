"""The decoder of server-sent events against WHATWG HTML, section 9.2.6, and at every cut."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openai_cli.http.sse import Decoder, Event, names_error

BOM = b"\xef\xbb\xbf"


def decoded(chunks: Iterable[bytes]) -> list[Event]:
    decoder = Decoder()
    return [one for chunk in chunks for one in decoder.feed(chunk)]


def every_cut(stream: bytes) -> Iterable[tuple[bytes, bytes]]:
    return ((stream[:cut], stream[cut:]) for cut in range(len(stream) + 1))


def event(data: bytes, name: str = "") -> Event:
    return data, name.encode() or None


ONE = [event(b"x")]

STREAMS: dict[str, tuple[bytes, list[Event]]] = {
    "LF": (b"data: x\n\n", ONE),
    "CR": (b"data: x\r\r", ONE),
    "CRLF": (b"data: x\r\n\r\n", ONE),
    "ends mixed, CR then CRLF": (b"data: x\r\r\n", ONE),
    "ends mixed, LF then CR": (b"data: x\n\r", ONE),
    "CRLF is one end, not two": (b"data: x\r\ndata: y\r\n\r\n", [event(b"x\ny")]),
    "CR within an event that ends in LF": (
        b"data: w\n\ndata: x\rdata: y\n\n",
        [event(b"w"), event(b"x\ny")],
    ),
    "no space after the colon": (b"data:x\n\n", ONE),
    "one space is dropped, no more": (b"data:  x \n\n", [event(b" x ")]),
    "a tab is no space": (b"data:\tx\n\n", [event(b"\tx")]),
    "a colon in the value": (b"data: a: b\n\n", [event(b"a: b")]),
    "several lines": (b"data: a\ndata:\ndata: b\n\n", [event(b"a\n\nb")]),
    "data without a colon is an empty line": (b"data\ndata\n\n", [event(b"\n")]),
    "empty data is an event": (b"data:\n\ndata\n\n", [event(b""), event(b"")]),
    "empty data in the middle": (
        b"data: a\n\ndata:\n\ndata: b\n\n",
        [event(b"a"), event(b""), event(b"b")],
    ),
    "empty lines alone are no events": (b"\n\n\r\n\r\rdata: x\n\n\n\n", ONE),
    "comments": (b": hello\n\n:\n\n:data: no\ndata: x\n: in the middle\n\n", ONE),
    "a comment within the data": (b"data: a\n:\ndata: b\n\n", [event(b"a\nb")]),
    "a BOM at the start": (BOM + b"data: x\n\n", ONE),
    "a BOM later is part of a name": (b"data: x\n\n" + BOM + b"data: y\n\n", ONE),
    "two BOMs: only one is dropped": (BOM + BOM + b"data: y\n\ndata: x\n\n", ONE),
    "a BOM before an empty line": (BOM + b"\ndata: x\n\n", ONE),
    "a BOM in the data stays": (b"data: " + BOM + b"x\n\n", [event(BOM + b"x")]),
    "id and retry": (b"id: 7\nretry: 5\ndata: x\nid\n\n", ONE),
    "id alone is no event": (b"id: 7\n\nretry: 5\n\ndata: x\n\n", ONE),
    "unknown fields": (b"x: y\ndatas: no\nDATA: no\n data: no\ndata : no\ndata: x\n\n", ONE),
    "a name": (b"event: error\ndata: x\n\n", [event(b"x", "error")]),
    "a name after the data": (b"data: x\nevent: ping\n\n", [event(b"x", "ping")]),
    "the last name counts": (b"event: a\nevent: b\ndata: x\n\n", [event(b"x", "b")]),
    "a name ends with its event": (b"event: a\n\ndata: x\n\n", ONE),
    "a name is for one event": (b"event: a\ndata: y\n\ndata: x\n\n", [event(b"y", "a"), *ONE]),
    "other line separators are data": (
        "data: a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\x1dh\x1ei\n\n".encode(),
        [event("a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\x1dh\x1ei".encode())],
    ),
    "bytes that are not UTF-8 are data": (b"data: \x85\xff\x00\n\n", [event(b"\x85\xff\x00")]),
    "an event without its empty line waits": (b"data: x\n\ndata: y\n", ONE),
    "nothing": (b"", []),
    # What the standard would drop, and tells of an error.
    "an error without data": (b"event: error\n\ndata: x\n\n", [event(b"", "error"), *ONE]),
    "another name of an error": (b"event:engineError\n\n", [event(b"", "engineError")]),
    "a name without data that is none": (b"event: ping\n\ndata: x\n\n", ONE),
    "a field named error": (b"error: {}\n\ndata: x\n\n", [event(b"{}", "error"), *ONE]),
    "a field named error, after data": (b"data: x\nerror: y\n\n", [event(b"y", "error"), *ONE]),
    "bare JSON": (
        b'{"a": 1}\n{"b": 2}\n\ndata: x\n\n',
        [event(b'{"a": 1}'), event(b'{"b": 2}'), *ONE],
    ),
}


@pytest.mark.parametrize(("stream", "events"), STREAMS.values(), ids=STREAMS)
def test_a_stream_is_decoded_alike_whole_at_every_cut_and_byte_by_byte(
    stream: bytes, events: list[Event]
) -> None:
    assert decoded([stream]) == events
    assert decoded(stream[at : at + 1] for at in range(len(stream))) == events
    for head, tail in every_cut(stream):
        assert decoded([head, tail]) == events, (head, tail)
        assert decoded([head, b"", tail]) == events, (head, tail)


def test_an_error_is_told_by_its_name() -> None:
    names = (b"error", b"Error", b"x.error", b"", b"errors", None)
    assert list(map(names_error, names)) == [True, True, True, False, False, False]


def test_a_cut_inside_crlf_is_no_empty_line() -> None:
    decoder = Decoder()
    assert list(decoder.feed(b"data: a\r")) == []
    assert list(decoder.feed(b"\n")) == []
    assert list(decoder.feed(b"data: b\r")) == []
    assert list(decoder.feed(b"\ndata: c\r\n\r")) == [event(b"a\nb\nc")]
    assert list(decoder.feed(b"\n")) == []
    assert list(decoder.feed(b"data: d\r\n\r\n")) == [event(b"d")]


def test_an_event_comes_with_the_byte_that_ends_it() -> None:
    """A stream that waits for one byte more shows its last word late."""
    decoder = Decoder()
    assert list(decoder.feed(b"data: x\r\n\r")) == ONE
    assert list(Decoder().feed(b"data: x\n\n")) == ONE


RESTS: dict[str, tuple[bytes, list[Event]]] = {
    "the line is not ended": (b"data: x", [event(b"x")]),
    "the line is ended by LF": (b"data: x\n", [event(b"x")]),
    "the line is ended by CR": (b"data: x\r", [event(b"x")]),
    "the line is ended by CRLF": (b"data: x\r\n", [event(b"x")]),
    "several lines": (b"data: x\ndata: y", [event(b"x\ny")]),
    "several lines, ended": (b"event: e\ndata: x\ndata: y\n", [event(b"x\ny", "e")]),
    "behind a whole event": (b"data: w\n\nevent: e\ndata: x", [event(b"x", "e")]),
    "a name only": (b"event: e\n", []),
    "a name of an error": (b"event: error", [event(b"", "error")]),
    "an error beside data": (b"data: x\nerror: y", [event(b"y", "error"), event(b"x")]),
    "bare JSON": (b'{"a"', [event(b'{"a"')]),
    "a field that was cut": (b"data: w\n\nda", []),
    "a comment": (b": bye", []),
    "all events were whole": (b"data: w\n\n", []),
    "all events were whole, in CRLF": (b"data: w\r\n\r\n", []),
    "nothing": (b"", []),
    "a BOM": (BOM + b"data: x", [event(b"x")]),
}


@pytest.mark.parametrize(("stream", "rest"), RESTS.values(), ids=RESTS)
def test_the_rest_is_the_event_that_lacks_its_empty_line(stream: bytes, rest: list[Event]) -> None:
    for chunks in ([stream], [stream[at : at + 1] for at in range(len(stream))]):
        decoder = Decoder()
        for chunk in chunks:
            list(decoder.feed(chunk))
        assert decoder.rest() == rest


LINE = st.binary(max_size=8).filter(lambda line: not set(line) & set(b"\r\n"))
NAME = st.text("abcé\u2028", max_size=3)
EVENTS = st.lists(st.tuples(st.lists(LINE, min_size=1, max_size=3), NAME), max_size=4)
NOISE = st.sampled_from([b": comment", b":", b"id: 1", b"retry: 2", b"unknown: 3", b"alone"])


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[bytes], list[Event]]:
    """Chunks of a stream, and the events that were encoded in it."""
    events = draw(EVENTS)
    stream = draw(st.sampled_from([b"", BOM]))

    def end() -> bytes:
        # A CR before an LF of its own would be one end instead of two: CR then only in a row.
        return draw(st.sampled_from([b"\n", b"\r\n"]))

    for lines, name in events:
        fields = [draw(st.sampled_from([b"data: ", b"data:"])) + line for line in lines]
        # "data:" drops one space of the value itself.
        lines[:] = [field.removeprefix(b"data:").removeprefix(b" ") for field in fields]
        if name or draw(st.booleans()):
            fields.insert(draw(st.integers(0, len(fields))), b"event: " + name.encode())
        for noise in draw(st.lists(NOISE, max_size=2)):
            fields.insert(draw(st.integers(0, len(fields))), noise)
        cr_only = draw(st.booleans())
        stream += b"".join(field + (b"\r" if cr_only else end()) for field in fields)
        stream += b"\r" if cr_only else end()
        if cr_only:
            stream += b":\n"  # so that what follows is not taken for the LF of this CR
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    edges = [0, *cuts, len(stream)]
    chunks = [stream[a:b] for a, b in pairwise(edges)]
    return chunks, [event(b"\n".join(lines), name) for lines, name in events]


@given(streams())
def test_any_events_with_any_line_ends_survive_any_cuts(
    case: tuple[list[bytes], list[Event]],
) -> None:
    chunks, events = case
    stream = b"".join(chunks)
    assert decoded(chunks) == events
    assert decoded(stream[at : at + 1] for at in range(len(stream))) == events


USUAL = st.sampled_from([b"data: x\n\n", b"data: \n\n", b"event: e\ndata: y z\n\n"])
NEARLY_USUAL = st.sampled_from(
    [
        b"event: \ndata: x\n\n", b"event: e\n\n", b"data:x\n\n", b"data: x\ndata: y\n\n", b"\n",
        b"data: x\r\n\r\n", b"data: x\n\r", b"data: a\rb\n\n", b"data: x\r\r", b": x\n\n",
        b"id: 1\n", BOM, b"x", b"error: x\n",
    ]
)  # fmt: skip


@given(st.lists(USUAL | USUAL | NEARLY_USUAL), st.lists(st.integers(0, 100), max_size=6))
@example([b"data: x\n\n", BOM, b"data: y\n\n"], [])
@example([b"data: x\n\n", BOM, b"data: y\n\n"], [0, 9])
@example([b"data: x\r", b"\ndata: y\n\n"], [8])
@example([b"data: x\n\n", b"event: \ndata: x\n\n"], [9])
def test_usual_events_are_decoded_like_any_others(blocks: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(blocks)
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    chunks, slow = [stream[a:b] for a, b in pairwise(edges)], Decoder()
    by_bytes = [one for at in range(len(stream)) for one in slow.feed(stream[at : at + 1])]
    quick = Decoder()
    assert [one for chunk in chunks for one in quick.feed(chunk)] == by_bytes
    assert quick.rest() == slow.rest()


@given(st.lists(st.binary(max_size=12) | st.sampled_from([b"\r", b"\n", b"data: x", b"\r\n"])))
@example([b"data: x\r", b"\n\r", b"\n"])
def test_cuts_never_matter(chunks: list[bytes]) -> None:
    cut, whole = Decoder(), Decoder()
    events = [one for chunk in chunks for one in cut.feed(chunk)]
    assert events == list(whole.feed(b"".join(chunks)))
    assert cut.rest() == whole.rest()
