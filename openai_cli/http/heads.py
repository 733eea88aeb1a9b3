"""Answers whose framing is read strictly: a whole head, and chunks that have sizes.

http.client takes a connection that is cut within a head for the head's end, and urllib3 reads a
chunk of `-1` bytes to the end of everything.
"""

import http.client
import re
from typing import Any

# RFC 9112, section 7.1, less than 4 GB: no answer is taken that has more.
_SIZE = re.compile(rb"0*[0-9A-Fa-f]{1,8}[ \t]*(;.*)?\r?\n", re.DOTALL)
_LAST = re.compile(rb"0+[ \t]*(;.*)?\r?\n", re.DOTALL)
_LONGEST_LINE = 64 * 1024
_MOST_TRAILERS = 100


class StrictResponse(http.client.HTTPResponse):
    """An answer that breaks off where its head or the size of a chunk does."""

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


class _Chunks(_Lines):
    """The file of a chunked body, whose lines are the sizes of its chunks, and trailers after."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.read = file.read
        self._trailers = 0

    def readline(self, limit: int = _LONGEST_LINE) -> bytes:
        line = super().readline(min(limit, _LONGEST_LINE))
        if self._trailers:
            self._trailers += 1
            if self._trailers > _MOST_TRAILERS:
                raise http.client.IncompleteRead(b"")
        elif line and not _SIZE.fullmatch(line):
            raise http.client.IncompleteRead(b"")
        elif _LAST.fullmatch(line):
            self._trailers = 1
        return line
