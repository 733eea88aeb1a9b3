"""Fixed answers: which of the lines of `--replies FILE` a request is answered with.

A line is a JSON object: what requests it is for, and what it answers. See docs/sandbox.md.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.sandbox.calls import ToolCall
from openai_cli.sandbox.exchange import FixedContent, HttpResponse, json_response
from openai_cli.sandbox.refusals import Refusal, usual_error

ROOT = "/v1"
_SPEAKING = tuple(
    f"{ROOT}/{name}"
    for name in (
        "chat/completions", "completions", "responses", "audio/transcriptions", "audio/translations"
    )
)  # fmt: skip
_CALLING = (f"{ROOT}/chat/completions", f"{ROOT}/responses")

# In characters: how much of a request that no line is for its refusal shows.
SHOWN = 200

# What a line answers with, and the endpoints that can say it; None is every path.
_ANSWERS: Mapping[str, tuple[str, ...] | None] = {
    "text": _SPEAKING,
    "tool_call": _CALLING,
    "tool_calls": _CALLING,
    "refusal": _CALLING,
    "body": None,
    "error": None,
}
_TYPES: Mapping[str, tuple[type, str]] = {
    "when": (str, "a JMESPath expression"),
    "path": (str, "a path, as /chat/completions"),
    "times": (int, "an integer of at least 1"),
    "text": (str, "a string"),
    "tool_call": (dict, "an object"),
    "tool_calls": (list, "an array of objects"),
    "refusal": (str, "a string"),
    "body": (object, "JSON"),
    "error": (dict, "an object"),
    "status": (int, "an integer from 200 to 599"),
}


@dataclass
class _FixedReply:
    """A line of the file; `left` is how often it may still answer, None without end."""

    number: int
    paths: tuple[str, ...]
    fits: Callable[[object], bool]
    answer: FixedContent | HttpResponse
    left: int | None
    is_used: bool = False


class Replies:
    """The lines of a file in their order; the first that is for a request answers it.

    UsageError for a line that is none of ours. `name` is the file's, for messages. With `strict`,
    what no line is for is a Refusal.
    """

    def __init__(
        self, lines: Iterable[bytes] = (), *, name: str = "", strict: bool = False
    ) -> None:
        self._name = name
        self._strict = strict
        self._lock = Lock()
        self._lines = []
        for number, text in enumerate(lines, 1):
            try:
                if text.strip():
                    self._lines.append(_line(number, text))
            except RecursionError:
                problem = f"--replies: line {number} of '{name}' is nested too deeply"
                raise UsageError(problem) from None
            except ValueError as error:
                problem = f"--replies: line {number} of '{name}': {error}"
                raise UsageError(problem, hint="docs/sandbox.md has the keys of a line") from None

    def serves(self, path: str) -> bool:
        """Whether a line is for this path."""
        return any(path in line.paths for line in self._lines)

    def find(self, path: str, body: object) -> FixedContent | HttpResponse | None:
        """What the first line that is for a request answers; None is what the sandbox does."""
        with self._lock:
            for line in self._lines:
                if path in line.paths and line.left != 0 and line.fits(body):
                    line.is_used = True
                    line.left = None if line.left is None else line.left - 1
                    return line.answer
        if not self._strict:
            return None
        text = "" if body is None else f" with the body {json.dumps(body, ensure_ascii=False)}"
        shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
        raise Refusal(f"The sandbox is strict: no line of '{self._name}' is for {path}{shown}")

    @property
    def unused(self) -> list[int]:
        """The numbers of the lines that have answered nothing."""
        return [line.number for line in self._lines if not line.is_used]


def _line(number: int, text: bytes) -> _FixedReply:
    """A line of the file; ValueError with what is wrong."""
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not a JSON object") from None
    if not isinstance(row, dict):
        raise ValueError("it is not a JSON object")
    for key, value in row.items():
        _check_type(key, value)
    kind = _kind(row)
    able = _ANSWERS[kind]
    paths = able or _SPEAKING
    if "path" in row:
        paths = (_full(row["path"]),)
        if able is not None and paths[0] not in able:
            raise ValueError(f"'{kind}' is no answer of {row['path']}")
    return _FixedReply(
        number, paths, _condition(row.get("when")), _answer(kind, row), row.get("times")
    )


def _check_type(key: str, value: object) -> None:
    if key not in _TYPES:
        raise ValueError(f"'{key}' is no key; there are {', '.join(_TYPES)}")
    kind, described = _TYPES[key]
    right = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    if key == "times":
        right = right and value >= 1  # type: ignore[operator]  # an int, as the line before says
    if key == "status":
        right = right and 200 <= value <= 599  # type: ignore[operator]  # likewise
    if not right:
        raise ValueError(f"'{key}' must be {described}")


def _kind(row: Mapping[str, Any]) -> str:
    """Which of _ANSWERS a line has; a status alone is an `error`."""
    kinds = [key for key in _ANSWERS if key in row]
    if len(kinds) > 1:
        raise ValueError(f"it has '{kinds[0]}' and '{kinds[1]}': one of them")
    if not kinds and "status" not in row:
        raise ValueError(f"it has no answer: one of {', '.join(_ANSWERS)} or status")
    kind = kinds[0] if kinds else "error"
    if kind == "error" and row.get("status", 0) < 400:
        raise ValueError("an error has a 'status' from 400 to 599")
    if "status" in row and kind not in ("body", "error"):
        raise ValueError(f"'status' goes with 'body' or 'error', not with '{kind}'")
    return kind


def _full(path: str) -> str:
    """The path on the wire of one below the base URL, or of one from a record."""
    rooted = path if path.startswith("/") else f"/{path}"
    return rooted if rooted.startswith(f"{ROOT}/") else f"{ROOT}{rooted}"


def _answer(kind: str, row: Mapping[str, Any]) -> FixedContent | HttpResponse:
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
            return json_response(row["body"], row.get("status", 200))
    error = usual_error(row["status"])
    error["error"].update(row.get("error", {}))
    return json_response(error, row["status"])


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


def _condition(expression: str | None) -> Callable[[object], bool]:
    """Whether a JMESPath expression is true of a body; where it cannot be evaluated, it is not."""
    if expression is None:
        return lambda _body: True
    import jmespath
    from jmespath.exceptions import JMESPathError, JMESPathTypeError

    try:
        compiled = jmespath.compile(expression)
        # What does not hang on the body is found out now, as a function that there is not.
        with suppress(JMESPathTypeError, TypeError):
            compiled.search({})
    except (JMESPathError, ValueError) as error:
        problem = str(error).splitlines()[0]
        raise ValueError(f"'when' is not a JMESPath expression: {problem}") from None

    def fits(body: object) -> bool:
        try:
            found = compiled.search(body)
        except (JMESPathError, ValueError, TypeError, RecursionError):
            return False
        return bool(found) or (found == 0 and found is not False)  # to JMESPath, 0 is true

    return fits
