"""Count the prompts of gpt-oss in OpenAI's published harmony format.

The format and its renderer are at https://github.com/openai/harmony; tests compare this module with
that. The model's own system message, without a date, is part of the prompt.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from openai_cli.tokens.conversation import Call, call_of, calls_of
from openai_cli.tokens.families import CHAT
from openai_cli.tokens.formats import heading
from openai_cli.tokens.harmony_types import definition
from openai_cli.tokens.parts import content_text
from openai_cli.tokens.prompt import Prompt
from openai_cli.tokens.shapes import Json, array, mapping, optional, string

_SYSTEM = """\
You are ChatGPT, a large language model trained by OpenAI.
Knowledge cutoff: 2024-06

Reasoning: {effort}

# Valid channels: analysis, commentary, final. Channel must be included for every message."""
_CALLS_GO = "\nCalls to these tools must go to the commentary channel: 'functions'."
_EFFORTS = ("low", "medium", "high")

# `<|start|>`, `<|message|>` and `<|end|>`; `<|channel|>`; `<|constrain|>`; `<|start|>assistant`.
_MESSAGE, _CHANNEL, _CONSTRAIN, _ANSWER = 3, 1, 1, 2


def read_harmony(body: Json, prompt: Prompt) -> None:
    """Add the prompt of a chat or responses body; UsageError if it has the wrong shape."""
    types = list(_definitions(body, prompt))
    _add(
        "system",
        _SYSTEM.format(effort=_effort(body, prompt)) + (_CALLS_GO if types else ""),
        prompt,
    )
    instructions = []
    for place, message in _messages(body, prompt):
        if message.get("role") in ("system", "developer"):
            text = content_text(message.get("content"), f"{place}.content", prompt)
            instructions.append(f"# Instructions\n\n{text}")
        else:
            _add_message(message, place, prompt)
    # The functions and the format follow the first instructions, or are a message of their own.
    sections = instructions[:1] + _sections(types, body, prompt)
    for text in ["\n\n".join(sections), *instructions[1:]] if sections else []:
        _add("developer", text, prompt)
    prompt.overhead += _ANSWER


def _messages(body: Json, prompt: Prompt) -> Iterator[tuple[str, Json]]:
    """Yield the place and the value of each message or item."""
    if prompt.endpoint == CHAT:
        place, given = "messages", array(body.get("messages"), "messages")
    else:
        place, text = "input", body.get("input") or []
        given = [{"role": "user", "content": text}] if isinstance(text, str) else array(text, place)
        if instructions := optional(body, "instructions"):
            yield "instructions", {"role": "system", "content": instructions}
    for number, value in enumerate(given):
        where = f"{place}[{number}]"
        yield where, mapping(value, where)


def _sections(types: list[str], body: Json, prompt: Prompt) -> list[str]:
    sections = []
    if types:
        inner = "\n".join([*types, "} // namespace functions"])
        sections.append(f"# Tools\n\n## functions\n\nnamespace functions {{\n\n{inner}")
    return sections + _formats(body, prompt)


def _add(role: str, text: str, prompt: Prompt, header: str = "", channel: str = "") -> None:
    """Add a message; the header after the role is one text, and so is the channel."""
    prompt.overhead += _MESSAGE + (_CHANNEL if channel else 0)
    prompt.texts += [role, header, channel, text]


def _add_message(message: Json, place: str, prompt: Prompt) -> None:
    kind = message.get("type") or "message"
    called = optional(message, "call_id", f"{place}.") or ""
    if kind == "function_call":
        _add_call(call_of(message, place)._replace(id=called), prompt)
    elif kind == "function_call_output":
        _add_result(called, message.get("output"), f"{place}.output", prompt)
    elif kind == "message":
        _add_of_role(message, place, prompt)
    elif kind != "reasoning":  # which the format omits once there is an answer
        prompt.doubt(f"{place} is not counted: harmony has no {kind}", None)


def _add_of_role(message: Json, place: str, prompt: Prompt) -> None:
    role = string(message, "role", f"{place}.")
    if role == "tool":
        called = optional(message, "tool_call_id", f"{place}.") or ""
        _add_result(called, message.get("content"), f"{place}.content", prompt)
        return
    calls = list(calls_of(message, place))
    for call in calls:
        _add_call(call, prompt)
    text = content_text(message.get("content"), f"{place}.content", prompt)
    if text or not calls:
        name = optional(message, "name", f"{place}.")
        channel = "final" if role == "assistant" else ""
        _add(role, text, prompt, f":{name}" if name else "", channel)


def _add_call(call: Call, prompt: Prompt) -> None:
    prompt.names[call.id] = call.name
    _add("assistant", call.arguments, prompt, call.recipient, "commentary")
    prompt.overhead += _CONSTRAIN
    prompt.texts += [" ", " json"]
    prompt.doubt("servers show calls to gpt-oss in more than one form", within=2)


def _add_result(called: str, content: object, place: str, prompt: Prompt) -> None:
    role = f"functions.{prompt.names.get(called, 'tool')}"
    _add(role, content_text(content, place, prompt), prompt, " to=assistant", "commentary")


def _effort(body: Json, prompt: Prompt) -> str:
    reasoning = body.get("reasoning")
    effort: Any = reasoning.get("effort") if isinstance(reasoning, Mapping) else None
    effort = body.get("reasoning_effort") or effort or "medium"
    if effort in _EFFORTS:
        return str(effort)
    prompt.doubt(f"harmony has no effort {effort}: counted as medium", within=1)
    return "medium"


def _formats(body: Json, prompt: Prompt) -> list[str]:
    """Return the text of a response format, by docs/format.md of harmony."""
    text = body.get("text")
    form = text.get("format") if isinstance(text, Mapping) else body.get("response_format")
    if not isinstance(form, Mapping) or form.get("type") != "json_schema":
        return []
    place = "response_format.json_schema"
    named = mapping(form.get("json_schema", form), place)
    name, description = (
        string(named, "name", f"{place}."),
        optional(named, "description", f"{place}."),
    )
    prompt.doubt("not every server shows gpt-oss a response format")
    schema = json.dumps(named.get("schema"), ensure_ascii=False, separators=(",", ":"))
    return [heading(name, description or "") + schema]


def _definitions(body: Json, prompt: Prompt) -> Iterator[str]:
    """Yield the type of each function."""
    for index, value in enumerate(array(body.get("tools") or [], "tools")):
        place = f"tools[{index}]"
        tool = mapping(value, place)
        if tool.get("type") != "function":
            prompt.doubt(f"{place} is not counted: harmony has no {tool.get('type')}", None)
            continue
        fields = mapping(tool.get("function", tool), place)
        name, description = string(fields, "name", f"{place}."), fields.get("description")
        described = description if isinstance(description, str) else ""
        yield definition(name, described, fields.get("parameters"))
