"""Decode server-sent events from bytes, without I/O (WHATWG HTML, section 9.2.6).

Two kinds of line that the standard ignores become events here, because they report errors: a field
named `error`, which llama.cpp sends, and a line of bare JSON, from a server that has stopped
streaming.

Lines end in LF, CR or CRLF and in nothing else, wherever the chunks are cut.
"""

from openai_cli.records import NamedTuple, field, mutable_record

# The largest event, in bytes.
LARGEST = 16 * 1024 * 1024
# The memory that a line takes beside its contents, in bytes.
_OF_LINE = 64


class Event(NamedTuple):
    """An event: `data` is its lines joined by LF, undecoded; `name` is its type, maybe empty."""

    data: bytes
    name: str = ""

    @property
    def is_error(self) -> bool:
        """Whether the event's name marks it as an error."""
        return _names_error(self.name)


def _names_error(name: str) -> bool:
    return name.lower().endswith("error")


def _plain(chunk: bytes) -> list[Event] | None:
    """Decode a chunk in which every event is a single `data: …` line; return None for any other.

    Nearly all servers send such chunks, and this takes a fifth of the time.
    """
    if chunk[:6] != b"data: " or chunk[-2:] != b"\n\n" or b"\r" in chunk:
        return None
    found = chunk[6:-2].split(b"\n\ndata: ")
    return [Event(data) for data in found] if chunk.count(b"\n") == 2 * len(found) else None


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
    _name: str = ""
    _ended_in_cr: bool = False
    _is_first: bool = True
    _is_between_events: bool = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that this chunk completes."""
        if self._is_between_events and (plain := _plain(chunk)) is not None:
            return plain
        events = self._take(self._lines(chunk))
        self._is_between_events = not (
            self._held or self._data or self._name or self._ended_in_cr or self._is_first
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
        events = []
        for line in lines:
            if not line:
                if self._data or _names_error(self._name):
                    events.append(Event(b"\n".join(self._data), self._name))
                self._data, self._name, self._size = [], "", 0
                continue
            name, _, value = line.partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
                self._size += len(value) + _OF_LINE
                self._check(self._size)
            elif name == b"event":
                self._name = value.removeprefix(b" ").decode(errors="replace")
            elif name == b"error":
                events.append(Event(value.removeprefix(b" "), "error"))
            elif line.startswith(b"{"):
                events.append(Event(line))
        return events
