"""The connections of a server: how many there may be, and which makes room for a new one.

A client without the key can open connections and keep them idle. It must not lock out others.
"""

import contextlib
import socket
from collections.abc import Iterator
from enum import Enum
from threading import Condition, Lock

# Less than macOS's limit of 256 open files per process.
MOST = 200


class Standing(Enum):
    """What is known of a connection."""

    STRANGER = "it has sent no request with the key"
    IDLE = "it has, and waits for its next one"
    BUSY = "its request is being answered"


class Connections:
    """The open connections, at most `most`, oldest first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._standings: dict[socket.socket, Standing] = {}
        self._lock = Lock()

    def admit(self, connection: socket.socket) -> bool:
        """Add a connection; return whether there was room for it.

        If there is none, the oldest stranger is closed, or else the oldest idle connection.
        """
        with self._lock:
            if len(self._standings) >= self._most:
                if (victim := self._dispensable()) is None:
                    return False
                del self._standings[victim]
                _end(victim)
            self._standings[connection] = Standing.STRANGER
        return True

    def _dispensable(self) -> socket.socket | None:
        for dispensable in (Standing.STRANGER, Standing.IDLE):
            for connection, standing in self._standings.items():
                if standing is dispensable:
                    return connection
        return None

    def mark(self, connection: socket.socket, standing: Standing) -> None:
        """Update what is known of a connection; ignored if it was closed to make room."""
        with self._lock:
            if connection in self._standings:
                self._standings[connection] = standing

    def remove(self, connection: socket.socket) -> None:
        """Forget a closed connection."""
        with self._lock:
            self._standings.pop(connection, None)

    def end_all(self) -> None:
        """End all connections, whatever they are doing."""
        with self._lock:
            for connection in self._standings:
                _end(connection)


def _end(connection: socket.socket) -> None:
    """Shut a connection down; its own thread closes it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class Allowance:
    """Limits the bytes held at once by all holders; further ones wait for their turn."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._changed = Condition()

    @contextlib.contextmanager
    def held(self, size: int) -> Iterator[None]:
        """Hold `size` bytes; `size` must not exceed the whole allowance."""
        with self._changed:
            self._changed.wait_for(lambda: self._left >= size)
            self._left -= size
        try:
            yield
        finally:
            with self._changed:
                self._left += size
                self._changed.notify_all()
