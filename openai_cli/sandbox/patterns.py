"""Make a text that matches a regular expression of JSON Schema, with the fewest repetitions.

It supports the part of ECMA-262 that schemas use: literals, classes, groups, alternatives and
quantifiers. Anchors hold as the text is matched as a whole. Not supported: look-around,
back-references, `\\b`, `\\B`, `\\p`.
https://json-schema.org/understanding-json-schema/reference/regular_expressions
"""

import re
from itertools import chain
from string import ascii_lowercase, ascii_uppercase, digits, punctuation

Ranges = list[tuple[str, str]]

# In characters; no real schema means a longer text.
LONGEST = 10_000

_CANDIDATES = f"x{ascii_lowercase}{ascii_uppercase}{digits}{punctuation} "
_QUANTIFIER = re.compile(r"(?:([*?+])|\{([0-9]+)(?:,[0-9]*)?\})\??")
_CODE = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,5})\}")
_SETS: dict[str, Ranges] = {
    "d": [("0", "9")],
    "w": [("a", "z"), ("A", "Z"), ("0", "9"), ("_", "_")],
    "s": [(" ", " "), ("\t", "\r")],
}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}


class PatternError(ValueError):
    """The expression is invalid, or has a feature that is not supported."""


def matching(pattern: str) -> str:
    """A text that `pattern` matches from start to end; PatternError if none is found."""
    reader = _PatternReader(pattern)
    text = reader.alternatives()
    if not reader.is_done:
        raise PatternError("it closes a group that is not open")
    return text


class _PatternReader:
    """Reads one expression, and makes a text that matches what it has read."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    @property
    def is_done(self) -> bool:
        return self._at == len(self._pattern)

    def alternatives(self) -> str:
        """The text of the first alternative."""
        text = self._sequence()
        while self._taken("|"):
            self._sequence()
        return text

    def _sequence(self) -> str:
        text = ""
        while not self.is_done and self._pattern[self._at] not in "|)":
            atom, least = self._atom(), self._least()
            if len(text) + len(atom) * least > LONGEST:
                raise PatternError("its shortest text is too long")
            text += atom * least
        return text

    def _atom(self) -> str:
        char = self._next()
        if char in "^$":
            return ""
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        if char in "*+?" or _QUANTIFIER.match(self._pattern, self._at - 1):
            raise PatternError("it repeats nothing")
        return "x" if char == "." else char

    def _group(self) -> str:
        if self._taken("?") and not self._taken(":"):
            raise PatternError("it looks around")
        text = self.alternatives()
        if not self._taken(")"):
            raise PatternError("it leaves a group open")
        return text

    def _class(self) -> str:
        negated = self._taken("^")
        ranges: Ranges = []
        while not self._taken("]"):
            member = self._member()
            if len(member) == 1 and member[0][0] == member[0][1] and self._is_range():
                self._next()
                member = [(member[0][0], self._member()[-1][1])]
            ranges += member
        return _member_of(ranges, negated=negated)

    def _member(self) -> Ranges:
        """What a character of a class, or an escape in it, stands for."""
        char = self._next()
        if char != "\\":
            return [(char, char)]
        if not self.is_done and self._pattern[self._at] in _SETS:
            return _SETS[self._next()]
        literal = "\b" if self._taken("b") else self._literal()
        return [(literal, literal)]

    def _is_range(self) -> bool:
        return self._pattern[self._at : self._at + 1] == "-" and (
            self._pattern[self._at + 1 : self._at + 2] not in ("]", "")
        )

    def _escape(self) -> str:
        name = self._pattern[self._at : self._at + 1]
        if name.lower() in _SETS:
            self._next()
            return _member_of(_SETS[name.lower()], negated=name.isupper())
        return self._literal()

    def _literal(self) -> str:
        """The character that an escape stands for."""
        if match := _CODE.match(self._pattern, self._at):
            self._at = match.end()
            return chr(int(match[match.lastindex or 0], 16))
        char = self._next()
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char.isalnum():
            raise PatternError(f"\\{char} is not looked into")
        return char

    def _least(self) -> int:
        """The minimum number of repetitions of the preceding atom."""
        match = _QUANTIFIER.match(self._pattern, self._at)
        if match is None:
            return 1
        self._at = match.end()
        if match[2] is None:
            return int(match[1] == "+")
        return int(match[2]) if len(match[2]) < 10 else LONGEST + 1

    def _next(self) -> str:
        if self.is_done:
            raise PatternError("it ends too early")
        char = self._pattern[self._at]
        self._at += 1
        return char

    def _taken(self, char: str) -> bool:
        """Read this character if it is next; return whether it was."""
        if not self._pattern.startswith(char, self._at):
            return False
        self._at += 1
        return True


def _member_of(ranges: Ranges, *, negated: bool) -> str:
    """A character in one of the ranges or, if negated, in none of them."""
    beyond = "\N{GREEK SMALL LETTER ALPHA}"
    for char in chain(_CANDIDATES, (least for least, _ in ranges), beyond):
        if any(least <= char <= most for least, most in ranges) != negated:
            return char
    raise PatternError("it has an empty class")
