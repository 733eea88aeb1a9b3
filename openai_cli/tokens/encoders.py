"""The encodings: their rules, and tiktoken's encoders made by them.

The patterns and the special tokens are in `data/encodings.json`, written from tiktoken's table by
tools/build_vocabularies.py; the vocabulary is this package's (see `vocabulary`).
"""

import json
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openai_cli.errors import UsageError
from openai_cli.tokens.vocabulary import DATA, open_vocabulary

if TYPE_CHECKING:
    from tiktoken import Encoding

# What the classes of the patterns have in ASCII (Unicode 16, UnicodeData.txt): no title case, no
# modifiers, no letters without case and no marks.
_ASCII = {
    r"\p{L}": "[A-Za-z]", r"\p{Lu}": "[A-Z]", r"\p{Ll}": "[a-z]", r"\p{N}": "[0-9]",
    r"\p{Lt}": "", r"\p{Lm}": "", r"\p{Lo}": "", r"\p{M}": "",
}  # fmt: skip

# In characters: a text that is no longer is not cut. tiktoken's merges take some 40 bytes for each
# byte of a text that nothing parts.
LONGEST_UNCUT = 2**16


class Rules(NamedTuple):
    """What an encoding is, apart from the bytes of its tokens.

    Its mergeable tokens are those of the files `vocabulary` with a rank lower than `below`;
    `special_tokens` maps the text of each special token to its id; `pattern` is the regular
    expression, in the syntax of tiktoken's engine, that splits a text before the merges.
    """

    vocabulary: str
    below: int
    pattern: str
    special_tokens: dict[str, int]


def encoding_names() -> list[str]:
    """The names of the encodings, oldest first."""
    return list(_table())


def rules_of(encoding: str) -> Rules:
    """The rules of the encoding of that name; UsageError if there is none."""
    try:
        return _table()[encoding]
    except KeyError:
        raise UsageError(
            f"there is no encoding {encoding!r}", hint=f"one of {', '.join(_table())}"
        ) from None


@lru_cache
def _table() -> dict[str, Rules]:
    table = json.loads((DATA / "encodings.json").read_bytes())
    return {name: Rules(**fields) for name, fields in table.items()}


@lru_cache
def full_encoder(encoding: str) -> "Encoding":
    """An encoder that has all tokens of the encoding."""
    rules = rules_of(encoding)
    return encoder_of(rules, open_vocabulary(rules.vocabulary, rules.below).full())


def encoder_of(rules: Rules, ranks: dict[bytes, int]) -> "Encoding":
    """An encoder that has these ranks, by the bytes of the tokens."""
    from tiktoken import Encoding

    return Encoding(
        "offline",
        pat_str=rules.pattern,
        mergeable_ranks=ranks,
        special_tokens=rules.special_tokens,
    )


def ascii_pattern(pattern: str) -> str:
    """A pattern that splits ASCII texts as this one does, and takes a quarter of the time to make.

    Each class of Unicode has the tables of all of it; a class that is not known is left as it is.
    """
    for known, in_ascii in _ASCII.items():
        pattern = pattern.replace(known, in_ascii)
    return pattern
