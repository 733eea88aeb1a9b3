"""What an error body says: one sentence, out of the many forms that servers give it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from openai_cli.records import record

# In characters: the API's longest known message, that of a missing key, has 443.
_LONGEST = 1000
# What nests deeper says nothing that anybody wrote for a reader.
_DEEPEST = 20
# A Python value is looked for in texts up to so many characters.
_LONGEST_REPR = 100_000

# Where an error stands in an answer: fault is that of gateways (Apigee), errors that of JSON:API.
_HOLDERS = ("error", "errors", "fault")
# Where its words stand: the API's message, FastAPI's msg and detail, RFC 9457's detail and title,
# OAuth's error_description, SOAP's faultstring; the first that there is.
_WORDS = (
    "message", "msg", "detail", "details", "error_msg", "error_message", "errorMessage",
    "error_description", "faultstring", "description", "reason", "title",
)  # fmt: skip
# What an error object has and may have, where it stands for a whole answer.
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
    """What an error body says: `names` are its type and its code, `code` is the code as text."""

    message: str = ""
    parameter: str | None = None
    names: tuple[str, ...] = ()
    status: int | None = None
    code: str | None = None

    def within(self, outer: "Detail") -> "Detail":
        """The detail, and what it does not say itself as the one around it has it."""
        return Detail(
            self.message,
            self.parameter or outer.parameter,
            self.names + outer.names,
            self.status or outer.status,
            self.code or outer.code,
        )


def detail_of(body: bytes) -> Detail:
    """What a body says: JSON, a stream of events, HTML or plain text."""
    return _of_text(body.decode(errors="replace"), 0)


def detail_of_value(error: Any) -> Detail:
    """What a value of JSON says, as the one under `error`."""
    return _of_value(error, 0)


def tells_error(body: Mapping[str, Any]) -> bool:
    """Whether an object that has nothing of what an endpoint answers tells of an error."""
    if body.get("error") not in (None, False) or body.get("object") == "error":
        return True
    kind = body.get("type")
    if isinstance(kind, str) and kind.lower().endswith("error"):
        return True
    return any(_may_be_words(body.get(name)) for name in (*_HOLDERS, *_WORDS))


def error_in(value: Any) -> Any:
    """The error in a value that is an error object alone, or an array around some."""
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
    """Whether it is text or holds some, and is no message of a conversation."""
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
    """The first that says of what it is, with the words of all."""
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
        # OpenRouter puts what the provider said there, behind words that are always the same.
        message = f"{message}: {raw}" if message else raw
    return replace(found, message=_cut(message)).within(own)


def _told(value: Mapping[str, Any], depth: int) -> Detail:
    """What the object says where errors stand; else the sentences that stand anywhere in it."""
    holders = (_of_value(value.get(name), depth + 1) for name in _HOLDERS)
    held = next((one for one in holders if one.message), Detail())
    words = (_of_value(value.get(name), depth + 1) for name in _WORDS)
    if not held.message:
        spoken = next((one for one in words if one.message), None)
        return spoken or Detail(_cut("; ".join(_sentences(value, depth))))
    if isinstance(value.get("error"), str):
        # Often a mere name: {"error": "Unauthorized", "message": "the key has expired"}.
        more = next((one.message for one in words if one.message), "")
        if more and more not in held.message:
            return replace(held, message=f"{held.message}: {more}")
    return held


def _sentences(value: Any, depth: int) -> Iterator[str]:
    """The texts of several words that stand in a value."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        if " " in value.strip():
            yield _prose(value)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value[:_LONGEST]:
            yield from _sentences(inner, depth + 1)


def _named(value: Mapping[str, Any]) -> Detail:
    """What an error object says beside its words."""
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
    """A text: what the JSON or the events in it say, else itself."""
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
        return Detail(_prose(text))  # a sentence that quotes what is no error
    found = _of_value(value, depth + 1)
    if not found.message:
        return Detail(_prose(text)) if before or after else found
    said = f"{before}: {found.message}" if before else found.message
    return replace(found, message=_cut(f"{said} {after}" if after else said))


def _value_at(text: str, start: int) -> tuple[Any, int]:
    """The value that begins there, and its end: JSON, or as Python writes it.

    vLLM puts the repr of a list of problems into its message.
    """
    try:
        return json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        if len(text) > _LONGEST_REPR or start:
            raise
    import ast

    return ast.literal_eval(text), len(text)


def _unquoted(text: str) -> str:
    """The text of a JSON string, and any other text as it is."""
    if text.startswith('"') and text.endswith('"'):
        try:
            return _prose(str(json.loads(text)))
        except ValueError:
            pass
    return _prose(text)


def _of_events(text: str, depth: int) -> Detail:
    """The first event that says something."""
    from openai_cli.http.sse import Decoder

    decoder = Decoder()
    events = [*decoder.feed(text.encode()), *decoder.rest()]
    found = (
        _of_value(event.data.decode(errors="replace"), depth + 1)
        for event in events[:_LONGEST]
        if event.data.strip() != b"[DONE]"
    )
    return next((one for one in found if one.message), Detail())


def _prose(text: str) -> str:
    """Plain text as it is; of HTML its title, else its text. Linear, whatever the text is."""
    if text.startswith("<"):
        tags = text.split("<")
        titles = (tag.partition(">")[2] for tag in tags if tag[:5].lower() == "title")
        text = next(titles, "") or " ".join(tag.partition(">")[2] for tag in tags)
    return _cut(" ".join(text.split()))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
