"""The encodings: their rules, and the tiktoken encoders that are built from them.

The patterns and the special tokens are in `data/encodings.txt`, written from tiktoken's table by
tools/build_vocabularies.py; the vocabulary is this package's (see `vocabulary`).
"""

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from openai_cli.errors import UsageError
from openai_cli.records import NamedTuple
from openai_cli.tokens.vocabulary import DATA, open_vocabulary

if TYPE_CHECKING:
    from tiktoken import Encoding

# The ASCII members of the patterns' classes (Unicode 16, UnicodeData.txt): there are no title-case,
# modifier or caseless letters, and no marks.
_ASCII = {
    r"\p{L}": "[A-Za-z]", r"\p{Lu}": "[A-Z]", r"\p{Ll}": "[a-z]", r"\p{N}": "[0-9]",
    r"\p{Lt}": "", r"\p{Lm}": "", r"\p{Lo}": "", r"\p{M}": "",
}  # fmt: skip

# The longest text that is not cut, in characters. tiktoken's merges take about 40 bytes of memory
# per byte of a match.
LONGEST_UNCUT = 2**16


class Rules(NamedTuple):
    """The definition of an encoding, apart from the bytes of its tokens.

    Its mergeable tokens are those of the files `vocabulary` with a rank lower than `below`;
    `special_tokens` maps the text of each special token to its id; `pattern` is the regular
    expression, in the syntax of tiktoken's engine, that splits a text before the merges.
    """

    vocabulary: str
    below: int
    pattern: str
    special_tokens: dict[str, int]


def encoding_names() -> list[str]:
    """Return the names of the encodings, oldest first."""
    return list(_lines())


@lru_cache
def rules_of(encoding: str) -> Rules:
    """Return the rules of the named encoding; raise UsageError if there is none."""
    if (rules := _lines().get(encoding)) is None:
        raise UsageError(f"there is no encoding {encoding!r}", hint=f"one of {', '.join(_lines())}")
    return Rules(**json.loads(rules))


@lru_cache
def _lines() -> dict[str, str]:
    """Return the rules of each encoding as JSON; one has a thousand special tokens to parse."""
    text = (DATA / "encodings.txt").read_text(encoding="utf-8")
    return dict(line.split(" ", 1) for line in text.splitlines())


@lru_cache
def full_encoder(encoding: str) -> "Encoding":
    """Return an encoder with all tokens of the encoding."""
    rules = rules_of(encoding)
    return encoder_of(rules, open_vocabulary(rules.vocabulary, rules.below).full())


def encoder_of(rules: Rules, ranks: dict[bytes, int]) -> "Encoding":
    """Build an encoder from these ranks, by the tokens' bytes."""
    from tiktoken import Encoding

    return Encoding(
        "offline",
        pat_str=rules.pattern,
        mergeable_ranks=ranks,
        special_tokens=rules.special_tokens,
    )


def ascii_pattern(pattern: str) -> str:
    """Return a pattern that splits ASCII texts the same way and compiles in a quarter of the time.

    A Unicode class has tables for all of Unicode. An unknown class is left unchanged.
    """
    for known, in_ascii in _ASCII.items():
        pattern = pattern.replace(known, in_ascii)
    return pattern


def well_formed(text: str) -> str:
    """Join the halves of surrogate pairs and replace lone ones, as tiktoken does.

    A long text is not encoded at once, which would take as much memory again.
    """
    try:
        for start in range(0, len(text), LONGEST_UNCUT):
            text[start : start + LONGEST_UNCUT].encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
