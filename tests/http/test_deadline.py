"""`--max-time`: what it bounds, whatever the server does to keep each single read short."""

import gzip
import socket
import threading
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

from openai_cli.errors import BadAnswerError, NetworkError, RefusedError, UnreachableError
from openai_cli.http.deadline import Deadline
from tests.http.test_client import World
from tests.servers import Server, reply


class Clock:
    """A clock that moves when it is told to, and by what was slept."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_without_one_there_is_no_end(clock: Clock) -> None:
    deadline = Deadline(None, clock)
    deadline.sleep(clock.sleep, 1e6)
    deadline.check()
    assert (deadline.left(), deadline.within(7.0)) == (None, 7.0)
    with deadline.watched(lambda: pytest.fail("it has no end")):
        pass


def test_it_begins_when_it_is_first_asked_for_and_anew(clock: Clock) -> None:
    deadline = Deadline(5, clock)
    clock.now += 60
    assert deadline.left() == 5
    clock.now += 3
    assert (deadline.left(), deadline.within(9), deadline.within(1)) == (2, 2, 1)
    clock.now += 3
    with pytest.raises(UnreachableError, match="took longer than 5 s"):
        deadline.check()
    deadline.restart()
    deadline.check()
    assert deadline.left() == 5


def test_a_sleep_ends_with_it(clock: Clock) -> None:
    deadline = Deadline(5, clock)
    deadline.sleep(clock.sleep, 3)
    with pytest.raises(UnreachableError):
        deadline.sleep(clock.sleep, 3)
    assert clock.slept == [3, 2]


@pytest.mark.parametrize("raised", [NetworkError("cut"), BadAnswerError("half"), None])
def test_what_was_cut_is_not_whole_whatever_was_made_of_it(raised: Exception | None) -> None:
    is_cut = threading.Event()

    def read() -> None:
        with Deadline(0.001).watched(is_cut.set):
            assert is_cut.wait(60)
            if raised:
                raise raised

    with pytest.raises(UnreachableError, match="took longer"):
        read()


def test_what_fails_at_the_end_is_the_end_though_it_was_not_cut(clock: Clock) -> None:
    cut = Mock()

    def read() -> None:
        with Deadline(600, clock).watched(cut):
            clock.now += 600
            raise NetworkError("cut")

    with pytest.raises(UnreachableError, match="took longer"):
        read()
    assert not cut.called


def test_what_fails_before_it_is_told_as_it_is() -> None:
    cut = Mock()
    with pytest.raises(RefusedError), Deadline(600).watched(cut):
        raise RefusedError("no")
    assert not cut.called


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BEGINNINGS = {
    "nothing": b"",
    "headers": b"HTTP/1.1 200 OK\r\nX: ",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\n",
    "a body with a length": HEAD + b"Content-Length: 9\r\n\r\n",
    "a body to the end": HEAD + b"Connection: close\r\n\r\n",
    "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n ",
    "an error body": b"HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\n",
}


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS)
def test_a_call_ends_with_it_wherever_the_server_lingers(beginning: bytes) -> None:
    """The time-out of a read, of 600 s, would not come."""
    ended = threading.Event()

    def linger(connection: socket.socket) -> None:
        connection.sendall(beginning)
        ended.wait()

    with Server([linger]) as server:
        world = World(server.base_url, read_timeout=600.0, deadline=Deadline(0.3))
        try:
            with pytest.raises(UnreachableError, match="took longer than"):
                world.post()
        finally:
            ended.set()
    assert world.said == ""


def test_no_other_try_is_waited_for_where_it_would_come_too_late() -> None:
    busy = reply({"error": {"message": "busy"}}, status="503 No", headers=["retry-after: 20"])
    with Server([busy]) as server:
        world = World(server.base_url, deadline=Deadline(10))
        with pytest.raises(BadAnswerError, match="busy") as caught:
            world.post()
    assert caught.value.hint == "--max-time leaves no time for another try"
    assert world.slept == []


def endless(piece: bytes) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        while True:
            connection.sendall(piece)

    return send


def test_interim_answers_without_end_are_no_answer() -> None:
    send = endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
    with Server([send]) as server, pytest.raises(BadAnswerError, match="100 interim answers"):
        World(server.base_url).post()


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_interim_answers_are_passed_over(status: str) -> None:
    interim = f"HTTP/1.1 {status}\r\nLink: <a>\r\n\r\n".encode()
    with Server([interim * 3 + reply(b"{}")]) as server:
        assert World(server.base_url).post() == b"{}"


def test_empty_members_of_gzip_without_end_are_no_answer() -> None:
    def send(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        endless(gzip.compress(b"") * 100)(connection)

    with Server([send]) as server, pytest.raises(BadAnswerError, match="one empty member"):
        World(server.base_url).post()


def test_a_few_empty_members_are_passed_over() -> None:
    body = gzip.compress(b"") * 100 + gzip.compress(b"{") + gzip.compress(b"}")
    with Server([reply(body, headers=["Content-Encoding: gzip"])]) as server:
        assert World(server.base_url).post() == b"{}"


def test_two_lengths_are_an_answer_of_the_wrong_kind() -> None:
    two: Any = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} "
    with Server([two]) as server, pytest.raises(BadAnswerError, match="headers are not valid"):
        World(server.base_url).post()
