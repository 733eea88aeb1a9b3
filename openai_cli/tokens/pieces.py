"""A text cut by tokens: its first, its last, or all of it in pieces.

A cut never falls inside a character. A piece may have other tokens than the ones it was cut from,
for the encoding's pattern sees another end; each is counted again, so that N is kept.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from openai_cli.errors import UsageError
from openai_cli.tokens.encoding import count, token_ends, well_formed

_LINE = re.compile(rb"(?<=\n)")
_PARAGRAPH = re.compile(rb"(?<=\n)(?:\r?\n)+")

# Where a piece may end, best first; where none of these lies within it, it ends behind a token.
PLACES: dict[str, tuple[re.Pattern[bytes], ...]] = {
    "token": (),
    "line": (_LINE,),
    "paragraph": (_PARAGRAPH, _LINE),
}


def first(text: str, n: int, *, encoding: str) -> bytes:
    """The longest start of the text that has at most `n` tokens, as UTF-8."""
    return _Cutter(text, encoding).first(n) if n else b""


def last(text: str, n: int, *, encoding: str) -> bytes:
    """The longest end of the text that has at most `n` tokens, as UTF-8."""
    return _Cutter(text, encoding).last(n) if n else b""


def split(
    text: str, n: int, *, encoding: str, overlap: int = 0, at: str = "token"
) -> Iterator[bytes]:
    """The text in pieces of at most `n` tokens each, as UTF-8.

    `overlap` is how many tokens of a piece the next one may begin with, less than `n`; without it
    the pieces together are the text. `at` is one of PLACES. UsageError for a character that has
    more tokens than `n`.
    """
    cutter = _Cutter(text, encoding)
    places = [cutter.places(pattern) for pattern in PLACES[at]]
    start = done = 0
    while done < len(cutter.data):
        end = cutter.end(start, done, n, places)
        if end is None and start < done:
            start, end = done, cutter.end(done, done, n, places)
        if end is None:
            raise cutter.too_small(start, n)
        yield cutter.data[start:end]
        start, done = cutter.back(start, end, overlap, places), end


class _Cutter:
    """The bytes of a text, and where its tokens end."""

    def __init__(self, text: str, encoding: str) -> None:
        self.data = well_formed(text).encode()
        self._encoding = encoding
        # Where a character goes on behind a token there is no cut.
        self._offsets = token_ends(text, encoding=encoding)

    def places(self, pattern: re.Pattern[bytes]) -> "array[int]":
        """The offsets behind each match, and the end."""
        ends = array("I", (match.end() for match in pattern.finditer(self.data)))
        ends.append(len(self.data))
        return ends

    def first(self, n: int) -> bytes:
        return self.data[: self.end(0, 0, n, []) or 0]

    def last(self, n: int) -> bytes:
        size = len(self.data)
        for offset in self._offsets[max(len(self._offsets) - 1 - n, 0) :]:
            if self._is_cut(offset) and self._fits(offset, size, n):
                return self.data[offset:]
        return b""

    def end(self, start: int, after: int, n: int, places: Sequence[Sequence[int]]) -> int | None:
        """The best end above `after` of a piece of at most `n` tokens; None if there is none."""
        token = bisect_right(self._offsets, start) - 1
        # A place may lie inside the token behind the n-th, where that ends in several newlines.
        within = self._offsets[min(token + n + 1, len(self._offsets) - 1)]
        for offsets in (*places, self._offsets):
            low, high = bisect_right(offsets, after), bisect_right(offsets, within)
            for offset in reversed(offsets[low:high]):
                if self._is_cut(offset) and self._fits(start, offset, n):
                    return offset
        return None

    def back(self, start: int, end: int, overlap: int, places: Sequence[Sequence[int]]) -> int:
        """Where the piece behind `start` to `end` begins, to share at most `overlap` tokens."""
        if not overlap or end == len(self.data):
            return end
        token = bisect_left(self._offsets, end) - overlap
        low = max(self._offsets[max(token, 0)], start + 1)
        for offsets in (*places[-1:], self._offsets):
            for offset in offsets[bisect_left(offsets, low) : bisect_left(offsets, end)]:
                if self._is_cut(offset) and self._fits(offset, end, overlap):
                    return offset
        return end

    def too_small(self, start: int, n: int) -> UsageError:
        end = next(offset for offset in self._offsets if offset > start and self._is_cut(offset))
        text = self.data[start:end].decode()
        needed = count(text, encoding=self._encoding)
        return UsageError(f"{text!r} at byte offset {start} has {needed} tokens, more than {n}")

    def _is_cut(self, offset: int) -> bool:
        return offset == len(self.data) or self.data[offset] & 0xC0 != 0x80

    def _fits(self, start: int, end: int, n: int) -> bool:
        return count(self.data[start:end].decode(), encoding=self._encoding) <= n
