"""/threads and their messages, of the Assistants API."""

from collections.abc import Mapping
from typing import Any

from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, Json
from openai_cli.sandbox.things import Shelfmark, Thing, here, keep, told

THREADS = "/threads"


def create_thread(request: ApiRequest) -> HttpResponse:
    """POST /threads."""
    return told(request, new_thread(request, request.body).facts)


def new_thread(request: ApiRequest, given: Mapping[str, Any]) -> Thing:
    """Create a thread with the messages given."""
    facts = {
        "metadata": given.get("metadata") or {},
        "tool_resources": given.get("tool_resources") or {},
    }
    thread = keep(request, Shelfmark(THREADS, THREADS), facts)
    for message in given.get("messages") or ():
        add_message(request, thread.name, message)
    return thread


def create_message(request: ApiRequest) -> HttpResponse:
    """POST /threads/ID/messages."""
    thread = here(request).path.split("/")[2]
    return told(request, add_message(request, thread, request.body).facts)


def messages_of(thread: str) -> Shelfmark:
    """The collection of a thread's messages."""
    return Shelfmark(f"{THREADS}/{{}}/messages", f"{THREADS}/{thread}/messages")


def add_message(request: ApiRequest, thread: str, given: Mapping[str, Any]) -> Thing:
    """Add a message to a thread, from the request and what else is known."""
    content = given["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    facts: Json = {
        "assistant_id": None,
        "run_id": None,
        "completed_at": CREATED,
        "attachments": [],
        **given,
        "thread_id": thread,
        "status": "completed",
        "metadata": given.get("metadata") or {},
        "content": [_part(part) for part in parts],
    }
    return keep(request, messages_of(thread), facts)


def _part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    if part["type"] != "text":
        return part
    return {"type": "text", "text": {"value": part["text"], "annotations": []}}


def text_of(message: Thing) -> str:
    """The text of a message."""
    texts = (part["text"]["value"] for part in message.facts["content"] if part["type"] == "text")
    return "\n".join(texts)
