"""What is kept out of recordings: keys, and what `--redact` describes.

A stream says a text in pieces, and what is to be kept out may be cut by them. So the texts that
stand in the same place of its events are read as one.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, Self

from openai_cli.sandbox.exchange import strict_json
from openai_cli.sandbox.record import MASK

# What tells apart the texts that a stream says side by side.
_MARKS = ("type", "index", "output_index", "content_index", "summary_index", "item_id")

# The properties that may be bytes in base64, which an expression would break.
_ENCODED = frozenset(
    {"audio", "b64_json", "data", "delta", "embedding", "partial_image_b64", "result"}
)
# Shorter ones may be words.
_BASE64 = r"[A-Za-z0-9+/]{64,}={0,2}"

Place = tuple[object, ...]
Change = Callable[[Place, str], str]


class Redaction:
    """Replaces what the `expressions` match, and the `secrets`, in bodies and in texts.

    Raises re.error for an expression that is none.
    """

    def __init__(self, expressions: Iterable[str] = (), secrets: Iterable[str] = ()) -> None:
        from openai_cli.masking import KEY  # most sandboxes keep nothing out

        self._patterns = [re.compile(text) for text in expressions]
        self._patterns += [re.compile(KEY), *(re.compile(re.escape(secret)) for secret in secrets)]

    def text(self, text: str) -> str:
        """The text without what is kept out."""
        for pattern in self._patterns:
            text = pattern.sub(MASK, text)
        return text

    def value(self, value: Any) -> Any:
        """The JSON value without what is kept out of its names and texts."""
        return _changed(value, lambda _, text: self.text(text))

    def body(self, content: bytes) -> bytes:
        """The body of an answer; one that is neither JSON nor text stays as it is.

        JSON of which something is kept out is written anew.
        """
        try:
            value = strict_json(content)
        except (ValueError, RecursionError):
            return self._plain(content)
        redacted = self.value(value)
        return content if redacted == value else _written(redacted)

    def _plain(self, content: bytes) -> bytes:
        try:
            text = content.decode()
        except ValueError:
            return content
        redacted = self.text(text)
        return content if redacted == text else redacted.encode()

    def events(self, events: Sequence[bytes]) -> list[bytes]:
        """The events of a stream; of one of which something is kept out, the data is written anew.

        What is cut by the pieces of a text is replaced in the first of them.
        """
        parsed = [_Data.of(event) for event in events]
        texts: dict[Place, list[tuple[int, str]]] = defaultdict(list)
        for number, data in enumerate(parsed):
            for place, text in () if data is None else _texts(data.value):
                texts[place].append((number, text))
        changed = {
            (place, number): text
            for place, pieces in texts.items()
            for number, text in self._pieces(pieces)
        }

        def event_of(number: int, event: bytes, data: _Data | None) -> bytes:
            if data is None:
                return self._plain(event)
            joined = _changed(data.value, lambda place, text: changed.get((place, number), text))
            redacted = self.value(joined)
            return event if redacted == data.value else data.with_value(redacted)

        return [
            event_of(number, event, data)
            for number, (event, data) in enumerate(zip(events, parsed, strict=True))
        ]

    def _pieces(self, pieces: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        """The pieces of a text, by the numbers of their events, as far as they change."""
        texts = [text for _, text in pieces]
        if len(set(texts)) < 2:  # an id, say, which stands in every event
            return
        for pattern in self._patterns:
            texts = _without(pattern, texts)
        for (number, before), after in zip(pieces, texts, strict=True):
            if after != before:
                yield number, after


def _without(pattern: re.Pattern[str], texts: list[str]) -> list[str]:
    """The pieces of a text, with what matches in the whole of it replaced."""
    letters = list("".join(texts))
    for match in pattern.finditer("".join(letters)):
        if size := match.end() - match.start():
            letters[match.start() : match.end()] = [MASK, *[""] * (size - 1)]
    ends = [*accumulate(map(len, texts))]
    return ["".join(letters[start:end]) for start, end in pairwise([0, *ends])]


def _changed(value: Any, change: Change, place: Place = ()) -> Any:
    """The value with its names and texts changed, each by its place."""
    if isinstance(value, dict):
        here = (*place, *_marks(value))
        return {
            change((*here, name, None), name): _changed(item, change, (*here, name))
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_changed(item, change, (*place, at)) for at, item in enumerate(value)]
    if isinstance(value, str) and not _is_encoded(place, value):
        return change(place, value)
    return value


def _texts(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """The texts of a value with their places, as `_changed` has them."""
    if isinstance(value, dict):
        here = (*place, *_marks(value))
        for name, item in value.items():
            yield from _texts(item, (*here, name))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _texts(item, (*place, at))
    elif isinstance(value, str) and not _is_encoded(place, value):
        yield place, value


def _is_encoded(place: Place, text: str) -> bool:
    """Whether a text is the base64 of a sound, an image or a vector."""
    return bool(place) and place[-1] in _ENCODED and re.fullmatch(_BASE64, text) is not None


def _marks(value: dict[str, Any]) -> tuple[object, ...]:
    return tuple((name, value[name]) for name in _MARKS if isinstance(value.get(name), (str, int)))


class _Data(NamedTuple):
    """An event with one line of data, which is JSON, and what stands before it and behind it."""

    head: bytes
    value: Any
    end: bytes

    @classmethod
    def of(cls, event: bytes) -> Self | None:
        """The parts of an event; None where it is another."""
        found = re.fullmatch(rb"((?:event:[^\r\n]*\r?\n)?data: ?)([^\r\n]*)(\s*)", event)
        if found is None:
            return None
        head, data, end = found.groups()
        try:
            return cls(head, strict_json(data), end)
        except (ValueError, RecursionError):
            return None

    def with_value(self, value: Any) -> bytes:
        """The event with another value."""
        return self.head + _written(value) + self.end


def _written(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")
