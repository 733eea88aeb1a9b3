"""Skimming a large JSON answer that is only passed on: its fields without its long strings.

Long strings are most of such an answer: an image in base64, a text of a model.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from openai_cli.answer.base import LARGEST_JSON
from openai_cli.errors import BadAnswerError

_PIECE = 1024 * 1024

# In characters. Of a longer string, what follows the piece in which it exceeds this is dropped.
_LONG = 256 * 1024

# The characters of a string (RFC 8259, section 7), which bytes that are not UTF-8 never match.
_INSIDE = r'(?:[^"\\\x00-\x1f\udc80-\udcff]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+'
_CUT_ESCAPE = r"(?:\\(?:u[0-9A-Fa-f]{0,3})?)?"


def held_or_skimmed(
    start: bytearray,
    pieces: Iterator[bytes],
    largest: int,
    passed: Callable[[bytes], object],
) -> tuple[bytes, bool]:
    """Return the whole body, or the skimmed body if it is too large; and whether it is skimmed.

    A skimmed body has been given to `passed`. The body begins with `start`, which is emptied.
    Raises the errors of `skimmed`.
    """
    while len(start) <= LARGEST_JSON:
        if (piece := next(pieces, None)) is None:
            return _taken_off(start), False
        start += piece
    return skimmed(chain(_cut(_taken_off(start)), pieces), largest, passed), True


def _taken_off(held: bytearray) -> bytes:
    data = bytes(held)
    held.clear()  # the caller may keep a reference for long
    return data


def _cut(data: bytes) -> Iterator[bytes]:
    return (data[begin : begin + _PIECE] for begin in range(0, len(data), _PIECE))


def skimmed(pieces: Iterable[bytes], largest: int, passed: Callable[[bytes], object]) -> bytes:
    """Return JSON without the middles of its long strings; give each piece to `passed` first.

    Invalid JSON stays invalid, at the same error. Raises BadAnswerError if more than `largest`
    characters are left.
    """
    skim = _Skim()
    for piece in pieces:
        passed(piece)
        skim.take(piece)
        if skim.size > largest:
            raise BadAnswerError(
                f"the answer without its texts is larger than {largest // 1024**2} MB"
            )
    return skim.left()


class _Skim:
    """JSON as it is skimmed; `size` is the number of characters kept."""

    def __init__(self) -> None:
        self.size = 0
        self._decoder = getincrementaldecoder("utf-8")("surrogateescape")
        self._inside = re.compile(_INSIDE)
        self._whole_texts = re.compile(rf'(?:[^"]++|"{_INSIDE}")*+')
        self._kept: list[str] = []
        self._cut = ""
        self._open = 0
        self._is_odd = False

    def take(self, piece: bytes) -> None:
        """Add a piece, and keep it but for the middle of a long string."""
        text = self._cut + self._decoder.decode(piece)
        if self._is_odd:
            self._keep(text)
            return
        if self._open > _LONG:
            text = text[self._end_inside(text, 0) :]
        self._go_on(f'"{text}' if self._open else text)
        self._keep(text.removesuffix(self._cut))

    def left(self) -> bytes:
        """Return what was kept of all pieces, at the end of the body."""
        self._keep(self._cut + self._decoder.decode(b"", final=True))
        return "".join(self._kept).encode(errors="surrogateescape")

    def _go_on(self, text: str) -> None:
        """Find the string that is open at the end, its size, and the escape that is cut there."""
        whole = self._whole_texts.match(text)
        begin = whole.end() if whole else 0
        self._cut = text[self._end_inside(text, begin + 1) :]
        size = len(text) - begin - len(self._cut)
        self._open = self._open - 1 + size if self._open and not begin else size
        if not re.fullmatch(_CUT_ESCAPE, self._cut):
            self._cut, self._is_odd = "", True  # a parser stops there

    def _end_inside(self, text: str, begin: int) -> int:
        found = self._inside.match(text, begin)
        return found.end() if found else begin

    def _keep(self, text: str) -> None:
        self._kept.append(text)
        self.size += len(text)
