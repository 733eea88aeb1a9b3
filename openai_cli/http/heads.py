"""Parse the framing of responses strictly: the head must be complete and chunk sizes valid.

http.client treats a connection that closes within the head as the end of the head, and urllib3
takes a chunk size of `-1` to mean the rest of the connection.
"""

import http.client
import io
import re
from typing import Any, NoReturn

# RFC 9112, section 7.1; sizes below 4 GB, which is more than the largest response accepted.
_SIZE = re.compile(rb"0*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n")
_LONGEST_LINE = 64 * 1024
_MOST_TRAILERS = 100
# The size of one read from the connection, in bytes.
_ROOM = 64 * 1024


class StrictResponse(http.client.HTTPResponse):
    """A response that fails if its head is truncated or a chunk size is not valid.

    `_Chunks` decodes a chunked body, so http.client sees a body of unknown length that ends with
    its file.
    """

    def begin(self) -> None:
        """Read the head; raise IncompleteRead, a broken connection, if it is truncated."""
        file: Any = self.fp
        head: Any = _Lines(file)
        self.fp = head
        super().begin()
        if head.last not in (b"\r\n", b"\n"):
            raise http.client.IncompleteRead(b"")
        if self.fp is head:
            body: Any = _Chunks(file) if self.chunked else file
            self.fp = body
            self.chunked = False


class _Lines:
    """A file wrapper that remembers the last line read."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.last = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def readline(self, limit: int = _LONGEST_LINE) -> bytes:
        self.last = self._file.readline(limit)
        return self.last


class _Chunks(io.BufferedIOBase):
    """The data of a chunked body, as a file that supports only `read1`.

    `read1` returns all whole chunks that have arrived. One read per chunk would add half to the
    time that the events of a stream take.
    """

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self._raw = b""
        # The bytes that remain of the current chunk.
        self._left = 0
        self._has_last = False

    def read1(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, b"" at the end; IncompleteRead for a bad or cut chunk."""
        while not self._has_last:
            if found := self._taken(size if size > 0 else _ROOM):
                return found
            if not self._has_last:
                self._raw += self._more() or self._broken()
        self._skip_trailers()
        return b""

    def close(self) -> None:
        """Close the connection's file."""
        self._file.close()
        super().close()

    def _taken(self, size: int) -> bytes:
        """Take the whole chunks in the buffer, and full pieces of chunks longer than `_ROOM`."""
        raw, at, left = self._raw, 0, self._left
        found: list[bytes] = []
        while size > 0:
            if not left:
                if (line := _SIZE.match(raw, at)) is None:
                    if not found and (b"\n" in raw[at:] or len(raw) - at >= _LONGEST_LINE):
                        self._broken()
                    break
                at, left = line.end(), int(line[1], 16)
                if not left:
                    self._has_last = True
                    break
            length = min(left, _ROOM)
            end = at + length + (2 if length == left else 0)  # with the line end behind it
            if len(raw) < end or (found and length > size):
                break
            found.append(raw[at : at + length])
            at, size, left = end, size - length, left - length
        self._raw, self._left = raw[at:], left
        return b"".join(found)

    def _skip_trailers(self) -> None:
        """Skip the trailers after the last chunk, up to an empty line or the connection's end."""
        for _ in range(_MOST_TRAILERS):
            while b"\n" not in self._raw[:_LONGEST_LINE] and len(self._raw) < _LONGEST_LINE:
                if not (more := self._more()):
                    return
                self._raw += more
            end = self._raw.find(b"\n", 0, _LONGEST_LINE) + 1 or _LONGEST_LINE
            line, self._raw = self._raw[:end], self._raw[end:]
            if line == b"\r\n":
                return
        self._broken()

    def _more(self) -> bytes:
        return self._file.read1(_ROOM)

    def _broken(self) -> NoReturn:
        raise http.client.IncompleteRead(b"")
