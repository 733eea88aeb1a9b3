"""Where an answer ends that comes in any pieces, for who cannot wait for them.

http.client reads an answer from a file, and waits there. What is taken for whole here is what that
takes for whole, as `heads` has it; of a small answer it needs 0.03 ms, and http.client 0.15.
"""

import http.client
import io
import re

from openai_cli.http.heads import LAST, LONGEST_LINE, MOST_TRAILERS, SIZE

# In bytes.
_LONGEST_HEAD = 100 * LONGEST_LINE
_MOST_INTERIM = 100
_LONGEST_NUMBER = 20

_STATUS = re.compile(rb"HTTP/(\d\.\d) (\d{3})(?: ([^\r\n]*))?\r?\n")
_END = re.compile(rb"\r?\n\r?\n")
# What needs no parser of mail.
_PLAIN = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*\r\n)*\r\n")


class BrokenFramingError(http.client.IncompleteRead):
    """It is no answer that has an end, or not all of it came."""

    def __init__(self) -> None:
        super().__init__(b"")


class Framing:
    """An answer to a POST, as far as it came. Once it `is_whole`, it has its `body`, as encoded.

    `status`, `reason` and `headers`, whose names are in small letters, are there with the head.
    `goes_on` says that its connection can take another request.
    """

    def __init__(self) -> None:
        self.is_whole = self.has_begun = False
        self.goes_on = True
        self.status = 0
        self.reason = ""
        self.headers: dict[str, str] = {}
        self.body = b""
        self._came = bytearray()
        self._interim = 0
        # Of the body: its length, None to the end of the connection; its chunks.
        self._length: int | None = None
        self._chunks: _Chunks | None = None

    @property
    def size(self) -> int:
        """How many bytes of the body came."""
        return len(self._came) + (self._chunks.size if self._chunks else 0)

    def feed(self, piece: bytes) -> None:
        """Take in what came; BrokenFramingError where that is no answer."""
        self.has_begun = True
        self._came += piece
        while not self.status:
            if not self._take_head():
                return
        if self._chunks is not None:
            if self._chunks.take(self._came):
                self._end(b"".join(self._chunks.found))
        elif self._length is not None and len(self._came) >= self._length:
            body = bytes(memoryview(self._came)[: self._length])
            del self._came[: self._length]
            self._end(body)

    def feed_end(self) -> None:
        """Take in that the connection ended; BrokenFramingError where more was to come."""
        if not self.status or self._chunks is not None or self._length is not None:
            raise BrokenFramingError
        body = bytes(self._came)
        self._came.clear()
        self._end(body)

    def _end(self, body: bytes) -> None:
        self.body, self.is_whole = body, True
        # What is left was not asked for, and is no answer to what is sent next.
        self.goes_on = self.goes_on and not self._came

    def _take_head(self) -> bool:
        """Take in a head, also that of an interim answer; False where more of it is to come."""
        end = _END.search(self._came)
        if end is None:
            if len(self._came) > _LONGEST_HEAD:
                raise BrokenFramingError
            return False
        head = bytes(self._came[: end.end()])
        del self._came[: end.end()]
        if (found := _STATUS.match(head)) is None:
            raise BrokenFramingError
        status = int(found[2])
        if 100 <= status < 200 and status != http.client.SWITCHING_PROTOCOLS:
            self._interim += 1
            if self._interim == _MOST_INTERIM:
                raise BrokenFramingError
            return True
        self.status, self.reason = status, (found[3] or b"").decode("latin-1").strip()
        self.headers = _headers(head[found.end() :])
        self._frame(is_first=found[1] != b"1.1")
        return True

    def _frame(self, *, is_first: bool) -> None:
        """Know from the head where the body ends (RFC 9112, section 6.3).

        The first HTTP has a connection for each request.
        """
        coding = self.headers.get("transfer-encoding")
        self.goes_on = not is_first and "close" not in self.headers.get("connection", "").lower()
        if coding is not None:
            if coding.lower() != "chunked":
                raise BrokenFramingError
            self._chunks = _Chunks()
        elif self.status in (http.client.NO_CONTENT, http.client.NOT_MODIFIED):
            self._length = 0
        else:
            self._length = _length(self.headers.get("content-length", ""))
            self.goes_on = self.goes_on and self._length is not None


class _Chunks:
    """The chunks of a body that are `found`, `size` bytes together, and its trailers."""

    def __init__(self) -> None:
        self.found: list[bytes] = []
        self.size = 0
        self._trailers = 0

    def take(self, came: bytearray) -> bool:
        """Take what is whole out of what came; True once all is there."""
        at = 0
        while (end := came.find(b"\n", at) + 1) > 0:
            line = bytes(came[at:end])
            if self._trailers:
                at = end
                if self._is_last(line):
                    break
            elif (after := end + self._size(line)) == end:
                at, self._trailers = end, 1
            elif len(came) < after + 2:
                break
            else:
                if came[after : after + 2] != b"\r\n":
                    raise BrokenFramingError
                self.found.append(bytes(came[end:after]))
                self.size += after - end
                at = after + 2
        del came[:at]
        if not end and len(came) > LONGEST_LINE:
            raise BrokenFramingError
        return self._trailers < 0

    def _size(self, line: bytes) -> int:
        if not SIZE.fullmatch(line):
            raise BrokenFramingError
        return 0 if LAST.fullmatch(line) else int(line.partition(b";")[0], 16)

    def _is_last(self, line: bytes) -> bool:
        """Whether the trailers end with this line."""
        self._trailers += 1
        if self._trailers > MOST_TRAILERS:
            raise BrokenFramingError
        if line in (b"\r\n", b"\n"):
            self._trailers = -1
        return self._trailers < 0


def _length(told: str) -> int | None:
    """The length of a body; None where none is told. BrokenFramingError for several."""
    lengths = {one.strip() for one in told.split(",")}
    if len(lengths) > 1:
        raise BrokenFramingError
    text = lengths.pop()
    if len(text) > _LONGEST_NUMBER:
        raise BrokenFramingError
    return int(text) if text.isascii() and text.isdecimal() else None


def _headers(lines: bytes) -> dict[str, str]:
    """The headers; of one that is there several times all values (RFC 9110, section 5.3)."""
    pairs: list[tuple[str, str]]
    if _PLAIN.fullmatch(lines):
        plain = lines.decode("latin-1").split("\r\n")[:-2]
        pairs = [(name, value) for name, _, value in (line.partition(":") for line in plain)]
    else:
        pairs = list(http.client.parse_headers(io.BytesIO(lines)).items())
    found: dict[str, str] = {}
    for name, value in pairs:
        key, said = name.lower(), value.strip()
        found[key] = f"{found[key]}, {said}" if key in found else said
    return found
