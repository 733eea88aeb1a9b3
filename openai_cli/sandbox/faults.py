"""Faults on purpose: what `--fault SPEC` and the header X-Sandbox-Fault ask for, and when.

A SPEC is one fault, in parts with commas between them: `status=429,retry-after=1,first=2`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from threading import Lock
from typing import Any, NamedTuple

from openai_cli.sandbox.exchange import DONE, Ending, HttpResponse, json_response
from openai_cli.sandbox.refusals import usual_error

KNOWN = (
    "it has status=N, code=CODE, retry-after=SECONDS, not-json, empty, reset, stall, "
    "stall-after=N, cut-after=N, no-done, delay=SECONDS, first=N and every=N"
)

PAGE = b"<html><body>This is a sandbox, not a model: a page that is not JSON.</body></html>\n"

# What comes in place of the answer, and what becomes of an answer that is streamed.
_INSTEAD = ("not-json", "empty", "reset", "stall")
_STREAMED = ("stall-after", "cut-after", "no-done")


class Fault(NamedTuple):
    """One fault: `what` of _INSTEAD and _STREAMED, or a status, or only a delay in seconds.

    `after` is a number of events. It is for the `first` requests or for `every` so many-th.
    """

    what: str | None = None
    after: int = 0
    status: int | None = None
    code: str | None = None
    retry_after: str | None = None
    delay: float = 0.0
    first: int | None = None
    every: int | None = None

    def is_due(self, number: int) -> bool:
        """Whether it is for the request of this number, from 1."""
        if self.every is not None:
            return number % self.every == 0
        return self.first is None or number <= self.first

    def applied(self, answer: Callable[[], HttpResponse]) -> HttpResponse:
        """What is sent. `answer` gives what would be; it is not asked where nothing of it is."""
        if self.what in _INSTEAD or self.status is not None:
            return self._instead()
        reply = answer()
        if self.what is None or reply.events is None:
            return reply
        if self.what == "no-done":
            return replace(reply, events=(event for event in reply.events if event != DONE))
        ending = Ending.CUT if self.what == "cut-after" else Ending.STALL
        return replace(reply, events=islice(reply.events, self.after), ending=ending)

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
    """The faults of a run. Each counts the requests that come to it; the first that is due has it.

    So the second of `status=429,first=1` and `status=500,first=1` is for the second request.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = tuple(faults)
        self._came = [0] * len(self._faults)
        self._lock = Lock()

    def next(self) -> Fault:
        """The fault that the next request meets; one that does nothing where there is none."""
        with self._lock:
            for place, fault in enumerate(self._faults):
                self._came[place] += 1
                if fault.is_due(self._came[place]):
                    return fault
        return Fault()


def parse_fault(spec: str, *, once: bool = False) -> Fault:
    """The fault of a SPEC; ValueError with what is wrong. `once` is for one request alone."""
    given: dict[str, Any] = {}
    for part in spec.split(","):
        name, equals, text = (piece.strip() for piece in part.partition("="))
        if name in given:
            raise ValueError(f"has {name} twice")
        given[name] = _value(name, text if equals else None)
    _check(given, once=once)
    what = next((name for name in (*_INSTEAD, *_STREAMED) if name in given), None)
    return Fault(
        what,
        given[what] if what in ("stall-after", "cut-after") else 0,
        given.get("status"),
        given.get("code"),
        given.get("retry-after"),
        float(given.get("delay", 0)),
        given.get("first"),
        given.get("every"),
    )


def _value(name: str, text: str | None) -> Any:
    if name not in _VALUES:
        raise ValueError(f"has no '{name}'")
    kind = _VALUES[name]
    if kind is None:
        if text is not None:
            raise ValueError(f"takes no value for {name}")
        return True
    pattern, described, convert = kind
    if text is None or not re.fullmatch(pattern, text):
        raise ValueError(f"takes {described} for {name}" + (f", not '{text}'" if text else ""))
    return convert(text)


def _check(given: dict[str, Any], *, once: bool) -> None:
    """ValueError for parts that make no sense together."""
    whats = [name for name in (*_INSTEAD, *_STREAMED) if name in given]
    alone = [name for name in whats if name not in ("not-json", "empty")]
    answers = [*(["status"] if "status" in given else []), *whats]
    if len(whats) > 1 or (alone and len(answers) > 1):
        raise ValueError(f"has {answers[0]} and {answers[1]}: one of them")
    if "code" in given and answers != ["status"]:
        raise ValueError("takes code with status alone")
    if "retry-after" in given and "status" not in given:
        raise ValueError("takes retry-after with status alone")
    if "first" in given and "every" in given:
        raise ValueError("has first and every: one of them")
    if once and (turn := next((name for name in ("first", "every") if name in given), None)):
        raise ValueError(f"is for one request, and {turn} is for several")
    if not answers and "delay" not in given:
        raise ValueError("says when, and not what")


_SECONDS = (r"[0-9]{1,6}(\.[0-9]{1,6})?", "a number of seconds", str)
_EVENTS = (r"[0-9]{1,9}", "a number of events", int)
_REQUESTS = (r"[1-9][0-9]{0,8}", "a number of requests of at least 1", int)
_VALUES: dict[str, tuple[str, str, Callable[[str], Any]] | None] = {
    "status": (r"[45][0-9]{2}", "a number from 400 to 599", int),
    "code": (r"\S+", "the code of an error", str),
    "retry-after": _SECONDS,
    "delay": _SECONDS,
    "stall-after": _EVENTS,
    "cut-after": _EVENTS,
    "first": _REQUESTS,
    "every": _REQUESTS,
    **dict.fromkeys(("not-json", "empty", "reset", "stall", "no-done")),
}
