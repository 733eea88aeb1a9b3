"""Cuts inside a run that an encoding's pattern does not part, with which its ids stay the same.

Such a run, as a text in Chinese without a stop or a genome on one line, is one match of the
pattern. Two things must hold at a cut inside a match.

The pattern must match the two parts as it matched the whole: to the cut, and from it on to the same
end. `_RULES` says of each pattern between which kinds of characters it does, and of which run
before them that depends.

And the merges must be the same. They join the neighbours of the lowest rank first, the leftmost of
several, and the rank depends on the two alone. Let two tokens `fit` if the merges of their bytes
give just these two. Of a sequence of tokens in which all neighbours fit, no merge of the whole can
reach across a boundary: the first to do so would be the first choice among the bytes of these two
tokens as well, which then would not fit. So the sequence is what the merges of the whole give; and
turned round, neighbours in what merges give do fit. Hence two parts may be cut where the last token
of the one and the first of the other fit.
"""

import unicodedata
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from openai_cli.tokens.encoders import full_encoder, rules_of

if TYPE_CHECKING:
    from tiktoken import Encoding

# In characters, as all sizes here: how much of a run is merged at once. tiktoken merges 10 MB of
# Chinese in a second at this length, 6 at 16 times it.
_PART = 2**14

# From how far before the end of what was merged a cut is tried, in tokens, and how far back: those
# far from the end are the same, whatever comes behind it.
_FROM_END = 16
_TRIES = 256

# Kinds of characters by their general category: large and small letters, other letters, marks,
# numbers, symbols and all else. What Python's version of Unicode has not assigned may be of any
# kind in tiktoken's, and what half of a surrogate pair becomes hangs on the other.
_CATEGORIES = {
    **dict.fromkeys(("Lu", "Lt"), "U"),
    **dict.fromkeys(("Lm", "Lo"), "C"),
    **dict.fromkeys(("Mn", "Mc", "Me"), "M"),
    **dict.fromkeys(("Nd", "Nl", "No"), "N"),
    "Ll": "L",
    "Cn": "?",
    "Cs": "?",
}
_SYMBOL = "S"


class _Kinds(dict[int, str]):
    """The kind of each character, as `str.translate` asks for it."""

    def __missing__(self, character: int) -> str:
        category = unicodedata.category(chr(character))
        kind = self[character] = _CATEGORIES.get(category, _SYMBOL)
        return kind


_KINDS = _Kinds(
    {
        # The white space of Unicode, line ends apart; and what one pattern names by itself.
        **dict.fromkeys(map(ord, "\t\x0b\x0c \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"), "B"),
        **dict.fromkeys(range(0x2000, 0x200B), "B"),
        ord("\n"): "R",
        ord("\r"): "R",
        ord("/"): "/",
    }
)


class _Rule(NamedTuple):
    """A pattern matches alike on both sides of a place between characters of these kinds.

    What is `before` the place is one of them, and what comes `after` it begins so. It must not
    stand in a run of kinds that has one of the `barred` before it, be it at the text's begin. Where
    the pattern `parts` there, no token reaches across.
    """

    before: str
    after: tuple[str, ...]
    run: str = ""
    barred: str = ""
    parts: bool = False

    def holds(self, kinds: str, place: int) -> bool:
        """Whether it says so of this place among characters of these kinds."""
        if kinds[place - 1] not in self.before or not kinds.startswith(self.after, place):
            return False
        return not self.barred or kinds[:place].rstrip(self.run)[-1:] not in {*self.barred}


_NUMBERS = (
    _Rule("ULCMS/", ("N",), parts=True),
    _Rule("N", tuple("ULCMS/RB"), parts=True),
)
# Line ends may belong to symbols before them, and blanks to line ends before and behind them.
_SPACE = (
    _Rule("R", ("R",), run="R", barred="SM/?"),
    _Rule("B", ("B",), run="B", barred="R?"),
)
# Where marks are no part of a word.
_WORDS = (
    _Rule("ULC", ("U", "L", "C")),
    _Rule("ULC", ("M",), parts=True),
    _Rule("SM/", tuple(first + second for first in "SM/" for second in "SM/")),
)

# By vocabulary, as the patterns are (data/encodings.json).
_RULES = {
    # A word is large letters and then small ones, and all other letters and marks are either. It
    # goes back to the last of these, if large ones stand behind it and no small one.
    "o200k_base": (
        *_NUMBERS,
        *_SPACE,
        _Rule("L", ("U",), parts=True),
        _Rule("LCM", ("L",)),
        _Rule("U", ("U",), run="U", barred="CM?"),
        _Rule("CM", ("C",), run="CM", barred="L?"),
        _Rule("S", ("SS",)),
        _Rule("S/", ("S/", "/S", "//"), run="S/", barred="R"),
    ),
    "cl100k_base": (*_NUMBERS, *_SPACE, *_WORDS),
    "p50k_base": (*_NUMBERS, *_WORDS, _Rule("N", ("N",)), _Rule("RB", ("R", "B"))),
}

# Here numbers are parted into three digits each.
_BY_THREE = ("o200k_base", "cl100k_base")
_THREE = _Rule("N", ("N",), parts=True)


class Run:
    """Cuts pieces off a text where nothing parts it.

    The text that is given next must begin where the last piece was cut off.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        vocabulary = rules_of(encoding).vocabulary
        self._rules = _RULES[vocabulary]
        self._is_by_three = vocabulary in _BY_THREE
        # The tokens of what comes next, so far; the first fits what was cut off before it.
        self._ids: list[int] = []
        self._end = 0

    @cached_property
    def _encoder(self) -> "Encoding":
        return full_encoder(self._encoding)

    def cut(self, text: str) -> Iterator[str]:
        """The pieces that may be cut off, and behind them what is left of the text."""
        while len(text) > 2 * _PART and (place := self._cut(text)):
            yield text[:place]
            text = text[place:]
        yield text

    def may_end(self, text: str) -> bool:
        """Whether the text, which goes on no further, fits what was cut off before it."""
        first, self._ids = self._ids[:1], []
        return not first or self._encoder.encode_ordinary(text)[:1] == first

    def _cut(self, text: str) -> int:
        """Where a piece may be cut off; 0 if nowhere."""
        if not self._ids:
            self._end, self._ids = self._encoded(text)
        kinds = _kinds(text[: self._end])
        for place, token in self._boundaries():
            rule = self._rule(kinds, place)
            if rule is None:
                continue
            end, ids = self._encoded(text[place:])
            if not end:
                break
            if rule.parts or self._fit(token, ids[0]):
                self._end, self._ids = end, ids
                return place
        return 0

    def _encoded(self, text: str) -> tuple[int, list[int]]:
        """The tokens of a beginning of the text, up to where it may be cut; none if nowhere."""
        most = len(text) - 2  # a rule may look at two characters behind a place
        for length in (min(_PART, most), most):
            kinds = _kinds(text[: length + 2])
            for place in range(length, max(length - _TRIES, 1), -1):
                if self._rule(kinds, place):
                    return place, self._encoder.encode_ordinary(text[:place])
        return 0, []

    def _boundaries(self) -> Iterator[tuple[int, int]]:
        """Places between characters where one of the tokens ends, last first, and that token."""
        parts = self._encoder.decode_tokens_bytes(self._ids[-_FROM_END - _TRIES :])
        place = self._end
        for number in range(len(parts) - 1, 0, -1):
            place -= sum(byte & 0xC0 != 0x80 for byte in parts[number])
            is_inside = parts[number][0] & 0xC0 == 0x80
            if len(parts) - number > _FROM_END and not is_inside:
                yield place, self._ids[number - len(parts) - 1]

    def _fit(self, left: int, right: int) -> bool:
        both = b"".join(self._encoder.decode_tokens_bytes([left, right]))
        return self._encoder._encode_single_piece(both) == [left, right]  # noqa: SLF001 - no UTF-8

    def _rule(self, kinds: str, place: int) -> _Rule | None:
        """The rule that lets the text be cut at the place, by the kinds of its characters."""
        before = kinds[:place]
        if kinds[place - 2] == _SYMBOL and kinds[place - 1] in "ULC":  # perhaps as in `'re`
            return None
        if self._is_by_three and before.endswith("N") and kinds.startswith("N", place):
            return None if (place - len(before.rstrip("N"))) % 3 else _THREE
        return next((rule for rule in self._rules if rule.holds(kinds, place)), None)


def _kinds(text: str) -> str:
    return text.translate(_KINDS)
