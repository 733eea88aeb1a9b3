"""Decode a response body piece by piece as it arrives."""

import zlib
from collections.abc import Iterator
from typing import Protocol

from urllib3.response import BaseHTTPResponse

from openai_cli.errors import BadAnswerError, CliError, NetworkError
from openai_cli.http.exceptions import FOREIGN, translated
from openai_cli.http.whole import WHOLE

LARGEST = 512 * 1024 * 1024
_LARGEST_FAILURE = 1024 * 1024
_PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_MOST_EMPTY = 1000


class Incoming(Protocol):
    """A response whose body can be read, from the network or from memory.

    `age` is None, unless an earlier call sent the request: then the seconds since that.
    """

    @property
    def request_id(self) -> str | None: ...

    @property
    def content_type(self) -> str: ...

    @property
    def age(self) -> float | None: ...

    def pieces(self) -> Iterator[bytes]:
        """Iterate over the decoded body."""

    def end_within(self, seconds: float | None) -> None:
        """Stop reading the body after so many seconds; None cancels that."""


def pieces_of(response: BaseHTTPResponse, largest: int) -> Iterator[bytes]:
    """Iterate over the decoded body of a response; urllib3 checks its timeout and its length."""
    return decoded(_raw(response), response.headers.get("content-encoding", ""), largest)


def body_of(response: BaseHTTPResponse) -> tuple[bytes, bool]:
    """Return a response's body, as `joined` does."""
    encoding = response.headers.get("content-encoding", "")
    return joined(response.status, _raw(response), encoding)


def largest(status: int) -> int:
    """Return the size limit for a response of this status, in bytes."""
    return LARGEST if status in WHOLE else _LARGEST_FAILURE


def joined(status: int, pieces: Iterator[bytes], encoding: str) -> tuple[bytes, bool]:
    """Return the decoded body of a response, and whether it is complete.

    The body of a failure may be incomplete, because it only explains the status. For other statuses
    it raises what `decoded` raises.
    """
    came: list[bytes] = []
    try:
        for piece in decoded(pieces, encoding, largest(status)):
            came.append(piece)  # noqa: PERF402 - keeps what arrived before an error
    except CliError:
        if status in WHOLE:
            raise
        return b"".join(came), False
    return b"".join(came), True


def decoded(pieces: Iterator[bytes], encoding: str, largest: int) -> Iterator[bytes]:
    """Undo the content encoding of a body.

    Raises BadAnswerError if the decoded body has more than `largest` bytes or its encoding was not
    requested, and NetworkError if it is truncated.
    """
    size = 0
    for piece in _decoded(pieces, encoding):
        size += len(piece)
        if size > largest:
            raise BadAnswerError(f"the answer is larger than {largest // 1024**2} MB")
        yield piece


def _raw(response: BaseHTTPResponse) -> Iterator[bytes]:
    """Yield the body as it arrives: whole chunks of a chunked body (`heads`), else what was read.

    iter_content will not do: it waits until its buffer is full if the body is not chunked.
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
    raise BadAnswerError(f"the answer is encoded as {name}, which was not requested")


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress gzip data in bounded pieces; raise NetworkError if it is truncated.

    This uses zlib directly, because urllib3 accepts a truncated gzip stream.
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
