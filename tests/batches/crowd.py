"""A server for many concurrent requests, whose answers are a function of the request."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.servers import Listening, Received, kept, read_request, reply

Answer = Callable[[Received], bytes]


def text_of(received: Received) -> str:
    """The text of a chat request's last message, or the input of another request."""
    body = received.json
    if "messages" in body:
        return str(body["messages"][-1]["content"])
    return str(body.get("input", body.get("prompt")))


def completion(text: str, **more: Any) -> dict[str, Any]:
    """A chat completion with this text."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        **more,
    }


def says(body: Any, status: str = "200 OK", headers: Sequence[str] = ()) -> bytes:
    """A response that keeps the connection open."""
    return kept(reply(body, status=status, headers=headers))


def error(status: str, code: str, message: str = "No.", headers: Sequence[str] = ()) -> bytes:
    """An error of the API with that code."""
    body = {"error": {"message": message, "type": "made_up", "param": None, "code": code}}
    return says(body, status, headers)


def echo(received: Received) -> bytes:
    """Answer a request with its own text."""
    return says(completion(f"re: {text_of(received)}"), headers=["x-request-id: req_1"])


@dataclass
class Crowd(Listening):
    """Answers requests by `answer`; `asked` counts their texts, `most` is the peak concurrency.

    An empty answer closes the connection.
    """

    answer: Answer = echo
    asked: Counter[str] = field(default_factory=Counter)
    received: list[Received] = field(default_factory=list)
    at_once: int = 0
    most: int = 0
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def _meet(self, connection: socket.socket) -> None:
        self.connections += 1
        threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while (received := read_request(connection)) is not None:
                with self.lock:
                    self.received.append(received)
                    self.asked[text_of(received)] += 1
                    self.at_once += 1
                    self.most = max(self.most, self.at_once)
                answer = self.answer(received)
                with self.lock:
                    self.at_once -= 1
                if not answer:
                    return
                connection.sendall(answer)


def lines(count: int, **body: Any) -> bytes:
    """`count` chat requests; the n-th, from 1, has the id `r<n>` and the text `text <n>`."""
    return b"".join(line(f"r{n}", f"text {n}", **body) for n in range(1, count + 1))


def line(custom_id: str, text: str, url: str = "/v1/chat/completions", **body: Any) -> bytes:
    """A line for the Batch API."""
    whole = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **body}
    found = {"custom_id": custom_id, "method": "POST", "url": url, "body": whole}
    return json.dumps(found).encode() + b"\n"


def objects(data: bytes) -> list[Any]:
    """The objects in JSONL."""
    return [json.loads(raw) for raw in data.splitlines()]
