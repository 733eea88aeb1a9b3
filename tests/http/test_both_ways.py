"""What a server answers means the same however it was asked: by the client, or by `Flights`.

Of those the first request on a connection and the later ones are read by different code.
"""

import gzip
import socket
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from openai_cli.errors import CliError
from openai_cli.http.flights import Flights, Landed
from openai_cli.http.whole import WHOLE
from tests.http.test_client import BODY, World
from tests.servers import KeepingServer, Reply, kept, reply

PATH = "/chat/completions"
OK = kept(reply(b"{}"))
# In seconds: more than any of this takes.
LONG = 30.0

Told = bytes | tuple[type[CliError], str, str | None, int | None]


def of_error(error: CliError) -> Told:
    return type(error), error.problem, error.hint, error.status


def of_landed(flights: "Flights[int]", found: Landed[int]) -> Told:
    """What the client would say of what has landed."""
    assert found.fault is None, found.fault
    if found.response is None:
        assert found.error is not None
        return of_error(found.error)
    if found.response.status in WHOLE:
        return found.response.body
    return of_error(flights._direct.failure(found.response))


def by_client(world: World) -> Told:
    try:
        return world.post()
    except CliError as error:
        return of_error(error)
    finally:
        world.client.close()


def by_flights(world: World, count: int) -> list[Told]:
    """What comes of so many requests, one after the other."""
    told: list[Told] = []
    try:
        flights = Flights[int](world.client.direct(PATH))
    except CliError as error:
        return [of_error(error)] * count
    try:
        for _ in range(count):
            flights.send(1, BODY)
            while not (found := flights.landed(LONG)):
                pass
            told.append(of_landed(flights, found[0]))
    finally:
        flights.close()
        world.client.close()
    return told


class Staying(KeepingServer):
    """Whose clients may go away in the middle."""

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError):
            super()._answer(connection)


def each_way(replies: Callable[[], Reply], **server: Any) -> tuple[Told, Told, Told]:
    """What an answer means to the client, on a new connection and on one that was kept."""
    found: list[Told] = []
    for several in ([replies()], [replies()], [OK, replies()]):
        with Staying(several) as there:
            world = World(there.base_url, max_retries=0, **server)
            is_first = not found
            found.append(by_client(world) if is_first else by_flights(world, len(several))[-1])
    return found[0], found[1], found[2]


def ending(answer: bytes) -> Reply:
    """The answer, behind which the connection ends."""

    def send(connection: socket.socket) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)

    return send


def silent(answer: bytes) -> Reply:
    """The answer, behind which nothing comes."""

    def send(connection: socket.socket) -> None:
        connection.sendall(answer)
        with suppress(OSError):
            connection.recv(1)

    return send


def headed(*fields: bytes, status: bytes = b"200 OK", body: bytes = b"{}") -> bytes:
    return b"\r\n".join((b"HTTP/1.1 " + status, *fields, b"", body))


def chunked(body: bytes, *fields: bytes) -> bytes:
    return headed(b"Transfer-Encoding: chunked", *fields, body=body)


def encoded(data: bytes, name: str, status: str = "200 OK") -> bytes:
    return reply(data, status=status, headers=[f"Content-Encoding: {name}"])


TWO = b"Content-Length: 2"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
ANSWERS = {
    "of HTTP 1.0": OK.replace(b"1.1", b"1.0", 1),
    "of HTTP 1.0, kept": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + TWO + b"\r\n\r\n{}",
    "of HTTP 2": OK.replace(b"1.1", b"2.0", 1),
    "in lines of LF": OK.replace(b"\r\n", b"\n"),
    "without a length": headed(),
    "without a length, closing": headed(b"Connection: close"),
    "without a reason": headed(TWO, status=b"200"),
    "with a reason beyond ASCII": headed(TWO, status=b"400 Gr\xfc\xdfe"),
    "nothing": b"",
    "an empty line": b"\r\n" + OK,
    "a preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "garbage": b"\x00\xff\x17\r\n\r\n",
    "a page": b"<html>",
    "a status of two digits": headed(TWO, status=b"20 OK"),
    "a status of four": headed(TWO, status=b"2000 OK"),
    "a status below 100": headed(TWO, status=b"099 OK"),
    "a blank before the colon": headed(b"X-Odd : 1", TWO),
    "a name beyond ASCII": headed(b"X-\xfc: 1", TWO),
    "a name in brackets": headed(b"X[1]: 1", TWO),
    "no name": headed(b": 1", TWO),
    "no colon": headed(TWO, b"odd"),
    "a value beyond ASCII": headed("X-A: 日本".encode(), TWO),
    "a value with control characters": headed(b"X-A: a\x00b\x0bc\x7f", TWO),
    "a value with a CR": headed(b"X-A: a\rb", TWO),
    "a folded value": headed(b"X-A: a\r\n b", TWO),
    "a first line that is folded": headed(b" b", TWO),
    "a long line": headed(b"X-A: " + b"a" * 60_000, TWO),
    "too long a line": headed(b"X-A: " + b"a" * 70_000, TWO),
    "a long head": headed(*(b"X-%d: %s" % (n, b"a" * 6000) for n in range(90)), TWO),
    "many lines": headed(*(b"X-%d: 1" % n for n in range(98)), TWO),
    "too many lines": headed(*(b"X-%d: 1" % n for n in range(99)), TWO),
    "a length twice": headed(TWO, TWO),
    "two lengths": headed(TWO, b"Content-Length: 3"),
    **{
        f"a length of {it!r}": headed(b"Content-Length: " + it)
        for it in (b"two", b"-1", b"+2", b"")
    },
    "a length that is not reached": headed(b"Content-Length: 9"),
    "an unknown transfer coding": headed(b"Transfer-Encoding: identity", TWO),
    "two transfer codings": headed(b"Transfer-Encoding: gzip, chunked"),
    "chunks in capitals": headed(b"Transfer-Encoding: CHUNKED", body=b"2\r\n{}\r\n0\r\n\r\n"),
    "chunks and a length": chunked(b"2\r\n{}\r\n0\r\n\r\n", b"Content-Length: 5"),
    "chunks in lines of LF": chunked(b"2\n{}\r\n0\n\n"),
    "chunks with extensions": chunked(b"2;a=b\r\n{}\r\n0;c\r\n\r\n"),
    "zeros before a size": chunked(b"0" * 40 + b"2\r\n{}\r\n000\r\n\r\n"),
    **{f"a size of {it!r}": chunked(it + b"\r\n{}\r\n0\r\n\r\n") for it in (b"-2", b"0x2", b"")},
    "a huge chunk": chunked(b"fffffffff\r\n{}"),
    "a chunk that is cut": chunked(b"2\r\n{"),
    "no last chunk": chunked(b"2\r\n{}\r\n"),
    "nothing behind the last chunk": chunked(b"2\r\n{}\r\n0\r\n"),
    "trailers": chunked(b"2\r\n{}\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n"),
    "trailers that are none": chunked(b"2\r\n{}\r\n0\r\nodd\r\n\r\n"),
    "too many trailers": chunked(b"2\r\n{}\r\n0\r\n" + b"a: 1\r\n" * 150 + b"\r\n"),
    "gzip": encoded(gzip.compress(b"{}"), "gzip"),
    "gzip in capitals": encoded(gzip.compress(b"{}"), "X-GZIP"),
    "gzip that is cut": encoded(gzip.compress(b"{}")[:-3], "gzip"),
    "no gzip": encoded(b"{}", "gzip"),
    "gzip twice": encoded(gzip.compress(gzip.compress(b"{}")), "gzip, gzip"),
    "deflate": encoded(zlib.compress(b"{}"), "deflate"),
    "br": encoded(b"\x0b\x00\x80{}\x03", "br"),
    "no encoding": encoded(b"{}", "identity"),
    "an early answer": b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    "interim answers": INTERIM * 99 + OK,
    "nothing but interim answers": INTERIM * 100 + OK,
    "other protocols": headed(b"Upgrade: h2c", status=b"101 Switching Protocols", body=b""),
    "no content": headed(status=b"204 No Content", body=b""),
    "a part": headed(TWO, status=b"206 Partial Content"),
    "a redirect": headed(b"Location: https://x.test/", TWO, status=b"307 Temporary Redirect"),
    "a redirect to nowhere": headed(TWO, status=b"302 Found"),
    "a redirect beyond ASCII": headed("Location: /日本".encode(), TWO, status=b"302 Found"),
    "a redirect that is cut": headed(b"Location: /x", b"Content-Length: 9", status=b"302 Found"),
    "a failure that is cut": headed(b"Content-Length: 99", status=b"400 Bad Request"),
    "a busy server that is cut": headed(b"Content-Length: 99", status=b"503 Busy"),
    "a failure in br": encoded(b"\x0b", "br", "400 Bad Request"),
    "a failure in broken gzip": encoded(b"abc", "gzip", "400 Bad Request"),
    "a large failure": reply(b"x" * 3_000_000, status="400 Bad Request"),
    "a proxy's refusal": headed(TWO, status=b"407 Proxy Authentication Required"),
    "a time-out": headed(TWO, b"Connection: close", status=b"408 Request Timeout"),
    "more than the answer": OK + b"more",
}  # fmt: skip


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer(kind: str) -> None:
    by_client, first, later = each_way(lambda: ending(ANSWERS[kind]))
    assert first == by_client
    assert later == by_client


SILENT = {
    "nothing": b"",
    "a banner": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half a page": b"<html>",
    "frames of HTTP/2": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
    "half a line": b"HTTP/1.",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "an interim answer": INTERIM,
    "half a body": headed(b"Content-Length: 9"),
    "half a failure": headed(b"Content-Length: 9", status=b"429 Too Many Requests"),
    "no length": headed(),
    "a blank before the colon": headed(b"X-Odd : 1", TWO),
    "half a chunk": chunked(b"2\r\n{"),
    "no trailers": chunked(b"2\r\n{}\r\n0\r\n"),
    "an answer that goes on": OK,
}


@pytest.mark.parametrize("kind", SILENT)
def test_an_answer_behind_which_nothing_comes(kind: str) -> None:
    answers = each_way(lambda: silent(SILENT[kind]), read_timeout=0.1)
    assert answers[1] == answers[0]
    assert answers[2] == answers[0]
