"""How the framing of an answer is read: nothing that is cut, or has no size, passes for whole."""

import http.client
import io
import socket
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, NetworkError
from openai_cli.http.client import Client, ServerSettings
from openai_cli.http.heads import StrictResponse
from tests.servers import Server

ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Request-Id: a\r\nConnection: close\r\n\r\nhi"
)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"


def got(answer: bytes) -> bytes:
    """The body that is read of these bytes."""

    def send(connection: socket.socket) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    with Server([send]) as server:
        settings = ServerSettings(
            base_url=server.base_url, key=None, headers={}, connect_timeout=5, read_timeout=5,
            max_retries=0,
        )  # fmt: skip
        client = Client(settings, Context.test())
        try:
            return client.call("GET", "/x", lambda http: b"".join(http.pieces()))
        finally:
            client.close()


HEAD = ANSWER.index(b"\r\n\r\n") + 3


@pytest.mark.parametrize("cut", range(1, HEAD))
def test_a_head_that_is_cut_is_no_head(cut: int) -> None:
    with pytest.raises(NetworkError):
        got(ANSWER[:cut])


def test_a_head_that_is_whole() -> None:
    assert got(ANSWER) == b"hi"


@pytest.mark.parametrize(
    "size", [b"-1", b"0x2", b"1_0", b"+2", b" 2", b"", b"g", b"1" * 9, b"2 2", b"\xb2", b"-0"]
)
def test_a_chunk_without_a_size_is_refused(size: bytes) -> None:
    with pytest.raises(NetworkError):
        got(CHUNKED + size + b"\r\nhi\r\n0\r\n\r\n")


@pytest.mark.parametrize("size", [b"2", b"02", b"000000000002", b"2;a=b", b"2 ; a", b"2 "])
def test_sizes_of_chunks(size: bytes) -> None:
    assert got(CHUNKED + size + b"\r\nhi\r\n0\r\nA: b\r\n\r\n") == b"hi"


def test_trailers_end() -> None:
    with pytest.raises(NetworkError):
        got(CHUNKED + b"2\r\nhi\r\n0\r\n" + b"a: b\r\n" * 1000)


@pytest.mark.parametrize(
    "status",
    ["205 Reset Content", "206 Partial Content", "226 IM Used", "207 Multi-Status", "299 Odd"],
)
def test_a_status_that_is_none_of_a_whole_answer(status: str) -> None:
    with pytest.raises(BadAnswerError) as caught:
        got(ANSWER.replace(b"200 OK", status.encode()))
    assert caught.value.status == int(status[:3])


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "203 Other"])
def test_a_status_of_a_whole_answer(status: str) -> None:
    assert got(ANSWER.replace(b"200 OK", status.encode())) == b"hi"


@pytest.mark.parametrize("code", [100, 102, 103, 199])
def test_what_comes_before_an_answer_is_none(code: int) -> None:
    assert got(b"HTTP/1.1 %d Wait\r\nLink: x\r\n\r\n" % code + ANSWER) == b"hi"


class Arriving(io.RawIOBase):
    """A connection on which bytes arrive in these parts."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._parts.pop(0) if self._parts else b""
        assert len(part) <= len(buffer)
        buffer[: len(part)] = part
        return len(part)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)


def read(*parts: bytes) -> tuple[list[bytes], bool]:
    """The pieces of a chunked body that arrives in these parts, and whether it was whole."""
    response = StrictResponse(cast("socket.socket", Arriving([CHUNKED, *parts])))
    response.begin()
    pieces = []
    try:
        while piece := response.read1(65536):
            pieces.append(piece)
    except http.client.IncompleteRead:
        return pieces, False
    assert response.isclosed()
    return pieces, True


def framed(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)


END = b"0\r\n\r\n"


def test_chunks_that_arrive_together_are_one_piece() -> None:
    assert read(framed(b"a", b"bc", b"d") + END) == ([b"abcd"], True)
    assert read(framed(b"a", b"bc"), framed(b"d") + END) == ([b"abc", b"d"], True)


def test_what_came_whole_is_given_before_what_is_wrong() -> None:
    assert read(framed(b"a", b"bc") + b"-1\r\nd\r\n") == ([b"abc"], False)
    assert read(framed(b"a", b"bc") + b"9\r\nd\r\n") == ([b"abc"], False)


def test_a_long_chunk_comes_in_pieces() -> None:
    parts = [framed(b"x" * 200_000)[at : at + 4000] for at in range(0, 200_009, 4000)]
    pieces, is_whole = read(*parts, END)
    assert is_whole
    assert [len(piece) for piece in pieces] == [65536, 65536, 65536, 200_000 - 3 * 65536]


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=9), max_size=6),
    places=st.lists(st.integers(0, 99), max_size=6),
)
def test_a_body_is_the_same_however_its_bytes_arrive(
    chunks: list[bytes], places: list[int]
) -> None:
    raw = framed(*chunks) + END
    cuts = sorted({0, *(place for place in places if place < len(raw)), len(raw)})
    pieces, is_whole = read(*(raw[a:b] for a, b in pairwise(cuts)))
    assert (b"".join(pieces), is_whole) == (b"".join(chunks), True)


def test_a_body_that_is_cut_has_its_whole_chunks() -> None:
    chunks = (b"a", b"bc", b"data: [DONE]\n\n")
    raw, ends = framed(*chunks), [len(framed(*chunks[:count])) for count in range(4)]
    for cut in range(len(raw)):
        count = sum(end <= cut for end in ends[1:])
        pieces, is_whole = read(*([raw[:cut]] if cut else []))
        assert (b"".join(pieces), is_whole) == (b"".join(chunks[:count]), False), cut


def test_what_stands_behind_the_last_chunk_may_be_left_out() -> None:
    for behind in (b"", b"A: b\r\n", b"A: b\r\n\r\n"):
        assert read(framed(b"a") + b"0\r\n" + behind) == ([b"a"], True)
