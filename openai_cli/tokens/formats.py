"""Convert a response format with a JSON Schema to the text that the model sees.

By the bills, the model sees the schema's types, names, titles, descriptions and values, but not its
constraints, which the server enforces while the answer is generated.
"""

import json
from collections.abc import Mapping
from typing import Any

from openai_cli.records import NamedTuple

_SHOWN = frozenset({
    "$defs", "$ref", "anyOf", "const", "description", "enum", "items", "properties", "title",
    "type",
})  # fmt: skip
_LEFT_OUT = frozenset({
    "$schema", "additionalProperties", "default", "format", "maxItems", "maximum", "minLength",
    "minimum", "required", "strict",
})  # fmt: skip
# Treated like other keywords of their kind, though no bill had them.
_LIKELY = frozenset({"allOf", "definitions", "oneOf"})
_VALUES = frozenset({"const", "enum"})
_OF_NAMES = frozenset({"$defs", "definitions", "properties"})


class Format(NamedTuple):
    """The text of a format, and the size of the doubt about each keyword that no bill had."""

    text: str
    doubts: dict[str, int]


def format_section(name: str, description: str, schema: object) -> Format:
    """Return the part of a message that requires a JSON Schema; the JSON is pure ASCII."""
    doubts: dict[str, int] = {}
    text = json.dumps(_shown(schema, doubts), separators=(",", ":"), default=str)
    return Format(heading(name, description) + text, doubts)


def heading(name: str, description: str) -> str:
    """Return the heading above the JSON of a format."""
    note = "".join(f"// {line}\n" for line in description.split("\n") if line)
    return f"# Response Formats\n\n## {name}\n\n{note}"


def _shown(schema: Any, doubts: dict[str, int], *, of_names: bool = False) -> Any:
    """Return the schema as the model sees it; with `of_names`, its keys are names of schemas."""
    if isinstance(schema, list):
        return [_shown(part, doubts) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    found = {}
    for key, value in schema.items():
        if not of_names and key in _VALUES:
            found[key] = value
        elif of_names or key in _SHOWN or key in _LIKELY:
            found[key] = _shown(value, doubts, of_names=key in _OF_NAMES and not of_names)
        if not of_names and key not in _SHOWN and key not in _LEFT_OUT:
            reason = f"no bill had {key} in a response format"
            doubts[reason] = doubts.get(reason, 0) + len(json.dumps(value, default=str)) + len(key)
    return found
