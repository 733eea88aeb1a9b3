"""Stored /chat/completions, from requests with `store`: show, list, change and delete them."""

from openai_cli.sandbox.exchange import ApiRequest, HttpResponse, Json, described, json_response
from openai_cli.sandbox.kinds import KINDS
from openai_cli.sandbox.pages import page_of
from openai_cli.sandbox.things import Thing, last_of, told

KIND = KINDS["/chat/completions"]


def store_chat(request: ApiRequest, completion: Json) -> None:
    """Store an answer, with the messages of its request."""
    name = completion["id"]
    messages = [
        Thing(f"{name}-{index}", _message(f"{name}-{index}", described(given)))
        for index, given in enumerate(request.body["messages"])
    ]
    facts = {**completion, "metadata": request.body.get("metadata") or {}}
    request.store.chats.put(name, Thing(name, facts, others=messages), 2 * request.size)


def _message(name: str, given: Json) -> Json:
    content = given.get("content")
    parts = content if isinstance(content, list) else None
    texts = [part["text"] for part in parts or () if part["type"] == "text"]
    text = "\n".join(texts) if parts is not None else content
    return {**given, "id": name, "content": text, "content_parts": parts, "refusal": None}


def list_chats(request: ApiRequest) -> HttpResponse:
    """GET /chat/completions."""
    return told(request, page_of(request, [one.facts for one in request.store.chats.all], KIND))


def show_chat(request: ApiRequest) -> HttpResponse:
    """GET /chat/completions/ID."""
    return told(request, _chat(request).facts)


def change_chat(request: ApiRequest) -> HttpResponse:
    """POST /chat/completions/ID."""
    chat = _chat(request)
    chat.facts |= request.body
    return told(request, chat.facts)


def delete_chat(request: ApiRequest) -> HttpResponse:
    """DELETE /chat/completions/ID."""
    chat = _chat(request)
    request.store.chats.remove(chat.name)
    return told(request, {"id": chat.name, "deleted": True})


def list_messages(request: ApiRequest) -> HttpResponse:
    """GET /chat/completions/ID/messages: the request's messages, in their own roles.

    The schema in the description allows only assistant; its example has a user's message.
    """
    return json_response(
        page_of(request, [message.facts for message in _chat(request).others], KIND)
    )


def _chat(request: ApiRequest) -> Thing:
    chat: Thing = request.store.chats.get(last_of(request))
    return chat
