"""Split the bytes of another server's stream at the ends of its events.

The events are not interpreted, and nothing is lost: joined together they are the stream.
"""

import re
from collections.abc import Iterable, Iterator

# A line end followed by that of an empty line (WHATWG HTML, section 9.2.6).
_END = re.compile(rb"(?>\r\n|\n|\r){2}")
_LONGEST_END = 4

# What the last event of a complete stream contains: of chats, of responses and images, of errors.
_LAST = re.compile(
    rb"data: ?\[DONE\]|event: ?(error|[\w.]+\.(completed|done|failed|incomplete))\b"
    rb"|\"type\": ?\"(error|[\w.]+\.(completed|done|failed|incomplete))\"|\"error\": ?\{"
)


def events_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the events of a stream, however it is chunked; the last may be cut off."""
    held = b""
    for piece in pieces:
        searched = max(0, len(held) - _LONGEST_END)
        held += piece
        start = 0
        for end in _END.finditer(held, searched):
            if end.end() == len(held) and held.endswith(b"\r"):
                break  # a line feed may follow, as part of the same line end
            yield held[start : end.end()]
            start = end.end()
        held = held[start:]
    if held:
        yield held


def is_ended(events: list[bytes]) -> bool:
    """Whether the last of these events ends the stream."""
    return bool(events) and _LAST.search(events[-1]) is not None
