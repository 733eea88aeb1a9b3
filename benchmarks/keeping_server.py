"""A keep-alive server that answers each request with the same chat completion.

Usage: python keeping_server.py SECONDS [VECTORS NUMBERS]. It prints its port. An answer takes
SECONDS; with VECTORS it consists of that many vectors of NUMBERS numbers each.
"""

import asyncio
import sys

from server import json_answer, vectors_answer


class Connection(asyncio.Protocol):
    """A connection, with what has arrived of the next request."""

    def __init__(self, answer: bytes, delay: float) -> None:
        self._answer = answer
        self._delay = delay
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        while (size := self._size()) is not None and len(self._came) >= size:
            self._came = self._came[size:]
            loop = asyncio.get_running_loop()
            loop.call_later(self._delay, self._transport.write, self._answer)

    def _size(self) -> int | None:
        """The length of the request, once its head has arrived."""
        head, end, _ = self._came.partition(b"\r\n\r\n")
        if not end:
            return None
        _, named, rest = head.lower().partition(b"content-length:")
        return len(head) + 4 + (int(rest.split(b"\r\n")[0]) if named else 0)


async def main(delay: float, answer: bytes) -> None:
    answer = answer.replace(b"Connection: close\r\n", b"")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(answer, delay), "127.0.0.1", 0, backlog=512
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    seconds, *shape = sys.argv[1:]
    asyncio.run(main(float(seconds), vectors_answer(*map(int, shape)) if shape else json_answer()))
