"""Convert texts to token ids and back, without the network.

The regular expressions and the merges, and so the results, are tiktoken's own (see `encoders`);
only the vocabulary comes from this package instead of a download.
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
    well_formed,
)
from openai_cli.tokens.vocabulary import open_vocabulary

if TYPE_CHECKING:
    from tiktoken import Encoding

# Names that look like OpenAI's models; those that tiktoken does not know are newer than it.
_OPENAI_MODEL = r"(?:chatgpt|gpt|text-embedding)-|o\d"

# The encoding of OpenAI's current models.
TODAYS = "o200k_base"

# Model names in answers that differ from those in requests.
_ANSWERING = {"text-embedding-ada-002-v2": "text-embedding-ada-002"}


def encoding_for_model(model: str) -> str:
    """Return the name of an OpenAI model's encoding.

    It comes from tiktoken's own table, where a fine-tuned model (`ft:MODEL:...`) counts as its base
    model, then from this package's table of models. A name that looks like OpenAI's and is in
    neither is newer than both and has the current encoding. Raises UsageError for any other name.
    """
    encoding = _named_encoding(model)
    if encoding is None and is_guessed(model):
        return TODAYS
    if encoding is None:
        raise _unknown(model)
    return encoding


def is_guessed(model: str) -> bool:
    """Return whether no table has the model, so that its encoding is guessed from its name."""
    return _named_encoding(model) is None and re.match(_OPENAI_MODEL, base_of(model)) is not None


def encode(
    text: str, *, model: str | None = None, encoding: str | None = None, special: bool = False
) -> list[int]:
    """Return the token ids of `text` in an encoding, given by its name or by a model.

    Text that looks like a special token (`<|endoftext|>`) is ordinary text, unless `special`. As in
    tiktoken, the two halves of a surrogate pair become their character, and a lone one becomes
    U+FFFD.

    Without model and encoding, TODAYS is used. Raises UsageError for an unknown name, if both are
    given, and for a text with a run of 900,000 characters that cannot be cut.
    """
    return list(chain.from_iterable(_ids(text, one_of(model, encoding), special=special)))


def count(
    text: str, *, model: str | None = None, encoding: str | None = None, special: bool = False
) -> int:
    """Return the number of tokens of `text`; arguments and errors are those of `encode`.

    The ids of a long text, which take about 20 times its length, are not kept in memory.
    """
    return sum(map(len, _ids(text, one_of(model, encoding), special=special)))


def count_all(texts: Sequence[str], *, encoding: str) -> list[int]:
    """Return the number of tokens of each text; raises the errors of `encode`.

    This is faster than `count` for each, because one encoder with the tokens of all texts is built.
    """
    texts = [well_formed(text) for text in texts]
    if not any(texts):
        return [0] * len(texts)
    encoder = _encoder_for(texts, encoding)
    return [sum(map(len, _ordinary_ids(text, encoder, encoding))) for text in texts]


def token_ends(text: str, *, encoding: str) -> "array[int]":
    """Return 0 and the byte offsets where a text's tokens end in UTF-8; raises as `encode` does.

    Each offset takes four bytes, enough for a text of 512 MB, the largest that is read.
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
    """Return the bytes of token ids; special tokens become their text.

    These are bytes because a token may end inside a UTF-8 character. Raises UsageError for an
    unknown name, and for an id that the encoding does not have.
    """
    return b"".join(token_bytes(ids, encoding=one_of(model, encoding)))


def token_bytes(ids: Iterable[int], *, encoding: str) -> list[bytes]:
    """Return the bytes of each token; raises the errors of `decode`."""
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
                f"{encoding} has no token {token_id}", hint=f"its ids are 0 to {highest}"
            ) from None
    return parts


@lru_cache
def _special_tokens(encoding: str) -> dict[int, bytes]:
    tokens: dict[int, bytes] = {}
    for text, token_id in rules_of(encoding).special_tokens.items():
        # o200k_harmony has 200018 twice: first <|endofprompt|>, then a reserved token.
        tokens.setdefault(token_id, text.encode())
    return tokens


def one_of(model: str | None, encoding: str | None) -> str:
    """Return the encoding that is given by its name or by a model, or TODAYS.

    Raises UsageError like `encode`.
    """
    if encoding is None:
        return TODAYS if model is None else encoding_for_model(model)
    if model is not None:
        raise UsageError("the encoding is given twice: by its name and by a model")
    rules_of(encoding)
    return encoding


def base_of(model: str) -> str:
    """Return the base model of a fine-tuned model, or the model itself, as requests name it.

    tiktoken matches the prefix "ft:gpt-4", so ft:gpt-4.1 would get the encoding of gpt-4.
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


def _ids(text: str, encoding: str, *, special: bool) -> Iterator[list[int]]:
    """Yield the ids of the text, piece by piece."""
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
    """Return an encoder with all tokens that these texts can use."""
    rules = rules_of(encoding)
    data = "\n".join(texts).encode()
    ranks = open_vocabulary(rules.vocabulary, rules.below).slice_for(data)
    if ranks is None:
        return full_encoder(encoding)
    pattern = ascii_pattern(rules.pattern) if data.isascii() else rules.pattern
    return encoder_of(rules._replace(pattern=pattern), ranks)
