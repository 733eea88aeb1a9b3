"""Texts to token ids and back, with no network.

The regular expressions, the merges and so the results are tiktoken's own; only the vocabulary comes
from this package (see `vocabulary`) instead of a download. The patterns and the special tokens are
in `data/encodings.json`, written from tiktoken's table by tools/build_vocabularies.py.
"""

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openai_cli.errors import UsageError
from openai_cli.tokens.vocabulary import DATA, open_vocabulary

if TYPE_CHECKING:
    from tiktoken import Encoding

# Names that OpenAI gives to its models; those that tiktoken does not know yet are newer than it.
_OPENAI_MODEL = r"(?:chatgpt|gpt|text-embedding)-|o\d"

# In characters. For each blank of a run tiktoken's regex engine keeps a place to step back to; at a
# million of them it panics, and writes that to stderr.
LONGEST_BLANK = 900_000


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


def encoding_for_model(model: str) -> str:
    """The name of the encoding of an OpenAI model.

    From tiktoken's own table (`tiktoken.model`), where a fine-tuned model (`ft:MODEL:...`) counts
    as the model that it was made from; a name that looks like OpenAI's and is not in the table is
    newer than it, and today's models use o200k_base. UsageError for any other name.
    """
    from tiktoken.model import MODEL_TO_ENCODING, encoding_name_for_model

    # tiktoken has "ft:gpt-4" as a prefix, so it would give ft:gpt-4.1 the encoding of gpt-4.
    base = model.split(":")[1] if model.startswith("ft:") else model
    try:
        return encoding_name_for_model(base)
    except KeyError:
        if re.match(_OPENAI_MODEL, base):
            return "o200k_base"
    near = get_close_matches(base, MODEL_TO_ENCODING)
    raise UsageError(
        f"no encoding is known for the model {model!r}",
        hint=f"did you mean {' or '.join(near)}?" if near else None,
        parameter="model",
    )


def encode(text: str, *, encoding: str) -> list[int]:
    """The token ids of `text`; what looks like a special token is ordinary text.

    As tiktoken does, halves of a surrogate pair that stand together become the character that they
    mean, and a lone one becomes U+FFFD. UsageError if no encoding has that name, or if the text has
    LONGEST_BLANK or more blanks in a row, which tiktoken cannot split.
    """
    rules = rules_of(encoding)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        data = text.encode()
    if not data:
        return []
    if len(text) >= LONGEST_BLANK:
        _refuse_long_blank(text, rules.pattern)
    ranks = open_vocabulary(rules.vocabulary, rules.below).slice_for(data)
    if ranks is None:
        return _full_encoder(rules.vocabulary, rules.below, rules.pattern).encode_ordinary(text)
    return _encoder(rules.pattern, ranks).encode_ordinary(text)


def count(text: str, *, encoding: str) -> int:
    """How many tokens `text` has; raises what `encode` raises."""
    return len(encode(text, encoding=encoding))


def decode(ids: Iterable[int], *, encoding: str) -> bytes:
    """The bytes that token ids stand for, special tokens as their text.

    Bytes and not text, as a token may end inside a UTF-8 character. UsageError if no encoding has
    that name, or if one of the ids is not in it.
    """
    rules = rules_of(encoding)
    vocabulary = open_vocabulary(rules.vocabulary, rules.below)
    special_tokens = _special_tokens(encoding)
    parts = []
    for token_id in ids:
        try:
            parts.append(special_tokens.get(token_id) or vocabulary.token(token_id))
        except KeyError:
            highest = max(rules.below - 1, *special_tokens)
            raise UsageError(
                f"{encoding} has no token {token_id}", hint=f"its ids go from 0 to {highest}"
            ) from None
    return b"".join(parts)


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
def _special_tokens(encoding: str) -> dict[int, bytes]:
    tokens: dict[int, bytes] = {}
    for text, token_id in rules_of(encoding).special_tokens.items():
        # o200k_harmony has 200018 twice: <|endofprompt|> first, and as a reserved one.
        tokens.setdefault(token_id, text.encode())
    return tokens


def _refuse_long_blank(text: str, pattern: str) -> None:
    # All but the oldest pattern split at newlines by a rule that needs no stepping back.
    blank = r"[^\S\r\n]" if r"[\r\n]" in pattern else r"\s"
    # The look-behind keeps the search from starting again inside a run, which would be quadratic.
    if run := re.search(rf"(?<!{blank}){blank}{{{LONGEST_BLANK}}}", text):
        raise UsageError(
            f"the text has {LONGEST_BLANK:,} or more blanks in a row, from character "
            f"{run.start():,} on: too many to count their tokens"
        )


@lru_cache
def _full_encoder(vocabulary: str, below: int, pattern: str) -> "Encoding":
    return _encoder(pattern, open_vocabulary(vocabulary, below).full())


def _encoder(pattern: str, ranks: dict[bytes, int]) -> "Encoding":
    from tiktoken import Encoding

    return Encoding("offline", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
