"""Calls of the official client and of ours, and the requests that a server gets from each."""

import inspect
import json
import re
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import openai
from package_methods import Method, resources

from tests.forms import Field, fields_of
from tests.operations.values import HEADERS, unused_client
from tests.sandbox.world import BY_SHAPE
from tests.servers import Received, Server, reply

# A refusal ends a call at once, whatever answer it expects.
REFUSAL = reply({"error": {"message": "only recorded", "code": "recorded"}}, status="400 Bad")

API_KEY, ADMIN_KEY = "sk-made-up", "sk-admin-made-up"

# A method for each operation of the package.
METHODS = (
    *BY_SHAPE.values(),
    Method("beta.agents.sessions.events.stream", "GET", "/agents/sessions/{session_id}/events"),
)


class Sent(NamedTuple):
    """A request regardless of order: the fields of a form, otherwise the JSON."""

    line: str
    query: dict[str, list[str]]
    body: Any
    key: str
    headers: dict[str, str]

    def differing(self, other: "Sent") -> dict[str, Any]:
        """The differences between two requests; those in the query and body by name."""
        mine, theirs = (
            {**_named(sent), "the line": sent.line, "the key": sent.key, **sent.headers}
            for sent in (self, other)
        )
        names = sorted({*mine, *theirs})
        return {
            name: (mine.get(name), theirs.get(name))
            for name in names
            if mine.get(name) != theirs.get(name)
        }

    def name(self, argument: str) -> str:
        """The wire name of an argument: `async_` is `async` there."""
        named = _named(self)
        return argument if argument in named else argument.removesuffix("_")

    def wire(self, argument: str, value: Any) -> Any:
        """The value of an argument in a JSON body; otherwise the value given."""
        return self.body.get(self.name(argument), value) if isinstance(self.body, dict) else value


def _named(sent: Sent) -> dict[str, Any]:
    body = sent.body
    if isinstance(body, list) and all(type(each) is tuple for each in body):
        form: dict[str, list[Any]] = {}
        for name, *value in body:
            form.setdefault(_outer(name), []).append((name, *value))
        body = form
    in_query: dict[str, Any] = {}
    for name, values in sent.query.items():
        in_query.setdefault(_outer(name), {})[name] = values
    found = {**in_query, **(body if isinstance(body, dict) else {"the body": body})}
    # A string or an array of strings: our flag is repeatable, and sends an array of one.
    return {
        name: [value] if name == "stop" and isinstance(value, str) else value
        for name, value in found.items()
    }


def _outer(name: str) -> str:
    return name.partition("[")[0]


def sent_of(request: Received) -> Sent:
    """The request that a server received."""
    method, target, _ = request.line.split(" ")
    path, _, query = target.partition("?")
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)):
        values.setdefault(name, []).append(value)
    steps = "/".join(unquote(step) for step in path.split("/"))
    return Sent(
        f"{method} {steps}",
        values,
        _body(request),
        request.headers.get("authorization", ""),
        {name: request.headers.get(name.lower(), "") for name in HEADERS.values()},
    )


def _body(request: Received) -> Any:
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/"):
        return [_field(each) for each in sorted(fields_of(request))]
    if kind == "application/sdp":
        # The client sends it alone, as it is; in ours it is a field of a form. The API takes both.
        return [("sdp", request.body, "")]
    return request.json if request.body else None


def _field(field: Field) -> tuple[str, Any, str]:
    # An object is JSON, whatever its spacing.
    is_object = field.filename is None and field.data.startswith(b"{")
    return field.name, json.loads(field.data) if is_object else field.data, field.filename or ""


@dataclass
class Recorder(Server):
    """Refuses each request, and keeps it."""

    def one(self, act: Callable[[], object]) -> Received | None:
        """The only request made while `act` runs, or None."""
        self.replies = [*self.replies, REFUSAL]
        before = len(self.received)
        try:
            act()
        finally:
            made = self.received[before:]
            self.replies = self.replies[: len(self.received)]
        assert len(made) <= 1, [each.line for each in made]
        return made[0] if made else None


def paths_of_package() -> set[str]:
    """The paths that the methods of the package send requests to, as written in their source."""
    found: set[str] = set()
    for _, resource in resources(unused_client()):
        for _, function in inspect.getmembers(type(resource), inspect.isfunction):
            found |= {each[1] for each in _SENDING.finditer(inspect.getsource(function))}
    return found


_SENDING = re.compile(
    r"""self\._(?:get|post|put|patch|delete|get_api_list)\(
    \s*(?:path_template\(\s*)?"(/[^"]+)\"""",
    re.VERBOSE,
)


def call(
    server: Recorder, client: openai.OpenAI, method: Method, given: Mapping[str, Any]
) -> Sent | None:
    """The request that the client's method sends with these values; None if it cannot send them."""

    def act() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with suppress(openai.BadRequestError):
                method.of(client)(**given)

    try:
        request = server.one(act)
    except RuntimeError as error:
        # Its types also allow objects for files, which it cannot send.
        if "to be bytes, an io.IOBase instance" not in str(error):
            raise
        return None
    except Exception as error:
        raise AssertionError(f"{method.name} {given}") from error
    assert request is not None, f"{method.name} sent nothing"
    return sent_of(request)
