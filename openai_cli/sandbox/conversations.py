"""/conversations and their items, to which a response with `conversation` adds."""

from collections.abc import Iterable

from openai_cli.sandbox.exchange import ApiRequest, HttpResponse, Json
from openai_cli.sandbox.items import kept_items
from openai_cli.sandbox.pages import whole_page
from openai_cli.sandbox.things import (
    Shelfmark,
    found,
    here,
    keep,
    last_of,
    mark_of,
    new_id,
    remove,
    told,
)

CONVERSATIONS = "/conversations"


def create_conversation(request: ApiRequest) -> HttpResponse:
    """POST /conversations."""
    body = request.body
    made = keep(request, here(request), {"metadata": body.get("metadata") or {}})
    add_items(request, made.name, kept_items(body.get("items"), new_id(request, "")))
    return told(request, made.facts)


def create_items(request: ApiRequest) -> HttpResponse:
    """POST /conversations/ID/items."""
    here(request)
    items = kept_items(request.body["items"], new_id(request, ""))
    add_items(request, last_of(request), items)
    return told(request, whole_page(items))


def delete_item(request: ApiRequest) -> HttpResponse:
    """DELETE /conversations/ID/items/ID, which returns the conversation."""
    mark, name = here(request), last_of(request)
    found(request, mark, name)
    remove(request, mark, name)
    conversations = mark_of(request, CONVERSATIONS)
    return told(request, found(request, conversations, mark.path.split("/")[2]).facts)


def add_items(request: ApiRequest, conversation: str, items: Iterable[Json]) -> None:
    """Add items to a conversation; a Refusal if it does not exist."""
    found(request, Shelfmark(CONVERSATIONS, CONVERSATIONS), conversation)
    mark = Shelfmark(f"{CONVERSATIONS}/{{}}/items", f"{CONVERSATIONS}/{conversation}/items")
    for item in items:
        keep(request, mark, item, item["id"])
