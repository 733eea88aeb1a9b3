"""The sandbox on the wire: headers, connections, streams, and clients that behave badly."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from openai_cli.errors import UsageError
from openai_cli.sandbox import Sandbox, server
from openai_cli.sandbox.api import Api
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.exchange import HttpResponse
from tests.sandbox.client import CHAT, KEY, MESSAGES, Answer, chat, connect, error, send

HEADERS = {"Authorization": f"Bearer {KEY}"}
BODY = json.dumps({"model": "gpt-6-luna", "messages": MESSAGES}).encode()
ASKS = f" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n".encode()
POST, HEAD = b"POST /" + ASKS, b"HEAD /v1/models" + ASKS
STREAM = json.dumps({"model": "gpt-6-luna", "messages": MESSAGES, "stream": True}).encode()


def talk(sandbox: Sandbox, request: bytes) -> bytes:
    """Send bytes as they are and read until the sandbox closes the connection."""
    with raw(sandbox) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def raw(sandbox: Sandbox) -> socket.socket:
    port = int(sandbox.base_url.removesuffix("/v1").rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def request(body: bytes, *headers: str, version: str = "HTTP/1.1") -> bytes:
    lines = [
        f"POST {CHAT} {version}",
        "Host: localhost",
        f"Authorization: Bearer {KEY}",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize("body", [BODY, b"no JSON"])
def test_headers(sandbox: Sandbox, body: bytes) -> None:
    answer = send(sandbox, CHAT, body)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["openai-version"] == "2020-10-01"
    assert answer.headers["openai-processing-ms"].isdecimal()
    assert answer.headers["x-request-id"].startswith("req_")
    assert len(answer.headers["x-request-id"]) == len("req_") + 32


def test_a_stream_is_chunked_and_each_event_is_a_chunk(sandbox: Sandbox) -> None:
    head, _, content = talk(sandbox, request(STREAM, "Connection: close")).partition(b"\r\n\r\n")
    assert b"\r\nContent-Type: text/event-stream\r\n" in head
    assert b"\r\nTransfer-Encoding: chunked\r\n" in head
    chunks = []
    while content:
        size, _, content = content.partition(b"\r\n")
        chunks.append(content[: int(size, 16)])
        assert content[int(size, 16) :].startswith(b"\r\n")
        content = content[int(size, 16) + 2 :]
    *events, done, end = chunks
    assert (done, end) == (b"data: [DONE]\n\n", b"")
    assert len(events) == len(chat(sandbox, stream=True).events)
    assert all(event.startswith(b"data: {") and event.endswith(b"}\n\n") for event in events)


def test_each_event_arrives_before_the_next_is_made(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived = threading.Event()

    def events() -> Iterator[bytes]:
        yield b"data: 1\n\n"
        assert arrived.wait(30)
        yield b"data: 2\n\n"

    monkeypatch.setattr(Api, "respond", lambda *_: HttpResponse(200, events=events()))
    connection = connect(sandbox)
    connection.request("POST", CHAT, b"{}", HEADERS)
    response = connection.getresponse()
    assert response.read(9) == b"data: 1\n\n"
    arrived.set()
    assert response.read() == b"data: 2\n\n"
    connection.close()


def test_a_client_of_http_1_0_gets_a_stream_without_chunks(sandbox: Sandbox) -> None:
    head, _, content = talk(sandbox, request(STREAM, version="HTTP/1.0")).partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert head.count(b"\r\nConnection: close") == 1
    assert content.startswith(b"data: {")
    assert content.endswith(b"\n\ndata: [DONE]\n\n")


def test_a_connection_serves_many_requests(sandbox: Sandbox) -> None:
    connection = connect(sandbox)
    for body, status in ((BODY, 200), (b"no JSON", 400), (STREAM, 200), (BODY, 200)):
        connection.request("POST", CHAT, body, HEADERS)
        first = connection.sock
        response = connection.getresponse()
        response.read()
        assert response.status == status
        assert connection.sock is first
    connection.close()


def test_many_clients_at_once(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda text: chat(sandbox, messages=say(text)), range(64)))
    said = [answer.json["choices"][0]["message"]["content"] for answer in answers]
    assert said == [f"number {number}" for number in range(64)]


def say(number: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Say number {number}"}]


def test_a_client_that_waits_for_100_continue(sandbox: Sandbox) -> None:
    head = request(BODY, "Expect: 100-continue", "Connection: close").removesuffix(BODY)
    with raw(sandbox) as connection:
        connection.sendall(head)
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_head_has_no_body(sandbox: Sandbox) -> None:
    answer = talk(sandbox, HEAD + b"Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("sent", "status", "message"),
    [
        (b"GET\r\n\r\n", None, "Bad request syntax ('GET')"),
        (b"GET / HTTP/3.0\r\n\r\n", None, "Invalid HTTP version (3.0)"),
        (b"BREW / HTTP/1.1\r\n\r\n", 501, "Unsupported method ('BREW')"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431, "Too many headers"),
        (POST + b"Content-Length: -1\r\n\r\n", 400, "Invalid Content-Length: '-1'."),
        (
            POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
            400,
            f"Invalid Content-Length: '{'9' * 5000}'.",
        ),
        (POST + b"Content-Length: x\r\n\r\n", 400, "Invalid Content-Length: 'x'."),
        (
            POST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
            400,
            "Invalid Content-Length: '0, 5'.",
        ),
        (
            POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            411,
            "A body needs a Content-Length.",
        ),
    ],
)
def test_requests_that_are_not_http(
    sandbox: Sandbox, sent: bytes, status: int | None, message: str
) -> None:
    """Refused in the API's shape and ended; before HTTP/1.0 an answer had no head."""
    head, _, content = talk(sandbox, sent).rpartition(b"\r\n\r\n")
    assert json.loads(content)["error"]["message"] == message
    assert head.partition(b"\r\n")[0].split(b" ")[1:2] == ([str(status).encode()] if status else [])


def test_a_body_that_is_too_large_is_read_and_refused(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LARGEST_BODY", 1000)
    answer = send(sandbox, CHAT, b" " * 5_000_000)
    message = "Maximum content size limit (1000) exceeded (5000000 bytes read)"
    assert (answer.status, answer.json) == (400, error(message))


def test_a_fault_of_ours_reaches_the_client(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> HttpResponse:
        raise ZeroDivisionError("made up")

    monkeypatch.setattr(Api, "respond", fail)
    answer = send(sandbox, CHAT, BODY)
    expected = error("The sandbox failed: ZeroDivisionError('made up')")
    expected["error"]["type"] = "server_error"
    assert (answer.status, answer.json) == (500, expected)


def leave_in_the_head(connection: socket.socket) -> None:
    connection.sendall(b"POST /v1/chat")


def leave_in_the_body(connection: socket.socket) -> None:
    connection.sendall(request(BODY)[:-5])


def leave_in_the_stream(connection: socket.socket) -> None:
    text = json.dumps(
        {
            "model": "gpt-6-luna",
            "messages": [{"role": "user", "content": "Say " + "one two three four " * 5000}],
            "stream": True,
        }
    )
    connection.sendall(request(text.encode()))
    connection.recv(1000)


@pytest.mark.parametrize(
    "leave",
    [leave_in_the_head, leave_in_the_body, leave_in_the_stream],
    ids=lambda leave: leave.__name__,
)
def test_a_client_that_leaves_is_no_fault(
    leave: Callable[[socket.socket], None], capfd: pytest.CaptureFixture[str]
) -> None:
    before = threading.active_count()
    with Sandbox(0, SandboxConfig(key=KEY)) as sandbox:
        with raw(sandbox) as connection:
            leave(connection)
            # Lingering for no time at all: the close is a reset, as of a process that was killed.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert chat(sandbox).status == 200
        handlers = [thread for thread in threading.enumerate() if "process_request" in thread.name]
    for thread in handlers:
        thread.join(30)
    assert threading.active_count() <= before
    assert capfd.readouterr() == ("", "")


def test_the_end_closes_connections_that_clients_keep() -> None:
    with Sandbox(0, SandboxConfig(key=KEY)) as sandbox:
        connection = connect(sandbox)
        connection.request("POST", CHAT, BODY, HEADERS)
        connection.getresponse().read()
        kept = connection.sock
        kept.settimeout(30)
    assert kept.recv(1) == b""
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        raw(sandbox)


def test_ports(sandbox: Sandbox) -> None:
    port = int(sandbox.base_url.removesuffix("/v1").rpartition(":")[2])
    assert sandbox.base_url == f"http://127.0.0.1:{port}/v1"
    with pytest.raises(UsageError) as caught:
        Sandbox(port)
    assert caught.value.problem == f"cannot listen on port {port}: Address already in use"
    assert caught.value.hint == "choose another port, or 0 for any free one"
    assert caught.value.parameter == "port"
    with pytest.raises(
        UsageError, match=r"^cannot listen on port 70000: it is not from 0 to 65535$"
    ):
        Sandbox(70_000)


def test_a_port_is_free_again_after_the_end() -> None:
    with Sandbox(0, SandboxConfig(key=KEY)) as first:
        port = int(first.base_url.removesuffix("/v1").rpartition(":")[2])
        assert chat(first).status == 200
    with Sandbox(port) as second:
        assert chat(second).status == 200


def test_in_the_foreground_it_serves_until_it_is_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox = Sandbox(0, SandboxConfig(key=KEY))
    answered: Future[Answer] = Future()

    def interrupt() -> None:
        if answered.done():
            raise KeyboardInterrupt

    # It runs between two requests, in the thread that serves, which is where Ctrl-C arrives.
    monkeypatch.setattr(sandbox._server, "service_actions", interrupt)
    with ThreadPoolExecutor(1) as pool:
        answered = pool.submit(chat, sandbox)
        with pytest.raises(KeyboardInterrupt):
            sandbox.serve_forever()
    assert answered.result().status == 200
    with pytest.raises(ConnectionRefusedError):
        raw(sandbox)
