"""Find the end of a response that arrives in pieces, without blocking.

http.client reads an answer from a file, and waits there. What it takes for an answer is one here
too, and what it refuses is none: a connection has its first answer from there.
"""

import http.client
import re
from typing import NoReturn

from urllib3.exceptions import InvalidHeader

from openai_cli.errors import BadAnswerError
from openai_cli.http.chunks import ROOM, Chunks

MOST_INTERIM = 100
# In bytes, and the lines of a head with the empty one at its end: those of http.client.
_LONGEST_LINE = 64 * 1024
_MOST_LINES = 100

_HEAD_END = re.compile(rb"\n\r?\n")
_STATUS = re.compile(r"HTTP/(0\.9|1\.\d+)[ \t]+([1-9]\d\d)(?:[ \t]+(.*))?")
_FIELD = re.compile(r"([!-9;-~]*):(.*)")
_NO_BODY = frozenset({http.client.SWITCHING_PROTOCOLS, 204, 304})


def too_many_interim() -> BadAnswerError:
    """What a row of interim answers means that has no end."""
    return BadAnswerError(f"the server sent {MOST_INTERIM} interim answers and no other")


class Framing:
    """An answer to a POST, as far as it came. Once it `is_whole`, its `pieces` are all of its body.

    With its head it `has_begun`: then there are `status`, `reason` and `headers`, whose names are
    in small letters. `size` is that of the body so far, in bytes, as encoded. `goes_on` says that
    its connection can take another request. What is no answer, or not all of one, is IncompleteRead
    as from http.client; BadAnswerError and urllib3's InvalidHeader tell of one that is absurd.
    """

    def __init__(self) -> None:
        self.is_whole = self.has_begun = self.goes_on = False
        self.status = self.size = 0
        self.reason = ""
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        self._head = b""
        self._interim = 0
        self._is_old = False
        self._chunks: Chunks | None = None
        # In bytes, of a body whose length is known.
        self._left: int | None = None

    def feed(self, data: bytes) -> None:
        """Take in what came."""
        if not self.has_begun:
            data = self._behind_head(data)
        if self.has_begun:
            self._take(data)

    def feed_end(self) -> None:
        """Take in that the connection ended."""
        if self._chunks is not None:
            self._chunks.end()
        elif not self.has_begun or self._left:
            _broken()
        self.is_whole = True

    # The head

    def _behind_head(self, data: bytes) -> bytes:
        """Read the head, and those of interim answers; gives what stands behind it."""
        seen = max(0, len(self._head) - 2)
        self._head += data
        while not self.has_begun and (end := _HEAD_END.search(self._head, seen)):
            head, self._head, seen = self._head[: end.end()], self._head[end.end() :], 0
            self._read_head(head)
        if not self.has_begun:
            self._check_head()
        return self._head

    def _check_head(self) -> None:
        """Refuse what can be no head, as far as it came."""
        is_other = b"\n" in self._head and not self._head.startswith(b"HTTP/")
        if is_other or len(self._head) > _MOST_LINES * _LONGEST_LINE:
            _broken()

    def _read_head(self, head: bytes) -> None:
        raw = head.split(b"\n")
        # Behind the last line end there is one that is none.
        if len(raw) - 2 > _MOST_LINES or any(len(line) >= _LONGEST_LINE for line in raw):
            _broken()
        first, *lines = re.split("\r\n|\r|\n", head.decode("latin-1"))
        if (found := _STATUS.fullmatch(first.strip())) is None:
            _broken()
        version, status, reason = found.groups("")
        self.status, self.reason = int(status), reason
        self._is_old = version in ("0.9", "1.0")
        if 100 <= self.status < 200 and self.status != http.client.SWITCHING_PROTOCOLS:
            self._interim += 1
            if self._interim == MOST_INTERIM:
                raise too_many_interim()
            return
        self.headers = _fields(lines)
        self.has_begun = True
        self._find_end()

    def _find_end(self) -> None:
        """See how the body ends (RFC 9112, section 6.3)."""
        coding = self.headers.get("transfer-encoding", "").partition(",")[0]
        if coding.strip().lower() == "chunked":
            self._chunks = Chunks()
        elif self.status in _NO_BODY:
            self._left = 0
        else:
            self._left = _length_of(self.headers.get("content-length", ""))

    # The body

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
        """Be whole; what is left was not asked for, and is no answer to what is sent next."""
        self.is_whole = True
        said = self.headers.get("connection", "").lower()
        stays = "keep-alive" in said if self._is_old else "close" not in said
        self.goes_on = stays and not rest and self.status != http.client.SWITCHING_PROTOCOLS


def _fields(lines: list[str]) -> dict[str, str]:
    """The fields of a head, up to a line that is none.

    One that is there several times has all values (RFC 9110, section 5.3).
    """
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        if line[:1] in (" ", "\t"):  # goes on with the one before (RFC 9112, section 5.2)
            found[name] = f"{found.get(name, '')} {line.strip()}"
            continue
        if (field := _FIELD.match(line)) is None:
            break
        name, value = field[1].lower(), field[2].strip(" \t")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _length_of(said: str) -> int | None:
    """What a Content-Length says, as urllib3 has it; None where it says nothing."""
    try:
        lengths = {int(one) for one in said.split(",")}
    except ValueError:
        return None
    if len(lengths) > 1:
        raise InvalidHeader(f"Content-Length contained multiple unmatching values ({said})")
    return next((length for length in lengths if length >= 0), None)


def _broken() -> NoReturn:
    raise http.client.IncompleteRead(b"")
