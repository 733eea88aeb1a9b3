"""Parse the JSON of a stream's events, and join those that only continue a text.

Nearly all events of a stream are of this kind. To find that out takes a quarter of what the program
does with an event otherwise, from here to the output. So those that arrived together become one
event, which has the texts of all, and whatever reads or prints it need not know.
`Answer.place_of_text` decides which events these are; all others are left as they are.
"""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from openai_cli.http.sse import Event, names_error

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer

DONE = b"[DONE]"

# The most lines of an event that are searched for several values, one line at a time.
_MOST_LINES = 100

_decoder = json.JSONDecoder()
_raw_decode = _decoder.raw_decode

# An event with its JSON object, or with None if it has no usual form.
Parsed = tuple[Event, dict[str, Any] | None]


def parsed(events: Iterable[Event]) -> Iterator[Parsed]:
    """Yield each event with its JSON object, or with None if `whole_values` has to look at it."""
    return ((event, _plain(event)) for event in events)


def joined(events: Iterable[Event], answer: "Answer") -> Iterator[Parsed]:
    """Yield what `parsed` does, but of events in a row that only continue a text only the last.

    Its object has the texts of all of them.
    """
    texts: list[str] = []
    for event, body in parsed(events):
        place = None if body is None else answer.place_of_text(body)
        if place is not None:
            holder, name = place
            texts.append(holder[name])
            last = event, body
            continue
        if texts:
            holder[name] = "".join(texts)
            yield last
            texts.clear()
        yield event, body
    if texts:
        holder[name] = "".join(texts)
        yield last


def _plain(event: Event) -> dict[str, Any] | None:
    """Return the JSON object of an event in the API's usual form; None for any other event."""
    data, name = event
    if name and names_error(name):
        return None
    try:
        text = data.decode()
        body, end = _raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) and end == len(text) else None


def value_of(text: str) -> Any:
    """Parse the JSON value of an event; surrounding white space is rare, so it is tried last."""
    try:
        value, end = _raw_decode(text)
    except ValueError:
        return _decoder.decode(text)
    return value if end == len(text) else _decoder.decode(text)


def whole_values(data: bytes) -> Iterator[bytes]:
    """Yield the complete JSON values in the lines of an event, and any remainder last.

    Some servers and proxies omit the empty line between events. Blank lines are skipped.
    """
    lines = data.split(b"\n")
    if len(lines) > _MOST_LINES or _is_value(data):
        yield data
        return
    held = b""
    for line in lines:
        held = held + b"\n" + line if held else line
        if _is_value(held):
            yield held
            held = b""
        elif not held.strip():
            held = b""
    if held:
        yield held


def _is_value(data: bytes) -> bool:
    if data.strip() == DONE:
        return True
    try:
        value_of(data.decode(errors="replace"))
    except (ValueError, RecursionError):
        return False
    return True
