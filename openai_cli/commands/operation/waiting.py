"""`--wait`: poll what an operation made or shows until it has ended, then print it."""

import re
import shlex
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from openai_cli.answer.page import AnyWhole, Lasting
from openai_cli.answer.shape import as_string
from openai_cli.calls.background import told_how_to_go_on, wait_for
from openai_cli.calls.exchange import Exchange, exchange, print_made
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.commands.operation.lasting import Statuses, statuses_of
from openai_cli.errors import BadAnswerError
from openai_cli.flags.endpoint import Endpoint
from openai_cli.operations.table import Operation
from openai_cli.request.body import Request

# The longest time between two polls, in seconds: some things take a day.
LONGEST = 60.0


def deliver_ended(session: Session, words: str, operation: Operation, plan: Plan) -> None:
    """Send the request, wait until its thing has ended, and print the thing.

    `words` name the thing in the table. Raises BadAnswerError if it failed, after printing it.
    """
    thing = statuses_of(words)
    made: list[Exchange] = []

    def make() -> Exchange:
        made.append(_ended(session, words, operation, plan))
        return made[0]

    print_made(session, make)
    body = _body(made[0])
    if body.get("status") in thing.failed:
        raise BadAnswerError(f"{body.get('id')} is {body['status']}{_why(body)}")


def _ended(session: Session, words: str, operation: Operation, plan: Plan) -> Exchange:
    thing = statuses_of(words)
    first = exchange(session, plan)
    name = as_string(_body(first).get("id"), "id")
    ids = _ids(operation, plan.request, thing)
    if operation.method == "POST":
        ids[thing.names[-1]] = name
    path = Endpoint(thing.path).filled(ids)
    look = Plan(
        Request(path, {}, method="GET", has_body=False),
        answer=Lasting,
        writer=plan.writer,
        is_free=True,
    )
    rest = f"{words} show {shlex.join(ids[each] for each in thing.names)} --wait"
    with told_how_to_go_on(session.context, lambda: rest):
        return wait_for(
            session,
            name,
            first,
            partial(exchange, session, look),
            partial(_pending, thing),
            longest=LONGEST,
        )


def _ids(operation: Operation, request: Request, thing: Statuses) -> dict[str, str]:
    """The ids in the request's path that the thing's path needs too, by name."""
    template = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.path)
    found = re.fullmatch(template, request.path.partition("?")[0])
    values = found.groupdict() if found else {}
    return {name: unquote(value) for name, value in values.items() if name in thing.names}


def _body(made: Exchange) -> dict[str, Any]:
    return made.answer.body if isinstance(made.answer, AnyWhole) else {}


def _pending(thing: Statuses, made: Exchange) -> str | None:
    """The status of an unfinished thing, else None; an unknown status counts as unfinished."""
    status = as_string(_body(made).get("status"), "status")
    if status in thing.done or status in thing.failed:
        return None
    return status if status in thing.pending else f"{status} (not known to be final)"


def _why(body: Mapping[str, Any]) -> str:
    """The thing's own message about its failure, after `: `, or an empty text."""
    error = body.get("error") or body.get("last_error")
    errors = body.get("errors")
    if isinstance(errors, dict) and isinstance(errors.get("data"), list):
        error = next(iter(errors["data"]), None)
    message = error.get("message") if isinstance(error, dict) else None
    return f": {message}" if isinstance(message, str) and message else ""
