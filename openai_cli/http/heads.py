"""Parse the framing of responses strictly: the head must be complete and the `chunks` valid.

http.client treats a connection that closes within the head as the end of the head. Of the interim
responses (RFC 9110, section 15.2) it skips those of status 100 only, but any number of them.
"""

import http.client
import io
from typing import Any

from openai_cli.errors import BadAnswerError
from openai_cli.http.chunks import ROOM, Chunks

# How many interim responses end the wait for the final one.
MOST_INTERIM = 100
_LONGEST_LINE = 64 * 1024


def too_many_interim() -> BadAnswerError:
    """Return the error for a server that sends interim responses without end."""
    return BadAnswerError(f"the server sent {MOST_INTERIM} interim answers and no other")


class StrictResponse(http.client.HTTPResponse):
    """A response that fails if its head is truncated or a chunk size is not valid.

    Interim responses are skipped. If it `has_chunks`, `_Chunked` decodes them, so http.client sees
    a body of unknown length that ends with its file.
    """

    has_chunks = False

    def begin(self) -> None:
        """Read the head; raise IncompleteRead, a broken connection, if it is truncated."""
        file: Any = self.fp
        head: Any = _Lines(file)
        self.fp = head
        super().begin()
        if head.last not in (b"\r\n", b"\n"):
            raise http.client.IncompleteRead(b"")
        self.has_chunks = bool(self.chunked)
        if self.fp is head:
            body: Any = _Chunked(file) if self.has_chunks else file
            self.fp = body
            self.chunked = False

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MOST_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == http.client.SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise too_many_interim()


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


class _Chunked(io.BufferedIOBase):
    """The data of a chunked body, as a file that supports only `read1`."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self._chunks = Chunks()

    def read1(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, b"" at the end; IncompleteRead for a bad or cut chunk."""
        chunks = self._chunks
        while not (found := chunks.taken(size if size > 0 else ROOM)) and not chunks.is_over:
            if more := self._file.read1(ROOM):
                chunks.add(more)
            else:
                chunks.end()
        return found

    def close(self) -> None:
        """Close the connection's file."""
        self._file.close()
        super().close()
