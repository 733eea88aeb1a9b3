"""The TypeScript in which the harmony format defines functions, which differs from the API's.

It is that of src/encoding.rs in https://github.com/openai/harmony; tests compare the two.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from openai_cli.tokens.shapes import Json

_TYPES = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean"}


def definition(name: str, description: str, parameters: object) -> str:
    """Return a function's description and type; `parameters` is its JSON Schema, or None."""
    lines = description.split("\n")
    above = [f"// {line}" for line in (lines if lines[-1] else lines[:-1])]
    arguments = "" if parameters is None else f"_: {_type(parameters, '')}"
    return "\n".join([*above, f"type {name} = ({arguments}) => any;\n"])


def _type(schema: object, indent: str) -> str:
    """Return the type of a value; its lines after the first begin with `indent`."""
    if not isinstance(schema, Mapping):
        return "any"
    if isinstance(schema.get("oneOf"), list):
        return "".join(f"\n{_variant(one, indent)}" for one in schema["oneOf"])
    return _of_kind(schema, indent)


def _of_kind(schema: Json, indent: str) -> str:
    kind = schema.get("type")
    if isinstance(kind, list) and (kinds := [one for one in kind if isinstance(one, str)]):
        return " | ".join("number" if one == "integer" else one for one in kinds)
    if kind == "object":
        return _object(schema, indent)
    if kind == "array":
        return f"{_type(schema['items'], indent)}[]" if "items" in schema else "Array<any>"
    if kind == "string" and (values := [one for one in _enum(schema) if isinstance(one, str)]):
        return " | ".join(f'"{one}"' for one in values)
    return _TYPES.get(kind, "any") if isinstance(kind, str) else "any"


def _variant(schema: object, indent: str) -> str:
    notes = [_text(schema, "description")]
    if isinstance(schema, Mapping) and "default" in schema:
        default = schema["default"]
        is_text = isinstance(default, str) and not _enum(schema)
        notes.append(f"default: {_quoted(default) if is_text else _compact(default)}")
    return f"{indent} | {_nullable(schema, f'{indent}   ')}{_behind(notes)}"


def _nullable(schema: object, indent: str) -> str:
    written = _type(schema, indent)
    may_be_null = isinstance(schema, Mapping) and schema.get("nullable") is True
    return f"{written} | null" if may_be_null and "null" not in written else written


def _object(schema: Json, indent: str) -> str:
    above = _text(schema, "description")
    properties, required = schema.get("properties"), schema.get("required")
    needed = required if isinstance(required, list) else []
    lines = [f"{indent}// {above}"] if above is not None else []
    lines.append("{")
    if isinstance(properties, Mapping):
        for name, value in properties.items():
            mark = "" if name in needed else "?"
            lines += [f"{indent}{line}" for line in _comments(value)]
            lines += _property(f"{indent}{name}{mark}:", value, indent)
    return "\n".join([*lines, f"{indent}}}"])


def _comments(schema: object) -> Iterator[str]:
    """Yield the comments above a property, without the description of a union."""
    if (title := _text(schema, "title")) is not None:
        yield from (f"// {title}", "//")
    if not isinstance(schema, Mapping):
        return
    if "oneOf" not in schema and (description := _text(schema, "description")) is not None:
        yield f"// {description}"
    examples = schema.get("examples")
    if isinstance(examples, list) and examples:
        yield "// Examples:"
        yield from (f'// - "{example}"' for example in examples if isinstance(example, str))


def _property(key: str, schema: object, indent: str) -> Iterator[str]:
    fields: Json = schema if isinstance(schema, Mapping) else {}
    if isinstance(fields.get("oneOf"), list):
        yield from _union(key, fields, indent)
        return
    notes = [_default(fields)] if "oneOf" not in fields else []
    yield f"{key} {_nullable(schema, f'{indent}    ')},{_behind(notes)}"


def _union(key: str, schema: Json, indent: str) -> Iterator[str]:
    """Yield a property of several types; a description is shown once, above it or on its first."""
    members, description = schema["oneOf"], _text(schema, "description")
    is_above = description is not None and description != _text(
        next(iter(members), None), "description"
    )
    if is_above:
        yield f"{indent}// {description}"
    if (default := _default(schema)) is not None:
        yield f"{indent}// {default}"
    yield key
    for number, member in enumerate(members):
        own = _text(member, "description")
        hides = own == description or (number == 0 and is_above)
        notes = [None if hides else own, _default(member)]
        yield f"{indent} | {_nullable(member, f'{indent}   ')}{_behind(notes)}"
    yield f"{indent},"


def _default(schema: object) -> str | None:
    if not isinstance(schema, Mapping) or "default" not in schema:
        return None
    value = schema["default"]
    if not isinstance(value, str):
        return f"default: {_compact(value)}"
    return f"default: {value if _enum(schema) else _quoted(value)}"


def _behind(notes: list[str | None]) -> str:
    told = [note for note in notes if note is not None]
    return f" // {' '.join(told)}" if told else ""


def _text(schema: object, name: str) -> str | None:
    value = schema.get(name) if isinstance(schema, Mapping) else None
    return value if isinstance(value, str) else None


def _enum(schema: Json) -> list[Any]:
    values = schema.get("enum")
    return values if isinstance(values, list) else []


def _quoted(text: str) -> str:
    return f'"{text}"'


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
