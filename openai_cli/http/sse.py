"""Server-sent events: bytes in, events out (WHATWG HTML, section 9.2.6).

No I/O here. Lines end in LF, CR or CRLF and in nothing else, wherever the bytes were cut.
"""

from dataclasses import dataclass, field
from typing import NamedTuple


class Event(NamedTuple):
    """`data` as the bytes that came, lines joined by LF; `name` is the event's type or empty."""

    data: bytes
    name: str = ""


@dataclass
class Decoder:
    """Feed it chunks in order; at the end ask `rest` for what lacked its empty line."""

    _held: list[bytes] = field(default_factory=list)
    _data: list[bytes] = field(default_factory=list)
    _name: str = ""
    _ended_in_cr: bool = False
    _is_first: bool = True

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that this chunk completes."""
        if not chunk:
            return []
        if self._ended_in_cr:
            chunk = chunk.removeprefix(b"\n")
        self._ended_in_cr = chunk.endswith(b"\r")
        self._held.append(chunk)
        if b"\n" not in chunk and b"\r" not in chunk:
            return []
        # bytes know no other line ends than these three, as the standard.
        lines = b"".join(self._held).splitlines()
        self._held = [] if chunk.endswith((b"\n", b"\r")) else [lines.pop()]
        return [event for line in lines if (event := self._take(line)) is not None]

    def rest(self) -> Event | None:
        """The event that the end of the stream left without its empty line, if there is one.

        The standard drops it; servers exist that end right behind their last event.
        """
        if line := b"".join(self._held):
            self._take(line)
        self._held = []
        return self._take(b"")

    def _take(self, line: bytes) -> Event | None:
        if self._is_first:
            line = line.removeprefix(b"\xef\xbb\xbf")
            self._is_first = False
        if not line:
            event = Event(b"\n".join(self._data), self._name) if self._data else None
            self._data, self._name = [], ""
            return event
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        elif name == b"event":
            self._name = value.removeprefix(b" ").decode(errors="replace")
        return None
