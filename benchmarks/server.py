"""A server that answers at once, from its own process, with one canned answer for every POST.

Usage: python server.py EVENTS FRAMING. It prints its port. With 0 EVENTS the answer is JSON, else a
stream of that many events, in one piece (`whole`) or with a chunk for each (`chunked`).
"""

import json
import random
import socketserver
import sys


def json_answer() -> bytes:
    body = json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4o",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "hello"},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    ).encode()
    return _head("application/json", f"Content-Length: {len(body)}") + body


def vectors_answer(count: int, size: int) -> bytes:
    chance = random.Random(1)  # noqa: S311 - numbers, the same each time
    data = [
        {"index": index, "embedding": [round(chance.gauss(0, 0.025), 10) for _ in range(size)]}
        for index in range(count)
    ]
    usage = {"prompt_tokens": count, "total_tokens": count}
    body = json.dumps({"object": "list", "model": "bench", "data": data, "usage": usage}).encode()
    return _head("application/json", f"Content-Length: {len(body)}") + body


def stream_answer(count: int, framing: str) -> bytes:
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "bench"}
    choices = [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}] * count
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    lines = [f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n" for choice in choices]
    lines.append("data: [DONE]\n\n")
    if framing == "whole":
        body = "".join(lines).encode()
        return _head("text/event-stream", f"Content-Length: {len(body)}") + body
    chunks = [f"{len(line):x}\r\n{line}\r\n" for line in lines]
    head = _head("text/event-stream", "Transfer-Encoding: chunked")
    return head + "".join([*chunks, "0\r\n\r\n"]).encode()


def _head(content_type: str, framing: str) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n{framing}\r\nConnection: close\r\n\r\n"
    ).encode()


class Handler(socketserver.StreamRequestHandler):
    """Reads a whole request, and sends the server's answer."""

    def handle(self) -> None:
        length = 0
        while line := self.rfile.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        self.rfile.read(length)
        self.wfile.write(ANSWER)


if __name__ == "__main__":
    events = int(sys.argv[1])
    ANSWER = stream_answer(events, sys.argv[2]) if events else json_answer()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        print(server.server_address[1], flush=True)
        server.serve_forever()
