"""Which tools or function a chat request must call, and the smallest calls of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openai_cli.sandbox.instances import SchemaError, minimal_instance
from openai_cli.sandbox.refusals import Refusal

CUSTOM_INPUT = "This is a sandbox, not a model."

Body = Mapping[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """A call of the tool `name`.

    `kind` is `function` or `custom` for a tool, `function_call` for one of the older `functions`;
    `text` is its arguments as JSON, or the input of a custom tool.
    """

    kind: str
    name: str
    text: str

    @property
    def finish(self) -> str:
        """The finish reason of an answer with this call."""
        return "function_call" if self.kind == "function_call" else "tool_calls"

    @property
    def field(self) -> str:
        """The property that holds `text`."""
        return "input" if self.kind == "custom" else "arguments"


def demanded_calls(body: Body) -> tuple[ToolCall, ...]:
    """The calls that a chat body requires; none if the answer may be text.

    There is one call, or, if `parallel_tool_calls` is true, one of each tool that may be called.
    """
    if isinstance(body.get("function_call"), dict):
        return (_function_call(body),)
    choice, tools = body.get("tool_choice"), body.get("tools", [])
    if isinstance(choice, dict) and choice["type"] == "allowed_tools":
        allowed = choice["allowed_tools"]
        wanted = allowed["tools"] if allowed["mode"] == "required" else None
    elif isinstance(choice, dict):
        wanted = [choice]
    else:
        wanted = tools if choice == "required" else None
    if wanted is None:
        return ()
    most = None if body.get("parallel_tool_calls") is True else 1
    return _tool_calls(tools, [_named(tool) for tool in wanted], most)


def schema_instance(schema: Mapping[str, Any], what: str, param: str, code: str | None) -> str:
    """The smallest instance of a request's schema as JSON; a Refusal if there is none."""
    try:
        instance = minimal_instance(schema)
    except SchemaError as error:
        message = f"Invalid schema for {what}: {error}."
        raise Refusal(message, param=param, code=code) from None
    return json.dumps(instance, ensure_ascii=False, separators=(",", ":"))


def _named(tool: Body) -> tuple[object, object]:
    """The kind and name of a tool, or of a reference to one in a tool choice."""
    kind = tool.get("type")
    inner = tool.get(kind) if isinstance(kind, str) else None
    return kind, inner.get("name") if isinstance(inner, dict) else None


def _tool_calls(
    tools: Sequence[Body], wanted: Sequence[tuple[object, object]], most: int | None
) -> tuple[ToolCall, ...]:
    """Calls of the wanted tools, at most `most` of them."""
    found = [(index, tool) for index, tool in enumerate(tools) if _named(tool) in wanted]
    if not found:
        lacking = f"no tool named '{wanted[0][1]}'" if len(wanted) == 1 else "none of its tools"
        message = f"Invalid value for 'tool_choice': {lacking} was specified."
        raise Refusal(message, param="tool_choice")
    return tuple(_tool_call(tool, f"tools[{index}].function") for index, tool in found[:most])


def _tool_call(tool: Body, path: str) -> ToolCall:
    kind = tool["type"]
    name = tool[kind]["name"]
    text = CUSTOM_INPUT if kind == "custom" else _arguments(tool[kind], path)
    return ToolCall(kind, name, text)


def _function_call(body: Body) -> ToolCall:
    name = body["function_call"]["name"]
    for index, function in enumerate(body["functions"]):
        if function["name"] == name:
            return ToolCall("function_call", name, _arguments(function, f"functions[{index}]"))
    message = f"Invalid value for 'function_call': no function named '{name}' was specified."
    raise Refusal(message, param="function_call")


def _arguments(function: Body, path: str) -> str:
    """The smallest arguments of a function; an object, even if the schema does not say so."""
    schema = {"type": "object", **function.get("parameters", {})}
    what = f"function '{function['name']}'"
    return schema_instance(schema, what, f"{path}.parameters", "invalid_function_parameters")
