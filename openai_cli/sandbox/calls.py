"""Which tool or function a chat request demands, and the smallest call of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openai_cli.sandbox.instances import SchemaError, minimal_instance
from openai_cli.sandbox.refusals import Refusal

CUSTOM_INPUT = "This is a sandbox, not a model."

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
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
        """The property that has `text`."""
        return "input" if self.kind == "custom" else "arguments"


def demanded_call(body: Body) -> Call | None:
    """The call that a chat body leaves no choice about; None where it may have text."""
    if isinstance(body.get("function_call"), dict):
        return _function_call(body)
    choice, tools = body.get("tool_choice"), body.get("tools", [])
    if isinstance(choice, dict) and choice["type"] == "allowed_tools":
        allowed = choice["allowed_tools"]
        if allowed["mode"] == "required":
            return _tool_call(tools, [_named(tool) for tool in allowed["tools"]])
    elif isinstance(choice, dict):
        return _tool_call(tools, [_named(choice)])
    elif choice == "required":
        return _tool_call(tools, [_named(tool) for tool in tools])
    return None


def schema_instance(schema: Mapping[str, Any], what: str, param: str, code: str | None) -> str:
    """The smallest instance of a schema from the request as JSON; a Refusal where it has none."""
    try:
        instance = minimal_instance(schema)
    except SchemaError as error:
        message = f"Invalid schema for {what}: {error}."
        raise Refusal(message, param=param, code=code) from None
    return json.dumps(instance, ensure_ascii=False, separators=(",", ":"))


def _named(tool: Body) -> tuple[object, object]:
    """The kind and the name of a tool, or of what stands for one in a tool choice."""
    kind = tool.get("type")
    inner = tool.get(kind) if isinstance(kind, str) else None
    return kind, inner.get("name") if isinstance(inner, dict) else None


def _tool_call(tools: Sequence[Body], wanted: Sequence[tuple[object, object]]) -> Call:
    """The call of the first of the tools that is wanted."""
    for index, tool in enumerate(tools):
        if _named(tool) in wanted:
            kind = tool["type"]
            if kind == "custom":
                return Call(kind, tool[kind]["name"], CUSTOM_INPUT)
            return Call(
                kind, tool[kind]["name"], _arguments(tool[kind], f"tools[{index}].function")
            )
    lacking = f"no tool named '{wanted[0][1]}'" if len(wanted) == 1 else "none of its tools"
    message = f"Invalid value for 'tool_choice': {lacking} was specified."
    raise Refusal(message, param="tool_choice")


def _function_call(body: Body) -> Call:
    name = body["function_call"]["name"]
    for index, function in enumerate(body["functions"]):
        if function["name"] == name:
            return Call("function_call", name, _arguments(function, f"functions[{index}]"))
    message = f"Invalid value for 'function_call': no function named '{name}' was specified."
    raise Refusal(message, param="function_call")


def _arguments(function: Body, path: str) -> str:
    """The smallest arguments of a function, which are an object whatever its schema leaves out."""
    schema = {"type": "object", **function.get("parameters", {})}
    what = f"function '{function['name']}'"
    return schema_instance(schema, what, f"{path}.parameters", "invalid_function_parameters")
