"""Deliberate faults: what `--fault SPEC` and the header X-Sandbox-Fault cause, and when.

A SPEC is one fault, as comma-separated parts: `status=429,retry-after=1,first=2`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from threading import Lock
from typing import Any, Literal

from openai_cli.records import NamedTuple
from openai_cli.sandbox.endings import with_error_after, with_finish_reason
from openai_cli.sandbox.exchange import DONE, Ending, HttpResponse, json_response
from openai_cli.sandbox.refusals import usual_error

PAGE = b"<html><body>This is a sandbox, not a model: a page that is not JSON.</body></html>\n"


class Value(NamedTuple):
    """The value after the `=` of a part: its name, and what it must match."""

    name: str
    pattern: str
    described: str
    convert: Callable[[str], Any] = str


class Part(NamedTuple):
    """A part of a SPEC. `kind` is how it affects the answer; at most one part of a SPEC has one.

    `instead` replaces the answer, and `with status` does so with any status given; `streamed`
    changes how a stream ends, and `changed` the content of an answer. `line` and `batch` apply not
    to requests but to the lines of a batch, and to batches.
    """

    meaning: str
    value: Value | None = None
    kind: Literal["", "instead", "with status", "streamed", "changed", "line", "batch"] = ""


_SECONDS = Value("SECONDS", r"[0-9]{1,6}(\.[0-9]{1,6})?", "a number of seconds")
_EVENTS = Value("N", r"[0-9]{1,9}", "a number of events", int)
_MILLIS = Value("TIME", r"[0-9]{1,7}ms|[0-9]{1,6}(\.[0-9]{1,6})?s", "a time such as 200ms or 1.5s")
_TOKENS = Value("TOKENS", r"[0-9]{1,9}", "a number of tokens", int)
_REQUESTS = Value("N", r"[1-9][0-9]{0,8}", "a number of requests of at least 1", int)

# In the words of docs/sandbox.md.
PARTS: Mapping[str, Part] = {
    "status": Part(
        "an error with this HTTP status, from 400 to 599, and the API's error body for it",
        Value("N", r"[45][0-9]{2}", "a number from 400 to 599", int),
        "instead",
    ),
    "code": Part(
        "with `status` or `error-after`: another error code, such as "
        "`status=429,code=insufficient_quota`",
        Value("CODE", r"\S+", "the code of an error"),
    ),
    "retry-after": Part("with `status`: the header Retry-After", _SECONDS),
    "not-json": Part(
        "the body is a page of HTML; the status is 200, or `status`", kind="with status"
    ),
    "empty": Part("there is no body; the status is 200, or `status`", kind="with status"),
    "reset": Part("the connection is reset", kind="instead"),
    "stall": Part("no answer ever comes", kind="instead"),
    "stall-after": Part("a stream stalls after N events", _EVENTS, "streamed"),
    "cut-after": Part("a stream's connection is closed after N events", _EVENTS, "streamed"),
    "error-after": Part(
        "a stream has an error event after N events, and ends", _EVENTS, "streamed"
    ),
    "no-done": Part("a stream lacks only its `[DONE]`", kind="streamed"),
    "finish-reason": Part(
        "every choice has this `finish_reason`; a response is incomplete for this reason",
        Value("REASON", r"\S+", "the reason why an answer ended"),
        "changed",
    ),
    "no-finish-reason": Part(
        "the `finish_reason` of every choice is null, as is the status of a response; a stream of "
        "responses lacks its last event",
        kind="changed",
    ),
    "lost": Part(
        "the request takes effect, and the connection is reset before the answer",
        kind="changed",
    ),
    "drop-line": Part("a line of a batch has neither an answer nor an error", kind="line"),
    "error-line": Part("a line of a batch fails, with HTTP status 500", kind="line"),
    "expire": Part("a batch expires when half of its lines are answered", kind="batch"),
    "queue-full": Part(
        "a batch fails, with `token_limit_exceeded`, if it and those in progress have more than "
        "this many tokens",
        _TOKENS,
        "batch",
    ),
    "latency": Part(
        "every answer is delayed by this time, whatever other fault a request meets", _MILLIS
    ),
    "delay": Part("the answer is delayed; alone, or with any of these", _SECONDS),
    "first": Part("the fault applies to the first N requests, lines or batches", _REQUESTS),
    "every": Part("the fault applies to every Nth of them", _REQUESTS),
}


def form_of(name: str) -> str:
    """How a part is written, such as `status=N`."""
    value = PARTS[name].value
    return f"{name}={value.name}" if value else name


_FORMS = [form_of(name) for name in PARTS]
KNOWN = f"it has {', '.join(_FORMS[:-1])} and {_FORMS[-1]}"


class Fault(NamedTuple):
    """One fault: `what` is the part with a kind, None if there is only a status or a delay.

    `after` is a number of events, `most` one of tokens. The fault applies to the `first` requests,
    or to `every` Nth; `delay` and `latency` are in seconds.
    """

    what: str | None = None
    after: int = 0
    reason: str | None = None
    status: int | None = None
    code: str | None = None
    retry_after: str | None = None
    delay: float = 0.0
    first: int | None = None
    every: int | None = None
    most: int = 0
    latency: float = 0.0

    @property
    def of(self) -> str:
        """What the fault counts: `line`s, `batch`es, or else `request`s."""
        kind = PARTS[self.what].kind if self.what else ""
        return kind if kind in ("line", "batch") else "request"

    @property
    def pause(self) -> float:
        """The delay of the answer in seconds."""
        return self.delay + self.latency

    def is_due(self, number: int) -> bool:
        """Whether the fault applies to the request with this number, from 1."""
        if self.every is not None:
            return number % self.every == 0
        return self.first is None or number <= self.first

    def applied(self, answer: Callable[[], HttpResponse]) -> HttpResponse:
        """The response to send. `answer` makes the usual one, and is called only if needed."""
        kind = PARTS[self.what].kind if self.what else ""
        if self.status is not None or kind in ("instead", "with status"):
            return self._instead()
        response = answer()
        if self.what == "lost":
            return HttpResponse(0, ending=Ending.RESET)
        if kind == "changed":
            return with_finish_reason(response, self.reason)
        if kind == "streamed" and response.events is not None:
            return self._ended(response, response.events)
        return response

    def _ended(self, response: HttpResponse, events: Iterator[bytes]) -> HttpResponse:
        """Change how a stream ends."""
        if self.what == "no-done":
            return replace(response, events=(event for event in events if event != DONE))
        if self.what == "error-after":
            return with_error_after(response, self.after, self.code)
        ending = Ending.CUT if self.what == "cut-after" else Ending.STALL
        return replace(response, events=islice(events, self.after), ending=ending)

    def _instead(self) -> HttpResponse:
        if self.what in ("reset", "stall"):
            return HttpResponse(0, ending=Ending.RESET if self.what == "reset" else Ending.STALL)
        status = self.status or 200
        if self.what == "not-json":
            reply = HttpResponse(status, PAGE, content_type="text/html")
        elif self.what == "empty":
            reply = HttpResponse(status)
        else:
            reply = json_response(usual_error(status, self.code), status)
        told = () if self.retry_after is None else (("Retry-After", self.retry_after),)
        return replace(reply, headers=told)


class Faults:
    """The faults of a run. Each counts the requests that reach it; the first that is due applies.

    So with `status=429,first=1` and `status=500,first=1`, the second fault applies to the second
    request. Latency takes no turn.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        given = tuple(faults)
        self._faults = tuple(fault for fault in given if not fault.latency)
        self._latency = sum(fault.latency for fault in given)
        self._came = [0] * len(self._faults)
        self._lock = Lock()

    def next(self, of: str = "request") -> Fault:
        """The fault for the next request, line or batch; one without effect if none is due."""
        fault = self._next(of)
        return fault._replace(latency=self._latency) if of == "request" else fault

    def _next(self, of: str) -> Fault:
        with self._lock:
            for place, fault in enumerate(self._faults):
                if fault.of != of:
                    continue
                self._came[place] += 1
                if fault.is_due(self._came[place]):
                    return fault
        return Fault()


def parse_fault(spec: str, *, once: bool = False) -> Fault:
    """Parse a SPEC; ValueError with the reason. `once` is for a fault of a single request."""
    given: dict[str, Any] = {}
    for part in spec.split(","):
        name, equals, text = (piece.strip() for piece in part.partition("="))
        if name in given:
            raise ValueError(f"has {name} twice")
        given[name] = _value(name, text if equals else None)
    _check(given, once=once)
    what = next((name for name in given if PARTS[name].kind and name != "status"), None)
    return Fault(
        what,
        given[what] if what is not None and PARTS[what].value is _EVENTS else 0,
        given.get("finish-reason"),
        given.get("status"),
        given.get("code"),
        given.get("retry-after"),
        float(given.get("delay", 0)),
        given.get("first"),
        given.get("every"),
        given.get("queue-full", 0),
        _seconds(given.get("latency", "0s")),
    )


def _seconds(text: str) -> float:
    """The seconds in `200ms` or `1.5s`."""
    return float(text[:-2]) / 1000 if text.endswith("ms") else float(text[:-1])


def _value(name: str, text: str | None) -> Any:
    if name not in PARTS:
        raise ValueError(f"has no '{name}'")
    value = PARTS[name].value
    if value is None:
        if text is not None:
            raise ValueError(f"takes no value for {name}")
        return True
    if text is None or not re.fullmatch(value.pattern, text):
        told = f", not '{text}'" if text else ""
        raise ValueError(f"takes {value.described} for {name}{told}")
    return value.convert(text)


def _check(given: dict[str, Any], *, once: bool) -> None:
    """Raise ValueError for parts that make no sense together."""
    whats = [name for name in PARTS if name in given and PARTS[name].kind]
    together = [name for name in whats if PARTS[name].kind != "with status"]
    if len(whats) > 1 and (together != ["status"] or len(whats) > 2):
        raise ValueError(f"has {whats[0]} and {whats[1]}: one of them")
    if "code" in given and whats not in (["status"], ["error-after"]):
        raise ValueError("takes code only with status or error-after")
    if "retry-after" in given and "status" not in given:
        raise ValueError("takes retry-after only with status")
    if "first" in given and "every" in given:
        raise ValueError("has first and every: one of them")
    if once and (turn := next((name for name in ("first", "every") if name in given), None)):
        raise ValueError(f"is for one request, and {turn} is for several")
    if once and whats and PARTS[whats[0]].kind in ("line", "batch"):
        raise ValueError(f"is for one request, and {whats[0]} is for batches")
    if "latency" in given and len(given) > 1:
        raise ValueError("has latency, which applies to all requests: give it alone")
    if whats and "delay" in given and PARTS[whats[0]].kind in ("line", "batch"):
        raise ValueError(f"takes delay for requests, and {whats[0]} is for batches")
    if not whats and "delay" not in given and "latency" not in given:
        raise ValueError("says when to fail, but not how")
