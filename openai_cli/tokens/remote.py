"""Convert a chat request to POST /responses, whose endpoint can count tokens on the server.

The formats are those of ResponseCreateParams and ChatCompletionCreateParams in OpenAI's published
description. A part without a counterpart is refused, unless it does not change the prompt.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from openai_cli.errors import UsageError

Json = Any

# The properties of POST /responses/input_tokens (TokenCountsBody).
_COUNTED = (
    "model", "input", "instructions", "previous_response_id", "conversation", "tools",
    "tool_choice", "parallel_tool_calls", "text", "reasoning", "truncation", "personality",
)  # fmt: skip

# The required properties of a function tool at POST /responses, with the values that POST
# /chat/completions assumes if they are missing.
_FUNCTION = {"type": "function", "parameters": None, "strict": False}


def counted_body(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return the body for POST /responses/input_tokens for a responses or chat request.

    Raises UsageError for a request of another endpoint, and for a message part that POST /responses
    does not take.
    """
    if "messages" in body:
        body = _of_chat(body)
    elif "input" not in body:
        raise UsageError("--remote counts only chat and responses requests")
    return {name: body[name] for name in _COUNTED if name in body}


def _of_chat(body: Mapping[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {
        "model": body.get("model"),
        "input": [
            item
            for number, message in enumerate(_array(body["messages"], "messages"))
            for item in _items(message, f"messages[{number}]")
        ],
    }
    tools = [_tool(tool) for tool in _array(body.get("tools") or [], "tools")]
    tools += [{**_FUNCTION, **tool} for tool in body.get("functions") or []]
    if tools:
        found["tools"] = tools
    choice = body.get("tool_choice", body.get("function_call"))
    if choice is not None:
        found["tool_choice"] = _choice(choice)
    if text := _text(body):
        found["text"] = text
    if "parallel_tool_calls" in body:
        found["parallel_tool_calls"] = body["parallel_tool_calls"]
    if "reasoning_effort" in body:
        found["reasoning"] = {"effort": body["reasoning_effort"]}
    return found


def _items(message: Json, where: str) -> Iterator[dict[str, Json]]:
    """Yield the items of a message: its text, and each tool call as an item of its own."""
    if not isinstance(message, dict):
        raise UsageError(f"{where} must be an object")
    role, content = message.get("role"), message.get("content")
    if role in ("tool", "function"):
        # The older function calls have no id, so the name is used.
        call_id = message.get("tool_call_id", message.get("name"))
        yield {"type": "function_call_output", "call_id": call_id, "output": content}
        return
    if content:
        yield {"role": role, "content": _content(content, role, where)}
    calls = [
        (call.get("id"), call.get("function") or {}) for call in message.get("tool_calls") or []
    ]
    if older := message.get("function_call"):
        calls.append((older.get("name"), older))
    for call_id, function in calls:
        yield {
            "type": "function_call",
            "call_id": call_id,
            "name": function.get("name"),
            "arguments": function.get("arguments"),
        }


def _content(content: Json, role: Json, where: str) -> Json:
    if isinstance(content, str):
        return content
    return [
        _part(part, role, f"{where}.content[{number}]")
        for number, part in enumerate(_array(content, f"{where}.content"))
    ]


def _part(part: Json, role: Json, where: str) -> dict[str, Json]:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "text":
        name = "output_text" if role == "assistant" else "input_text"
        return {"type": name, "text": part.get("text")}
    if kind == "refusal":
        return {"type": "refusal", "refusal": part.get("refusal")}
    if kind == "image_url" and isinstance(image := part.get("image_url"), dict):
        detail = {"detail": image["detail"]} if "detail" in image else {}
        return {"type": "input_image", "image_url": image.get("url"), **detail}
    if kind == "file" and isinstance(file := part.get("file"), dict):
        return {"type": "input_file", **file}
    raise UsageError(f"{where}: POST /responses, which --remote asks, does not take it")


def _tool(tool: Json) -> Json:
    kind = tool.get("type") if isinstance(tool, dict) else None
    inner = tool.get(kind) if kind else None
    if not isinstance(inner, dict):
        return tool
    return {**(_FUNCTION if kind == "function" else {"type": kind}), **inner}


def _choice(choice: Json) -> Json:
    if isinstance(choice, dict):
        named = choice.get(choice.get("type"), choice)
        return {"type": choice.get("type", "function"), **named}
    return choice


def _text(body: Mapping[str, Json]) -> dict[str, Json]:
    found = {}
    if isinstance(wanted := body.get("response_format"), dict):
        schema = wanted.get("json_schema")
        found["format"] = {"type": wanted.get("type"), **(schema or {})}
    if "verbosity" in body:
        found["verbosity"] = body["verbosity"]
    return found


def _array(value: Json, name: str) -> list[Json]:
    if not isinstance(value, list):
        raise UsageError(f"{name} must be an array")
    return value
