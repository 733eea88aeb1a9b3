"""Cuts inside a run that an encoding's pattern does not part, with which its ids stay the same.

Such a run, as a text in Chinese without a stop or a genome on one line, is one match of the
pattern. Two things must hold at a cut inside a match.

The pattern must match the two parts as it matched the whole: to the cut, and from it on to the same
end. `_RULES` says of each pattern between which kinds of characters it does, of which run before
them that depends, and what else is done where it depends on what comes far behind them.

And the merges must be the same. They join the neighbours of the lowest rank first, the leftmost of
several, and the rank depends on the two alone. Let two tokens `fit` if the merges of their bytes
give just these two. Of a sequence of tokens in which all neighbours fit, no merge of the whole can
reach across a boundary: the first to do so would be the first choice among the bytes of these two
tokens as well, which then would not fit. So the sequence is what the merges of the whole give; and
turned round, neighbours in what merges give do fit. Hence two parts may be cut where the last token
of the one and the first of the other fit; and where they do, it is all the same whether the pattern
parts there.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, cached_property
from itertools import accumulate
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
# numbers, symbols and all else. What half of a surrogate pair becomes hangs on the other.
_CATEGORIES = {
    **dict.fromkeys(("Lu", "Lt"), "U"),
    **dict.fromkeys(("Lm", "Lo"), "C"),
    **dict.fromkeys(("Mn", "Mc", "Me"), "M"),
    **dict.fromkeys(("Nd", "Nl", "No"), "N"),
    "Ll": "L",
    "Cs": "?",
}
_SYMBOL = "S"
_CLASSES = {"U": r"[\p{Lu}\p{Lt}]", "L": r"\p{Ll}", "C": r"[\p{Lm}\p{Lo}]", "M": r"\p{M}",
            "N": r"\p{N}"}  # fmt: skip


class _Kinds(dict[int, str]):
    """The kind of each character, as `str.translate` asks for it."""

    def __missing__(self, character: int) -> str:
        category = unicodedata.category(chr(character))
        is_newer = category == "Cn"  # tiktoken's version of Unicode may have it
        kind = _asked(chr(character)) if is_newer else _CATEGORIES.get(category, _SYMBOL)
        self[character] = kind
        return kind


def _asked(character: str) -> str:
    """The kind of a character by tiktoken's engine, which gives what its pattern matches."""
    kinds = (kind for kind, engine in _engines().items() if engine.encode_ordinary(character))
    return next(kinds, _SYMBOL)


@cache
def _engines() -> "dict[str, Encoding]":
    from tiktoken import Encoding

    ranks = {bytes([byte]): byte for byte in range(256)}
    return {
        kind: Encoding(kind, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
        for kind, pattern in _CLASSES.items()
    }


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


class _Text:
    """The kinds of a text's characters, and the runs that were found in it."""

    def __init__(self, text: str) -> None:
        self.kinds = text.translate(_KINDS)
        self._runs: dict[str, tuple[int, int]] = {}
        self._shaped: dict[tuple[str, int], int] = {}

    def begin(self, run: str, place: int) -> tuple[int, str]:
        """Where the run of these kinds begins that ends at the place, and what is before it."""
        begin, end = self._runs.get(run, (0, -1))
        if not begin <= place <= end:
            begin = len(self.kinds[:place].rstrip(run))
            self._runs[run] = begin, place
        return begin, self.kinds[begin - 1 : begin]

    def shaped(self, shape: str, begin: int) -> int:
        """How far what begins there is of the shape."""
        if (shape, begin) not in self._shaped:
            found = re.compile(shape).match(self.kinds, begin)
            self._shaped[shape, begin] = found.end() if found else begin
        return self._shaped[shape, begin]


class _Rule(NamedTuple):
    """A pattern matches alike on both sides of a place between characters of these kinds.

    What is `before` the place is one of them, and what comes `after` it begins so. It must not
    stand in a run of kinds that has one of the `barred` before it, be it at the text's begin, nor
    in one that is of no such `shape`. Where the pattern `parts` there, no token reaches across.

    Some matches hang on what comes behind the run, however far that is:

    - With one of the `fitting` before the run, the pattern may part there or not. The tokens must
      fit.
    - With one of the `inner` before it, the match that the run is in ends with the run, while the
      part behind the place would go on to what is of the kind `outer`. Where that comes, the run is
      cut at its end too; where a `vague` one comes, nothing is known.
    """

    before: str
    after: tuple[str, ...]
    run: str = ""
    barred: str = ""
    parts: bool = False
    shape: str = ""
    fitting: str = ""
    inner: str = ""
    outer: str = ""
    vague: str = ""

    def holds(self, text: _Text, place: int) -> bool:
        """Whether it says so of this place in a text."""
        kinds = text.kinds
        if kinds[place - 1] not in self.before or not kinds.startswith(self.after, place):
            return False
        if not self.run:
            return True
        begin, before = text.begin(self.run, place)
        if before in {*self.barred} or (before == "L" and _may_be_short(kinds, begin)):
            return False
        return not self.shape or place <= text.shaped(self.shape, begin)


def _may_be_short(kinds: str, end: int) -> bool:
    """Whether what ends there may end as `it's` or `we'll` do, which a word ends behind."""
    return _SYMBOL in kinds[max(end - 3, 0) : end]


_NUMBERS = (
    _Rule("ULCMS/", ("N",), parts=True),
    _Rule("N", tuple("ULCMS/RB"), parts=True),
)
# Line ends belong to symbols before them, but not what blanks come behind. With others before them,
# they belong to blanks, and blanks to them if line ends come again.
_LINE_ENDS = _Rule("R", ("R",), run="R", barred="?", inner="SM/", outer="B")
_BLANKS = _Rule("B", ("B",), run="B", barred="?", fitting="R")
# Where marks are no part of a word.
_WORDS = (
    _Rule("ULC", ("U", "L", "C")),
    _Rule("ULC", ("M",), parts=True),
    _Rule("SM/", tuple(first + second for first in "SM/" for second in "SM/")),
)

# By vocabulary, as the patterns are (data/encodings.json).
_RULES = {
    # A word is large letters and then small ones, and all other letters and marks are either. It
    # goes back to the last of these, if large ones stand behind it and no small one. A symbol is
    # one word with marks behind it, but among symbols if it stands behind another, or a blank.
    "o200k_base": (
        *_NUMBERS,
        _LINE_ENDS._replace(barred="M?", vague="/"),  # slashes may belong to symbols as they do
        _Rule("R", ("B", "/R")),
        _BLANKS,
        _Rule("L", ("U",), parts=True),
        _Rule("LCM", ("L",)),
        _Rule("U", ("U",), run="U", barred="?", fitting="CM"),
        _Rule("CM", ("C",), run="CM", barred="?", inner="L", outer="U"),
        _Rule("CM", ("M",), run="CM", barred="S/?", inner="L", outer="U"),
        _Rule("M", ("SM",), run="SM", barred="B/?", shape="M*(?:SM+)*", parts=True),
        _Rule("S", ("SS",)),
        _Rule("S/", ("S/", "/S", "//"), run="S/", barred="R"),
    ),
    "cl100k_base": (*_NUMBERS, _LINE_ENDS, _Rule("R", ("B", "/")), _BLANKS, *_WORDS),
    "p50k_base": (*_NUMBERS, *_WORDS, _Rule("N", ("N",)), _Rule("RB", ("R", "B"))),
}

# Here numbers are parted into three digits each.
_BY_THREE = ("o200k_base", "cl100k_base")
_THREE = _Rule("N", ("N",), parts=True)


class UncuttableError(Exception):
    """A text goes on so that a cut before it was wrong."""


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
        # The rule of the last cut, where the match that it is in has still to be ended.
        self._open: _Rule | None = None

    @cached_property
    def _encoder(self) -> "Encoding":
        return full_encoder(self._encoding)

    def cut(self, text: str) -> Iterator[str]:
        """The pieces that may be cut off, and behind them what is left of the text.

        Raises UncuttableError.
        """
        while len(text) > 2 * _PART and (place := self._match_end(text) or self._cut(text)):
            yield text[:place]
            text = text[place:]
        yield text

    def ended(self, text: str) -> Iterator[str]:
        """The pieces of a text that goes on no further; raises UncuttableError."""
        if place := self._match_end(text):
            yield text[:place]
        self._check_begin(text[place:])
        self._open = None
        yield text[place:]

    def _match_end(self, text: str) -> int:
        """Where the match ends that the text begins in, if the text alone does not show it."""
        if (rule := self._open) is None:
            return 0
        kinds = _Text(text).kinds
        place = len(kinds) - len(kinds.lstrip(rule.run))
        behind = kinds[place : place + 1]
        if behind and behind in rule.vague:
            raise UncuttableError
        self._open = None if behind else rule
        if not behind or behind not in rule.outer:
            return 0
        self._check_begin(text[:place])
        return place

    def _check_begin(self, text: str) -> None:
        """Raise UncuttableError where the text does not fit what was cut off before it."""
        first, self._ids = self._ids[:1], []
        if first and self._encoder.encode_ordinary(text)[:1] != first:
            raise UncuttableError

    def _cut(self, text: str) -> int:
        """Where a piece may be cut off; 0 if nowhere."""
        if not self._ids:
            self._end, self._ids = self._encoded(text)
        known = _Text(text[: self._end + 2])
        for place, token in self._boundaries():
            rule = self._rule(known, place)
            if rule is None or not self._is_sure(rule, text, known, place):
                continue
            end, ids = self._encoded(text[place:])
            if not end:
                break
            if rule.parts or self._fit(token, ids[0]):
                self._open = self._still_open(rule, known, place)
                self._end, self._ids = end, ids
                return place
        return 0

    def _still_open(self, rule: _Rule, known: _Text, place: int) -> _Rule | None:
        """The rule, where the match at the place has to be ended by it."""
        begin, before = known.begin(rule.run, place)
        is_open = before in {*rule.inner} or (self._open is rule and not begin)
        return rule if is_open else None

    def _is_sure(self, rule: _Rule, text: str, known: _Text, place: int) -> bool:
        """Whether it is all the same if the pattern parts before the run that the place is in."""
        begin, before = known.begin(rule.run, place)
        if before not in {*rule.fitting}:
            return True
        ends = list(accumulate(map(len, self._encoder.decode_tokens_bytes(self._ids))))
        size = len(text[:begin].encode())
        if size not in ends:
            return False
        number = ends.index(size)
        return self._fit(self._ids[number], self._ids[number + 1])

    def _encoded(self, text: str) -> tuple[int, list[int]]:
        """The tokens of a beginning of the text, up to where it may be cut; none if nowhere."""
        most = len(text) - 2  # a rule may look at two characters behind a place
        for length in (min(_PART, most), most):
            known = _Text(text[: length + 2])
            for place in range(length, max(length - _TRIES, 1), -1):
                if self._rule(known, place):
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

    def _rule(self, text: _Text, place: int) -> _Rule | None:
        """The rule that lets the text be cut at the place, by the kinds of its characters."""
        kinds = text.kinds
        if kinds[place - 2] == _SYMBOL and kinds[place - 1] in "ULC":  # perhaps as in `'re`
            return None
        if self._is_by_three and kinds[place - 1 : place + 1] == "NN":
            return None if (place - text.begin("N", place)[0]) % 3 else _THREE
        return next((rule for rule in self._rules if rule.holds(text, place)), None)
