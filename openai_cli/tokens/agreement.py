"""Count with gigatoken in such a way that the counts equal tiktoken's.

In 6,000,000 random texts of the four vocabularies, and for each Unicode character between others,
the counts differed only for letters, marks and digits of Unicode 17, which gigatoken 0.10 knows and
tiktoken 0.14 does not. Those are counted by tiktoken, with the text around them.
"""

import re
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from itertools import chain, compress, islice
from operator import not_

from openai_cli.tokens.cutting import blocks_of, parted_or_counts, pieces
from openai_cli.tokens.encoders import LONGEST_UNCUT, Rules
from openai_cli.tokens.encoding import count_all
from openai_cli.tokens.vocabulary import open_vocabulary

# gigatoken's names for the patterns of the vocabularies.
PRETOKENIZERS = {"o200k_base": "o200k", "cl100k_base": "gpt4", "p50k_base": "gpt2"}

# A special token of our own that separates the texts, so that one call counts them all.
SEPARATOR = "<|\x1e|>"
_MARK = SEPARATOR.encode()

# A token for the one rank that p50k_base leaves free, because gigatoken needs all; not valid UTF-8.
_NO_TEXT = b"\xff\xff"

# The letters, marks and digits that Unicode 17 added.
_NEWER = re.compile(
    "[\u088f\u0c5c\u0cdc\u1acf-\u1add\u1ae0-\u1aeb\ua7ce\ua7cf\ua7d2\ua7d4\ua7f1"
    "\U00010940-\U00010959\U00010ec5-\U00010ec7\U00010efa\U00010efb\U00011b60-\U00011b67"
    "\U00011db0-\U00011ddb\U00011de0-\U00011de9\U00016ea0-\U00016eb8\U00016ebb-\U00016ed3"
    "\U00016ff2-\U00016ff6\U000187f8-\U000187ff\U00018d09-\U00018d1e\U00018d80-\U00018df2"
    "\U0001e6c0-\U0001e6de\U0001e6e0-\U0001e6f5\U0001e6fe\U0001e6ff\U0002b73a-\U0002b73f"
    "\U0002cea2-\U0002cead\U000323b0-\U00033479]"
)

# The starts of those that are not four bytes long in UTF-8, by first byte, for a fast search.
_NEWER_BYTES = {
    b"\xe0": [b"\xe0\xa2\x8f", b"\xe0\xb1\x9c", b"\xe0\xb3\x9c"],
    b"\xe1": [b"\xe1\xab"],
    b"\xea": [b"\xea\x9f"],
}

# The first bytes of four-byte characters: of all, and of symbols, which include none of these.
_FOUR, _SYMBOLS = b"\xf0", [b"\xf0\x9d", b"\xf0\x9f"]

# A text with such a character is counted in pieces of about this length, most of them by gigatoken.
_SHORT = 2**10

# Counts the texts in a message: the separator comes before each text, and after the last one.
Ask = Callable[[bytes], list[int]]

Count = Callable[[Sequence[str]], list[int]]


def counts_by(ask: Ask, texts: Sequence[str], encoding: str) -> list[int]:
    """Count the tokens of each text with gigatoken's `ask`, or with tiktoken where they differ."""
    message = _plain(texts)
    if message is not None:
        return ask(message)
    cut = [list(pieces(blocks_of(text, _SHORT), encoding)) for text in texts]
    parts = list(chain.from_iterable(cut))
    plain = [_plain([part]) is not None for part in parts]
    asked = iter(counts_by(ask, list(compress(parts, plain)), encoding))
    others = compress(parts, map(not_, plain))
    counted = iter(count_all(list(others), encoding=encoding))
    counts = (next(asked if is_plain else counted) for is_plain in plain)
    return [sum(islice(counts, len(parts))) for parts in cut]


def in_pieces(texts: Sequence[str], count: Count, encoding: str) -> list[int]:
    """Count the tokens of each text; long texts are counted in pieces."""
    if max(map(len, texts), default=0) <= LONGEST_UNCUT:
        return count(texts)
    cut = [list(parted_or_counts(text, encoding)) for text in texts]
    counts = iter(count([part for part in chain.from_iterable(cut) if isinstance(part, str)]))
    return [sum(part if isinstance(part, int) else next(counts) for part in parts) for parts in cut]


def rank_file(rules: Rules) -> bytes:
    """Return a file in tiktoken's format with every rank, in order."""
    tokens = [_NO_TEXT] * rules.below
    for token, rank in open_vocabulary(rules.vocabulary, rules.below).items():
        tokens[rank] = token
    lines = b"".join(map(b2a_base64, tokens))
    return lines.replace(b"\n", b" %d\n") % tuple(range(rules.below))


def _plain(texts: Sequence[str]) -> bytes | None:
    """Return the texts as a message to gigatoken; None if its counts may differ from tiktoken's.

    Each text is encoded by itself: joined before, they would all be as wide in memory as the widest
    character of one of them.
    """
    try:
        parts = list(map(str.encode, texts))
    except UnicodeEncodeError:  # half of a surrogate pair
        return None
    message = _MARK.join([b"", *parts, b""])
    has_separator = message.count(_MARK) != len(texts) + 1
    has_newer = not message.isascii() and any(
        not data.isascii() and _may_have_newer(data) and _NEWER.search(text)
        for text, data in zip(texts, parts, strict=True)
    )
    return None if has_separator or has_newer else message


def _may_have_newer(data: bytes) -> bool:
    return any(
        first in data and any(part in data for part in parts)
        for first, parts in _NEWER_BYTES.items()
    ) or (_FOUR in data and data.count(_FOUR) != sum(map(data.count, _SYMBOLS)))
