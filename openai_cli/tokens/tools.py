"""Count the tools of a request: functions, custom tools, and hosted tools."""

from collections.abc import Iterator
from typing import Any

from openai_cli.tokens.estimates import add_hosted
from openai_cli.tokens.families import CHAT
from openai_cli.tokens.prompt import UNSEEN, Prompt
from openai_cli.tokens.shapes import Json, array, mapping, optional, string
from openai_cli.tokens.typescript import Function, definitions

_GRAMMAR = (
    "IMPORTANT: This tool only accepts string inputs that obey the {syntax} grammar {definition}. "
    "You must reason carefully about the input and make sure it obeys the grammar."
)
_ALONE = "IMPORTANT: Do NOT call this tool in parallel with other tools."


def functions_of(body: Json, prompt: Prompt) -> list[Function]:
    """Return the functions that a body defines; all other tools are added to the prompt.

    Raises UsageError, with the property, for a value that does not have the API's shape.
    """
    older = [
        _function(value, f"functions[{index}]")
        for index, value in enumerate(array(body.get("functions") or [], "functions"))
    ]
    return older + list(tools_of(body.get("tools"), "tools", prompt))


def tools_of(tools: Any, place: str, prompt: Prompt) -> Iterator[Function]:
    """Yield the functions in a list of tools, in the format of chat, nested, or of responses."""
    for index, value in enumerate(array(tools or [], place)):
        where = f"{place}[{index}]"
        tool = mapping(value, where)
        kind = tool.get("type")
        if kind == "function":
            if not tool.get("defer_loading"):
                yield _function(tool.get("function", tool), where)
        elif kind == "custom":
            prompt.has("custom tools")
            yield _custom(mapping(tool.get("custom", tool), where), where, prompt)
        else:
            add_hosted(str(kind), where, prompt, own=tool.get("execution") == "client")


def _function(value: object, place: str) -> Function:
    fields = mapping(value, place)
    description, parameters = fields.get("description"), fields.get("parameters")
    return Function(
        string(fields, "name", f"{place}."),
        description if isinstance(description, str) else "",
        parameters if isinstance(parameters, dict) else {},
    )


def _custom(tool: Json, place: str, prompt: Prompt) -> Function:
    lines = [optional(tool, "description", f"{place}.") or ""]
    form = mapping(tool.get("format") or {}, f"{place}.format")
    if form.get("type") == "grammar":
        grammar = mapping(form.get("grammar", form), f"{place}.format.grammar")
        where = f"{place}.format."
        syntax, rules = string(grammar, "syntax", where), string(grammar, "definition", where)
        lines.append(_GRAMMAR.format(syntax=syntax, definition=rules))
    else:
        prompt.has("custom tools without a grammar")
    return Function(string(tool, "name", f"{place}."), "\n".join([*lines, _ALONE]), None)


def types_section(functions: list[Function], prompt: Prompt) -> str:
    """Return the part of a message that defines the functions, without its heading."""
    found = definitions(functions, repeats=prompt.endpoint == CHAT)
    for reason, more in found.doubts.items():
        prompt.doubt(reason, more)
    headings = prompt.family.headings
    return f"{headings.head}{found.text}{headings.foot}"


def add_tools_item(item: Json, place: str, prompt: Prompt) -> None:
    """Count an item of /responses that adds tools; it is a message of its own."""
    functions = list(tools_of(item.get("tools"), f"{place}.tools", prompt))
    if prompt.endpoint + " additional_tools" not in prompt.family.seen:
        prompt.doubt(f"{place} (additional_tools): bills had up to 17 more tokens", UNSEEN)
    prompt.overhead += prompt.family.message + 1
    prompt.texts.append(prompt.family.headings.top + types_section(functions, prompt))
