"""Decode the chunks of a body, in whatever pieces they arrive (RFC 9112, section 7.1).

Sizes are parsed strictly: urllib3 takes a chunk size of `-1` to mean the rest of the connection.
"""

import http.client
import re
from typing import NoReturn

# Less than 4 GB: no answer is taken that has more.
_SIZE = re.compile(rb"0*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n")
_LONGEST_LINE = 64 * 1024
_MOST_TRAILERS = 100
# In bytes: the most that is given at once of one chunk.
ROOM = 64 * 1024


class Chunks:
    """What a chunked body holds, and what stands behind it.

    Once it `is_over`, `rest` is what came behind its end. IncompleteRead tells of a chunk that is
    none, or cut.
    """

    def __init__(self) -> None:
        self.rest = b""
        self.is_over = False
        # In bytes, of the chunk that is under way.
        self._left = 0
        self._has_last = False
        self._trailers = 0

    def add(self, data: bytes) -> None:
        """Take in what came."""
        self.rest += data

    def end(self) -> None:
        """Take in that nothing more comes; what stands behind the last chunk may be left out."""
        if not self._has_last:
            _broken()
        self.is_over = True

    def taken(self, size: int) -> bytes:
        """About so many bytes of what is here; b"" where more must come, or it is over."""
        if found := self._whole(size):
            return found
        if self._has_last:
            self._skip_trailers()
        return b""

    def _whole(self, size: int) -> bytes:
        """What is here of whole chunks, and of long ones in pieces that are full.

        To give each by itself takes half as long again as all else that is done with the events of
        a stream.
        """
        raw, at, left = self.rest, 0, self._left
        found: list[bytes] = []
        while size > 0 and not self._has_last:
            if not left:
                if (line := _SIZE.match(raw, at)) is None:
                    if not found and (b"\n" in raw[at:] or len(raw) - at >= _LONGEST_LINE):
                        _broken()
                    break
                at, left = line.end(), int(line[1], 16)
                if not left:
                    self._has_last = True
                    break
            length = min(left, ROOM)
            end = at + length + (2 if length == left else 0)  # with the line end behind it
            if len(raw) < end or (found and length > size):
                break
            found.append(raw[at : at + length])
            at, size, left = end, size - length, left - length
        self.rest, self._left = raw[at:], left
        return b"".join(found)

    def _skip_trailers(self) -> None:
        """Pass over the lines behind the last chunk, to an empty one."""
        while not self.is_over:
            end = self.rest.find(b"\n", 0, _LONGEST_LINE) + 1
            if not end and len(self.rest) < _LONGEST_LINE:
                return
            line, self.rest = self.rest[: end or _LONGEST_LINE], self.rest[end or _LONGEST_LINE :]
            self.is_over = line in (b"\r\n", b"\n")
            self._trailers += 1
            if self._trailers > _MOST_TRAILERS:
                _broken()


def _broken() -> NoReturn:
    raise http.client.IncompleteRead(b"")
