"""Server-sent events: bytes in, events out (WHATWG HTML, section 9.2.6).

No I/O here. Lines end in LF, CR or CRLF and in nothing else, wherever the bytes were cut.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    """`data` as the bytes that came, lines joined by LF; `name` is the event's type or empty."""

    data: bytes
    name: str = ""


@dataclass
class Decoder:
    """Feed it chunks in order; at the end ask `rest` for what lacked its empty line."""

    _line: bytearray = field(default_factory=bytearray)
    _data: list[bytes] = field(default_factory=list)
    _name: str = ""
    _ended_in_cr: bool = False
    _is_first: bool = True

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that this chunk completes."""
        if self._ended_in_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._ended_in_cr = False
        for line in chunk.splitlines(keepends=True):
            if not line.endswith((b"\n", b"\r")):
                self._line += line
                break
            if self._line:
                line = bytes(self._line) + line  # noqa: PLW2901 - the line, whole
                self._line.clear()
            yield from self._take(line.rstrip(b"\r\n"))
        self._ended_in_cr = chunk.endswith(b"\r")

    def rest(self) -> Event | None:
        """The event that the end of the stream left without its empty line, if there is one.

        The standard drops it; servers exist that end right behind their last event.
        """
        for _ in self._take(bytes(self._line)):
            pass
        self._line.clear()
        return Event(b"\n".join(self._data), self._name) if self._data else None

    def _take(self, line: bytes) -> Iterator[Event]:
        if self._is_first:
            line = line.removeprefix(b"\xef\xbb\xbf")
            self._is_first = False
        if not line:
            if self._data:
                yield Event(b"\n".join(self._data), self._name)
            self._data, self._name = [], ""
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value.decode(errors="replace")
