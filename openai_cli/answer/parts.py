"""Read a response as parts: a single one for a whole response, one per event for a stream.

An `Answer` interprets the parts; each endpoint has a subclass for its shape.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

from openai_cli.answer.base import Answer
from openai_cli.answer.choice import Choice
from openai_cli.answer.events import DONE, joined, parsed, value_of, whole_values
from openai_cli.answer.files import BOM, refuse_error, refuse_page
from openai_cli.answer.shape import misshapen
from openai_cli.errors import BadAnswerError, CliError, NetworkError
from openai_cli.http import failure
from openai_cli.http.errorbody import error_in, tells_error
from openai_cli.http.sse import Decoder, Event, EventTooLongError, names_error
from openai_cli.jsontext import load_numbers, weight
from openai_cli.records import NamedTuple, mutable_record

if TYPE_CHECKING:
    from openai_cli.http.decoding import Incoming

# How long to wait for usage and [DONE] once every choice has ended, in seconds.
LINGER = 5.0

_NAMES = (b":", b"data:", b"event:", b"id:", b"retry:", b"error:")
_FIELDS = (*_NAMES, *(BOM + name for name in _NAMES))
_LONGEST_HEAD = max(map(len, _FIELDS))
# In bytes. The values of JSON up to `_LIGHT` take little memory and are not weighed; all values of
# a response may take up to `_HEAVIEST`, as estimated by `weight`.
_LIGHT = 256 * 1024
_HEAVIEST = 192 * 1024 * 1024


class Part(NamedTuple):
    """A whole response, or one event of a stream: its bytes and its JSON object.

    `value` is the JSON value itself if that is not an object.
    """

    raw: bytes
    body: dict[str, Any]
    streamed: bool
    value: Any = None


def read(
    http: "Incoming",
    answer: Answer,
    *,
    arrived: Callable[[], None] = lambda: None,
    passed: Callable[[bytes], object] | None = None,
    joins: bool = False,
) -> Iterator[tuple[Part, list[tuple[Choice, str]]]]:
    """Yield the parts of a response as they arrive, each with the text it adds to each choice.

    Whether the body is a stream is decided by its first bytes, because servers may send either form
    when the other was requested. Each part is added to `answer` before it is yielded. `arrived` is
    called when all received data has been processed, before waiting for more. If `passed` is given,
    the bytes of a response that is too large to hold go to it as they arrive; the response's part
    then has none, and its long texts are incomplete. With `joins`, events that arrived together
    and only continue a text come as one part. Raises BadAnswerError if the body is neither JSON nor
    a stream or has the wrong shape, NetworkError if it is cut off, and the error that the response
    itself reports.
    """
    is_empty = True
    kept = 0
    for part in _parts(http, answer, arrived, passed, joins=joins):
        is_empty = False
        try:  # as in `_telling`; the context manager takes longer than reading an event
            added = answer.add(part.body)
            for choice, _ in added:
                if choice.tools:
                    kept += weight(part.raw)
                    check_weight(kept)
                    break
        except BadAnswerError as error:
            raise _told(error, http, part.raw) from None
        yield part, added
    with _telling(http):
        if is_empty and not answer.is_done:
            raise NetworkError("the stream ended before its first event")
        if is_empty:
            raise misshapen("the stream has no event")
        answer.end()


@contextmanager
def _telling(http: "Incoming", raw: bytes | None = None) -> Iterator[None]:
    """Add the request id and the part to an error that is raised in the block."""
    try:
        yield
    except (BadAnswerError, NetworkError) as error:
        raise _told(error, http, raw) from None


def _told(error: CliError, http: "Incoming", raw: bytes | None) -> CliError:
    """Return the error with the request id and the part that caused it."""
    error.request_id = error.request_id or http.request_id
    error.body = error.body or raw
    return error


def _parts(
    http: "Incoming",
    answer: Answer,
    arrived: Callable[[], None],
    passed: Callable[[bytes], object] | None,
    *,
    joins: bool,
) -> Iterator[Part]:
    pieces = http.pieces()
    start: bytes | bytearray = b""
    head = b""
    is_stream = _is_named_stream(http) if answer.is_text else None
    while is_stream is None and (piece := next(pieces, None)) is not None:
        start = _with(start, piece)
        head = (head + piece).lstrip()[:_LONGEST_HEAD]
        is_stream = _is_stream(head) if len(start) <= answer.largest else False
    if is_stream is None:  # the body is empty, or the start of a field name
        is_stream = _is_named_stream(http)
    if is_stream:
        yield from _Stream(http, answer, arrived, joins).parts(chain((bytes(start),), pieces))
    elif passed is None or answer.is_text:
        yield _whole(collected(chain((start,), pieces), answer.largest), http, answer)
    else:
        from openai_cli.answer.skim import held_or_skimmed

        raw, is_passed = held_or_skimmed(bytearray(start), pieces, answer.largest, passed)
        part = _whole(raw, http, answer)
        yield part._replace(raw=b"") if is_passed else part


def collected(pieces: Iterable[bytes | bytearray], largest: int) -> bytes:
    """Join the pieces of a body; BadAnswerError if it has more than `largest` bytes."""
    data: bytes | bytearray = b""
    for piece in pieces:
        data = _with(data, piece)
        if len(data) > largest:
            raise BadAnswerError(f"the answer is larger than {largest // 1024**2} MB")
    whole = bytes(data)
    if isinstance(data, bytearray):
        data.clear()  # the caller may keep the first piece for long
    return whole


def _with(held: bytes | bytearray, piece: bytes | bytearray) -> bytes | bytearray:
    """Append a piece; a body in one piece, as from memory, is not copied."""
    if not held:
        return piece
    grown = held if isinstance(held, bytearray) else bytearray(held)
    grown += piece
    return grown


def _is_named_stream(http: "Incoming") -> bool:
    return http.content_type.startswith("text/event-stream")


def _is_stream(head: bytes) -> bool | None:
    """Return whether a body that begins with `head` is an event stream; None if undecided."""
    if any(head.startswith(field) for field in _FIELDS):
        return True
    return None if any(field.startswith(head) for field in _FIELDS) else False


def _whole(raw: bytes, http: "Incoming", answer: Answer) -> Part:
    if answer.is_text:
        refuse_error(raw, http.request_id)
        refuse_page(raw, http)
        return Part(raw, {"text": raw.decode(errors="replace")}, streamed=False)
    if answer.instead is not None and not raw.strip():
        return Part(raw, answer.instead, streamed=False)
    with _telling(http, raw):
        value = _json_of(raw, http, answer)
        if isinstance(value, list) and (error := error_in(value)) is not None:
            raise failure.of_error(error, http.request_id, raw)
        body = {"data": value} if answer.may_be_array and isinstance(value, list) else value
        if not isinstance(body, dict):
            raise misshapen("it is not a JSON object")
        if (error := answer.failure_in(body, streamed=False)) is not None:
            raise failure.of_error(error, http.request_id, raw)
        try:
            answer.check(body)
        except BadAnswerError:
            if tells_error(body):
                raise failure.of_error(body, http.request_id, raw) from None
            raise
    return Part(raw, body, False, None if value is body else value)


def check_weight(found: int) -> None:
    """Raise BadAnswerError if values of an estimated `found` bytes take too much memory."""
    if found > _HEAVIEST:
        raise BadAnswerError(f"the answer takes more than {_HEAVIEST // 1024**2} MB of memory")


def _json_of(raw: bytes, http: "Incoming", answer: Answer) -> Any:
    if not raw.strip():
        raise BadAnswerError("the answer is empty")
    check_weight(weight(raw, of_items=not answer.has_many_numbers))
    try:
        return load_numbers(raw) if answer.has_many_numbers else json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _not_json(raw, error, http) from None


def _not_json(raw: bytes, error: Exception, http: "Incoming") -> CliError:
    """Return NetworkError for truncated JSON, and BadAnswerError for anything else."""
    if isinstance(error, json.JSONDecodeError) and raw.lstrip()[:1] in (b"{", b"["):
        rest = error.doc[error.pos :].strip()
        cut_escape = error.msg.startswith("Invalid \\u") and len(rest) < len("\\u0000")
        cut_word = any(word.startswith(rest) for word in ("true", "false", "null", "-"))
        if cut_word or cut_escape or error.msg.startswith("Unterminated string"):
            return NetworkError(
                "the answer ended in the middle of its JSON", request_id=http.request_id
            )
    kind = http.content_type.partition(";")[0] or "no content type"
    return BadAnswerError(f"the answer is not JSON ({kind})")


@mutable_record
class _Stream:
    """The events of a stream as parts; `is_cut` says that the last event was truncated.

    With `joins`, events that arrived together and only continue a text become one.
    """

    http: "Incoming"
    answer: Answer
    arrived: Callable[[], None]
    joins: bool
    is_cut: bool = False

    def parts(self, pieces: Iterable[bytes]) -> Iterator[Part]:
        decoder, answer = Decoder(self.answer.largest_event), self.answer
        is_hurried = False
        try:
            for piece in pieces:
                events = self._decoded(decoder, piece)
                joins = self.joins and len(events) > 1
                for event, body in joined(events, answer) if joins else parsed(events):
                    if body is None:
                        yield from self._odd(event)
                    else:
                        self._check(event[0], body)
                        yield Part(event[0], body, True)
                    if answer.is_done:
                        return
                self.arrived()
                if answer.awaits_little is not is_hurried:
                    is_hurried = not is_hurried
                    self.http.end_within(LINGER if is_hurried else None)
        except NetworkError:
            # A broken connection does not matter once the response is complete.
            if not answer.is_whole:
                raise
            return
        for event in decoder.rest():
            yield from self._odd(event, may_be_cut=True)
        if not answer.is_whole and (self.is_cut or not answer.has_no_last):
            raise NetworkError(
                "the stream ended before the answer was whole", request_id=self.http.request_id
            )

    def _decoded(self, decoder: Decoder, piece: bytes) -> list[Event]:
        """Return the events that a piece completes; BadAnswerError if one needs too much memory."""
        try:
            events = decoder.feed(piece)
        except EventTooLongError as error:
            raise BadAnswerError(
                f"the stream cannot be read: {error}", request_id=self.http.request_id
            ) from None
        for data, _ in events:
            if len(data) > _LIGHT:
                check_weight(weight(data))
        return events

    def _check(self, raw: bytes, body: dict[str, Any]) -> None:
        if (error := self.answer.failure_in(body, streamed=True)) is not None:
            raise failure.of_error(error, self.http.request_id, raw)

    def _odd(self, event: Event, *, may_be_cut: bool = False) -> Iterator[Part]:
        """Yield the parts of an event that is not exactly one JSON object in UTF-8."""
        data, name = event
        if names_error(name):
            said = data.decode(errors="replace")
            raise failure.of_error(said, self.http.request_id, data)
        for raw in whole_values(data):
            if raw.strip() == DONE:
                self.answer.is_done = True
                return
            try:
                text = self._text(raw)
                body = value_of(text)
            except (ValueError, RecursionError):
                if may_be_cut:
                    self.is_cut = True
                    return
                shown = raw[:60].decode(errors="replace")
                raise BadAnswerError(
                    f"the stream has an event that is not JSON: {shown}",
                    request_id=self.http.request_id,
                    body=raw,
                ) from None
            with _telling(self.http, raw):
                if not isinstance(body, dict):
                    raise misshapen("an event is not a JSON object")
            self._check(raw, body)
            yield Part(text.encode("utf-8", "surrogatepass"), body, True)

    def _text(self, raw: bytes) -> str:
        """Decode an event, with U+FFFD for invalid UTF-8, as the standard requires."""
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self.answer.has_replaced = True
            return raw.decode(errors="replace")
