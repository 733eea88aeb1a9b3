"""Extract one error message from the many forms of error body that servers send."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from openai_cli.records import record, replace

# The longest message, in characters. The API's longest known one, for a missing key, has 443.
_LONGEST = 1000
# No message that is meant for a reader is nested deeper.
_DEEPEST = 20
# The longest text, in characters, that is parsed as a Python literal.
_LONGEST_REPR = 100_000

# The properties that hold an error: `fault` is used by gateways (Apigee), `errors` by JSON:API.
_HOLDERS = ("error", "errors", "fault")
# The properties that hold its message, in order of preference: the API's message, FastAPI's msg and
# detail, RFC 9457's detail and title, OAuth's error_description, SOAP's faultstring.
_WORDS = (
    "message", "msg", "detail", "details", "error_msg", "error_message", "errorMessage",
    "error_description", "faultstring", "description", "reason", "title",
)  # fmt: skip
# The only properties that an object may have to pass for an error in place of a whole response.
_OF_ERRORS = frozenset(
    {
        "code", "detail", "details", "error", "id", "message", "object", "param", "path",
        "request_id", "status", "statusCode", "success", "timestamp", "type",
    }
)  # fmt: skip
_SSE = ("data:", "event:", "error:", ":")
_NONE = ("", "none", "null")


@record
class Detail:
    """The contents of an error body: `names` are its code and type, `code` is the code as text."""

    message: str = ""
    parameter: str | None = None
    names: tuple[str, ...] = ()
    status: int | None = None
    code: str | None = None

    def within(self, outer: "Detail") -> "Detail":
        """Return the detail with its missing fields filled in from the enclosing one."""
        return Detail(
            self.message,
            self.parameter or outer.parameter,
            self.names + outer.names,
            self.status or outer.status,
            self.code or outer.code,
        )


def detail_of(body: bytes) -> Detail:
    """Parse an error body: JSON, an event stream, HTML or plain text."""
    return _of_text(body.decode(errors="replace"), 0)


def detail_of_value(error: Any) -> Detail:
    """Parse an error as a JSON value, such as the one under `error`."""
    return _of_value(error, 0)


def tells_error(body: Mapping[str, Any]) -> bool:
    """Return whether an object with none of the endpoint's own properties reports an error."""
    if body.get("error") not in (None, False) or body.get("object") == "error":
        return True
    kind = body.get("type")
    if isinstance(kind, str) and kind.lower().endswith("error"):
        return True
    return any(_may_be_words(body.get(name)) for name in (*_HOLDERS, *_WORDS))


def error_in(value: Any) -> Any:
    """Return the value if it is nothing but an error object, or an array of them; else None."""
    if isinstance(value, list) and value:
        return value if all(error_in(item) is not None for item in value) else None
    if not isinstance(value, dict) or not tells_error(value) or value.keys() - _OF_ERRORS:
        return None
    is_error = bool(value.get("error")) or value.get("object") == "error" or "code" in value
    return value if is_error else None


def _tells_error(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_tells_error, value[:_LONGEST]))
    return isinstance(value, dict) and tells_error(value)


def _may_be_words(value: Any) -> bool:
    """Return whether the value is text or may hold some, and is not a conversation's message."""
    if isinstance(value, dict):
        return bool(value) and "role" not in value
    return isinstance(value, str | list) and bool(value)


def _of_value(value: Any, depth: int) -> Detail:
    if depth > _DEEPEST:
        return Detail()
    if isinstance(value, str):
        return _of_text(value, depth)
    if isinstance(value, list):
        return _of_list(value, depth)
    return _of_object(value, depth) if isinstance(value, dict) else Detail()


def _of_list(values: list[Any], depth: int) -> Detail:
    """Return the first detail that has a message, with the messages of all joined."""
    found = [_of_value(value, depth + 1) for value in values[:_LONGEST]]
    said = list(dict.fromkeys(one.message for one in found if one.message))
    first = next((one for one in found if one.message), Detail())
    return replace(first, message=_cut("; ".join(said)))


def _of_object(value: Mapping[str, Any], depth: int) -> Detail:
    own = _named(value)
    found = _told(value, depth)
    message = found.message
    if message and isinstance(where := value.get("loc"), list):
        message = f"{'.'.join(str(part) for part in where)}: {message}"
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and (raw := _of_value(metadata.get("raw"), depth + 1).message):
        # OpenRouter puts the provider's message here; its own message is always the same.
        message = f"{message}: {raw}" if message else raw
    return replace(found, message=_cut(message)).within(own)


def _told(value: Mapping[str, Any], depth: int) -> Detail:
    """Find the message in the known properties; failing that, use any sentences in the object."""
    holders = (_of_value(value.get(name), depth + 1) for name in _HOLDERS)
    held = next((one for one in holders if one.message), Detail())
    words = (_of_value(value.get(name), depth + 1) for name in _WORDS)
    if not held.message:
        spoken = next((one for one in words if one.message), None)
        return spoken or Detail(_cut("; ".join(_sentences(value, depth))))
    if isinstance(value.get("error"), str):
        # Often just a name: {"error": "Unauthorized", "message": "the key has expired"}.
        more = next((one.message for one in words if one.message), "")
        if more and more not in held.message:
            return replace(held, message=f"{held.message}: {more}")
    return held


def _sentences(value: Any, depth: int) -> Iterator[str]:
    """Yield the strings in a value that have more than one word."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        if " " in value.strip():
            yield _prose(value)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value[:_LONGEST]:
            yield from _sentences(inner, depth + 1)


def _named(value: Mapping[str, Any]) -> Detail:
    """Return the fields of an error object other than its message."""
    param, code = value.get("param"), value.get("code")
    names = (code, value.get("type"))
    return Detail(
        parameter=param if isinstance(param, str) and param.lower() not in _NONE else None,
        names=tuple(name for name in names if isinstance(name, str)),
        status=_status(code) or _status(value.get("status")),
        code=_cut(str(code)) if type(code) in (str, int) and code != "" else None,
    )


def _status(code: Any) -> int | None:
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code[:4])
    return code if isinstance(code, int) and 300 <= code < 600 else None


def _of_text(text: str, depth: int) -> Detail:
    """Parse a text: the JSON or the events that it contains, or else the text itself."""
    text = text.strip().lstrip("\ufeff").lstrip()
    if text.startswith(_SSE):
        found = _of_events(text, depth)
        return found if found.message else Detail(_prose(text))
    start = min((at for at in map(text.find, "{[") if at >= 0), default=-1)
    if start < 0 or depth > _DEEPEST or text.startswith("<"):
        return Detail(_unquoted(text))
    try:
        value, end = _value_at(text, start)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return Detail(_prose(text))
    before = _prose(text[:start].removesuffix("b'").removesuffix('b"').rstrip(" -:\n"))
    after = _prose(text[end:].strip(" '\".\n"))
    if (before or after) and not _tells_error(value):
        return Detail(_prose(text))  # a sentence that quotes JSON which is not an error
    found = _of_value(value, depth + 1)
    if not found.message:
        return Detail(_prose(text)) if before or after else found
    said = f"{before}: {found.message}" if before else found.message
    return replace(found, message=_cut(f"{said} {after}" if after else said))


def _value_at(text: str, start: int) -> tuple[Any, int]:
    """Parse the JSON value, or the Python literal, that begins at `start`; return it and its end.

    A Python literal must be the whole text: vLLM sends the repr of a list of problems.
    """
    try:
        return json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        if len(text) > _LONGEST_REPR or start:
            raise
    import ast

    return ast.literal_eval(text), len(text)


def _unquoted(text: str) -> str:
    """Return the content of a JSON string, and any other text unchanged."""
    if text.startswith('"') and text.endswith('"'):
        try:
            return _prose(str(json.loads(text)))
        except ValueError:
            pass
    return _prose(text)


def _of_events(text: str, depth: int) -> Detail:
    """Return the detail of the first event that has a message."""
    from openai_cli.http.sse import Decoder

    decoder = Decoder()
    events = [*decoder.feed(text.encode()), *decoder.rest()]
    found = (
        _of_value(data.decode(errors="replace"), depth + 1)
        for data, _ in events[:_LONGEST]
        if data.strip() != b"[DONE]"
    )
    return next((one for one in found if one.message), Detail())


def _prose(text: str) -> str:
    """Return plain text unchanged, and of HTML the title or else the text. Takes linear time."""
    if text.startswith("<"):
        tags = text.split("<")
        titles = (tag.partition(">")[2] for tag in tags if tag[:5].lower() == "title")
        text = next(titles, "") or " ".join(tag.partition(">")[2] for tag in tags)
    return _cut(" ".join(text.split()))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
