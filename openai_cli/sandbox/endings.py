"""Answers that end badly: with an error, without a reason, or for an odd one."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from openai_cli.sandbox.exchange import DONE, HttpResponse, Json, json_response, sse_event
from openai_cli.sandbox.refusals import usual_error


def with_error_after(response: HttpResponse, number: int, code: str | None) -> HttpResponse:
    """Insert an error event after `number` events of a stream, and end it there."""
    return replace(response, events=_failing(response.events or iter(()), number, code))


def _failing(events: Iterator[bytes], number: int, code: str | None) -> Iterator[bytes]:
    is_named = False
    for event in islice((event for event in events if event != DONE), number + 1):
        is_named = event.startswith(b"event: ")
        if number:
            yield event
        number -= 1
    error = usual_error(500, code)
    # In streams of named events, the error's own properties are in an event of its type.
    body = {**error["error"], "type": "error"} if is_named else error
    yield sse_event(body, is_named=is_named)


def with_finish_reason(response: HttpResponse, reason: str | None) -> HttpResponse:
    """Make all choices of an answer end for this reason; a response becomes incomplete.

    With None there is no reason: null in a choice; in a response no status, and no last event.
    """

    def changed(body: Json) -> Json | None:
        for choice in body.get("choices") or ():
            if choice.get("finish_reason") is not None:
                choice["finish_reason"] = reason
        made = body.get("response", body)
        if made.get("object") != "response" or made["status"] not in ("completed", "incomplete"):
            return body
        if reason is None:
            made["status"] = None
            return None if "response" in body else body
        made |= {"status": "incomplete", "incomplete_details": {"reason": reason}}
        return {**body, "type": "response.incomplete"} if "response" in body else body

    return _rewritten(response, changed)


def _rewritten(response: HttpResponse, changed: Callable[[Json], Json | None]) -> HttpResponse:
    """Change every JSON object of an answer; events that `changed` maps to None are dropped."""
    if response.events is not None:
        return replace(response, events=_changed_events(response.events, changed))
    if response.content_type != "application/json":
        return response
    body = changed(json.loads(response.content))
    return replace(response, content=json_response(body).content)


def _changed_events(
    events: Iterator[bytes], changed: Callable[[Json], Json | None]
) -> Iterator[bytes]:
    for event in events:
        if event == DONE:
            yield event
            continue
        head, _, data = event.partition(b"data: ")
        try:
            told = json.loads(data)
        except ValueError:  # from an upstream server: a comment, or not an event
            yield event
            continue
        if (body := changed(told)) is not None:
            yield sse_event(body, is_named=bool(head))
