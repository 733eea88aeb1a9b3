"""A line of `--replies FILE`: which requests it answers, and how. See docs/sandbox.md."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from openai_cli.sandbox.asked import sorted_target
from openai_cli.sandbox.calls import ToolCall
from openai_cli.sandbox.conditions import condition
from openai_cli.sandbox.exchange import FixedContent, HttpResponse, json_response
from openai_cli.sandbox.likeness import Likeness, likeness_of
from openai_cli.sandbox.refusals import usual_error
from openai_cli.sandbox.route import ROOT

_SPEAKING = tuple(
    f"{ROOT}/{name}"
    for name in (
        "chat/completions", "completions", "responses", "audio/transcriptions", "audio/translations"
    )
)  # fmt: skip
_CALLING = (f"{ROOT}/chat/completions", f"{ROOT}/responses")

# The kinds of answers, and the endpoints that can give them; None means every path.
_ANSWERS: Mapping[str, tuple[str, ...] | None] = {
    "text": _SPEAKING,
    "tool_call": _CALLING,
    "tool_calls": _CALLING,
    "refusal": _CALLING,
    "body": None,
    "content": None,
    "events": None,
    "error": None,
}
_TYPES: Mapping[str, tuple[type, str]] = {
    "when": (str, "a JMESPath expression"),
    "path": (str, "a path such as /chat/completions"),
    "method": (str, "a method such as POST"),
    "times": (int, "an integer of at least 1"),
    "text": (str, "a string"),
    "tool_call": (dict, "an object"),
    "tool_calls": (list, "an array of objects"),
    "refusal": (str, "a string"),
    "body": (object, "JSON"),
    "content": (object, "a string, or an object with 'base64'"),
    "events": (list, "an array of strings, or of objects with 'base64'"),
    "error": (dict, "an object"),
    "status": (int, "an integer from 200 to 599"),
    "headers": (dict, "an object of strings"),
    "request": (object, "JSON"),
    "match": (str, "a JMESPath expression"),
    "redact": (list, "an array of regular expressions"),
    "recorded": (str, "a time in UTC such as 2026-11-23T09:30:00Z"),
}
_WITH_STATUS = ("body", "content", "events", "error")
_OF_REQUEST = ("match", "redact")
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z"

# Headers of the framing, which is done anew.
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})

Answer = FixedContent | HttpResponse


@dataclass
class ReplyLine:
    """A line of the file; `left` is how often it may still answer, None for no limit.

    It applies to a `method`, unless that is empty, at its `paths`; `target` is its one path with
    the query, if the line has one. It answers bodies that it `fits` or, with a `likeness`, those
    that are like that of its `request`, which was made when it was `recorded`.
    """

    number: int
    method: str
    paths: tuple[str, ...]
    target: str | None
    fits: Callable[[object], bool]
    likeness: Likeness | None
    request: Any
    answer: Callable[[], Answer]
    left: int | None
    recorded: str = ""
    is_used: bool = False

    @property
    def is_recording(self) -> bool:
        """Whether it answers a single request, however often that is made."""
        return self.likeness is not None and self.left is None

    def is_at(self, method: str, target: str) -> bool:
        """Whether it applies to this method and path."""
        path = target.partition("?")[0]
        return (
            self.method in ("", method)
            and path in self.paths
            and self.target in (None, sorted_target(target))
        )


def line_of(number: int, text: bytes, match: str | None = None) -> ReplyLine:
    """Parse a line of the file; ValueError with the reason. `match` overrides the line's own."""
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not a JSON object") from None
    if not isinstance(row, dict):
        raise ValueError("it is not a JSON object")
    for key, value in row.items():
        _check_type(key, value)
    if "host" in row.get("headers", {}):
        raise ValueError("it is a line of --record, which has no answer")
    kind = _kind(row)
    able = _ANSWERS[kind]
    paths, target = able or _SPEAKING, None
    if "path" in row:
        full = sorted_target(_full(row["path"]))
        paths = (full.partition("?")[0],)
        target = full if "request" in row or "?" in full else None
        if able is not None and paths[0] not in able:
            raise ValueError(f"'{kind}' is not an answer of {row['path']}")
    return ReplyLine(
        number,
        row.get("method", "POST" if "request" in row else "").upper(),
        paths,
        target,
        condition(row.get("when")),
        _likeness(row, match),
        row.get("request"),
        _answer(kind, row),
        row.get("times"),
        row.get("recorded", ""),
    )


def _check_type(key: str, value: object) -> None:
    if key not in _TYPES:
        raise ValueError(f"'{key}' is not a key; the keys are {', '.join(_TYPES)}")
    kind, described = _TYPES[key]
    right = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    if key == "times":
        right = right and value >= 1  # type: ignore[operator]  # an int, by the line before
    if key == "status":
        right = right and 200 <= value <= 599  # type: ignore[operator]  # likewise
    if key == "recorded":
        right = right and re.fullmatch(_TIME, str(value)) is not None
    if not right:
        raise ValueError(f"'{key}' must be {described}")


def _kind(row: Mapping[str, Any]) -> str:
    """The kind of the answer, a key of _ANSWERS; a status alone is an `error`."""
    kinds = [key for key in _ANSWERS if key in row]
    if len(kinds) > 1:
        raise ValueError(f"it has '{kinds[0]}' and '{kinds[1]}': one of them")
    if not kinds and "status" not in row:
        raise ValueError(f"it has no answer: one of {', '.join(_ANSWERS)} or status")
    kind = kinds[0] if kinds else "error"
    if kind == "error" and row.get("status", 0) < 400:
        raise ValueError("an error has a 'status' from 400 to 599")
    for key in ("status", "headers"):
        if key in row and kind not in _WITH_STATUS:
            raise ValueError(f"'{key}' goes with {_listed(_WITH_STATUS)}, not with '{kind}'")
    return kind


def _listed(names: Sequence[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _full(path: str) -> str:
    """The full path for one below the base URL, or for one from a record."""
    rooted = path if path.startswith("/") else f"/{path}"
    return rooted if rooted.startswith(f"{ROOT}/") else f"{ROOT}{rooted}"


def _likeness(row: Mapping[str, Any], match: str | None) -> Likeness | None:
    """What makes other requests like the recorded one; None if the line has no request."""
    if "request" not in row:
        if given := [key for key in _OF_REQUEST if key in row]:
            raise ValueError(f"'{given[0]}' goes with 'request'")
        return None
    if "when" in row:
        raise ValueError("it has 'request' and 'when': one of them")
    if "path" not in row:
        raise ValueError("'request' needs 'path'")
    try:
        return likeness_of(match or row.get("match"), tuple(row.get("redact", ())))
    except TypeError:  # one cannot be compiled, another cannot be a key
        raise ValueError(f"'redact' must be {_TYPES['redact'][1]}") from None


def _answer(kind: str, row: Mapping[str, Any]) -> Callable[[], Answer]:
    """Return a function that makes the answer anew, as a stream can be read only once."""
    if kind == "events":
        events = [decoded(event, "events") for event in row["events"]]
        whole = _response(HttpResponse(row.get("status", 200)), row)
        return lambda: replace(whole, events=iter(events))
    answer = _fixed(kind, row)
    return lambda: answer


def _fixed(kind: str, row: Mapping[str, Any]) -> Answer:
    match kind:
        case "text":
            return FixedContent(text=row["text"])
        case "refusal":
            return FixedContent(refusal=row["refusal"])
        case "tool_call" | "tool_calls":
            calls = row.get("tool_calls", [row.get("tool_call")])
            if not calls:
                raise ValueError("'tool_calls' has no call")
            return FixedContent(calls=tuple(_call(call) for call in calls))
        case "body":
            return _response(json_response(row["body"], row.get("status", 200)), row)
        case "content":
            content = decoded(row["content"], "content")
            return _response(HttpResponse(row.get("status", 200), content), row)
    error = usual_error(row["status"])
    error["error"].update(row.get("error", {}))
    return _response(json_response(error, row["status"]), row)


def _response(response: HttpResponse, row: Mapping[str, Any]) -> HttpResponse:
    """The response with the line's headers; a recording gets no others."""
    headers = row.get("headers", {})
    for name, value in headers.items():
        is_name = re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) is not None
        if not is_name or name.lower() in _FRAMING:
            raise ValueError(f"'headers' cannot have '{name}'")
        if not isinstance(value, str) or not re.fullmatch(r"[\t\x20-\x7e\x80-\xff]*", value):
            raise ValueError(f"the header '{name}' must be a string on one line")
    kinds = [value for name, value in headers.items() if name.lower() == "content-type"]
    return replace(
        response,
        headers=tuple(headers.items()),
        content_type=kinds[0].partition(";")[0] if kinds else response.content_type,
        is_foreign="recorded" in row,
    )


def encoded(data: bytes) -> Any:
    """Bytes as they stand in a line: a string if they are text, else base64."""
    try:
        return data.decode()
    except ValueError:
        return {"base64": b64encode(data).decode()}


def decoded(value: Any, key: str) -> bytes:
    """The bytes in a line; ValueError if there are none."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, dict) and value.keys() == {"base64"} and isinstance(value["base64"], str):
        try:
            return b64decode(value["base64"], validate=True)
        except ValueError:
            raise ValueError(f"the 'base64' of '{key}' is not valid base64") from None
    described = _TYPES[key][1]
    raise ValueError(f"'{key}' must be {described}")


def _call(call: Any) -> ToolCall:
    """A call of a function with `arguments`, or of a custom tool with `input`."""
    field = "input" if isinstance(call, dict) and "input" in call else "arguments"
    if not isinstance(call, dict) or call.keys() != {"name", field}:
        raise ValueError("a tool call has 'name' and 'arguments', or 'name' and 'input'")
    name, given = call["name"], call[field]
    if not isinstance(name, str):
        raise ValueError("the 'name' of a tool call must be a string")
    if field == "arguments" and isinstance(given, dict):
        given = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
    if not isinstance(given, str):
        kinds = "a string or an object" if field == "arguments" else "a string"
        raise ValueError(f"the '{field}' of a tool call must be {kinds}")
    return ToolCall("custom" if field == "input" else "function", name, given)
