"""Shape what is known of a thing into an answer by its schema.

Properties of the schema that are unknown are left out if they may be; if not, they get a sample:
null if allowed, the first of several names, the smallest number.
"""

from collections.abc import Callable, Mapping
from typing import Any

from openai_cli.sandbox.checks import Schema, is_valid, resolved
from openai_cli.sandbox.exchange import CREATED

# Seconds; what expires does so after an hour.
HOUR = 3600
# Samples for text properties, by name; all others say where they come from.
_TEXTS = {
    "email": "user@example.com",
    "first_id": "",
    "last_id": "",
    "model": "gpt-6-luna",
    "url": "https://example.com/",
}
_NUMBERS = {"created": CREATED, "expires_at": CREATED + HOUR, "valid_at": CREATED}
_TEXT = "sandbox"


def answer_in(name: str, facts: Mapping[str, Any]) -> Any:
    """An instance of schema `name` with `facts`, as far as the schema has them."""
    return filled({"$ref": name}, facts)


def filled(schema: Schema, value: Any, name: str = "") -> Any:
    """`value` in the shape of a schema, or a sample if there is none. `name` is the property's."""
    schema = resolved(schema)
    if value is None and schema.get("nullable"):
        return None
    if "anyOf" in schema:
        schema = _member(schema, value)
    if schema.get("type") == "object" and isinstance(value, Mapping):
        return _object(schema, value)
    if schema.get("type") == "array" and isinstance(value, list):
        return [filled(schema["items"], item) for item in value]
    return value if is_valid(value, schema) else sample(schema, name)


def _member(union: Schema, value: Any) -> Schema:
    """The member of a union that a value matches, or that its `type` names; else the first."""
    members = [resolved(member) for member in union["anyOf"]]
    for member in members:
        if is_valid(value, member):
            return member
    if isinstance(value, Mapping):
        for member in members:
            if any(value.get(key) in _names_at(member, key) for key in ("type", "object")):
                return member
    return members[0] if "anyOf" not in members[0] else _member(members[0], value)


def _names_at(schema: Schema, key: str) -> Any:
    return resolved(schema.get("properties", {}).get(key, {})).get("enum", ())


def _object(schema: Schema, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that are known or required; everything known, if any property is allowed."""
    properties: Mapping[str, Schema] = schema.get("properties", {})
    made = {}
    for name, inner in properties.items():
        if name in facts and _is_told(facts[name], inner):
            made[name] = filled(inner, facts[name], name)
        elif name in schema.get("required", ()):
            made[name] = filled(inner, None, name)
    others = schema.get("additionalProperties", False)
    if others:
        made |= {
            name: value if others is True else filled(others, value, name)
            for name, value in facts.items()
            if name not in properties
        }
    return made


def _is_told(value: Any, schema: Schema) -> bool:
    """Whether a value has the type of a property, or can be converted to it."""
    return isinstance(value, (Mapping, list)) or is_valid(value, schema)


def sample(schema: Schema, name: str = "") -> Any:
    """The smallest value that a schema allows; `name` is the property's."""
    schema = resolved(schema)
    if schema.get("nullable"):
        return None
    if "anyOf" in schema:
        return sample(schema["anyOf"][0], name)
    if "enum" in schema:
        return schema["enum"][0]
    make = _MAKERS.get(schema.get("type", ""))
    return make(schema, name) if make else None


def _number(schema: Schema, name: str) -> Any:
    told = CREATED if name.endswith("_at") else 0
    return max(_NUMBERS.get(name, told), schema.get("minimum", 0))


_MAKERS: Mapping[str, Callable[[Schema, str], Any]] = {
    "array": lambda schema, _: [sample(schema["items"])] * schema.get("minItems", 0),
    "boolean": lambda _, __: False,
    "integer": _number,
    "number": _number,
    "object": lambda schema, _: _object(schema, {}),
    "string": lambda _, name: _TEXTS.get(name, _TEXT),
}
