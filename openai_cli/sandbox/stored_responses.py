"""/responses that were stored: shown, also as a stream, cancelled, deleted, and their input."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, Json, json_response
from openai_cli.sandbox.items import kept_items
from openai_cli.sandbox.refusals import Refusal


class Made(Protocol):
    """What can tell of a response as a stream."""

    def events(self, after: int = -1) -> Iterator[bytes]:
        """The events in their order; those behind the number `after`."""


@dataclass
class StoredResponse:
    """A response that is kept; one in the background is made at the second look at it.

    `made` has the events of one that was made in the background as a stream.
    """

    body: Json
    request: Mapping[str, Any]
    looks: int = 2
    made: Made | None = None

    def seen(self) -> Json:
        """The response as it is at this look."""
        self.looks += 1
        if self.looks >= 2:
            return self.body
        return unmade(self.body, "in_progress")


def get_response(request: ApiRequest) -> HttpResponse:
    """GET /responses/ID, as a stream too, from its first event or behind one."""
    stored = _stored(request)
    asked = str(request.query.get("stream", "false")).lower()
    if asked not in ("true", "false"):
        raise _wrong_query("stream", "a boolean")
    if asked == "false":
        return json_response(stored.seen())
    if stored.made is None:
        # https://platform.openai.com/docs/guides/background
        raise Refusal(
            "This response cannot be streamed: it was not created with background=true and "
            "stream=true.",
            param="stream",
        )
    after = str(request.query.get("starting_after", "-1"))
    if not re.fullmatch("-?[0-9]{1,9}", after):
        raise _wrong_query("starting_after", "an integer")
    return HttpResponse(200, events=stored.made.events(int(after)))


def _wrong_query(name: str, kind: str) -> Refusal:
    message = f"Invalid type for '{name}': expected {kind}."
    return Refusal(message, param=name, code="invalid_type")


def cancel_response(request: ApiRequest) -> HttpResponse:
    """POST /responses/ID/cancel."""
    stored = _stored(request)
    if not stored.body["background"]:
        raise Refusal("Cannot cancel a synchronous response.")
    if stored.looks < 2:
        stored.body = unmade(stored.body, "cancelled")
        stored.looks = 2
    return json_response(stored.body)


def delete_response(request: ApiRequest) -> HttpResponse:
    """DELETE /responses/ID."""
    name = request.parameters["response_id"]
    request.store.responses.remove(name)
    return json_response({"id": name, "object": "response", "deleted": True})


def _stored(request: ApiRequest) -> StoredResponse:
    stored: StoredResponse = request.store.responses.get(request.parameters["response_id"])
    return stored


def unmade(response: Json, status: str) -> Json:
    """A response before it is made, or that never will be."""
    return {**response, "status": status, "output": [], "usage": None}


def list_input_items(request: ApiRequest) -> HttpResponse:
    """GET /responses/ID/input_items."""
    from openai_cli.sandbox.kinds import Kind
    from openai_cli.sandbox.pages import page_of
    from openai_cli.sandbox.things import told

    stored = _stored(request)
    items = kept_items(stored.request.get("input"), stored.body["id"].removeprefix("resp_"))
    return told(request, page_of(request, items, Kind("msg_", "item")))


def compact_response(request: ApiRequest) -> HttpResponse:
    """POST /responses/compact: one item that stands for all that was said."""
    from openai_cli.sandbox.things import told

    digest = request.store.responses.fresh(request.digest)
    content = "c2FuZGJveA=="  # "sandbox"
    compaction = {"id": f"cmp_{digest}", "type": "compaction", "encrypted_content": content}
    facts = {"id": f"resp_{digest}", "created_at": CREATED, "output": [compaction]}
    return told(request, facts)
