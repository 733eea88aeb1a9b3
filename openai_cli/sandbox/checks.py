"""Check a request body against the published description; the first fault is a Refusal.

data/README.md documents the schemas. The order of the checks and the messages are the API's: first
missing properties, then unknown ones, then values.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from openai_cli.sandbox.exchange import Upload
from openai_cli.sandbox.refusals import Refusal

Schema = Mapping[str, Any]

DATA = Path(__file__).parent / "data" / "requests.json"
# Requests for which the API reports unknown properties in its older wording.
_OLDER = ("CreateChatCompletionRequest", "CreateCompletionRequest")


@cache
def schemas() -> dict[str, Schema]:
    """The schemas in DATA, by name."""
    loaded: dict[str, Schema] = json.loads(DATA.read_bytes())["schemas"]
    return loaded


def is_valid(value: object, schema: Schema) -> bool:
    """Whether `value` matches a schema."""
    try:
        _check(value, schema, "")
    except Refusal:
        return False
    return True


def check_value(value: object, schema: Schema, path: str) -> None:
    """Like `check`, for a value at `path`."""
    _check(value, schema, path)


def check(body: Mapping[str, object], name: str) -> None:
    """Raise the Refusal that the API would answer with if `body` does not match schema `name`.

    `body` is a parsed JSON object.
    """
    _check(body, {"$ref": name}, "")


def resolved(schema: Schema) -> Schema:
    """Follow references to a schema; it is `nullable` if any of them says so."""
    nullable = False
    while "$ref" in schema:
        nullable = nullable or bool(schema.get("nullable"))
        schema = schemas()[schema["$ref"]]
    return {**schema, "nullable": True} if nullable else schema


def _check(value: object, schema: Schema, path: str) -> None:
    schema = resolved(schema)
    if value is None and schema.get("nullable"):
        return
    if "anyOf" in schema:
        schema = _member(value, schema, path)
    if "type" not in schema:  # any value is allowed
        return
    if not _fits(value, schema):
        raise _wrong_type(value, schema, path)
    _CHECKS[schema["type"]](value, schema, path)


def _member(value: object, union: Schema, path: str) -> Schema:
    """The one member of a union to check `value` against."""
    members = [member for member in _members(union) if _fits(value, member)]
    if isinstance(value, list) and value and len(members) > 1:
        members = [member for member in members if _fits(value[0], resolved(member["items"]))]
    if not members:
        raise _wrong_type(value, union, path)
    if isinstance(value, dict) and len(members) > 1:
        return _named_member(value, members, path)
    return members[0]


def _members(union: Schema) -> list[Schema]:
    """The members of a union, including those of nested unions."""
    members = [resolved(member) for member in union["anyOf"]]
    return [inner for member in members for inner in _alternatives(member)]


def _alternatives(schema: Schema) -> list[Schema]:
    return _members(schema) if "anyOf" in schema else [schema]


def _named_member(value: Mapping[str, object], members: list[Schema], path: str) -> Schema:
    """The member of a union of objects that a property of `value` names, as `type` or `role`."""
    shared = set.intersection(*(set(member.get("required", ())) for member in members))
    keys = (key for key in shared if all(_names_at(m, key) for m in members))
    if (key := next(keys, None)) is None:
        return _loosely_named_member(value, members, f"{path}.type")
    where = f"{path}.{key}"
    if key not in value:
        raise _missing(where)
    by_name = {name: m for m in members for name in _names_at(m, key)}
    name = value[key]
    if not isinstance(name, str):
        raise _wrong_type(name, {"type": "string"}, where)
    if name not in by_name:
        raise _unsupported(name, by_name, where)
    return by_name[name]


def _names_at(schema: Schema, key: str) -> Any:
    """The values listed for a property in its schema; empty if none are."""
    return resolved(schema.get("properties", {}).get(key, {})).get("enum", ())


def _loosely_named_member(value: Mapping[str, object], members: list[Schema], where: str) -> Schema:
    """The member of a union in which `type` may be missing; any object if none fits."""
    if not isinstance(value.get("type", ""), str):
        raise _wrong_type(value["type"], {"type": "string"}, where)
    for member in members:
        names = _names_at(member, "type")
        required = member.get("required", ())
        if value["type"] in names if "type" in value else "type" not in required and required:
            return member
    return {"type": "object", "additionalProperties": True}


def _fits(value: object, schema: Schema) -> bool:
    """Whether `value` has the JSON type of the schema, or of a member of the union."""
    if "anyOf" in schema:
        return any(_fits(value, member) for member in _members(schema))
    if "type" not in schema:
        return True
    if isinstance(value, bool):
        return bool(schema["type"] == "boolean")
    return isinstance(value, _PYTHON_TYPES[schema["type"]])


def _check_nothing(_value: object, _schema: Schema, _path: str) -> None:
    """Nothing to check besides the type."""


def _check_string(value: str, schema: Schema, path: str) -> None:
    if "enum" in schema and value not in schema["enum"]:
        raise _unsupported(value, schema["enum"], path)
    longest = schema.get("maxLength", len(value))
    if len(value) > longest:
        raise Refusal(
            f"Invalid '{path}': string too long. Expected a string with maximum length {longest}, "
            f"but got a string with length {len(value)} instead.",
            param=path,
            code="string_above_max_length",
        )


def _check_number(value: float, schema: Schema, path: str) -> None:
    if value < schema.get("minimum", value):
        raise _out_of_range(value, schema, path, "minimum")
    if value > schema.get("maximum", value):
        raise _out_of_range(value, schema, path, "maximum")


def _out_of_range(value: float, schema: Schema, path: str, fact: str) -> Refusal:
    kind = "integer" if schema["type"] == "integer" else "decimal"
    side, sign = ("below", ">=") if fact == "minimum" else ("above", "<=")
    return Refusal(
        f"Invalid '{path}': {kind} {side} {fact} value. "
        f"Expected a value {sign} {schema[fact]}, but got {json.dumps(value)} instead.",
        param=path,
        code=f"{kind}_{side}_{fact[:3]}_value",
    )


def _check_array(value: list[object], schema: Schema, path: str) -> None:
    if len(value) < schema.get("minItems", 0):
        raise Refusal(
            f"Invalid '{path}': empty array. Expected an array with minimum length "
            f"{schema['minItems']}, but got an empty array instead.",
            param=path,
            code="empty_array",
        )
    longest = schema.get("maxItems", len(value))
    if len(value) > longest:
        raise Refusal(
            f"Invalid '{path}': array too long. Expected an array with maximum length {longest}, "
            f"but got an array with length {len(value)} instead.",
            param=path,
            code="array_above_max_length",
        )
    for index, item in enumerate(value):
        _check(item, schema["items"], f"{path}[{index}]")


def _check_object(value: Mapping[str, object], schema: Schema, path: str) -> None:
    _check_missing(value, schema, path)
    most = schema.get("maxProperties", len(value))
    if len(value) > most:
        raise Refusal(
            f"Invalid '{path}': too many properties. Expected an object with at most {most} "
            f"properties, but got an object with {len(value)} properties instead.",
            param=path,
            code="object_above_max_properties",
        )
    others = schema.get("additionalProperties", False)
    properties = schema.get("properties", {})
    unknown = [] if others else [name for name in value if name not in properties]
    if unknown:
        if any(schema is schemas()[name] for name in _OLDER):
            raise _unrecognized(unknown)
        raise _unknown(_inside(path, unknown[0]))
    for name, item in value.items():
        fact = properties.get(name, others)
        if fact is not True:
            _check(item, fact, _inside(path, name))


def _check_missing(value: Mapping[str, object], schema: Schema, path: str) -> None:
    for name in schema.get("required", ()):
        if name not in value:
            raise _missing(_inside(path, name))


def _inside(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _missing(path: str) -> Refusal:
    message = f"Missing required parameter: '{path}'."
    return Refusal(message, param=path, code="missing_required_parameter")


def _unknown(path: str) -> Refusal:
    return Refusal(f"Unknown parameter: '{path}'.", param=path, code="unknown_parameter")


def _unrecognized(names: list[str]) -> Refusal:
    plural = "s" if len(names) > 1 else ""
    return Refusal(f"Unrecognized request argument{plural} supplied: {', '.join(names)}")


def _unsupported(value: str, names: Iterable[str], path: str) -> Refusal:
    listed = _listed([f"'{name}'" for name in names], "and")
    message = f"Invalid value: '{value}'. Supported values are: {listed}."
    return Refusal(message, param=path, code="invalid_value")


def _wrong_type(value: object, schema: Schema, path: str) -> Refusal:
    message = (
        f"Invalid type for '{path}': expected {_expected(schema)}, "
        f"but got {_GOT[type(value)]} instead."
    )
    return Refusal(message, param=path, code="invalid_type")


def _expected(schema: Schema) -> str:
    """The types that a schema allows, as the API words it: `an integer`, `one of a string or …`."""
    names = list(dict.fromkeys(_type_name(member) for member in _alternatives(schema)))
    first = names[0] if names[0].startswith("one of") else f"{_article(names[0])} {names[0]}"
    return first if len(names) == 1 else "one of " + _listed([first, *names[1:]], "or")


def _type_name(schema: Schema) -> str:
    if "enum" in schema:
        return "one of " + _listed([f"'{name}'" for name in schema["enum"]], "or")
    if schema["type"] == "array":
        items = _alternatives(resolved(schema["items"]))[0]
        return f"array of {items['type']}s"
    return str(schema["type"])


def _article(noun: str) -> str:
    return "an" if noun[0] in "aio" else "a"


def _listed(names: list[str], word: str) -> str:
    """`a`, `a or b`, `a, b, or c`."""
    if len(names) < 3:
        return f" {word} ".join(names)
    return f"{', '.join(names[:-1])}, {word} {names[-1]}"


_PYTHON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "file": Upload,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "string": str,
}
_GOT: Mapping[type, str] = {
    bool: "a boolean",
    dict: "an object",
    float: "a decimal number",
    int: "an integer",
    list: "an array",
    str: "a string",
    Upload: "a file",
    type(None): "null",
}
_CHECKS: Mapping[str, Callable[[Any, Schema, str], None]] = {
    "array": _check_array,
    "boolean": _check_nothing,
    "file": _check_nothing,
    "integer": _check_number,
    "number": _check_number,
    "object": _check_object,
    "string": _check_string,
}
