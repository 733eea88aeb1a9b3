"""Function definitions as the text that a model is shown, which is what the API bills.

The API turns the JSON Schema of each function into a TypeScript type and puts all of them into a
namespace, under a heading, in a system message. That it is TypeScript is known from models that
were asked for it; OpenAI's harmony format (https://github.com/openai/harmony) does the same. The
details here are those that explain what the API billed in 2023 (tests/tokens/test_messages.py) and
the counts in OpenAI's cookbook, How_to_count_tokens_with_tiktoken. Three that no count here shows
are from https://community.openai.com/t/266573: only the outermost properties keep their
descriptions, a default is a comment, and an object without properties is left out. Nor does one
show where the closing brace of an object stands that is nested twice: estimators in use since 2023
put each at the start of its line.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from openai_cli.errors import UsageError

Schema = Mapping[str, Any]

HEADING = "# Tools\n\n## functions\n\n"

# The API takes 5,000 properties at most (its guide to structured outputs); a few types that refer
# to each other may stand for more than there is time for.
MOST_TYPES = 20_000

_TYPES = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "null": "null",
}


class Function(NamedTuple):
    """A function as a request defines it; `parameters` is its JSON Schema."""

    name: str
    description: str
    parameters: Schema


class Section(NamedTuple):
    """A part of a system message, and what is not sure of its form."""

    text: str
    doubts: tuple[str, ...] = ()


def definitions_section(functions: Sequence[Function]) -> Section:
    """The part that defines the functions.

    No count shows how unions and references look: a doubt. UsageError if the parameters of one of
    the functions have more than MOST_TYPES types.
    """
    writers = [_Writer(function) for function in functions]
    types = "\n\n".join(writer.definition() for writer in writers)
    text = f"{HEADING}namespace functions {{\n\n{types}\n\n}} // namespace functions"
    is_sure = all(writer.is_sure for writer in writers)
    doubt = "how a function's unions and references are shown is not published"
    return Section(text, () if is_sure else (doubt,))


def schema_section(name: str, description: str, schema: object) -> Section:
    """The part that demands an answer by a JSON Schema.

    What models are shown is published for gpt-oss alone, in OpenAI's guide to the harmony format
    (https://github.com/openai/harmony/blob/main/docs/format.md, Structured output): a doubt.
    """
    comment = f"// {description}\n" if description else ""
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    doubt = "how a response format is shown is not published: counted as in OpenAI's harmony"
    return Section(f"# Response Formats\n\n## {name}\n\n{comment}{text}", (doubt,))


class _Writer:
    """The writer of the types of one function, whose schema may refer to parts of itself."""

    def __init__(self, function: Function) -> None:
        self.is_sure = True
        self._function = function
        self._open: list[str] = []
        self._left = MOST_TYPES

    def definition(self) -> str:
        """The function's description and its type."""
        name, description, parameters = self._function
        comment = f"// {description}\n" if description else ""
        arguments = self._object(parameters, 0)
        return f"{comment}type {name} = ({arguments and f'_: {arguments}'}) => any;"

    def _object(self, schema: Schema, level: int) -> str:
        """The properties in braces, each nested `level` deep; empty without any."""
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or not properties:
            return "object" if level and schema.get("additionalProperties") else ""
        required = schema.get("required")
        needed = required if isinstance(required, list) else []
        lines = ["{"]
        for name, value in properties.items():
            mark = "" if name in needed else "?"
            lines += self._property(f"{name}{mark}", value, level)
        return "\n".join([*lines, "}"])

    def _property(self, name: str, schema: object, level: int) -> Iterator[str]:
        value = schema if isinstance(schema, Mapping) else {}
        written = self._type(value, level + 1)
        if not written:
            return
        description = value.get("description")
        if level == 0 and isinstance(description, str):
            yield from (f"// {line}" for line in description.strip().split("\n"))
        yield f"{_indent(level)}{name}: {written},{_default(value)}"

    def _type(self, schema: object, level: int) -> str:
        """The type of a value; empty for an object of which nothing is known."""
        self._left -= 1
        if self._left < 0:
            name = self._function.name
            raise UsageError(f"the parameters of {name} have more than {MOST_TYPES:,} types")
        if not isinstance(schema, Mapping):
            return "any"
        if isinstance(schema.get("$ref"), str):
            return self._reference(schema["$ref"], level)
        for key in ("anyOf", "oneOf"):
            if isinstance(schema.get(key), list):
                return self._union(schema[key], level)
        if isinstance(schema.get("type"), list):
            return self._union([{**schema, "type": kind} for kind in schema["type"]], level)
        return self._plain(schema, level)

    def _plain(self, schema: Schema, level: int) -> str:
        if isinstance(schema.get("enum"), list):
            return " | ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
        kind = schema.get("type")
        if kind == "array":
            items = self._type(schema.get("items"), level)
            return f"{items or 'object'}[]"
        if kind == "object":
            return self._object(schema, level)
        return _TYPES.get(kind, "any") if isinstance(kind, str) else "any"

    def _union(self, members: list[Any], level: int) -> str:
        self.is_sure = False
        return " | ".join(self._type(member, level) or "object" for member in members) or "any"

    def _reference(self, reference: str, level: int) -> str:
        """The type that `#/$defs/Name` refers to; a type inside itself is `any`."""
        self.is_sure = False
        target: object = self._function.parameters
        for key in reference.removeprefix("#").split("/")[1:]:
            target = target.get(key) if isinstance(target, Mapping) else None
        if reference in self._open:
            return "any"
        self._open.append(reference)
        written = self._type(target, level)
        self._open.pop()
        return written


def _indent(level: int) -> str:
    return "  " * level


def _default(schema: Schema) -> str:
    value = schema.get("default")
    if value is None:
        return ""
    is_whole = schema.get("type") == "number" and type(value) is int
    return f" // default: {value}{'.0' if is_whole else ''}"
