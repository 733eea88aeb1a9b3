"""Write function definitions as the TypeScript that the model sees and the API bills.

The style is that of ChatGPT's published system prompts; the bills of all families agree with it.
Whatever no bill had is a doubt of the size of its JSON.
"""

import json
from collections.abc import Mapping
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.records import NamedTuple

Schema = Mapping[str, Any]

# The API takes at most 5,000 properties (its guide to structured outputs), but a few types that
# refer to each other may expand to more than can be written in any reasonable time.
MOST_TYPES = 20_000

_UNIONS = ("anyOf", "oneOf")

# Shown after a member of a union; no bill had any for other values.
_CONSTRAINTS = (
    "format", "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems",
)  # fmt: skip
_KNOWN = frozenset({
    "$defs", "$ref", "$schema", "additionalProperties", "const", "default", "definitions",
    "description", "enum", "items", "properties", "required", "strict", "title", "type", *_UNIONS,
    *_CONSTRAINTS,
})  # fmt: skip
_TYPES = frozenset({"string", "number", "integer", "boolean", "null", "array", "object"})

# The tokens that a doubtful part of a schema may take in addition to its JSON.
_AROUND = 8


class Function(NamedTuple):
    """A function that a request defines.

    `parameters` is its JSON Schema, or None if it takes free-form text.
    """

    name: str
    description: str
    parameters: Schema | None


class Definitions(NamedTuple):
    """The types of functions, and the size of the doubt about each part that no bill had."""

    text: str
    doubts: dict[str, int]


def definitions(functions: list[Function], *, repeats: bool) -> Definitions:
    """Write the types of functions, separated by empty lines.

    With `repeats`, the description of a value with several types is shown above each of them, as at
    /chat/completions. Raises UsageError if a function's parameters have more than MOST_TYPES types.
    """
    doubts: dict[str, int] = {}
    types = [_Writer(function, repeats, doubts).definition() for function in functions]
    return Definitions("\n\n".join(types), doubts)


class _Property(NamedTuple):
    lines: list[str]
    has_comment: bool


class _Writer:
    """Writes the types of one function, whose schema may refer to parts of itself."""

    def __init__(self, function: Function, repeats: bool, doubts: dict[str, int]) -> None:
        self._function = function
        self._repeats = repeats
        self._doubts = doubts
        self._open: list[str] = []
        self._left = MOST_TYPES

    def definition(self) -> str:
        """Return the function's description and its type."""
        name, description, parameters = self._function
        if parameters is None:
            arguments = "FREEFORM"
        elif _properties(parameters):
            self._judge(parameters)
            arguments = f"_: {self._object(parameters)}"
        else:
            arguments = ""
        return "\n".join([*_comment(description), f"type {name} = ({arguments}) => any;"])

    def _object(self, schema: Schema) -> str:
        """Return the properties in braces, below the object's comments."""
        required = schema.get("required")
        needed = required if isinstance(required, list) else []
        written = [
            self._property(f"{name}{'' if name in needed else '?'}:", value)
            for name, value in _properties(schema).items()
        ]
        if any(one.has_comment for one in written):
            body = "\n".join(["{", *(line for one in written for line in one.lines), "}"])
        else:
            body = "{ " + " ".join(one.lines[0] for one in written).removesuffix(",") + " }"
        return "\n".join([*_heading(schema), body])

    def _property(self, key: str, value: object) -> _Property:
        schema: Schema = value if isinstance(value, Mapping) else {}
        above = _heading(schema)
        default = [f"default: {_literal(schema['default'])}"] if "default" in schema else []
        written = self._of_types(schema) or self._type(_bare(schema))
        if written.startswith((" | ", "// ")):
            defaults = [f"// {text}" for text in default]
            return _Property([*above, *defaults, key, written, ","], has_comment=True)
        if "\n" in written:
            return _Property([*above, f"{key} {written},{_behind(default)}"], has_comment=True)
        notes = default + self._notes(schema)
        for name in _CONSTRAINTS:
            if name in schema:
                self._doubt(f"{name} of a value", schema[name])
        return _Property([*above, f"{key} {written},{_behind(notes)}"], bool(above or notes))

    def _of_types(self, schema: Schema) -> str:
        """Return a described value's types, each below the description; "" if not several."""
        kinds, above = schema.get("type"), _comment(schema.get("description"))
        if not self._repeats or not isinstance(kinds, list) or len(kinds) < 2 or not above:
            return ""
        return "\n".join(
            "\n".join([*above, f" | {self._type({**_bare(schema), 'type': kind})}"])
            for kind in kinds
        )

    def _type(self, schema: object) -> str:
        """Return the type of a value, in one or more lines."""
        self._left -= 1
        if self._left < 0:
            name = self._function.name
            raise UsageError(f"the parameters of {name} have more than {MOST_TYPES:,} types")
        if not isinstance(schema, Mapping):
            return "any"
        self._judge(schema)
        if isinstance(schema.get("$ref"), str):
            return self._reference(schema["$ref"])
        for key in _UNIONS:
            if isinstance(schema.get(key), list):
                return self._union(schema[key])
        if "const" in schema:
            return _literal(schema["const"])
        if isinstance(schema.get("enum"), list):
            return " | ".join(map(_literal, schema["enum"]))
        return self._of_kind(schema)

    def _of_kind(self, schema: Schema) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            return " | ".join(self._type({**schema, "type": one}) for one in kind) or "any"
        if kind == "array":
            items = self._type(schema.get("items"))
            if " | " in items and "\n" not in items and not _is_enum(schema["items"]):
                self._doubt("a list of a union", schema["items"])
            return f"Array<\n{items}\n>" if "\n" in items else f"{items}[]"
        if kind == "object":
            return self._object(schema) if _properties(schema) else "object"
        return kind if isinstance(kind, str) and kind else "any"

    def _union(self, members: list[Any]) -> str:
        written = [
            (self._type(member), self._notes(member) if isinstance(member, Mapping) else [])
            for member in members
        ]
        for member in members:
            if isinstance(member, Mapping) and any(key in member for key in _UNIONS):
                self._doubt("a union in a union", member)
        if not any("\n" in text or notes for text, notes in written):
            return " | ".join(text for text, _ in written) or "any"
        return "\n".join(f" | {text}{_behind(notes)}" for text, notes in written)

    def _reference(self, reference: str) -> str:
        """Return the type that `#/$defs/Name` refers to; a type within itself is `any`."""
        target: object = self._function.parameters
        for key in reference.removeprefix("#").split("/")[1:]:
            target = target.get(key) if isinstance(target, Mapping) else None
        if reference in self._open:
            self._doubt("a type in itself", reference)
            return "any"
        self._open.append(reference)
        written = self._type(target)
        self._open.pop()
        return written

    def _notes(self, schema: Schema) -> list[str]:
        return [f"{key}: {_literal(schema[key])}" for key in _CONSTRAINTS if key in schema]

    def _judge(self, schema: Schema) -> None:
        """Add doubts about parts that no bill had."""
        if not _KNOWN.issuperset(schema):
            for key in schema:
                if key not in _KNOWN:
                    self._doubt(f"{key} of a value", schema[key])
        kind = schema.get("type")
        if isinstance(kind, str) and kind not in _TYPES:
            self._doubt(f"the type {kind}", kind)

    def _doubt(self, what: str, value: object) -> None:
        reason = f"no bill had {what} in a function's parameters"
        size = len(json.dumps(value, default=str)) + _AROUND
        self._doubts[reason] = self._doubts.get(reason, 0) + size


def _properties(schema: Schema) -> Schema:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _bare(schema: Schema) -> Schema:
    """Return the schema without its title and description."""
    return {key: value for key, value in schema.items() if key not in ("title", "description")}


def _is_enum(schema: object) -> bool:
    return isinstance(schema, Mapping) and "enum" in schema


def _heading(schema: Schema) -> list[str]:
    """Return the title, an empty comment and the description as comment lines."""
    title, description = schema.get("title"), _comment(schema.get("description"))
    lines = [f"// {title}"] if isinstance(title, str) and title else []
    return lines + (["//"] if lines and description else []) + description


def _comment(text: object) -> list[str]:
    """Return a text as comment lines, each stripped."""
    text = text.strip() if isinstance(text, str) else ""
    return [f"// {line.strip()}".rstrip() for line in text.split("\n")] if text else []


def _behind(notes: list[str]) -> str:
    return f" // {', '.join(notes)}" if notes else ""


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
