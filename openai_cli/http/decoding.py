"""The body of an answer, decoded, in pieces as they arrive."""

import zlib
from collections.abc import Iterator
from typing import Protocol

from urllib3.response import BaseHTTPResponse

from openai_cli.errors import BadAnswerError, NetworkError
from openai_cli.http.exceptions import FOREIGN, translated

LARGEST = 512 * 1024 * 1024
_PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_MOST_EMPTY = 1000


class Incoming(Protocol):
    """An answer whose body is read: as it arrives, or from what is at hand.

    `age` is how many seconds ago its request was sent, where another call has sent it; else None.
    """

    @property
    def request_id(self) -> str | None: ...

    @property
    def content_type(self) -> str: ...

    @property
    def age(self) -> float | None: ...

    def pieces(self) -> Iterator[bytes]:
        """The body, decoded, in pieces."""

    def end_within(self, seconds: float | None) -> None:
        """Let the body end so many seconds from now; None takes it back."""


def pieces_of(response: BaseHTTPResponse, largest: int) -> Iterator[bytes]:
    """The response's body; the time-out and the end are watched by urllib3."""
    return decoded(_raw(response), response.headers.get("content-encoding", ""), largest)


def decoded(pieces: Iterator[bytes], encoding: str, largest: int) -> Iterator[bytes]:
    """The body as it was before the server encoded it.

    Raises BadAnswerError where that is above so many bytes, or encoded in a way that was not asked
    for, and NetworkError where it ends before it is whole.
    """
    size = 0
    for piece in _decoded(pieces, encoding):
        size += len(piece)
        if size > largest:
            raise BadAnswerError(f"the answer is above {largest // 1024**2} MB")
        yield piece


def _raw(response: BaseHTTPResponse) -> Iterator[bytes]:
    """What arrives, as it arrives: of a chunked body whole chunks (`heads`), else what is there.

    Not iter_content, which waits until its piece is full when the body is not chunked.
    """
    try:
        while piece := response.read1(_PIECE, decode_content=False):
            yield piece
    except FOREIGN as error:
        raise translated(error, has_begun=True) from error


def _decoded(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return pieces
    if name in ("gzip", "x-gzip"):
        return _inflated(pieces)
    raise BadAnswerError(f"the answer is encoded as {name}, which was not asked for")


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip data holds, in bounded pieces; NetworkError when the data ends too early.

    zlib itself, for urllib3 takes a gzip stream that was cut off for a whole one.
    """
    inflate, empty = zlib.decompressobj(_GZIP), 0
    for piece in pieces:
        rest = piece
        while rest:
            if inflate.eof:  # another member follows (RFC 1952, section 2.2)
                inflate = zlib.decompressobj(_GZIP)
                empty += 1
            if empty > _MOST_EMPTY:
                raise BadAnswerError("the answer's gzip data is one empty member after another")
            try:
                found = inflate.decompress(rest, _PIECE * 16)
                empty = 0 if found else empty
                yield found
            except zlib.error as error:
                raise BadAnswerError(f"the answer's gzip data is broken: {error}") from None
            rest = inflate.unconsumed_tail or inflate.unused_data
    if not inflate.eof:
        raise NetworkError("the answer ended before its gzip data was whole")
