"""Answers whose framing is read strictly: a whole head, and chunks that have sizes.

http.client takes a connection that is cut within a head for the head's end, and urllib3 reads a
chunk of `-1` bytes to the end of everything.
"""

import http.client
import io
import re
from typing import Any, NoReturn

# RFC 9112, section 7.1, less than 4 GB: no answer is taken that has more.
_SIZE = re.compile(rb"0*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n")
_LONGEST_LINE = 64 * 1024
_MOST_TRAILERS = 100
# In bytes: what is asked of the connection at once.
_ROOM = 64 * 1024


class StrictResponse(http.client.HTTPResponse):
    """An answer that breaks off where its head or the size of a chunk does.

    To http.client, a chunked body is one without a length, which ends where its file does.
    """

    def begin(self) -> None:
        """Read the head; IncompleteRead, which is a broken connection, where it is not whole."""
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
    """A file that remembers the last line that was read from it."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.last = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def readline(self, limit: int = _LONGEST_LINE) -> bytes:
        self.last = self._file.readline(limit)
        return self.last


class _Chunks(io.BufferedIOBase):
    """What the chunks of a body hold, as a file that is read by `read1` alone.

    It gives all that has arrived, in whole chunks: to read each by itself takes half as long again
    as all else that is done with the events of a stream.
    """

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self._raw = b""
        # In bytes, of the chunk that is under way.
        self._left = 0
        self._has_last = False

    def read1(self, size: int = -1, /) -> bytes:
        """At most so many bytes, b"" at the end; IncompleteRead where a chunk is none, or cut."""
        while not self._has_last:
            if found := self._taken(size if size > 0 else _ROOM):
                return found
            if not self._has_last:
                self._raw += self._more() or self._broken()
        self._skip_trailers()
        return b""

    def close(self) -> None:
        """Close the file of the connection."""
        self._file.close()
        super().close()

    def _taken(self, size: int) -> bytes:
        """What is here of whole chunks, and of long ones in pieces that are full."""
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
        """Read what is behind the last chunk, to an empty line or the end of the connection."""
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
