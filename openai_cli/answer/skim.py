"""A large answer of JSON whose bytes alone are wanted: what it says but its long texts.

They are most of such an answer: an image in base64, a text of a model.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from openai_cli.answer.base import LARGEST_JSON
from openai_cli.errors import BadAnswerError

_PIECE = 1024 * 1024

# In characters: of a text above it no more than twice the piece in which it exceeds it is kept.
_LONG = 256 * 1024

# The characters of a text (RFC 8259, section 7); bytes that are no UTF-8 are none.
_INSIDE = r'(?:[^"\\\x00-\x1f\udc80-\udcff]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+'
_CUT_ESCAPE = r"(?:\\(?:u[0-9A-Fa-f]{0,3})?)?"


def held_or_skimmed(
    start: bytearray,
    pieces: Iterator[bytes],
    largest: int,
    passed: Callable[[bytes], object],
) -> tuple[bytes, bool]:
    """The whole body, or what is left of it when `passed` was given it for it was too large.

    It begins with what is in `start`, which is emptied. Raises what `skimmed` does.
    """
    while len(start) <= LARGEST_JSON:
        if (piece := next(pieces, None)) is None:
            return _taken_off(start), False
        start += piece
    return skimmed(chain(_cut(_taken_off(start)), pieces), largest, passed), True


def _taken_off(held: bytearray) -> bytes:
    data = bytes(held)
    held.clear()  # who gave it may hold it for long
    return data


def _cut(data: bytes) -> Iterator[bytes]:
    return (data[begin : begin + _PIECE] for begin in range(0, len(data), _PIECE))


def skimmed(pieces: Iterable[bytes], largest: int, passed: Callable[[bytes], object]) -> bytes:
    """JSON without the middles of its long texts; `passed` is given all pieces as they come.

    What is no JSON stays none, by the same fault. Raises BadAnswerError where more than `largest`
    bytes are left.
    """
    skim = _Skim()
    for piece in pieces:
        passed(piece)
        skim.take(piece)
        if skim.size > largest:
            raise BadAnswerError(f"the answer is above {largest // 1024**2} MB without its texts")
    return skim.left()


class _Skim:
    """What is left of JSON; `size` is how much that is, in characters."""

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
        """Take in a piece, and keep what of it is not the middle of a long text."""
        text = self._cut + self._decoder.decode(piece)
        if self._is_odd:
            self._keep(text)
            return
        if self._open > _LONG:
            text = text[self._end_inside(text, 0) :]
        self._go_on(f'"{text}' if self._open else text)
        self._keep(text.removesuffix(self._cut))

    def left(self) -> bytes:
        """What is left of all that was taken."""
        self._keep(self._cut + self._decoder.decode(b"", final=True))
        return "".join(self._kept).encode(errors="surrogateescape")

    def _go_on(self, text: str) -> None:
        """Find the text that is open at the end, its size, and the escape that is cut there."""
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
