"""How the framing of an answer is read: nothing that is cut, or has no size, passes for whole."""

import socket

import pytest

from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, NetworkError
from openai_cli.http.client import Client, ServerSettings
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
