"""The connections of a server: how many there may be, and which of them gives way to a new one.

Whoever has no key can open connections and be silent on them. They must not keep out who has it.
"""

import contextlib
import socket
from collections.abc import Iterator
from enum import Enum
from threading import Condition, Lock

# Fewer than the files that macOS lets a process have open, which are 256.
MOST = 200


class Standing(Enum):
    """What a connection has shown of itself."""

    STRANGER = "it has sent no request with the key"
    IDLE = "it has, and waits for its next one"
    BUSY = "its request is being answered"


class Connections:
    """The open connections, at most `most`, the oldest first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._standings: dict[socket.socket, Standing] = {}
        self._lock = Lock()

    def admit(self, connection: socket.socket) -> bool:
        """Take one in; whether there is a place for it.

        Where there is none, the oldest stranger is ended, or else the oldest that is idle.
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
        """Note what a connection has shown; nothing for one that has given way."""
        with self._lock:
            if connection in self._standings:
                self._standings[connection] = standing

    def remove(self, connection: socket.socket) -> None:
        """Forget one that is closed."""
        with self._lock:
            self._standings.pop(connection, None)

    def end_all(self) -> None:
        """End them all, whatever they do."""
        with self._lock:
            for connection in self._standings:
                _end(connection)


def _end(connection: socket.socket) -> None:
    """End a connection; its own thread closes it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class Allowance:
    """How many bytes may be held at once by all who hold some; the next waits for its turn."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._changed = Condition()

    @contextlib.contextmanager
    def held(self, size: int) -> Iterator[None]:
        """Hold `size` bytes, at most the whole allowance."""
        with self._changed:
            self._changed.wait_for(lambda: self._left >= size)
            self._left -= size
        try:
            yield
        finally:
            with self._changed:
                self._left += size
                self._changed.notify_all()
