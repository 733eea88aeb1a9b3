"""The sandbox's words: a fixed function of the request, which say that they are not a model's."""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

from openai_cli.sandbox.usage import token_bytes, token_ids

# How many characters of a text its answer quotes.
SHOWN = 60

_SAY = re.compile(r"\s*say\s+(?=\S)", re.IGNORECASE)


@dataclass(frozen=True)
class Spoken:
    """A text as it is spoken: in pieces of whole characters, about one per token.

    `inside` has the tokens of each piece, as bytes. `tokens` is the number of tokens, and `finish`
    why it ended: `stop` or `length`.
    """

    pieces: tuple[str, ...]
    inside: tuple[tuple[bytes, ...], ...]
    tokens: int
    finish: str

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)


def answer_text(text: str, choice: int, attached: str = "") -> str:
    """The answer to `text`, as the choice with this number (from 0).

    `attached` names what came with the text, such as `1 image`. `Say X` is answered with X.
    """
    if say := _SAY.match(text):
        return text[say.end() :]
    sentence = f"This is a sandbox, not a model; your text was {_named(text)}"
    sentence += f", with {attached}." if attached else "."
    return sentence if choice == 0 else f"Answer {choice + 1}: {sentence}"


def _named(text: str) -> str:
    shown = " ".join(text.split())
    if not shown:
        return "empty"
    if len(shown) <= SHOWN:
        return f'"{shown}"'
    return f'"{shown[:SHOWN]}…" ({len(text)} characters)'


def insertion(text: str, choice: int) -> str:
    """The text to insert between `text` and a suffix."""
    if _SAY.match(text):
        return answer_text(text, choice)
    number = "" if choice == 0 else f"answer {choice + 1}, "
    return f" ({number}inserted by a sandbox, not a model) "


def speak(text: str, *, limit: int | None, stops: Iterable[str], encoding: str) -> Spoken:
    """Speak `text` up to `limit` tokens (None for no limit), and before the first stop word."""
    tokens = token_ids(text, encoding)
    finish = "stop" if limit is None or len(tokens) <= limit else "length"
    kept = tokens[:limit]
    said = "".join(text for text, _ in _pieces(kept, encoding))
    ends = [end for end in (said.find(stop) for stop in stops if stop) if end >= 0]
    if ends:
        finish = "stop"
        kept = token_ids(said[: min(ends)], encoding)
    pieces = _pieces(kept, encoding)
    texts, inside = tuple(text for text, _ in pieces), tuple(tokens for _, tokens in pieces)
    return Spoken(texts, inside, len(kept), finish)


def _pieces(tokens: Iterable[int], encoding: str) -> list[tuple[str, tuple[bytes, ...]]]:
    """The tokens as text: one piece for each, or for several that share a character."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    pieces: list[tuple[str, tuple[bytes, ...]]] = []
    text, held = "", []
    for token in tokens:
        held.append(token_bytes([token], encoding))
        text += decoder.decode(held[-1])
        if text and not decoder.getstate()[0]:
            pieces.append((text, tuple(held)))
            text, held = "", []
    return [*pieces, (text, tuple(held))] if text else pieces
