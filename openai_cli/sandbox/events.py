"""The bytes of a stream of another server, cut where its events end.

Nothing is read out of the events, and nothing is lost of them: all together they are the stream.
"""

import re
from collections.abc import Iterable, Iterator

# The end of a line, and of the empty line behind it (WHATWG HTML, section 9.2.6).
_END = re.compile(rb"(?>\r\n|\n|\r){2}")
_LONGEST_END = 4

# What the last event of a whole stream says: of chats, of responses and images, and of errors.
_LAST = re.compile(
    rb"data: ?\[DONE\]|event: ?(error|[\w.]+\.(completed|done|failed|incomplete))\b"
    rb"|\"type\": ?\"(error|[\w.]+\.(completed|done|failed|incomplete))\"|\"error\": ?\{"
)


def events_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The events of a stream, wherever its pieces were cut; the last may lack its end."""
    held = b""
    for piece in pieces:
        searched = max(0, len(held) - _LONGEST_END)
        held += piece
        start = 0
        for end in _END.finditer(held, searched):
            if end.end() == len(held) and held.endswith(b"\r"):
                break  # a line feed may follow, which is of the same line end
            yield held[start : end.end()]
            start = end.end()
        held = held[start:]
    if held:
        yield held


def is_ended(events: list[bytes]) -> bool:
    """Whether the last of these events says that nothing follows."""
    return bool(events) and _LAST.search(events[-1]) is not None
