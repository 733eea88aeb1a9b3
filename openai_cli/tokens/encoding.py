"""Texts to token ids and back, with no network.

The regular expressions, the merges and so the results are tiktoken's own (see `encoders`); only the
vocabulary comes from this package instead of a download.
"""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, chain, islice
from typing import TYPE_CHECKING

from openai_cli.errors import UsageError
from openai_cli.tokens.encoders import (
    LONGEST_UNCUT,
    ascii_pattern,
    encoder_of,
    full_encoder,
    rules_of,
)
from openai_cli.tokens.vocabulary import open_vocabulary

if TYPE_CHECKING:
    from tiktoken import Encoding

# Names that OpenAI gives to its models; those that tiktoken does not know yet are newer than it.
_OPENAI_MODEL = r"(?:chatgpt|gpt|text-embedding)-|o\d"

# The encoding of OpenAI's models of today.
TODAYS = "o200k_base"

# What answers name otherwise than requests.
_ANSWERING = {"text-embedding-ada-002-v2": "text-embedding-ada-002"}


def encoding_for_model(model: str) -> str:
    """The name of the encoding of an OpenAI model.

    From tiktoken's own table, where a fine-tuned model (`ft:MODEL:...`) counts
    as the model that it was made from, then from this package's data of models. A name that looks
    like OpenAI's and is in neither is newer than both: it has that of today's
    models. UsageError for any other name.
    """
    encoding = _named_encoding(model)
    if encoding is None and is_guessed(model):
        return TODAYS
    if encoding is None:
        raise _unknown(model)
    return encoding


def is_guessed(model: str) -> bool:
    """Whether no table has the model, and its encoding is told from the look of its name alone."""
    return _named_encoding(model) is None and re.match(_OPENAI_MODEL, base_of(model)) is not None


def encode(
    text: str, *, model: str | None = None, encoding: str | None = None, special: bool = False
) -> list[int]:
    """The token ids of `text` in an encoding, by its name or by a model that uses it.

    What looks like a special token (`<|endoftext|>`) is ordinary text, unless `special`. As
    tiktoken does, halves of a surrogate pair that stand together become the character that they
    mean, and a lone one becomes U+FFFD.

    Without model and encoding it is TODAYS. UsageError if no table has that name, if both are
    given, or for a text with a run of 900,000 characters that cannot be cut.
    """
    return list(chain.from_iterable(_ids(text, one_of(model, encoding), special=special)))


def count(
    text: str, *, model: str | None = None, encoding: str | None = None, special: bool = False
) -> int:
    """How many tokens `text` has; takes and raises what `encode` does.

    The ids of a long text, which take some 20 times its length, are not kept.
    """
    return sum(map(len, _ids(text, one_of(model, encoding), special=special)))


def count_all(texts: Sequence[str], *, encoding: str) -> list[int]:
    """How many tokens each of the texts has; raises what `encode` does.

    Quicker than `count` for each: one encoder, made of what occurs in any of them, serves all.
    """
    texts = [well_formed(text) for text in texts]
    if not any(texts):
        return [0] * len(texts)
    encoder = _encoder_for(texts, encoding)
    return [sum(map(len, _ordinary_ids(text, encoder, encoding))) for text in texts]


def token_ends(text: str, *, encoding: str) -> "array[int]":
    """Where the tokens of a text end in its UTF-8, in bytes, behind a 0; raises what `encode` does.

    Four bytes for each token: a text of 512 MB, the largest that is read, has none beyond them.
    """
    ends = array("I", [0])
    text = well_formed(text)
    if not text:
        return ends
    encoder = _encoder_for([text], encoding)
    for ids in _ordinary_ids(text, encoder, encoding):
        sizes = map(len, encoder.decode_tokens_bytes(ids))
        ends.extend(islice(accumulate(sizes, initial=ends[-1]), 1, None))
    return ends


def decode(ids: Iterable[int], *, model: str | None = None, encoding: str | None = None) -> bytes:
    """The bytes that token ids stand for, special tokens as their text.

    Bytes and not text, as a token may end inside a UTF-8 character. UsageError for a name that no
    table has, and for an id that the encoding does not have.
    """
    return b"".join(token_bytes(ids, encoding=one_of(model, encoding)))


def token_bytes(ids: Iterable[int], *, encoding: str) -> list[bytes]:
    """The bytes of each token; raises what `decode` raises."""
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
    return parts


@lru_cache
def _special_tokens(encoding: str) -> dict[int, bytes]:
    tokens: dict[int, bytes] = {}
    for text, token_id in rules_of(encoding).special_tokens.items():
        # o200k_harmony has 200018 twice: <|endofprompt|> first, and as a reserved one.
        tokens.setdefault(token_id, text.encode())
    return tokens


def one_of(model: str | None, encoding: str | None) -> str:
    """The name of the encoding, which is that of the model or given by itself, or TODAYS.

    UsageError as `encode` raises it.
    """
    if encoding is None:
        return TODAYS if model is None else encoding_for_model(model)
    if model is not None:
        raise UsageError("the encoding is given twice: by its name and by a model")
    rules_of(encoding)
    return encoding


def base_of(model: str) -> str:
    """The model that a fine-tuned one was made from, or the model itself, as requests name it.

    tiktoken has "ft:gpt-4" as a prefix, so it would give ft:gpt-4.1 the encoding of gpt-4.
    """
    model = model.split(":")[1] if model.startswith("ft:") else model
    return _ANSWERING.get(model, model)


def _named_encoding(model: str) -> str | None:
    from tiktoken.model import encoding_name_for_model

    base = base_of(model)
    try:
        return encoding_name_for_model(base)
    except KeyError:
        from openai_cli.models.table import known_model

        known = known_model(base)
        return known.encoding if known else None


def _unknown(model: str) -> UsageError:
    from difflib import get_close_matches

    from tiktoken.model import MODEL_TO_ENCODING

    from openai_cli.models.table import load_table

    models = load_table().models
    known = models.get(base_of(model))
    mode = f", which is for {known.mode.replace('_', ' ')}" if known and known.mode else ""
    named = {name for name, found in models.items() if found.encoding}
    near = [] if known else get_close_matches(base_of(model), named.union(MODEL_TO_ENCODING))
    return UsageError(
        f"no encoding is known for the model {model!r}{mode}",
        hint=f"did you mean {' or '.join(near)}?" if near else None,
        parameter="model",
    )


def well_formed(text: str) -> str:
    """The text with halves of surrogate pairs joined and lone ones replaced, as in tiktoken."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _ids(text: str, encoding: str, *, special: bool) -> Iterator[list[int]]:
    """The ids of the text, piece by piece."""
    text = well_formed(text)
    if not text:
        return
    encoder = _encoder_for([text], encoding)
    if not special:
        yield from _ordinary_ids(text, encoder, encoding)
        return
    tokens = rules_of(encoding).special_tokens
    for number, part in enumerate(re.split(f"({'|'.join(map(re.escape, tokens))})", text)):
        if number % 2:
            yield [tokens[part]]
        else:
            yield from _ordinary_ids(part, encoder, encoding)


def _ordinary_ids(text: str, encoder: "Encoding", encoding: str) -> Iterator[list[int]]:
    if len(text) <= LONGEST_UNCUT:
        yield encoder.encode_ordinary(text)
        return
    from openai_cli.tokens.cutting import parted, telling

    with telling("the text"):
        yield from map(encoder.encode_ordinary, parted(text, encoding))


def _encoder_for(texts: Sequence[str], encoding: str) -> "Encoding":
    """An encoder that has all tokens that these texts can use."""
    rules = rules_of(encoding)
    data = "\n".join(texts).encode()
    ranks = open_vocabulary(rules.vocabulary, rules.below).slice_for(data)
    if ranks is None:
        return full_encoder(encoding)
    pattern = ascii_pattern(rules.pattern) if data.isascii() else rules.pattern
    return encoder_of(rules._replace(pattern=pattern), ranks)
