"""Decode server-sent events from bytes, without I/O (WHATWG HTML, section 9.2.6).

Two kinds of line that the standard ignores become events here, because they report errors: a field
named `error`, which llama.cpp sends, and a line of bare JSON, from a server that has stopped
streaming.

Lines end in LF, CR or CRLF and in nothing else, wherever the chunks are cut.
"""

import re
from functools import lru_cache

from openai_cli.records import field, mutable_record

# The largest event, in bytes.
LARGEST = 16 * 1024 * 1024
# The memory that a line takes beside its contents, in bytes.
_OF_LINE = 64

# An event: its data, which is its lines joined by LF, and its type, if it has one; both undecoded.
Event = tuple[bytes, bytes | None]


def names_error(name: bytes | None) -> bool:
    """Return whether an event of this type is an error."""
    return name is not None and name.lower().endswith(b"error")


@lru_cache
def _usual_event() -> re.Pattern[bytes]:
    """Return the pattern of most servers' events: a single line of data, maybe after its type."""
    return re.compile(rb"(?:event: (.+)\n)?data: (.*)\n\n")


def _usual(block: bytes) -> list[Event] | None:
    """Decode whole events, all as most servers send them; return None for any others.

    This takes a tenth of the time.
    """
    found = _usual_event().split(block)
    if any(found[::3]) or b"\r" in block:  # something is between the events
        return None
    return list(zip(found[2::3], found[1::3], strict=True))


class EventTooLongError(ValueError):
    """An event is longer than the decoder accepts."""


@mutable_record
class Decoder:
    """An incremental decoder: `feed` it the chunks in order, then call `rest`.

    Raises EventTooLongError for an event of more than `largest` bytes.
    """

    largest: int = LARGEST
    _held: bytearray = field(default_factory=bytearray)
    _data: list[bytes] = field(default_factory=list)
    _size: int = 0
    _name: bytes | None = None
    _ended_in_cr: bool = False
    _is_first: bool = True
    _is_between_events: bool = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that this chunk completes."""
        end = chunk.rfind(b"\n\n") + 2
        is_short = len(self._held) + end + _OF_LINE <= self.largest
        if end < 2 or not self._is_between_events or not is_short:
            return self._fed(chunk)
        whole, rest = chunk[:end], chunk[end:]
        events = _usual(bytes(self._held) + whole if self._held else whole)
        if events is None:
            return self._fed(chunk)
        self._held.clear()
        return events + self._fed(rest) if rest else events

    def _fed(self, chunk: bytes) -> list[Event]:
        events = self._take(self._lines(chunk))
        self._is_between_events = not (
            self._data or self._name or self._ended_in_cr or self._is_first
        )
        return events

    def rest(self) -> list[Event]:
        """Return the events that the stream's end left without a line end or an empty line.

        The standard discards such an event, but some servers close right after their last event.
        """
        line = bytes(self._held)
        self._held.clear()
        return self._take([line, b""])

    def _lines(self, chunk: bytes) -> list[bytes]:
        """Return the lines that this chunk completes, without their line ends."""
        if self._ended_in_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._ended_in_cr = False
        if not chunk:
            return []
        self._ended_in_cr = chunk.endswith(b"\r")
        if b"\n" not in chunk and b"\r" not in chunk:
            self._held += chunk
            self._check(len(self._held))
            return []
        # bytes.splitlines splits at LF, CR and CRLF only, as the standard does.
        lines = (bytes(self._held) + chunk).splitlines()
        self._held = bytearray(b"" if chunk.endswith((b"\n", b"\r")) else lines.pop())
        return lines

    def _check(self, size: int) -> None:
        if size > self.largest:
            raise EventTooLongError(f"an event is larger than {self.largest // 1024**2} MB")

    def _take(self, lines: list[bytes]) -> list[Event]:
        if self._is_first and lines:
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
            self._is_first = False
        events: list[Event] = []
        for line in lines:
            if not line:
                if self._data or names_error(self._name):
                    events.append((b"\n".join(self._data), self._name))
                self._data, self._name, self._size = [], None, 0
                continue
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
                self._size += len(value) + _OF_LINE
                self._check(self._size)
            elif name == b"event":
                self._name = value.removeprefix(b" ") or None
            elif name == b"error":
                events.append((value.removeprefix(b" "), b"error"))
            elif line.startswith(b"{"):
                events.append((line, None))
        return events
