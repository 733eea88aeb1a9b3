"""Stored /responses: show them, also as a stream, cancel and delete them, and list their input."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, Json, json_response
from openai_cli.sandbox.items import kept_items
from openai_cli.sandbox.refusals import Refusal


class Made(Protocol):
    """A response that can be replayed as a stream."""

    def events(self, after: int = -1) -> Iterator[bytes]:
        """Yield the events in order, after the number `after`."""


@dataclass
class StoredResponse:
    """A stored response; in the background, it is completed at the second look.

    `made` has the events of a response that was created in the background as a stream.
    """

    body: Json
    request: Mapping[str, Any]
    looks: int = 2
    made: Made | None = None

    def seen(self) -> Json:
        """The response at this look."""
        self.looks += 1
        if self.looks >= 2:
            return self.body
        return unmade(self.body, "in_progress")


def get_response(request: ApiRequest) -> HttpResponse:
    """GET /responses/ID, also as a stream, from its first event or after a given one."""
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
    """A response that is not made yet, or never will be."""
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
    """POST /responses/compact: a single item in place of the whole conversation."""
    from openai_cli.sandbox.things import told

    digest = request.store.responses.fresh(request.digest)
    content = "c2FuZGJveA=="  # "sandbox"
    compaction = {"id": f"cmp_{digest}", "type": "compaction", "encrypted_content": content}
    facts = {"id": f"resp_{digest}", "created_at": CREATED, "output": [compaction]}
    return told(request, facts)
