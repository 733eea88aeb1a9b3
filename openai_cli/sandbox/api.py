"""From a request to a response: routing, the key, the body and its checks. No sockets."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from openai_cli.errors import UsageError
from openai_cli.sandbox.access import check_key, check_sender, is_ticket
from openai_cli.sandbox.asked import Asked
from openai_cli.sandbox.checks import check
from openai_cli.sandbox.exchange import (
    ApiRequest,
    FixedContent,
    HttpResponse,
    Operation,
    json_response,
    strict_json,
)
from openai_cli.sandbox.faults import Faults
from openai_cli.sandbox.forms import FORM, boundary_of, form_body
from openai_cli.sandbox.queries import checked_query
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.replies import Replies
from openai_cli.sandbox.route import ROOT, Route
from openai_cli.sandbox.routes import allowed_methods, find_route
from openai_cli.sandbox.store import SandboxStore
from openai_cli.sandbox.upstream import Upstream

NOT_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not "
    "valid JSON. If you have trouble figuring out how to fix this, please contact us through our "
    "help center at help.openai.com.)"
)

# A route, and the values of its path parameters.
Found = tuple[Route, dict[str, str]]


@dataclass(frozen=True)
class HttpRequest:
    """A request as received: `target` is its path and query; absent headers are empty.

    `site` is the header Sec-Fetch-Site.
    """

    method: str
    target: str
    content: bytes = b""
    content_type: str = ""
    authorization: str = ""
    host: str = ""
    origin: str = ""
    site: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> str:
        """The path without its query."""
        return self.target.partition("?")[0]

    @property
    def place(self) -> str:
        """The path, with the query that selects the edition of its endpoint."""
        return f"{self.path}?beta=true" if self.query.get("beta") == "true" else self.path

    @property
    def query(self) -> dict[str, str]:
        """The query; for a repeated parameter, the last value."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def is_form(self) -> bool:
        """Whether the body is a multipart form."""
        return self.content_type.lower().startswith(FORM)

    @property
    def digest(self) -> str:
        """A hash of the request in hex; it does not depend on the boundary of a form."""
        boundary = boundary_of(self.content_type) if self.is_form else b""
        content = self.content.replace(boundary, b"") if boundary else self.content
        data = f"{self.method} {self.path}\n".encode() + content
        return hashlib.sha256(data).hexdigest()[:32]


@dataclass(frozen=True)
class Api:
    """The API: its fixed answers, the key it requires, and what it has stored.

    `faults` are for what happens after the request: lines of batches, and batches. If `key` is
    None, any non-empty key is accepted. The `upstream` answers requests that no line answers.
    """

    replies: Replies = field(default_factory=Replies)
    key: str | None = None
    store: SandboxStore = field(default_factory=SandboxStore)
    faults: Faults = field(default_factory=Faults)
    upstream: Upstream | None = None

    def admit(self, received: HttpRequest) -> None:
        """Check whether a request is allowed, before its body is read; raise Refusal if not."""
        check_sender(received.host, received.origin, received.site)
        found = find_route(received.method, received.path)
        has_ticket = found is not None and found[0].takes_ticket
        ticket = received.query.get("ticket", "") if has_ticket else ""
        if not is_ticket(ticket, self.key, received.path):
            check_key(received.authorization, self.key, received.path)

    def respond(self, received: HttpRequest) -> HttpResponse:
        """Answer a request that was admitted; a Refusal becomes the API's error body."""
        try:
            return self._respond(received)
        except Refusal as refusal:
            return error_response(refusal)
        except UsageError as error:
            # From the tokenizer: a token that the encoding lacks, or a text that it cannot split.
            return error_response(Refusal(f"Invalid request: {error.problem}."))
        except RecursionError:
            return error_response(Refusal(NOT_JSON))

    def _respond(self, received: HttpRequest) -> HttpResponse:
        found = find_route(received.method, received.place)
        asked = Asked(
            received.method,
            received.target,
            received.content,
            received.content_type,
            check=lambda: self._checked(received, found),
        )
        fixed = self.replies.find(asked)
        if isinstance(fixed, HttpResponse):
            return fixed
        if fixed is None and self.upstream is not None and received.path.startswith(f"{ROOT}/"):
            return self.upstream.answer(asked, received.headers)
        body = asked.check()
        if found is None:
            raise _no_such_path(received)
        return self._answer(received, found, body or {}, fixed)

    def _checked(self, received: HttpRequest, found: Found | None) -> Any:
        """The body, checked for its endpoint; a Refusal if there is no such endpoint."""
        if found is None and allowed_methods(received.path):
            raise _no_such_method(received)
        if found is None and not self.replies.serves(received.path):
            raise _no_such_path(received)
        return _body(received, found[0] if found else None)

    def _answer(
        self,
        received: HttpRequest,
        found: Found,
        body: dict[str, Any],
        fixed: FixedContent | None,
    ) -> HttpResponse:
        route, parameters = found
        query: dict[str, Any] = received.query
        if route.operation is not None:
            query = checked_query(received.target.partition("?")[2], route.operation)
        request = ApiRequest(
            body,
            received.digest,
            fixed,
            parameters=parameters,
            query=query,
            store=self.store,
            size=len(received.content),
            root=f"http://{received.host}",
            key=self.key,
            operation=route.operation or Operation(route.method, route.path),
            ask=lambda path, inner: self.respond(_inner(received, path, inner)),
            meets=self.faults.next,
        )
        with self.store.lock if route.operation else nullcontext():
            return route.answer(request)


def _inner(received: HttpRequest, path: str, body: Mapping[str, Any]) -> HttpRequest:
    """A request made on behalf of another."""
    content = json.dumps(body).encode()
    return HttpRequest("POST", path, content, "application/json", host=received.host)


def error_response(refusal: Refusal) -> HttpResponse:
    """The response for a refusal."""
    return json_response(refusal.body, refusal.status)


def _no_such_path(received: HttpRequest) -> Refusal:
    return Refusal(f"Invalid URL ({received.method} {received.path})", status=404)


def _no_such_method(received: HttpRequest) -> Refusal:
    hint = "(HINT: Perhaps you meant to use a different HTTP method?)"
    return Refusal(f"Not allowed to {received.method} on {received.path}. {hint}", status=405)


def _body(received: HttpRequest, route: Route | None) -> Any:
    """The body, checked against its endpoint's schema; None if there is none."""
    if route is None:
        return _parsed(received.content) if received.content else None
    schema = route.form if received.is_form else route.schema
    if route.text and received.content_type.startswith(route.text):
        return {"text": received.content.decode("utf-8", "replace")}
    if schema is None:
        if route.form or route.schema:
            raise _wrong_form(received, route)
        return None
    if received.is_form:
        body = form_body(received.content, received.content_type, schema)
    elif route.operation is not None and not received.content:
        body = {}  # may be omitted if no property is required
    else:
        body = _parsed(received.content)
    check(body, schema)
    route.rules(body)
    return body


def _wrong_form(received: HttpRequest, route: Route) -> Refusal:
    """The refusal of a form where JSON is required, or of anything else where a form is."""
    wanted = FORM if route.form else "application/json"
    given = received.content_type or "none"
    return Refusal(
        f"Unsupported content type: '{given}'. This API method only accepts '{wanted}' requests, "
        f"but you specified the header 'Content-Type: {given}'. Please try again with a supported "
        "content type.",
        code="unsupported_content_type",
    )


def _parsed(content: bytes) -> dict[str, Any]:
    """Parse the body as a JSON object with finite numbers."""
    try:
        body = strict_json(content)
    except ValueError:
        raise Refusal(NOT_JSON) from None
    if not isinstance(body, dict):
        raise Refusal(NOT_JSON)
    return body
