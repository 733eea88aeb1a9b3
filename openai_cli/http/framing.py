"""Find the end of a response that arrives in pieces, without blocking.

http.client blocks until it has read a whole head, so it gets each head once that is complete.
"""

import http.client
import io
import re
from typing import Any

from urllib3.exceptions import InvalidHeader

from openai_cli.http.chunks import ROOM, Chunks
from openai_cli.http.heads import MOST_INTERIM, StrictResponse, too_many_interim

_HEAD_END = re.compile(rb"\n\r?\n")
# In bytes: http.client takes at most 100 lines of 64 KiB.
_LONGEST_HEAD = 100 * 64 * 1024


class _InMemory:
    """What http.client takes for the socket of a response."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


class Framing:
    """The response to a POST, as far as it arrived; once it `is_whole`, `pieces` is its body.

    It `has_begun` once its head is complete: then `status`, `reason` and `headers`, with names in
    lower case, are set. `size` is that of the body so far, in bytes, as encoded. `goes_on` says
    whether the connection can take another request. Raises IncompleteRead for a response that is
    not valid or is cut off, urllib3's InvalidHeader for several lengths, and BadAnswerError for too
    many interim responses.
    """

    def __init__(self) -> None:
        self.is_whole = self.has_begun = self.goes_on = False
        self.status = self.size = 0
        self.reason = ""
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        self._head = b""
        self._interim = 0
        self._stays = False
        self._chunks: Chunks | None = None
        # The bytes that remain of a body of known length.
        self._left: int | None = None

    def feed(self, data: bytes) -> None:
        """Take in data that arrived."""
        if not self.has_begun:
            data = self._behind_head(data)
        if self.has_begun:
            self._take(data)

    def feed_end(self) -> None:
        """Take in the end of the connection."""
        if self._chunks is not None:
            self._chunks.end()
        elif not self.has_begun or self._left:
            raise http.client.IncompleteRead(b"")
        self.is_whole = True

    def _behind_head(self, data: bytes) -> bytes:
        """Read the head and those of interim responses; return what follows."""
        seen = max(0, len(self._head) - 2)
        self._head += data
        while not self.has_begun and (end := _HEAD_END.search(self._head, seen)):
            head, self._head, seen = self._head[: end.end()], self._head[end.end() :], 0
            self._read_head(head)
        if not self.has_begun:
            self._check_head()
        return self._head

    def _check_head(self) -> None:
        """Refuse early what cannot become a head."""
        is_other = b"\n" in self._head and not self._head.startswith(b"HTTP/")
        if is_other or len(self._head) > _LONGEST_HEAD:
            raise http.client.IncompleteRead(b"")

    def _read_head(self, head: bytes) -> None:
        memory: Any = _InMemory(head)
        response = StrictResponse(memory, method="POST")
        try:
            response.begin()
        except http.client.RemoteDisconnected:  # it skipped an interim response
            self._interim += 1
            if self._interim == MOST_INTERIM:
                raise too_many_interim() from None
            return
        except http.client.HTTPException as error:
            raise http.client.IncompleteRead(b"") from error
        self.has_begun = True
        self.status, self.reason = response.status, response.reason
        for name, value in response.getheaders():
            key = name.lower()
            # A field that occurs several times has all values (RFC 9110, section 5.3).
            self.headers[key] = f"{self.headers[key]}, {value}" if key in self.headers else value
        self._stays = not response.will_close
        self._chunks = Chunks() if response.has_chunks else None
        self._left = response.length
        self._check_length()

    def _check_length(self) -> None:
        """Refuse different lengths, as urllib3 does; http.client takes the first."""
        said = self.headers.get("content-length", "")
        if self._chunks is None and len({one.strip() for one in said.split(",")}) > 1:
            raise InvalidHeader(f"Content-Length contained multiple unmatching values ({said})")

    def _take(self, data: bytes) -> None:
        if self._chunks is not None:
            self._chunks.add(data)
            while piece := self._chunks.taken(ROOM):
                self._keep(piece)
            if self._chunks.is_over:
                self._end(self._chunks.rest)
        elif self._left is None:
            self._keep(data)
        else:
            self._keep(data[: self._left])
            rest, self._left = data[self._left :], max(0, self._left - len(data))
            if not self._left:
                self._end(rest)

    def _keep(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.size += len(piece)

    def _end(self, rest: bytes) -> None:
        """End the response; `rest` was not requested, and is no response to the next request."""
        self.is_whole = True
        self.goes_on = self._stays and not rest and self.status != http.client.SWITCHING_PROTOCOLS
