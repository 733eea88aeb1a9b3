"""Where an answer ends: as http.client has it, wherever it is cut; what breaks off has no end."""

import http.client
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.errors import BadAnswerError
from openai_cli.http.framing import Framing
from openai_cli.http.heads import StrictResponse

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

names = st.sampled_from(["X-Request-Id", "x-a", "X-A", "Set-Cookie", "Content-Type"])
values = st.text(
    st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x85\xa0\xad")
)
bodies = st.binary(max_size=40)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """An answer of any framing that has an end of its own."""
    end = draw(st.sampled_from([b"\r\n", b"\r\n", b"\n"]))
    body = draw(bodies)
    headers = [
        f"{name}:{draw(st.sampled_from(['', ' ', '  ']))}{value}".encode("latin-1")
        for name, value in draw(st.lists(st.tuples(names, values), max_size=4))
    ]
    interim = draw(st.sampled_from([b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"]))
    if draw(st.booleans()):
        headers.append(b"Content-Length: %d" % len(body))
    else:
        headers.append(b"Transfer-Encoding: chunked")
        cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=3)))
        pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        extension = draw(st.sampled_from([b"", b";a=b"]))
        trailers = draw(st.sampled_from([b"", b"X-T: 1\r\n"]))
        chunks = (b"%x%s\r\n%s\r\n" % (len(one), extension, one) for one in pieces if one)
        body = b"".join(chunks) + b"0\r\n" + trailers + b"\r\n"
    status = draw(st.sampled_from([b"200 OK", b"429 Too Many Requests", b"500", b"404 "]))
    return interim + b"HTTP/1.1 " + end.join([status, *headers]) + end + end + body


class _Connection:
    """What http.client reads an answer from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_mode: Any) -> io.BytesIO:
        return io.BytesIO(self._data)


def of_http_client(data: bytes) -> tuple[int, str, dict[str, str], bytes]:
    """The answer as http.client reads it: status, reason, headers and body."""
    connection: Any = _Connection(data[data.rindex(b"HTTP/1.1") :])
    found = StrictResponse(connection, method="POST")
    found.begin()
    headers: dict[str, list[str]] = {}
    for name, value in found.getheaders():
        headers.setdefault(name.lower(), []).append(value.strip())
    joined = {name: ", ".join(several) for name, several in headers.items()}
    return found.status, found.reason, joined, b"".join(iter(found.read1, b""))


def body_of(framing: Framing) -> bytes:
    return b"".join(framing.pieces)


def fed(*pieces: bytes) -> Framing:
    framing = Framing()
    for piece in filter(None, pieces):
        framing.feed(piece)
    return framing


@given(answers(), st.lists(st.integers(0, 400), max_size=6))
def test_it_is_what_http_client_reads_wherever_it_is_cut(answer: bytes, at: list[int]) -> None:
    cuts = sorted(min(one, len(answer)) for one in at)
    framing = Framing()
    for a, b in zip([0, *cuts], [*cuts, len(answer)], strict=True):
        assert not framing.is_whole or a == b == len(answer)
        if a < b:
            framing.feed(answer[a:b])
    assert framing.is_whole
    assert framing.goes_on
    found = framing.status, framing.reason, framing.headers, body_of(framing)
    assert found == of_http_client(answer)


@given(answers(), st.data())
def test_what_breaks_off_is_never_whole(answer: bytes, data: st.DataObject) -> None:
    # What stands behind the last chunk may be left out.
    end = answer.rindex(b"0\r\n") + 3 if b"Transfer-Encoding: chunked" in answer else len(answer)
    framing = fed(answer[: data.draw(st.integers(0, end - 1))])
    assert not framing.is_whole
    with pytest.raises(http.client.IncompleteRead):
        framing.feed_end()


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_bytes_are_an_answer_or_refused(first: bytes, second: bytes) -> None:
    framing = Framing()
    try:
        for piece in filter(None, (CHUNKED if first[:1] > b"\x80" else b"", first, second)):
            framing.feed(piece)
        framing.feed_end()
    except http.client.IncompleteRead:
        return
    assert framing.is_whole


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    framing = fed(b"HTTP/1.1 200 OK\r\n\r\nhi", b"!")
    assert not framing.is_whole
    framing.feed_end()
    assert (body_of(framing), framing.goes_on) == (b"hi!", False)


@pytest.mark.parametrize(
    "answer",
    [
        OK.replace(b"1.1", b"1.0"),
        OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        OK.replace(b"\r\n\r\n", b"\r\nconnection: Keep-Alive, Close\r\n\r\n"),
        OK + b"HTTP/1.1 200 OK\r\n",
        CHUNKED + b"2\r\nhi\r\n0\r\n\r\n\n",
    ],
)
def test_a_connection_that_does_not_go_on(answer: bytes) -> None:
    framing = fed(answer)
    assert (framing.is_whole, body_of(framing), framing.goes_on) == (True, b"hi", False)


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body(status: str) -> None:
    framing = fed(f"HTTP/1.1 {status}\r\nContent-Type: a\r\n\r\n".encode())
    assert (framing.is_whole, body_of(framing)) == (True, b"")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 2OO OK\r\n\r\n",
        b"hello\r\n\r\n",
        b"hello\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 7_000_000,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 100 + b"\r\n",
        *(CHUNKED + size + b"\r\nhi\r\n0\r\n\r\n" for size in (b"-1", b"0x2", b"", b"g", b" 2")),
        CHUNKED + b"1" * 300_000,
        CHUNKED + b"0\r\n" + b"a: b\r\n" * 50_000,
    ],
)
def test_what_is_no_answer(answer: bytes) -> None:
    with pytest.raises(http.client.IncompleteRead):
        fed(answer)


def test_a_row_of_interim_answers_that_has_no_end() -> None:
    with pytest.raises(BadAnswerError, match="100 interim answers"):
        fed(b"HTTP/1.1 103 Wait\r\n\r\n" * 100)


def test_a_head_of_so_many_lines() -> None:
    assert fed(b"HTTP/1.1 204 No Content\r\n" + b"a: b\r\n" * 99 + b"\r\n").is_whole
