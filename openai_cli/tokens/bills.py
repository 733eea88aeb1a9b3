"""Read requests with the input tokens that were billed for them, in several formats.

A line has a request with its answer or its usage, as `{"body": …, "usage": …}` or `{"request": …,
"response": …}`. Or the two are separate lines: those of the Batch API's input and output, matched
by custom_id, or those of `sandbox --record` and of --usage-file, matched by their order.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.records import NamedTuple
from openai_cli.tokens.lines import at_line
from openai_cli.tokens.shapes import Json, mapping, optional, string

_BILLED = ("prompt_tokens", "input_tokens")
_PATHS = ("endpoint", "url", "path")
_DAYS = ("date", "time", "created", "created_at")


class Bill(NamedTuple):
    """A request and its bill.

    `line` is the line of the bill, `endpoint` the path that the request was sent to, and `on` the
    day; both are None if not known. `model` is the one that answered or, if not known, was asked.
    """

    line: int
    body: Json
    endpoint: str | None
    model: str | None
    billed: int
    on: date | None


class _Asked(NamedTuple):
    body: Json
    endpoint: str | None


class Bills:
    """Reads bills; `failed` counts the requests without one because they failed."""

    def __init__(self) -> None:
        self.failed = 0
        self._asked: dict[str, _Asked] = {}
        self._answered: dict[str, tuple[int, Json]] = {}
        self._recorded: deque[_Asked] = deque()
        self._used: deque[tuple[int, Json]] = deque()

    def read(self, objects: Iterable[tuple[int, Json]]) -> Iterator[Bill]:
        """Yield the bills in `objects`, pairs of line and value.

        Raises UsageError, with the line, for a value that is neither a request nor an answer, and
        for a request without its billed tokens.
        """
        for line, value in objects:
            try:
                yield from self._take(line, value)
            except UsageError as error:
                raise at_line(line, error) from None
        without = len(self._asked) + len(self._recorded)
        if without or self._used or self._answered:
            more = len(self._used) + len(self._answered)
            raise UsageError(
                f"{without} requests have no answer, and {more} answers have no request"
            )

    def _take(self, line: int, value: Json) -> Iterator[Bill]:
        if value.get("custom_id") is not None:
            yield from self._of_batch(line, value)
        elif "request" in value:
            request = mapping(value["request"], "request")
            yield from self._bill(line, _asked(request, value), _answer(value), value)
        elif "body" not in value:
            self._used.append((line, value))
        elif value.get("response") is not None or _billed(value) is not None:
            yield from self._bill(line, _asked(value, value), _answer(value), value)
        elif _failed(value):
            self.failed += 1
        else:
            self._recorded.append(_asked(value, value))
        while self._recorded and self._used:
            number, used = self._used.popleft()
            if used.get("input_tokens") is None:
                self.failed += 1
            else:
                yield from self._bill(number, self._recorded.popleft(), used, used)

    def _of_batch(self, line: int, value: Json) -> Iterator[Bill]:
        name = string(value, "custom_id")
        if "body" in value:
            self._asked[name] = _asked(value, value)
        else:
            self._answered[name] = line, value
        if name in self._asked and name in self._answered:
            number, found = self._answered.pop(name)
            yield from self._bill(number, self._asked.pop(name), _answer(found), found)

    def _bill(self, line: int, asked: _Asked, told: Json, around: Json) -> Iterator[Bill]:
        """Yield the bill from an answer, or from the line around it."""
        billed = _billed(told)
        billed = _billed(around) if billed is None else billed
        if billed is None:
            if not _failed(told) and not _failed(around):
                raise UsageError("nothing says how many input tokens were billed")
            self.failed += 1
            return
        model = _text(around, "served") or _text(told, "model") or _text(asked.body, "model")
        yield Bill(line, asked.body, asked.endpoint, model, billed, _day(told) or _day(around))


def _asked(value: Json, around: Json) -> _Asked:
    """Return the request from a body, or from an object that contains one."""
    body = mapping(value["body"], "body") if "body" in value else value
    found = (optional(fields, name) for fields in (value, around) for name in _PATHS)
    path = next((path for path in found if path), None)
    if path is not None and "/v1/" in path:
        path = "/v1/" + path.partition("/v1/")[2]
    return _Asked(body, path and path.partition("?")[0])


def _answer(value: Json) -> Json:
    """Return the body of the answer in a line, or an empty object."""
    answer = mapping(value.get("response") or {}, "response")
    body = answer.get("body")
    return body if isinstance(body, Mapping) else answer


def _billed(value: Json) -> int | None:
    """Return the billed input tokens of a usage object, or of an object that contains one."""
    usage = value.get("usage")
    fields = usage if isinstance(usage, Mapping) else value
    return next((fields[name] for name in _BILLED if type(fields.get(name)) is int), None)


def _failed(value: Json) -> bool:
    """Return whether the value is an error answer, or reports one."""
    status = value.get("status_code", value.get("status"))
    return (type(status) is int and status >= 400) or value.get("error") is not None


def _text(value: Json, name: str) -> str | None:
    found = value.get(name)
    return found if isinstance(found, str) else None


def _day(value: Json) -> date | None:
    """Return the day from an ISO date or time, or from seconds since the epoch."""
    for name in _DAYS:
        found: Any = value.get(name)
        try:
            if isinstance(found, str):
                return date.fromisoformat(found[:10])
            if type(found) in (int, float):
                return datetime.fromtimestamp(found, UTC).date()
        except (ValueError, OverflowError, OSError):
            continue
    return None
