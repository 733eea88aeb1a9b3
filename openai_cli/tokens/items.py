"""Count the input items of a request to /responses: messages, calls, results, reasoning, others."""

from itertools import groupby
from typing import Any

from openai_cli.tokens.conversation import (
    Call,
    add_call_items,
    add_result,
    call_of,
    read_messages,
)
from openai_cli.tokens.parts import content_text
from openai_cli.tokens.prompt import Prompt
from openai_cli.tokens.shapes import Json, mapping, optional

_CALLS = ("function_call", "custom_tool_call")
_RESULTS = ("function_call_output", "custom_tool_call_output")

_Numbered = tuple[int, Json]


def read_items(items: list[Any], prompt: Prompt, *, first: int = 0) -> None:
    """Add all items to the prompt; `first` is the index of the first one.

    Raises UsageError, with the place, for an item that does not have the API's shape.
    """
    read = [(number, mapping(item, _place(number))) for number, item in enumerate(items, first)]
    users = [number for number, item in read if item.get("role") == "user"]
    for kind, group in groupby(read, key=lambda numbered: _kind(numbered[1])):
        run = list(group)
        if kind == "message":
            read_messages([_bare(item) for _, item in run], "input", prompt, first=run[0][0])
        elif kind in _CALLS:
            if kind == "custom_tool_call":
                prompt.has("calls of custom tools")
            add_call_items([_call(*numbered) for numbered in run], prompt)
        else:
            for numbered in run:
                _add(kind, numbered, prompt, is_past=bool(users) and numbered[0] < users[-1])


def _place(number: int) -> str:
    return f"input[{number}]"


def _kind(item: Json) -> str:
    """Return the type of an item; without one it is a message, or a reference if it has an id."""
    kind = item.get("type")
    if isinstance(kind, str):
        return kind
    return "item_reference" if "role" not in item and "id" in item else "message"


def _bare(item: Json) -> Json:
    """Return only the parts of a message that are in the prompt."""
    return {"role": item.get("role"), "content": item.get("content")}


def _call(number: int, item: Json) -> Call:
    place = _place(number)
    call = call_of(item, place)
    called = optional(item, "call_id", f"{place}.") or ""
    return call._replace(id=called, is_stored=bool(item.get("id")))


def _add(kind: str, numbered: _Numbered, prompt: Prompt, *, is_past: bool) -> None:
    number, item = numbered
    place = _place(number)
    if kind in _RESULTS:
        _add_result(item, place, prompt)
    elif kind == "reasoning":
        if not is_past:  # the model does not see the reasoning of earlier turns
            encrypted = optional(item, "encrypted_content", f"{place}.") or ""
            from openai_cli.tokens.estimates import add_reasoning

            add_reasoning(encrypted, place, prompt)
    elif kind == "additional_tools":
        from openai_cli.tokens.tools import add_tools_item

        add_tools_item(item, place, prompt)
    elif kind == "compaction":
        from openai_cli.tokens.estimates import add_compaction

        add_compaction(place, prompt)
    else:
        reason = f"{place} is not counted: what an item of type {kind} takes is not known"
        prompt.doubt(reason, None)


def _add_result(item: Json, place: str, prompt: Prompt) -> None:
    called = optional(item, "call_id", f"{place}.") or ""
    text = content_text(item.get("output"), f"{place}.output", prompt)
    add_result(f"functions.{prompt.names.get(called, '')}", text, prompt)
