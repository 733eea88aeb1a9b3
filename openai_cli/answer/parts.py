"""An answer in its parts as they arrive: one for a whole answer, one for each event of a stream.

What is in them is told by an Answer, of which each endpoint's shape is a subclass.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from openai_cli.answer.choice import Choice
from openai_cli.answer.shape import as_name, misshapen
from openai_cli.errors import BadAnswerError, CliError, NetworkError
from openai_cli.http import failure
from openai_cli.http.sse import Decoder, Event

if TYPE_CHECKING:
    from openai_cli.http.client import HttpResponse

_DONE = b"[DONE]"
_BOM = b"\xef\xbb\xbf"
_NAMES = (b":", b"data:", b"event:", b"id:", b"retry:")
_FIELDS = (*_NAMES, *(_BOM + name for name in _NAMES))
_LONGEST_HEAD = max(map(len, _FIELDS))
_decoder = json.JSONDecoder()
_raw_decode = _decoder.raw_decode


class Part(NamedTuple):
    """A whole answer, or one event of a stream: its bytes and the object in them."""

    raw: bytes
    body: dict[str, Any]
    streamed: bool


@dataclass(kw_only=True)
class Answer:
    """What the parts told so far; `is_done` says that the last event of a stream came.

    `usage` is the API's object of that name, or None. `asked_model` is the model of the request,
    for answers that do not name theirs. `is_background` says that the server makes it whole even if
    the connection breaks. Where `is_text`, a whole answer is no JSON; where `has_no_last`, a stream
    may end with any event.
    """

    is_text: ClassVar[bool] = False
    has_no_last: ClassVar[bool] = False

    request_id: str | None = None
    usage: dict[str, Any] | None = None
    asked_model: str | None = None
    model: str | None = None
    service_tier: str | None = None
    is_done: bool = False
    is_background: bool = False

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        """Take one part in; gives the text that it adds, choice by choice."""
        self.note(body)
        return []

    def note(self, body: dict[str, Any]) -> None:
        """Take in what every answer tells of itself."""
        if isinstance(usage := body.get("usage"), dict):
            self.usage = usage
        self.model = self.model or as_name(body.get("model"))
        self.service_tier = as_name(body.get("service_tier")) or self.service_tier

    def check(self, body: dict[str, Any]) -> None:
        """Raise BadAnswerError for a whole answer that is not of the endpoint's shape."""

    @property
    def is_whole(self) -> bool:
        """Whether a stream that ends now has said all."""
        return self.is_done

    @property
    def in_order(self) -> list[Choice]:
        """The choices by index, of an answer that has any."""
        return []


def parts(
    http: "HttpResponse", answer: Answer, *, arrived: Callable[[], None] = lambda: None
) -> Iterator[Part]:
    """The parts of an answer as they arrive: one for JSON, one for each event of a stream.

    What the body is shows in its first bytes, for servers send either where the other was asked
    for. Each part is taken into `answer` by the caller before the next is asked for; `arrived` is
    called when all that arrived is taken, before more is waited for. Raises
    BadAnswerError for what is neither or not of the shape, NetworkError when it ends before it is
    whole, and the error that the answer itself may hold.
    """
    pieces = http.pieces()
    lead: list[bytes] = []
    head = b""
    is_stream = _is_named_stream(http) if answer.is_text else None
    while is_stream is None and (piece := next(pieces, None)) is not None:
        lead.append(piece)
        head = (head + piece).lstrip()[:_LONGEST_HEAD]
        is_stream = _is_stream(head)
    if is_stream is None:  # nothing came, or the beginning of a field's name
        is_stream = _is_named_stream(http)
    start = b"".join(lead)
    if is_stream:
        yield from _events(chain((start,), pieces), answer, http.request_id, arrived)
    else:
        yield _whole(start + b"".join(pieces), http, answer)


def _is_named_stream(http: "HttpResponse") -> bool:
    return http.content_type.startswith("text/event-stream")


def _is_stream(head: bytes) -> bool | None:
    """Whether a body that begins so is server-sent events; None while it can be either."""
    if any(head.startswith(field) for field in _FIELDS):
        return True
    return None if any(field.startswith(head) for field in _FIELDS) else False


def _whole(raw: bytes, http: "HttpResponse", answer: Answer) -> Part:
    if answer.is_text:
        return Part(raw, {"text": raw.decode(errors="replace")}, streamed=False)
    if not raw.strip():
        raise BadAnswerError("the answer is empty", request_id=http.request_id)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _not_json(raw, error, http) from None
    if not isinstance(body, dict):
        raise misshapen("it is no JSON object")
    if body.get("error"):
        raise failure.of_error(body["error"], http.request_id, raw)
    answer.check(body)
    return Part(raw, body, streamed=False)


def _not_json(raw: bytes, error: Exception, http: "HttpResponse") -> CliError:
    """JSON that breaks off is an answer that ended early; all else is no JSON."""
    if isinstance(error, json.JSONDecodeError) and raw.lstrip()[:1] in (b"{", b"["):
        rest = error.doc[error.pos :].strip()
        cut_escape = error.msg.startswith("Invalid \\u") and len(rest) < len("\\u0000")
        cut_word = any(word.startswith(rest) for word in ("true", "false", "null", "-"))
        if cut_word or cut_escape or error.msg.startswith("Unterminated string"):
            return NetworkError(
                "the answer ended in the middle of its JSON", request_id=http.request_id
            )
    kind = http.content_type.partition(";")[0] or "no content type"
    return BadAnswerError(f"the answer is not JSON ({kind})", request_id=http.request_id)


def _events(
    pieces: Iterable[bytes], answer: Answer, request_id: str | None, arrived: Callable[[], None]
) -> Iterator[Part]:
    decoder = Decoder()
    try:
        for piece in pieces:
            for event in decoder.feed(piece):
                if event.data == _DONE:
                    answer.is_done = True
                    return
                yield _part(event, request_id)
            arrived()
    except NetworkError:
        # A server that has said all and then drops the connection has said all.
        if not answer.is_whole:
            raise
        return
    is_cut = False
    if (rest := decoder.rest()) is not None:
        answer.is_done = rest.data == _DONE
        if not answer.is_done and (last := _last_part(rest, request_id)) is not None:
            yield last
        else:
            is_cut = not answer.is_done
    if not answer.is_whole and (is_cut or not answer.has_no_last):
        raise NetworkError("the stream ended before the answer was whole", request_id=request_id)


def _last_part(event: Event, request_id: str | None) -> Part | None:
    """The event that lacked its empty line; None when it was cut, which the caller then sees."""
    try:
        _parsed(event.data)
    except (ValueError, RecursionError):
        return None
    return _part(event, request_id)


def _parsed(data: bytes) -> Any:
    """The JSON value of an event; white space around it, which is rare, is looked for last."""
    text = data.decode()
    try:
        value, end = _raw_decode(text)
    except ValueError:
        return _decoder.decode(text)
    return value if end == len(text) else _decoder.decode(text)


def _part(event: Event, request_id: str | None) -> Part:
    try:
        body = _parsed(event.data)
    except (ValueError, RecursionError):
        shown = event.data[:60].decode(errors="replace")
        raise BadAnswerError(
            f"the stream has an event that is not JSON: {shown}", request_id=request_id
        ) from None
    if not isinstance(body, dict):
        raise misshapen("an event is no JSON object")
    if body.get("error") or event.name == "error":
        raise failure.of_error(body.get("error") or body, request_id, event.data)
    return Part(event.data, body, True)
