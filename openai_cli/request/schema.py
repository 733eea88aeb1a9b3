"""Convert the JSON Schema or short form of --schema for the API, and check answers against it.

The API's strict form requires that the root is an object, and that every object lists all of its
properties as required and allows no others:
https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openai_cli.errors import UsageError
from openai_cli.flags.output import Structured
from openai_cli.jsontext import parse_json, quoted, utf8
from openai_cli.records import record
from openai_cli.request.body import Request
from openai_cli.request.inputs import Inputs
from openai_cli.request.shortform import schema_of

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

NAME = "answer"
ROWS = "rows"

Schema = dict[str, Any]

# The longest error message of a validator, in characters: it quotes the value, however long.
_LONGEST = 200
# Keywords that contain schemas: by name, in a list, or a single one.
_NAMED = ("properties", "$defs", "definitions")
_LISTED = ("anyOf", "oneOf", "allOf")
_LONE = ("items",)
# The location of the row schema within the schema of the rows, and the keywords moved to its root.
_OF_ROW = f"#/properties/{ROWS}/items"
_DEFINED = ("$schema", "$defs", "definitions")


@record
class AskedSchema:
    """The schema that answers must match, in the API's strict form."""

    strict: Schema
    has_rows: bool = False

    @classmethod
    def of(cls, options: object, inputs: Inputs) -> "AskedSchema | None":
        """Return the schema that the options ask for, or None; UsageError if it is not valid."""
        if not isinstance(options, Structured) or options.schema is None:
            if isinstance(options, Structured) and options.schema_rows:
                raise UsageError("--schema-rows needs --schema")
            return None
        try:
            given = _parsed(options.schema, inputs)
            _check(given)
            strict = _Strict(given, _OF_ROW if options.schema_rows else "#").root()
            return cls(_rows(strict), has_rows=True) if options.schema_rows else cls(strict)
        except RecursionError:
            raise UsageError("--schema nests too deep") from None
        except ValueError as error:
            from openai_cli.suggestions.values import file_hint

            hint = file_hint("--schema", options.schema)
            raise UsageError(f"--schema {error}", hint=hint) from None

    def asked_of_chat(self, request: Request, given: Mapping[str, Any]) -> Request:
        """Add the schema to a request for POST /chat/completions.

        `given` are the parameters that came from flags.
        """
        if "response_format" in given:
            raise UsageError("--schema and --response-format: give one of them")
        form = {"type": "json_schema", "json_schema": self._named}
        return request.with_body(response_format=form)

    def asked_of_response(self, request: Request, given: Mapping[str, Any]) -> Request:
        """Add the schema to a request for POST /responses, and keep its other `text` properties.

        `given` are the parameters that came from flags.
        """
        if "format" in given.get("text", {}):
            raise UsageError("--schema and a format in --text: give one of them")
        text = request.body.get("text")
        others = text if isinstance(text, dict) else {}
        return request.with_body(text={**others, "format": {"type": "json_schema", **self._named}})

    @property
    def columns(self) -> tuple[str, ...]:
        """The properties of the requested objects, in order."""
        row = self.strict["properties"][ROWS]["items"] if self.has_rows else self.strict
        return tuple(row["properties"])

    @property
    def _named(self) -> dict[str, Any]:
        return {"name": NAME, "strict": True, "schema": self.strict}

    def shortfall(self, text: str) -> str | None:
        """Return why the text of an answer does not match the schema, or None if it does."""
        from jsonschema.exceptions import best_match
        from referencing import Registry
        from referencing.exceptions import Unresolvable

        try:
            value = parse_json(text)
            # An empty registry, because the default one of jsonschema fetches remote references.
            validator = _dialect(self.strict)(self.strict, registry=Registry())
            error = best_match(validator.iter_errors(value))
        except ValueError as wrong:
            return f"the answer does not match --schema: it {wrong}"
        except (RecursionError, Unresolvable, re.error) as wrong:
            return f"the answer could not be checked against --schema: {_cut(str(wrong))}"
        if error is None:
            return None
        return f"the answer does not match --schema: {error.json_path}: {_cut(error.message)}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _parsed(given: str, inputs: Inputs) -> Any:
    text = utf8(inputs.source("--schema", given[1:])) if given.startswith("@") else given
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return parse_json(text)
    return schema_of(text)


def _check(schema: Any) -> None:
    """Raise ValueError if the value is not a valid JSON Schema of an object."""
    from jsonschema.exceptions import best_match

    if not isinstance(schema, dict) or not _is_object(schema):
        raise ValueError(
            "must be a JSON Schema whose root has the type object, or a short form as "
            "'name, age int'; --response-format takes a format that contains a schema"
        )
    if not isinstance(schema.get("$schema", ""), str):
        raise ValueError("is not a JSON Schema: $.$schema is not a string")
    dialect = _dialect(schema)
    # Formats are not checked: a pattern need not be a valid Python regular expression.
    error = best_match(dialect(dialect.META_SCHEMA).iter_errors(schema))
    if error is not None:
        raise ValueError(f"is not a JSON Schema: {error.json_path}: {_cut(error.message)}")


def _dialect(schema: Schema) -> "type[Validator]":
    """Return the validator for the draft that the schema names, or for the newest."""
    from jsonschema.validators import Draft202012Validator, validator_for

    found: type[Validator] = validator_for(schema, default=Draft202012Validator)
    return found


def _is_object(schema: Schema) -> bool:
    return schema.get("type", "object" if "properties" in schema else None) == "object"


def _rows(row: Schema) -> Schema:
    """Wrap a row schema into an object with a list of rows, because the root must be an object."""
    beside = {name: row[name] for name in _DEFINED if name in row}
    item = {name: value for name, value in row.items() if name not in (*_DEFINED, "$id")}
    return {
        "type": "object",
        "properties": {ROWS: {"type": "array", "items": item}},
        "required": [ROWS],
        "additionalProperties": False,
        **beside,
    }


@record
class _Strict:
    """Converts a schema to the strict form; `base` is the reference to its final location."""

    given: Schema
    base: str

    def root(self) -> Schema:
        """Return the strict form; raise ValueError if the schema has none."""
        found: Schema = self._made({"type": "object", **self.given}, "#")
        return found

    def _made(self, schema: Any, place: str) -> Any:
        if not isinstance(schema, dict):
            raise ValueError(
                f"has {str(schema).lower()} at {place}, which the strict form does not allow"
            )
        found = dict(schema)
        if "$ref" in schema:
            found["$ref"] = self._moved(schema["$ref"], place)
        for name in _NAMED:
            for key, inner in schema.get(name, {}).items():
                found[name] = {**found[name], key: self._made(inner, f"{place}/{name}/{key}")}
        for name in _LISTED:
            if name in schema:
                found[name] = [
                    self._made(inner, f"{place}/{name}/{at}")
                    for at, inner in enumerate(schema[name])
                ]
        for name in _LONE:
            if name in schema:
                found[name] = self._made(schema[name], f"{place}/{name}")
        is_object = "properties" in schema or "object" in _types(schema)
        return _closed(found, place) if is_object else found

    def _moved(self, reference: str, place: str) -> str:
        """Adjust a reference to the schema's final location; ValueError if it does not resolve."""
        at: Any = self.given
        begin, *steps = reference.split("/")
        for step in steps:
            name = step.replace("~1", "/").replace("~0", "~")
            at = at.get(name) if isinstance(at, dict) else None
        if begin != "#" or not isinstance(at, dict):
            raise ValueError(f"has a $ref at {place} that does not resolve: {quoted(reference)}")
        return reference if steps[:1] and steps[0] in _DEFINED else f"{self.base}{reference[1:]}"


def _types(schema: Schema) -> list[str]:
    given = schema.get("type", [])
    return given if isinstance(given, list) else [given]


def _closed(schema: Schema, place: str) -> Schema:
    """Make an object schema require all of its properties and allow no others.

    A property that `required` omits becomes nullable, as the API's guide recommends; without
    `required`, all are required.
    """
    for name in ("additionalProperties", "patternProperties"):
        if schema.get(name, False) is not False:
            raise ValueError(f"has {name} at {place}, which the strict form does not allow")
    if "properties" not in schema and "additionalProperties" not in schema:
        raise ValueError(f"has an object without properties at {place}, which is always empty")
    properties = schema.get("properties", {})
    required = schema.get("required", list(properties))
    if strangers := [name for name in required if name not in properties]:
        raise ValueError(f"requires {quoted(strangers[0])} at {place}, which is not a property")
    return {
        **schema,
        "properties": {
            name: one if name in required else _nullable(one) for name, one in properties.items()
        },
        "required": list(properties),
        "additionalProperties": False,
    }


def _nullable(schema: Schema) -> Schema:
    types = _types(schema)
    if not types or "enum" in schema or "const" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema if "null" in types else {**schema, "type": [*types, "null"]}
