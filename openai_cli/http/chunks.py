"""Decode the chunks of a body, in whatever pieces they arrive (RFC 9112, section 7.1).

Sizes are parsed strictly: urllib3 takes a chunk size of `-1` to mean the rest of the connection.
"""

import http.client
import re
from functools import lru_cache
from typing import NoReturn

# Sizes below 4 GB, which is more than the largest response accepted.
_SIZE = rb"0*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n"
_LONGEST_LINE = 64 * 1024
_MOST_TRAILERS = 100
# The most that is returned of one chunk at once, in bytes.
ROOM = 64 * 1024


class Chunks:
    """The data of a chunked body, and what follows it.

    Once it `is_over`, `rest` is what arrived after its end. Raises IncompleteRead for a chunk that
    is not valid or is cut off.
    """

    def __init__(self) -> None:
        self.rest = b""
        self.is_over = False
        # The bytes that remain of the current chunk.
        self._left = 0
        self._has_last = False
        self._trailers = 0

    def add(self, data: bytes) -> None:
        """Add data that arrived."""
        self.rest += data

    def end(self) -> None:
        """Take in the end of the connection; what follows the last chunk may be missing."""
        if not self._has_last:
            _broken()
        self.is_over = True

    def taken(self, size: int) -> bytes:
        """Return about so many bytes; b"" if more must arrive first, or at the end."""
        if not self._has_last and (found := self._whole(size)):
            return found
        if self._has_last:
            self._skip_trailers()
        return b""

    def _whole(self, size: int) -> bytes:
        """Return the whole chunks that have arrived, and full pieces of long ones.

        Returning them one by one would add half to the time that the events of a stream take.
        """
        raw, at, left = self.rest, 0, self._left
        come = len(raw)
        found: list[bytes] = []
        while size > 0:
            if not left:
                begin = raw.find(b"\n", at) + 1
                if (told := _size(raw[at:begin])) is None:
                    if not found and (begin or come - at >= _LONGEST_LINE):
                        _broken()
                    break
                at, left = begin, told
                if not left:
                    self._has_last = True
                    break
            length, line_end = (left, 2) if left <= ROOM else (ROOM, 0)
            end = at + length + line_end
            if come < end or (found and length > size):
                break
            found.append(raw[at : at + length])
            at, size, left = end, size - length, left - length
        self.rest, self._left = raw[at:], left
        return b"".join(found)

    def _skip_trailers(self) -> None:
        """Skip the lines after the last chunk, up to an empty one."""
        while not self.is_over:
            end = self.rest.find(b"\n", 0, _LONGEST_LINE) + 1
            if not end and len(self.rest) < _LONGEST_LINE:
                return
            line, self.rest = self.rest[: end or _LONGEST_LINE], self.rest[end or _LONGEST_LINE :]
            self.is_over = line in (b"\r\n", b"\n")
            self._trailers += 1
            if self._trailers > _MOST_TRAILERS:
                _broken()


@lru_cache(100)
def _size(line: bytes) -> int | None:
    """Return the size in the first line of a chunk, None if that is not valid; most are alike."""
    found = re.fullmatch(_SIZE, line)
    return None if found is None else int(found[1], 16)


def _broken() -> NoReturn:
    raise http.client.IncompleteRead(b"")
