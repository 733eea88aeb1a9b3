"""What an answer says: choices, text, tool calls, usage, whether whole or in events of a stream.

Both endpoints and both forms have one reader: a choice's content stands in `text` (completions),
`message` (chat) or `delta` (chat, streamed), and a whole answer is a stream of one part.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from openai_cli.errors import BadAnswerError, CliError, NetworkError
from openai_cli.http import failure
from openai_cli.http.sse import Decoder, Event

if TYPE_CHECKING:
    from openai_cli.http.client import Response

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


@dataclass
class Choice:
    """One choice, as far as it came."""

    index: int
    text: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    finish_reason: str | None = None

    @property
    def incomplete(self) -> str | None:
        """Why the choice is not complete, in the API's words; None when it is."""
        if self.refusal:
            return "refusal"
        return self.finish_reason if self.finish_reason in ("length", "content_filter") else None

    @property
    def content(self) -> str | None:
        """The text; None where a refusal or tool calls stand instead of one."""
        text = "".join(self.text)
        return None if not text and (self.refusal or self.calls) else text

    @property
    def message(self) -> dict[str, Any]:
        """The choice as a message of the requests that follow."""
        message: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.refusal:
            message["refusal"] = "".join(self.refusal)
        if self.calls:
            # The older function_call has no id and no type.
            older = "function" not in self.calls[0] and "custom" not in self.calls[0]
            message |= {"function_call": self.calls[0]} if older else {"tool_calls": self.calls}
        return message


@dataclass
class Answer:
    """All that the parts told so far. `expected` is the number of choices that were asked for."""

    expected: int = 1
    request_id: str | None = None
    choices: dict[int, Choice] = field(default_factory=dict)
    usage: dict[str, Any] | None = None
    model: str | None = None
    service_tier: str | None = None
    is_done: bool = False

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        """Take one part in; gives the text that it adds, choice by choice."""
        if isinstance(usage := body.get("usage"), dict):
            self.usage = usage
        self.model = self.model or _name(body.get("model"))
        self.service_tier = _name(body.get("service_tier")) or self.service_tier
        return [
            self._add_choice(position, found)
            for position, found in enumerate(_objects(body.get("choices"), "choices"))
        ]

    def _add_choice(self, position: int, found: dict[str, Any]) -> tuple[Choice, str]:
        index = found.get("index")
        choice = self.choices.get(index) if type(index) is int else None
        if choice is None:
            index = _index(index, position)
            choice = self.choices.setdefault(index, Choice(index))
        message = found.get("delta") or found.get("message") or {}
        if not isinstance(message, dict):
            raise _misshapen("a choice's message is no object")
        text = _text_of(found, message)
        if text:
            choice.text.append(text)
        if refusal := message.get("refusal"):
            choice.refusal.append(_string(refusal, "refusal"))
        if calls := message.get("tool_calls"):
            _merge_calls(choice.calls, _objects(calls, "tool_calls"))
        if function := message.get("function_call"):
            _merge_calls(choice.calls, [{"index": 0, **_object(function, "function_call")}])
        choice.finish_reason = found.get("finish_reason") or choice.finish_reason
        return choice, text

    @property
    def is_whole(self) -> bool:
        """Whether the stream was whole: `[DONE]` came, or every choice has its finish reason."""
        ended = sum(choice.finish_reason is not None for choice in self.choices.values())
        return self.is_done or (ended == len(self.choices) and ended >= self.expected)

    @property
    def in_order(self) -> list[Choice]:
        """The choices by index."""
        return [self.choices[index] for index in sorted(self.choices)]


def _name(value: object) -> str | None:
    """What an answer says of itself: other servers' values may be of any type."""
    return value if isinstance(value, str) else None


def parts(
    http: "Response", answer: Answer, *, arrived: Callable[[], None] = lambda: None
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
    is_stream = None
    while is_stream is None and (piece := next(pieces, None)) is not None:
        lead.append(piece)
        head = (head + piece).lstrip()[:_LONGEST_HEAD]
        is_stream = _is_stream(head)
    if is_stream is None:  # nothing came, or the beginning of a field's name
        is_stream = http.content_type.startswith("text/event-stream")
    start = b"".join(lead)
    if is_stream:
        yield from _events(chain((start,), pieces), answer, http.request_id, arrived)
    else:
        yield _whole(start + b"".join(pieces), http)


def _is_stream(head: bytes) -> bool | None:
    """Whether a body that begins so is server-sent events; None while it can be either."""
    if any(head.startswith(field) for field in _FIELDS):
        return True
    return None if any(field.startswith(head) for field in _FIELDS) else False


def _whole(raw: bytes, http: "Response") -> Part:
    if not raw.strip():
        raise BadAnswerError("the answer is empty", request_id=http.request_id)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _not_json(raw, error, http) from None
    if not isinstance(body, dict):
        raise _misshapen("it is no JSON object")
    if body.get("error"):
        raise failure.of_error(body["error"], http.request_id, raw)
    if not isinstance(body.get("choices"), list) or not body["choices"]:
        raise _misshapen("it has no choices")
    return Part(raw, body, streamed=False)


def _not_json(raw: bytes, error: Exception, http: "Response") -> CliError:
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
    if (rest := decoder.rest()) is not None:
        answer.is_done = rest.data == _DONE
        if not answer.is_done and (last := _last_part(rest, request_id)) is not None:
            yield last
    if not answer.is_whole:
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
        raise _misshapen("an event is no JSON object")
    if body.get("error") or event.name == "error":
        raise failure.of_error(body.get("error") or body, request_id, event.data)
    return Part(event.data, body, True)


def _text_of(choice: dict[str, Any], message: dict[str, Any]) -> str:
    """A choice's text: completions' `text`, chat's `content`, or what spoken audio says."""
    content = choice.get("text") or message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # content parts, as some servers send them
        return "".join(
            _string(part.get("text", ""), "text") for part in _objects(content, "content")
        )
    if content:
        raise _misshapen("a choice's content is no text")
    audio = message.get("audio")
    return _string(audio.get("transcript") or "", "transcript") if isinstance(audio, dict) else ""


def _merge_calls(calls: list[dict[str, Any]], pieces: list[dict[str, Any]]) -> None:
    """Put pieces of tool calls to what came of the same calls before: arguments come in pieces."""
    before = len(calls)
    for position, piece in enumerate(pieces):
        default = _place(calls, before, piece, position if len(pieces) > 1 else before - 1)
        place = _index(piece.get("index"), default)
        if place >= len(calls):
            place = len(calls)
            calls.append({})
        _join(calls[place], {key: value for key, value in piece.items() if key != "index"})


def _place(calls: list[dict[str, Any]], before: int, piece: dict[str, Any], position: int) -> int:
    """The place of a piece that names none: that of the call of its id, among those before it."""
    if (name := piece.get("id")) is None:
        return max(position, 0)
    return next((i for i, call in enumerate(calls[:before]) if call.get("id") == name), len(calls))


def _join(whole: dict[str, Any], piece: dict[str, Any], *, depth: int = 1) -> None:
    """Add a piece: text of `arguments` and `input` grows, what they stand in is joined too."""
    for key, value in piece.items():
        if key in ("arguments", "input") and isinstance(value, str):
            whole[key] = _string(whole.get(key) or "", key) + value
        elif isinstance(value, dict) and depth:
            inner = whole.get(key) or {}
            _join(_object(inner, key), value, depth=depth - 1)
            whole[key] = inner
        elif value is not None or key not in whole:
            whole[key] = value


def _index(value: Any, default: int) -> int:
    """An index of a choice or a call, where one is named."""
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _misshapen("an index is no number")
    return value


def _objects(value: Any, name: str) -> list[dict[str, Any]]:
    found = value or []
    if not isinstance(found, list):
        raise _misshapen(f"{name} is no array of objects")
    for item in found:
        if not isinstance(item, dict):
            raise _misshapen(f"{name} is no array of objects")
    return found


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _misshapen(f"{name} is no object")
    return value


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _misshapen(f"{name} is no text")
    return value


def _misshapen(why: str) -> BadAnswerError:
    return BadAnswerError(f"the answer is not of the API's shape: {why}")
