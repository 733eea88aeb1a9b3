"""Servers on loopback for tests: every byte received is kept, every byte sent is scripted.

A server is strict: a request without a reply left for it, and a reply that nobody requested, fail
the test when the server closes.
"""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

Send = Callable[[socket.socket], None]
Reply = bytes | Send


@dataclass(frozen=True)
class Received:
    """A request as it came over the socket."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Listening:
    """A server on loopback that runs for the length of a `with` block."""

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def root(self) -> str:
        return f"http://{self.place}"

    @property
    def base_url(self) -> str:
        return f"{self.root}/v1"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._meet(connection)

    def _meet(self, connection: socket.socket) -> None:
        """Handle a new connection."""
        raise NotImplementedError


@dataclass
class Server(Listening):
    """Answers one request per connection with the next reply, and closes the connection.

    A reply is bytes, or a function that is handed the connection to do with as it likes.
    """

    replies: Sequence[Reply]
    tls: ssl.SSLContext | None = None
    received: list[Received] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            assert not self.faults, self.faults
            assert len(self.received) == len(self.replies), (
                f"{len(self.replies)} replies were scripted, {len(self.received)} requests came"
            )

    @property
    def root(self) -> str:
        return f"https://{self.place}" if self.tls else super().root

    def _meet(self, connection: socket.socket) -> None:
        # A client that goes away in the middle is the test's own matter.
        with connection, suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            if self.tls is None:
                self._answer(connection)
            else:
                with self.tls.wrap_socket(connection, server_side=True) as wrapped:
                    self._answer(wrapped)

    def _answer(self, connection: socket.socket) -> None:
        request = read_request(connection)
        if request is None:
            return
        position = len(self.received)
        self.received.append(request)
        if position >= len(self.replies):
            self.faults.append(f"no reply is left for {request.line}")
            return
        reply = self.replies[position]
        if isinstance(reply, bytes):
            connection.sendall(reply)
        else:
            reply(connection)


@dataclass
class KeepingServer(Server):
    """Answers requests one by one on each connection, and counts the connections.

    A reply must state its length, and must not close the connection: see `kept`.
    """

    connections: int = 0

    def _answer(self, connection: socket.socket) -> None:
        self.connections += 1
        connection.settimeout(60)
        with suppress(TimeoutError):
            before = -1
            while len(self.received) != before:
                before = len(self.received)
                super()._answer(connection)


def kept(reply: bytes) -> bytes:
    """The reply without the header that closes its connection."""
    return reply.replace(b"Connection: close\r\n", b"", 1)


def chunked_stream(*data: Any) -> bytes:
    """A stream with each event in a chunk of its own, which leaves the connection open."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    pieces = [*(events(each, done=False) for each in data), events(), b""]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def read_request(connection: socket.socket) -> Received | None:
    """The next request of a connection; None where it ends before one is whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rest)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    return Received(line, headers, body)


def reply(
    body: bytes | str | Any,
    *,
    status: str = "200 OK",
    headers: Sequence[str] = (),
    content_type: str = "application/json",
) -> bytes:
    """A whole HTTP response; a body other than bytes or text is sent as JSON."""
    if not isinstance(body, bytes | str):
        body = json.dumps(body)
    data = body.encode() if isinstance(body, str) else body
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(data)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def events(*data: Any, done: bool = True, end: bytes = b"\n\n") -> bytes:
    """Server-sent events, one per value; a str is sent as it is, anything else as JSON."""
    texts = [item if isinstance(item, str) else json.dumps(item) for item in data]
    texts += ["[DONE]"] if done else []
    return b"".join(b"data: " + text.encode() + end for text in texts)


def stream(*data: Any, done: bool = True, headers: Sequence[str] = ()) -> bytes:
    """A whole HTTP response that is a stream of events, ended by closing the connection."""
    head = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + events(*data, done=done)


def chat(*texts: str | None, finish: str = "stop", **extra: Any) -> dict[str, Any]:
    """The body of a chat completion with these choices."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": index,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "logprobs": None,
                "finish_reason": finish,
            }
            for index, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
        **extra,
    }


def delta(
    text: str | None = None, *, index: int = 0, finish: str | None = None, **parts: Any
) -> dict[str, Any]:
    """An event of a streamed chat completion."""
    content = {} if text is None else {"content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": index, "delta": {**content, **parts}, "finish_reason": finish}],
    }


def completion(*texts: str, finish: str = "stop") -> dict[str, Any]:
    """The body of a text completion with these choices."""
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": index, "text": text, "logprobs": None, "finish_reason": finish}
            for index, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
    }
