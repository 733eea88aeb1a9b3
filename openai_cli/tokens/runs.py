"""Cut a run that an encoding's pattern does not split, without changing its token ids.

Such a run, for example Chinese text without punctuation or a genome on one line, is a single match
of the pattern. Two conditions must hold at a cut inside a match.

First, the pattern must match the two parts as it matched the whole: up to the cut, and from there
to the same end. For each pattern, `_RULES` says between which kinds of characters it does, on which
preceding run that depends, and what else is needed if it depends on text far after them.

Second, the merges must be the same. They join the adjacent pair of lowest rank first, leftmost on a
tie, and the rank depends only on the pair. Say that two tokens `fit` if merging their bytes gives
just these two tokens. In a sequence of tokens in which all neighbours fit, no merge of the whole
can cross a boundary: the first such merge would also be the first choice among the bytes of these
two tokens, which then would not fit. So the sequence is the result of merging the whole;
conversely, neighbours in the result of merges fit. Hence a text may be cut where the last token of
one part and the first token of the other fit; if they do, it does not matter whether the pattern
splits there.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from openai_cli.records import NamedTuple
from openai_cli.tokens.encoders import full_encoder, rules_of

if TYPE_CHECKING:
    from tiktoken import Encoding

# How much of a run is merged at once, in characters, like all sizes here. tiktoken merges 10 MB of
# Chinese per second at this length, and 6 MB at 16 times the length.
_PART = 2**14

# How far before the end of the merged text the first cut is tried, in tokens, and how many are
# tried: tokens far from the end do not depend on what follows.
_FROM_END = 16
_TRIES = 256

# Kinds of characters by general category: uppercase, lowercase and other letters, marks, numbers,
# and everything else as symbols. The meaning of a surrogate depends on the other half.
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
    """A mapping from characters to kinds for `str.translate`."""

    def __missing__(self, character: int) -> str:
        category = unicodedata.category(chr(character))
        is_newer = category == "Cn"  # tiktoken's version of Unicode may have it
        kind = _asked(chr(character)) if is_newer else _CATEGORIES.get(category, _SYMBOL)
        self[character] = kind
        return kind


def _asked(character: str) -> str:
    """Return the kind of a character by tiktoken's engine, according to what patterns match it."""
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
        # Unicode white space except line ends; and the characters that patterns name explicitly.
        **dict.fromkeys(map(ord, "\t\x0b\x0c \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"), "B"),
        **dict.fromkeys(range(0x2000, 0x200B), "B"),
        ord("\n"): "R",
        ord("\r"): "R",
        ord("/"): "/",
    }
)


class _Text:
    """The kinds of a text's characters, and the runs found in it so far."""

    def __init__(self, text: str) -> None:
        self.kinds = text.translate(_KINDS)
        self.characters = text
        self._runs: dict[str, tuple[int, int]] = {}
        self._shaped: dict[tuple[str, int], int] = {}

    def begin(self, run: str, place: int) -> tuple[int, str]:
        """Return where the run of these kinds before a place begins, and the kind before it."""
        begin, end = self._runs.get(run, (0, -1))
        if not begin <= place <= end:
            begin = len(self.kinds[:place].rstrip(run))
            self._runs[run] = begin, place
        return begin, self.kinds[begin - 1 : begin]

    def shaped(self, shape: str, begin: int) -> int:
        """Return how far the kinds from `begin` match the shape."""
        if (shape, begin) not in self._shaped:
            found = re.compile(shape).match(self.kinds, begin)
            self._shaped[shape, begin] = found.end() if found else begin
        return self._shaped[shape, begin]


class _Rule(NamedTuple):
    """A rule that a pattern matches the same on both sides of a place between these kinds.

    The kind `before` the place is one of these, and the kinds `after` it begin with one of these.
    The place must not be before the character `unless`, nor in a `run` of kinds that is preceded by
    one of the `barred` kinds, or that does not match the `shape`. With `parts`, the pattern splits
    there, so that no token crosses it.

    Some matches depend on what follows the run, however far away that is:

    - If one of the `fitting` kinds precedes the run, the pattern may split there or not, so the
      tokens must fit.
    - If one of the `inner` kinds precedes it, the match that contains the run ends with it, but the
      part after the place would continue to a character of kind `outer`. If one follows, the run is
      also cut at its end; if a `vague` one follows, nothing is known.
    """

    before: str
    after: tuple[str, ...]
    unless: str = ""
    run: str = ""
    barred: str = ""
    parts: bool = False
    shape: str = ""
    fitting: str = ""
    inner: str = ""
    outer: str = ""
    vague: str = ""

    def holds(self, text: _Text, place: int) -> bool:
        """Return whether the rule allows a cut at this place in a text."""
        kinds = text.kinds
        if kinds[place - 1] not in self.before or not kinds.startswith(self.after, place):
            return False
        if self.unless and text.characters.startswith(self.unless, place):
            return False
        if not self.run:
            return True
        begin, before = text.begin(self.run, place)
        if before in {*self.barred} or (before == "L" and _may_be_short(kinds, begin)):
            return False
        return not self.shape or place <= text.shaped(self.shape, begin)


def _may_be_short(kinds: str, end: int) -> bool:
    """Return whether the text before `end` may end a word like `it's` and `we'll` do."""
    return _SYMBOL in kinds[max(end - 3, 0) : end]


_NUMBERS = (
    _Rule("ULCMS/", ("N",), parts=True),
    _Rule("N", tuple("ULCMS/RB"), parts=True),
)
# A match ends before spaces, unless it began with them.
_BEFORE_BLANKS = _Rule("ULCMS/", ("B",), parts=True)
# One that ends in line ends ends before all else but spaces, and slashes in o200k_base.
_AFTER_LINE_ENDS = _Rule("R", tuple("ULCMNS"), parts=True)
# One of letters ends before symbols, too.
_AFTER_LETTERS = _Rule("ULC", ("S", "/"), parts=True)
# Line ends belong to symbols before them, but spaces after them do not. After anything else, they
# belong to spaces, and spaces belong to them if more line ends follow.
_LINE_ENDS = _Rule("R", ("R",), run="R", barred="?", inner="SM/", outer="B")
_BLANKS = _Rule("B", ("B",), run="B", barred="?", fitting="R")
# For patterns in which marks are not part of a word.
_WORDS = (
    _Rule("ULC", ("U", "L", "C")),
    _Rule("ULC", ("M",), parts=True),
    _Rule("SM/", tuple(first + second for first in "SM/" for second in "SM/")),
)

# By vocabulary, which determines the pattern (data/encodings.txt).
_RULES = {
    # A word is uppercase and then lowercase letters; other letters and marks count as either. It
    # backtracks to the last of these if uppercase letters follow without a lowercase one. A symbol
    # forms a word with the marks after it, but belongs to symbols after another one or a space.
    "o200k_base": (
        *_NUMBERS,
        _BEFORE_BLANKS,
        _AFTER_LINE_ENDS,
        _AFTER_LETTERS._replace(unless="'"),  # it may go on as in `it's`
        _AFTER_LETTERS._replace(before="M", unless="'", run="M", barred="SNRB/?"),
        _LINE_ENDS._replace(barred="M?", vague="/"),  # slashes may belong to symbols as they do
        _Rule("R", ("B", "/R")),
        _BLANKS,
        _Rule("L", ("U",), parts=True),
        _Rule("LCM", ("L",)),
        _Rule("CM", ("U",)),
        _Rule("U", ("U",), run="U", barred="?", fitting="CM"),
        _Rule("CM", ("C",), run="CM", barred="?", inner="L", outer="U"),
        _Rule("CM", ("M",), run="CM", barred="S/?", inner="L", outer="U"),
        _Rule("M", ("SM",), run="SM", barred="B/?", shape="M*(?:SM+)*", parts=True),
        _Rule("S", ("SS",)),
        _Rule("S/", ("S/", "/S", "//"), run="S/", barred="R"),
    ),
    "cl100k_base": (
        *_NUMBERS,
        _BEFORE_BLANKS,
        _AFTER_LINE_ENDS,
        _AFTER_LETTERS,
        _LINE_ENDS,
        _Rule("R", ("B", "/")),
        _BLANKS,
        *_WORDS,
    ),
    "p50k_base": (
        *_NUMBERS,
        _BEFORE_BLANKS._replace(after=("B", "R")),
        _AFTER_LETTERS,
        *_WORDS,
        _Rule("N", ("N",)),
        _Rule("RB", ("R", "B")),
    ),
}

# The vocabularies that split numbers into groups of three digits.
_BY_THREE = ("o200k_base", "cl100k_base")
_THREE = _Rule("N", ("N",), parts=True)


class _Merged(NamedTuple):
    """The token ids of a text up to `end`, and what is known of its characters."""

    end: int
    ids: list[int]
    known: _Text


class UncuttableError(Exception):
    """The text continues in such a way that the last cut was wrong."""


class Run:
    """Cuts pieces off a text that the pattern does not split.

    The next text must begin where the last piece was cut off.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        vocabulary = rules_of(encoding).vocabulary
        self._rules = _RULES[vocabulary]
        self._is_by_three = vocabulary in _BY_THREE
        # The beginning of the next text, whose first token fits the last piece.
        self._next: _Merged | None = None
        # The rule of the last cut, if the match that contains it has not ended yet.
        self._open: _Rule | None = None

    @cached_property
    def _encoder(self) -> "Encoding":
        return full_encoder(self._encoding)

    def cut(self, text: str) -> Iterator[tuple[str, int | None]]:
        """Yield the pieces that may be cut off, and finally the rest of the text.

        Each is yielded with its number of tokens, or None if that is not known. Raises
        UncuttableError.
        """
        tokens: int | None
        while len(text) > 2 * _PART:
            place, tokens = self._match_end(text), None
            if not place:
                place, tokens = self._cut(text)
            if not place:
                break
            yield text[:place], tokens
            text = text[place:]
        yield text, None

    def ended(self, text: str) -> Iterator[str]:
        """Yield the pieces of the last text; raises UncuttableError."""
        if place := self._match_end(text):
            yield text[:place]
        self._check_begin(text[place:])
        self._open = None
        yield text[place:]

    def _match_end(self, text: str) -> int:
        """Return where the match from before the text ends, or 0 if the text itself shows it."""
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
        """Raise UncuttableError if the text does not fit the piece that was cut off before it."""
        merged, self._next = self._next, None
        if merged and self._encoder.encode_ordinary(text)[:1] != merged.ids[:1]:
            raise UncuttableError

    def _cut(self, text: str) -> tuple[int, int]:
        """Return where a piece may be cut off and how many tokens it has, or 0 and 0."""
        merged = self._next = self._next or self._merged(text)
        if merged is None:
            return 0, 0
        for place, number in self._boundaries(merged):
            rule = self._rule(merged.known, place)
            if rule is None or not self._is_sure(rule, text, merged, place):
                continue
            following = self._merged(text[place:])
            if following is None:
                break
            if rule.parts or self._fit(merged.ids[number - 1], following.ids[0]):
                self._open = self._still_open(rule, merged.known, place)
                self._next = following
                return place, number
        return 0, 0

    def _still_open(self, rule: _Rule, known: _Text, place: int) -> _Rule | None:
        """Return the rule if it still has to end the match at the place, else None."""
        begin, before = known.begin(rule.run, place)
        is_open = before in {*rule.inner} or (self._open is rule and not begin)
        return rule if is_open else None

    def _is_sure(self, rule: _Rule, text: str, merged: _Merged, place: int) -> bool:
        """Return whether it does not matter if the pattern splits before the run at the place."""
        begin, before = merged.known.begin(rule.run, place)
        if before not in {*rule.fitting}:
            return True
        ends = list(accumulate(map(len, self._encoder.decode_tokens_bytes(merged.ids))))
        size = len(text[:begin].encode())
        if size not in ends:
            return False
        number = ends.index(size)
        return self._fit(merged.ids[number], merged.ids[number + 1])

    def _merged(self, text: str) -> _Merged | None:
        """Merge the text up to a place where it may be cut; return None if there is none."""
        most = len(text) - 2  # a rule may look at two characters after a place
        for length in (min(_PART, most), most):
            known = _Text(text[: length + 2])
            for place in range(length, max(length - _TRIES, 1), -1):
                if self._rule(known, place):
                    return _Merged(place, self._encoder.encode_ordinary(text[:place]), known)
        return None

    def _boundaries(self, merged: _Merged) -> Iterator[tuple[int, int]]:
        """Yield the places between characters where a token ends, last first.

        Each is yielded with the number of tokens before it.
        """
        parts = self._encoder.decode_tokens_bytes(merged.ids[-_FROM_END - _TRIES :])
        place = merged.end
        for back, part in enumerate(parts[:0:-1], 1):
            place -= sum(byte & 0xC0 != 0x80 for byte in part)
            is_inside = part[0] & 0xC0 == 0x80
            if back > _FROM_END and not is_inside:
                yield place, len(merged.ids) - back

    def _fit(self, left: int, right: int) -> bool:
        both = b"".join(self._encoder.decode_tokens_bytes([left, right]))
        return self._encoder._encode_single_piece(both) == [left, right]  # noqa: SLF001 - no UTF-8

    def _rule(self, text: _Text, place: int) -> _Rule | None:
        """Return the rule that allows a cut at the place, by the kinds of characters, or None."""
        kinds = text.kinds
        if re.match("S[UL][UL]", kinds[place - 2 : place + 1]):  # perhaps as in `'re`
            return None
        if self._is_by_three and kinds[place - 1 : place + 1] == "NN":
            return None if (place - text.begin("N", place)[0]) % 3 else _THREE
        return next((rule for rule in self._rules if rule.holds(text, place)), None)
