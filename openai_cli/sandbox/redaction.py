"""Redaction of recordings: removes keys, and whatever `--redact` matches.

A stream delivers a text in pieces, and a match may span several of them. So the texts at the same
place of successive events are joined before matching.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, Self

from openai_cli.records import NamedTuple
from openai_cli.sandbox.exchange import strict_json
from openai_cli.sandbox.record import MASK

# The properties that distinguish texts that a stream delivers in parallel.
_MARKS = ("type", "index", "output_index", "content_index", "summary_index", "item_id")

# Properties that may hold base64, which a replacement would corrupt.
_ENCODED = frozenset(
    {"audio", "b64_json", "data", "delta", "embedding", "partial_image_b64", "result"}
)
# Shorter runs may be words.
_BASE64 = r"[A-Za-z0-9+/]{64,}={0,2}"

Place = tuple[object, ...]
Change = Callable[[Place, str], str]


class Redaction:
    """Replaces the `secrets` and whatever the `expressions` match, in bodies and in texts.

    Raises re.error for an invalid expression.
    """

    def __init__(self, expressions: Iterable[str] = (), secrets: Iterable[str] = ()) -> None:
        from openai_cli.masking import KEY  # deferred: most sandboxes redact nothing

        self._patterns = [re.compile(text) for text in expressions]
        self._patterns += [re.compile(KEY), *(re.compile(re.escape(secret)) for secret in secrets)]

    def text(self, text: str) -> str:
        """Return the text, redacted."""
        for pattern in self._patterns:
            text = pattern.sub(lambda match: MASK if match[0] else "", text)
        return text

    def value(self, value: Any) -> Any:
        """Return the JSON value with its property names and texts redacted."""
        return _changed(value, lambda _, text: self.text(text))

    def body(self, content: bytes) -> bytes:
        """Return a response body, redacted; one that is neither JSON nor text is unchanged.

        JSON is serialized again only if something in it was redacted.
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
        """Return the events of a stream, redacted; the data of a changed event is serialized again.

        A match that spans several pieces is replaced in the first of them.
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
        """Yield the pieces of a text that redaction changes, with the numbers of their events."""
        texts = [text for _, text in pieces]
        if len(set(texts)) < 2:  # an id, say, which every event repeats
            return
        for pattern in self._patterns:
            texts = _without(pattern, texts)
        for (number, before), after in zip(pieces, texts, strict=True):
            if after != before:
                yield number, after


def _without(pattern: re.Pattern[str], texts: list[str]) -> list[str]:
    """Replace what the pattern matches in the joined text, and return the pieces."""
    letters = list("".join(texts))
    for match in pattern.finditer("".join(letters)):
        if size := match.end() - match.start():
            letters[match.start() : match.end()] = [MASK, *[""] * (size - 1)]
    ends = [*accumulate(map(len, texts))]
    return ["".join(letters[start:end]) for start, end in pairwise([0, *ends])]


def _changed(value: Any, change: Change, place: Place = ()) -> Any:
    """Return the value with `change` applied to each name and text, given its place."""
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
    """Yield the texts of a value with their places, which are those that `_changed` passes on."""
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
    """Whether a text is base64 of audio, an image or a vector."""
    return bool(place) and place[-1] in _ENCODED and re.fullmatch(_BASE64, text) is not None


def _marks(value: dict[str, Any]) -> tuple[object, ...]:
    return tuple((name, value[name]) for name in _MARKS if isinstance(value.get(name), (str, int)))


class _Data(NamedTuple):
    """An event with one line of JSON data, and the bytes before and after it."""

    head: bytes
    value: Any
    end: bytes

    @classmethod
    def of(cls, event: bytes) -> Self | None:
        """Parse an event; return None for one of any other form."""
        found = re.fullmatch(rb"((?:event:[^\r\n]*\r?\n)?data: ?)([^\r\n]*)(\s*)", event)
        if found is None:
            return None
        head, data, end = found.groups()
        try:
            return cls(head, strict_json(data), end)
        except (ValueError, RecursionError):
            return None

    def with_value(self, value: Any) -> bytes:
        """Return the event with another value as its data."""
        return self.head + _written(value) + self.end


def _written(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")
