"""How many connections there may be, and what may be held: bodies, heads, what is stored."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from openai_cli.sandbox import Sandbox, server
from openai_cli.sandbox.connections import MOST, Allowance, Connections, Standing
from tests.sandbox.client import CHAT, chat, connect
from tests.sandbox.test_server import BODY, HEADERS, raw, request, talk


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    made = [socket.socketpair() for _ in range(4)]
    yield made
    for pair in made:
        for each in pair:
            each.close()


def is_open(other: socket.socket) -> bool:
    other.setblocking(False)
    try:
        return other.recv(1) != b""
    except BlockingIOError:
        return True


Pairs = list[tuple[socket.socket, socket.socket]]


def test_the_oldest_stranger_gives_way(pairs: Pairs) -> None:
    connections = Connections(most=3)
    for ours, _ in pairs[:3]:
        assert connections.admit(ours)
    connections.mark(pairs[0][0], Standing.BUSY)
    connections.mark(pairs[1][0], Standing.IDLE)
    assert connections.admit(pairs[3][0])
    assert [is_open(theirs) for _, theirs in pairs] == [True, True, False, True]


def test_then_one_that_is_idle(pairs: Pairs) -> None:
    connections = Connections(most=2)
    for (ours, _), standing in zip(pairs[:2], (Standing.BUSY, Standing.IDLE), strict=True):
        assert connections.admit(ours)
        connections.mark(ours, standing)
    assert connections.admit(pairs[2][0])
    assert [is_open(theirs) for _, theirs in pairs[:3]] == [True, False, True]


def test_one_that_is_busy_never_does(pairs: Pairs) -> None:
    connections = Connections(most=1)
    assert connections.admit(pairs[0][0])
    connections.mark(pairs[0][0], Standing.BUSY)
    assert not connections.admit(pairs[1][0])
    connections.remove(pairs[0][0])
    assert connections.admit(pairs[1][0])
    assert is_open(pairs[0][1])


def test_one_that_gave_way_is_not_taken_back(pairs: Pairs) -> None:
    connections = Connections(most=1)
    assert connections.admit(pairs[0][0])
    assert connections.admit(pairs[1][0])
    connections.mark(pairs[0][0], Standing.BUSY)
    assert connections.admit(pairs[2][0])
    assert [is_open(theirs) for _, theirs in pairs[:3]] == [False, False, True]


def test_silent_connections_do_not_keep_others_out() -> None:
    with Sandbox() as sandbox, ExitStack() as stack:
        kept = stack.enter_context(raw(sandbox))
        for _ in range(MOST + 50):
            stack.enter_context(raw(sandbox))
        assert chat(sandbox).status == 200
        assert kept.recv(1) == b"", "the first of them was ended"


def test_a_sandbox_that_is_full_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox() as sandbox:
        monkeypatch.setattr(sandbox._server.connections, "admit", lambda _: False)
        with raw(sandbox) as connection:
            head = connection.recv(65536)
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nConnection: close\r\n" in head


def test_a_stranger_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    monkeypatch.setattr(server._Handler, "timeout", 0.05)
    with raw(sandbox) as connection:
        connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: loc")
        assert connection.recv(1) == b""


def test_who_has_the_key_may_take_its_time(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    silence = threading.Event()
    monkeypatch.setattr(server._Handler, "timeout", 0.05)
    connection = connect(sandbox)
    for _ in range(2):
        connection.request("POST", CHAT, BODY, HEADERS)
        first = connection.sock
        assert connection.getresponse().read()
        silence.wait(0.2)
        assert connection.sock is first
    connection.close()


@pytest.mark.parametrize(
    "head",
    [
        b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1000) for number in range(80)),
        b"X: " + b"a" * 70_000 + b"\r\n",
    ],
    ids=["many", "long"],
)
def test_a_head_that_is_too_large(sandbox: Sandbox, head: bytes) -> None:
    """From one who has no key: 200 times 100 lines of 64 kB were 1.3 GB."""
    answer = talk(sandbox, b"GET /v1/models HTTP/1.1\r\n" + head + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_bodies_wait_for_their_turn() -> None:
    allowance = Allowance(10)
    begun, done = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        with allowance.held(5):
            done.set()

    with allowance.held(6):
        thread = threading.Thread(target=wait)
        thread.start()
        assert begun.wait(30)
        with allowance.held(4):
            assert not done.is_set()
    assert done.wait(30)
    thread.join()


def test_who_may_not_ask_is_not_told_to_send(sandbox: Sandbox) -> None:
    head = request(BODY, "Expect: 100-continue").removesuffix(BODY)
    with raw(sandbox) as connection:
        connection.sendall(head.replace(b"Bearer ", b"Bearer x"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 401 ")


def test_a_body_without_end_is_not_read_for_ever(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "DISCARDED", 1000)
    with raw(sandbox) as connection:
        connection.sendall(
            b"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999"
        )
        connection.sendall(b"\r\n\r\n" + b"a" * 1000)
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
