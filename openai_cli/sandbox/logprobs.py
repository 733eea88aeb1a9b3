"""Made-up log probabilities in the shapes of both endpoints.

No model is asked, so they mean nothing: every token has a probability of one half, and each
alternative, a letter, half that of the one before it. So they are below 0, sorted, and the
probabilities sum to less than 1.
"""

import codecs
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import log
from string import ascii_lowercase
from typing import Any

Json = dict[str, Any]

_LETTERS = [letter.encode() for letter in ascii_lowercase]


def of_chat(tokens: Iterable[bytes], top: int) -> list[Json]:
    """An entry for each token; `top` is `top_logprobs`, from 0 to 20."""
    return [
        {**_entry(token, 1), "top_logprobs": [_entry(*likely) for likely in _ranked(token, top)]}
        for token in tokens
    ]


def of_completion(
    pieces: Sequence[Sequence[bytes]], top: int, *, offset: int, is_first: bool
) -> Json:
    """The `logprobs` for tokens of pieces that start `offset` characters into their text.

    A piece has whole characters; an incomplete one at its end counts as one. `top` is the request's
    `logprobs`, from 0 to 5; the token itself is always listed. The first token of an echoed prompt
    (`is_first`) has none, as nothing precedes it.
    """
    tokens = list(chain.from_iterable(pieces))
    chances: list[float | None] = [_logprob(1) for _ in tokens]
    likely: list[dict[str, float] | None] = [
        {_shown(other): _logprob(rank) for other, rank in _ranked(token, max(top, 1))}
        for token in tokens
    ]
    if is_first:
        chances[:1], likely[:1] = [None], [None]
    return {
        "tokens": [_shown(token) for token in tokens],
        "token_logprobs": chances,
        "top_logprobs": likely,
        "text_offset": list(_offsets(pieces, offset)),
    }


def _ranked(token: bytes, top: int) -> list[tuple[bytes, int]]:
    """The `top` likeliest tokens in this place, `token` itself first, with their ranks."""
    others = (letter for letter in _LETTERS if letter != token)
    return list(zip(chain([token], others), range(1, top + 1), strict=False))


def _logprob(rank: int) -> float:
    return -rank * log(2)


def _entry(token: bytes, rank: int) -> Json:
    return {"token": _shown(token), "logprob": _logprob(rank), "bytes": list(token)}


def _shown(token: bytes) -> str:
    """The token as text; one that is only a part of a character, as `\\xf0\\x9f`."""
    try:
        return token.decode()
    except UnicodeDecodeError:
        return "".join(f"\\x{byte:02x}" for byte in token)


def _offsets(pieces: Iterable[Iterable[bytes]], offset: int) -> Iterator[int]:
    """Yield the offset of each token in the text, in characters."""
    for piece in pieces:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for token in piece:
            yield offset
            offset += len(decoder.decode(token))
        offset += len(decoder.decode(b"", final=True))
