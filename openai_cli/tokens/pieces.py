"""Cut a text by tokens: take its first or last ones, or split it into pieces.

A cut never falls inside a character. The tokens of a piece may differ from those in the whole text,
because the encoding's pattern sees a different end. So each piece is counted again, to keep to N.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from openai_cli.errors import UsageError
from openai_cli.tokens.encoders import well_formed
from openai_cli.tokens.encoding import count, token_ends

_LINE = re.compile(rb"(?<=\n)")
_PARAGRAPH = re.compile(rb"(?<=\n)(?:\r?\n)+")

# The places where a piece may end, best first; if there is none, it ends after a token.
PLACES: dict[str, tuple[re.Pattern[bytes], ...]] = {
    "token": (),
    "line": (_LINE,),
    "paragraph": (_PARAGRAPH, _LINE),
}


def first(text: str, n: int, *, encoding: str) -> bytes:
    """Return the longest prefix of the text with at most `n` tokens, as UTF-8."""
    return _Cutter(text, encoding).first(n) if n else b""


def last(text: str, n: int, *, encoding: str) -> bytes:
    """Return the longest suffix of the text with at most `n` tokens, as UTF-8."""
    return _Cutter(text, encoding).last(n) if n else b""


def split(
    text: str, n: int, *, encoding: str, overlap: int = 0, at: str = "token"
) -> Iterator[bytes]:
    """Split the text into pieces of at most `n` tokens each, as UTF-8.

    `overlap`, less than `n`, is how many tokens of a piece the next one may repeat; without it, the
    joined pieces are the text. `at` is one of PLACES. Raises UsageError for a character with more
    than `n` tokens.
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
    """The bytes of a text, and the offsets where its tokens end."""

    def __init__(self, text: str, encoding: str) -> None:
        self.data = well_formed(text).encode()
        self._encoding = encoding
        # A cut is not allowed where a token ends inside a character.
        self._offsets = token_ends(text, encoding=encoding)

    def places(self, pattern: re.Pattern[bytes]) -> "array[int]":
        """Return the offsets after each match, and the end of the text."""
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
        """Return the best end after `after` for a piece of at most `n` tokens, or None."""
        token = bisect_right(self._offsets, start) - 1
        # A place may be inside the token after the n-th, if that ends in several newlines.
        within = self._offsets[min(token + n + 1, len(self._offsets) - 1)]
        for offsets in (*places, self._offsets):
            low, high = bisect_right(offsets, after), bisect_right(offsets, within)
            for offset in reversed(offsets[low:high]):
                if self._is_cut(offset) and self._fits(start, offset, n):
                    return offset
        return None

    def back(self, start: int, end: int, overlap: int, places: Sequence[Sequence[int]]) -> int:
        """Return where the piece after `start` to `end` begins, for at most `overlap` tokens."""
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
