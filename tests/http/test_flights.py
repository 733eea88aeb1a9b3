"""Many requests at once from one thread: what comes back, and how connections are used again."""

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trustme

from openai_cli.errors import BadAnswerError, NetworkError
from openai_cli.http import decoding
from openai_cli.http import flights as flights_module
from openai_cli.http.direct import Connected
from openai_cli.http.flights import Flights, Landed
from tests.batches.crowd import Crowd
from tests.http.test_client import BODY, KEY, World
from tests.servers import KeepingServer, Received, Reply, Server, kept, reply

PATH = "/chat/completions"
OK = kept(reply(b"{}"))
FIRST = b'{"input":"a"}'
# In seconds: more than any of this takes.
LONG = 30.0


@contextmanager
def flying(base_url: str, **server: Any) -> Iterator["Flights[int]"]:
    flights = Flights[int](World(base_url, **server).client.direct(PATH))
    try:
        yield flights
    finally:
        flights.close()


def landed(flights: "Flights[int]", count: int = 1) -> list[Landed[int]]:
    found: list[Landed[int]] = []
    end = time.monotonic() + LONG
    while len(found) < count:
        assert time.monotonic() < end, found
        found += flights.landed(LONG)
    return sorted(found, key=lambda one: one.key)


def asked(flights: "Flights[int]", data: bytes = BODY, **more: Any) -> Landed[int]:
    """What comes of one request."""
    flights.send(1, data, **more)
    (found,) = landed(flights)
    return found


def body_of(found: Landed[int]) -> bytes:
    assert found.response is not None, found
    return found.response.body


def problem(found: Landed[int], kind: type[Exception]) -> str:
    assert isinstance(found.error, kind), found
    return str(found.error)


def served(replies: Sequence[Reply], tls: ssl.SSLContext | None = None) -> KeepingServer:
    return KeepingServer(replies, tls)


def test_requests_on_one_connection_are_what_the_client_sends() -> None:
    with served([OK, OK, OK]) as server:
        here = World(server.base_url, key=KEY, headers={"X-Team": "ci"})
        flights = Flights[int](here.client.direct(PATH))
        for body in (b'{"n":1}', b'{"n":22}', b'{"n":333}'):
            assert body_of(asked(flights, body)) == b"{}"
        flights.close()
    first, *others = server.received
    assert server.connections == 1
    assert [one.body for one in server.received] == [b'{"n":1}', b'{"n":22}', b'{"n":333}']
    for other in others:
        length = {"content-length": str(len(other.body))}
        assert (other.line, other.headers) == (first.line, first.headers | length)


def test_as_many_as_are_sent_are_out_at_once() -> None:
    together = threading.Barrier(4, timeout=LONG)

    def answer(_received: Received) -> bytes:
        together.wait()
        return OK

    with Crowd(answer) as server, flying(server.base_url) as flights:
        for _ in range(2):  # by threads, and then on the connections that these have made
            for key in range(4):
                flights.send(key, FIRST)
            assert [one.key for one in landed(flights, 4)] == [0, 1, 2, 3]
        assert server.connections == 4


@pytest.mark.parametrize("at", [1, 20, 60, len(OK) - 1])
def test_an_answer_that_comes_in_pieces(at: int) -> None:
    has_begun = threading.Event()

    def slowly(connection: socket.socket) -> None:
        connection.sendall(OK[:at])
        has_begun.wait(LONG)
        connection.sendall(OK[at:])

    with served([OK, slowly]) as server, flying(server.base_url) as flights:
        asked(flights)
        flights.send(1, BODY)
        (wire,) = flights._busy
        while not (wire.framing._head or wire.framing.has_begun):
            assert flights.landed(LONG) == []
        has_begun.set()
        assert body_of(landed(flights)[0]) == b"{}"
        assert server.connections == 1


def test_an_answer_in_chunks_that_are_packed() -> None:
    packed = gzip.compress(b'{"a": 1}')
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (packed[:5], len(packed) - 5, packed[5:])
    )
    with served([OK, answer, OK]) as server, flying(server.base_url) as flights:
        assert [body_of(asked(flights)) for _ in range(3)] == [b"{}", b'{"a": 1}', b"{}"]
        assert server.connections == 1


def test_a_large_body_goes_out_as_fast_as_it_is_taken() -> None:
    body = b'"' + b"x" * 9_000_000 + b'"'
    with served([OK, OK]) as server, flying(server.base_url) as flights:
        asked(flights)
        assert body_of(asked(flights, body)) == b"{}"
        assert server.received[1].body == body
        assert server.connections == 1


def test_a_large_answer() -> None:
    large = b'"' + b"x" * 5_000_000 + b'"'
    with served([OK, kept(reply(large))]) as server, flying(server.base_url) as flights:
        asked(flights)
        assert body_of(asked(flights)) == large


def _then(*replies: bytes) -> list[Reply]:
    """The replies on one connection, which closes behind the last."""

    def last(connection: socket.socket) -> None:
        connection.sendall(replies[-1])
        connection.shutdown(socket.SHUT_RDWR)

    return [*replies[:-1], last]


@pytest.mark.parametrize("answer", [b"", OK[:-1], OK[:20], b"HTTP/1.1 200 OK\r\n\r"])
def test_an_answer_that_breaks_off_and_what_is_sent_then(answer: bytes) -> None:
    with served([*_then(OK, answer), OK]) as server, flying(server.base_url) as flights:
        assert body_of(asked(flights)) == b"{}"
        assert "before the answer was whole" in problem(asked(flights), NetworkError)
        assert body_of(asked(flights)) == b"{}"
        assert server.connections == 2


def test_a_read_has_its_own_time_out() -> None:
    over = threading.Event()

    def silent(_connection: socket.socket) -> None:
        over.wait(LONG)

    with served([OK, silent]) as server, flying(server.base_url) as flights:
        asked(flights)
        assert "no answer in time" in problem(asked(flights, read_timeout=0.05), NetworkError)
        over.set()


class Clock:
    """The clock of the flights, which goes when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(flights_module, "time", SimpleNamespace(monotonic=lambda: self.now))


def test_time_counts_from_the_last_byte_that_came(monkeypatch: pytest.MonkeyPatch) -> None:
    may_go_on = threading.Event()

    def slowly(connection: socket.socket) -> None:
        connection.sendall(OK[:-1])
        may_go_on.wait(LONG)
        connection.sendall(OK[-1:])

    with served([OK, slowly]) as server, flying(server.base_url) as flights:
        asked(flights)
        clock = Clock(monkeypatch)
        flights.send(1, BODY, read_timeout=10)
        (wire,) = flights._busy
        clock.now = 8
        while not wire.framing.has_begun:
            assert flights.landed(LONG) == []
        clock.now = 16
        assert flights.landed(0) == []
        may_go_on.set()
        assert body_of(landed(flights)[0]) == b"{}"


def test_each_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    together = threading.Barrier(2, timeout=LONG)

    def answer(received: Received) -> bytes:
        if received.body == FIRST:
            together.wait()
        else:
            over.wait(LONG)
        return OK

    with Crowd(answer) as server, flying(server.base_url) as flights:
        for key in range(2):
            flights.send(key, FIRST)
        landed(flights, 2)
        clock = Clock(monkeypatch)
        flights.send(0, b'{"input":"b"}', read_timeout=10)
        flights.send(1, b'{"input":"c"}', read_timeout=20)
        for clock.now, late in ((9, []), (10, [0]), (19, []), (20, [1])):
            assert [one.key for one in flights.landed(0)] == late
        over.set()


def test_an_answer_that_stops_coming() -> None:
    over = threading.Event()

    def half(connection: socket.socket) -> None:
        connection.sendall(OK[:-1])
        over.wait(LONG)

    with served([OK, half]) as server, flying(server.base_url) as flights:
        asked(flights)
        assert "stopped coming" in problem(asked(flights, read_timeout=0.05), NetworkError)
        over.set()


@pytest.mark.parametrize("is_noticed", [True, False])
def test_a_connection_that_was_closed_meanwhile_is_used_no_more(is_noticed: bool) -> None:
    closed = threading.Event()

    def last(connection: socket.socket) -> None:
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    with served([last, OK]) as server, flying(server.base_url) as flights:
        asked(flights)
        closed.wait(LONG)
        if is_noticed:
            assert flights.landed(LONG) == []
            assert not flights._idle
        assert body_of(asked(flights)) == b"{}"
        assert server.connections == 2


REFUSED = reply(b"{}", status="413 Content Too Large")


@pytest.mark.parametrize("refused", [REFUSED, kept(REFUSED)])
def test_an_answer_comes_though_the_body_was_not_taken(refused: bytes) -> None:
    is_here = threading.Event()

    class Impatient(KeepingServer):
        """Refuses the second request when its head is there."""

        def _answer(self, connection: socket.socket) -> None:
            Server._answer(self, connection)
            connection.recv(100)
            connection.sendall(refused)
            is_here.wait(LONG)

    with Impatient([OK]) as server, flying(server.base_url) as flights:
        asked(flights)
        found = asked(flights, b"x" * 20_000_000)
        assert found.response is not None
        assert found.response.status == 413
        # What is left of the body would be taken for the begin of the next request.
        assert not flights._idle
        is_here.set()


@pytest.mark.parametrize(
    "failure",
    [BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError],
    ids=lambda one: one.__name__,
)
def test_the_answer_counts_where_sending_fails(failure: type[OSError]) -> None:
    class Shut:
        """A connection whose other end reads no more, but has answered."""

        def send(self, _data: bytes) -> int:
            raise failure

        def recv(self, _size: int) -> bytes:
            return OK

    shut: Any = Shut()
    wire = flights_module._Wire(
        Connected(shut, b"POST / HTTP/1.1\r\nContent-Length: ", b"\r\n\r\n")
    )
    wire.begin(BODY)
    assert wire.go_on()
    assert wire.response.body == b"{}"


def test_what_comes_unasked_is_no_answer_to_the_next() -> None:
    with served([OK, OK + OK.replace(b"{}", b"[]"), OK]) as server:
        with flying(server.base_url) as flights:
            assert [body_of(asked(flights)) for _ in range(3)] == [b"{}"] * 3
        assert server.connections == 2


def test_an_answer_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "LARGEST", 1024 * 1024)
    over = threading.Event()

    def large(connection: socket.socket) -> None:
        connection.sendall(reply(b"x" * 3_000_000)[:-1_000_000])
        over.wait(LONG)  # what is too much already is not waited for to its end

    packed = kept(
        reply(gzip.compress(b"x" * (1024 * 1024 + 1)), headers=["Content-Encoding: gzip"])
    )
    with served([OK, large, OK, packed]) as server, flying(server.base_url) as flights:
        for _ in range(2):
            asked(flights)
            assert problem(asked(flights), BadAnswerError) == "the answer is larger than 1 MB"
            over.set()


def test_what_could_not_be_sent_is_told_without_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_wire: object, _data: bytes) -> None:
        raise TimeoutError

    with served([OK]) as server, flying(server.base_url) as flights:
        asked(flights)
        monkeypatch.setattr(flights_module._Wire, "begin", fails)
        flights.send(2, BODY)
        (found,) = flights.landed(float("inf"))  # to wait so long is an error
        assert found.key == 2
        assert "no answer in time" in problem(found, NetworkError)


def test_a_thread_sets_up_one_connection_after_the_other() -> None:
    closing = reply(b"{}")
    with served([closing] * 3) as server, flying(server.base_url) as flights:
        for _ in range(3):
            assert body_of(asked(flights)) == b"{}"
        assert server.connections == 3
        assert len(flights._threads) == 1


@pytest.mark.parametrize("fault", [KeyError, SystemExit])
def test_a_fault_of_ours_is_handed_on(
    fault: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: Any, **_named: Any) -> None:
        raise fault

    with flying("http://127.0.0.1:9/v1") as flights:
        monkeypatch.setattr(flights._direct, "post", fails)
        assert isinstance(asked(flights).fault, fault)


def test_over_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(bundle := tmp_path / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    large = b'"' + b"x" * 3_000_000 + b'"'
    with served([OK, OK, kept(reply(large)), OK], tls) as server:
        with flying(server.base_url, environ={"SSL_CERT_FILE": str(bundle)}) as flights:
            assert body_of(asked(flights)) == b"{}"
            assert body_of(asked(flights, large)) == b"{}"
            assert body_of(asked(flights)) == large
            assert body_of(asked(flights)) == b"{}"
        assert server.connections == 1
        assert server.received[1].body == large
