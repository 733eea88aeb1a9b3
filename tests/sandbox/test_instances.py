"""Smallest instances of schemas, each checked with a JSON Schema library."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.sandbox.instances import FORMATS, SchemaError, minimal_instance

TREE = {
    "type": "object",
    "properties": {
        "value": {"type": "integer"},
        "children": {"type": "array", "items": {"$ref": "#"}},
        "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
    },
    "required": ["value", "children", "next"],
    "additionalProperties": False,
}
LINKED = {
    "$defs": {
        "node": {
            "type": ["object", "null"],
            "properties": {"next": {"$ref": "#/$defs/node"}},
            "required": ["next"],
        },
        "a/b~c": {"const": 3},
    },
}


@pytest.mark.parametrize(
    ("schema", "instance"),
    [
        ({}, ""),
        (True, ""),
        ({"type": "object"}, {}),
        ({"type": "array"}, []),
        ({"type": "string"}, ""),
        ({"type": "integer"}, 0),
        ({"type": "number"}, 0),
        ({"type": "boolean"}, False),
        ({"type": "null"}, None),
        ({"type": ["string", "null"]}, ""),
        ({"type": ["null", "string"]}, None),
        ({"enum": ["a", "b"]}, "a"),
        ({"type": ["integer", "null"], "enum": ["a", True, None, 3]}, None),
        ({"const": {"a": [1]}}, {"a": [1]}),
        ({"type": "string", "minLength": 3}, "xxx"),
        ({"minLength": 1}, "x"),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
        ({"minItems": 3, "prefixItems": [{"const": 1}], "items": {"const": 2}}, [1, 2, 2]),
        (
            {
                "properties": {"b": {"type": "integer"}, "a": {}, "c": {}},
                "required": ["c", "b", "d"],
            },
            {"b": 0, "c": "", "d": ""},
        ),
        ({"required": ["a"], "additionalProperties": {"type": "null"}}, {"a": None}),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "minimum": 2.5}, 3),
        ({"type": "integer", "maximum": -2.5}, -3),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "exclusiveMaximum": 0}, -1),
        ({"type": "integer", "minimum": -3, "maximum": 3}, 0),
        ({"type": "integer", "minimum": 1, "multipleOf": 2.5}, 5),
        ({"type": "number", "minimum": 0.5}, 0.5),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "number", "exclusiveMinimum": 0.3, "maximum": 0.4}, 0.35),
        ({"type": "number", "minimum": 7, "exclusiveMinimum": 7}, 8),
        ({"type": "number", "maximum": -1, "multipleOf": 0.75}, -1.5),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, 0),
        ({"oneOf": [False, {"type": "string", "minLength": 1}]}, "x"),
        ({"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": ""}),
        ({"allOf": [{"minimum": 3}, {"type": "integer", "minimum": 5}]}, 5),
        ({"allOf": [{"type": "number"}, {"type": ["string", "integer"]}]}, 0),
        ({"allOf": [{"type": "integer"}, {"type": "number", "minimum": 0.5}]}, 1),
        ({"allOf": [{"enum": [1, 2, 3]}, {"enum": [3, 2]}]}, 2),
        (
            {
                "allOf": [
                    {"properties": {"a": {"minLength": 1}}, "required": ["a"]},
                    {"properties": {"a": {"type": "string"}, "b": {}}, "required": ["b"]},
                ]
            },
            {"a": "x", "b": ""},
        ),
        (TREE, {"value": 0, "children": [], "next": None}),
        ({**LINKED, "$ref": "#/$defs/node"}, None),
        ({**LINKED, "$ref": "#/$defs/a~1b~0c"}, 3),
        *[({"type": "string", "format": name}, value) for name, value in FORMATS.items()],
        ({"type": "string", "format": "of-tomorrow"}, ""),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_instance(schema: Any, instance: Any) -> None:
    made = minimal_instance(schema)
    assert json.dumps(made) == json.dumps(instance)
    jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(made)


def test_the_nullable_of_openapi() -> None:
    endless = {
        "type": "object",
        "nullable": True,
        "properties": {"a": {"$ref": "#"}},
        "required": ["a"],
    }
    assert minimal_instance(endless) is None


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (False, "it allows nothing"),
        ({"enum": []}, "it allows nothing"),
        ({"type": "string", "enum": [1]}, "it allows nothing"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "its bounds leave no number"),
        ({"$ref": "#"}, "it allows nothing"),
        (
            {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
            "it allows nothing",
        ),
        ({"required": ["a"], "additionalProperties": False}, "it allows nothing"),
        ({"$ref": "#/$defs/a"}, "it refers to '#/$defs/a', which is not in it"),
        (
            {"$ref": "https://example.com/"},
            "it refers to 'https://example.com/', which is not in it",
        ),
        (7, "a schema must be an object or a boolean"),
        ({"properties": []}, "'properties' has a value that means nothing"),
        ({"minimum": "3"}, "'minimum' has a value that means nothing"),
        ({"minimum": True}, "'minimum' has a value that means nothing"),
        ({"type": 7}, "'type' has a value that means nothing"),
        ({"type": "text"}, "'type' cannot name 'text'"),
        ({"type": [[]]}, "'type' cannot name []"),
        ({"required": [1]}, "'required' cannot name 1"),
        ({"multipleOf": 0}, "'multipleOf' must be above 0"),
        ({"minLength": 10**12}, "its smallest instance is too large for the sandbox"),
        ({"minItems": 10**12}, "its smallest instance is too large for the sandbox"),
        (
            {"anyOf": [{"anyOf": [{"allOf": [False, {}]}] * 200}] * 200},
            "its smallest instance is too large for the sandbox",
        ),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_no_instance(schema: Any, problem: str) -> None:
    with pytest.raises(SchemaError) as caught:
        minimal_instance(schema)
    assert str(caught.value) == problem


def objects(schemas: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    properties = st.dictionaries(st.sampled_from("abcd"), schemas, min_size=1)
    return properties.flatmap(
        lambda named: st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "properties": st.just(named),
                "required": st.lists(st.sampled_from(sorted(named)), unique=True),
                "additionalProperties": st.just(False),
            }
        )
    )


def numbers(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    least = st.integers(-50, 50)
    return st.builds(
        lambda low, room, lower, upper, step: (
            {"type": kind, lower: low / 4, upper: low / 4 + room} | step
        ),
        least,
        st.integers(10, 20),
        st.sampled_from(["minimum", "exclusiveMinimum"]),
        st.sampled_from(["maximum", "exclusiveMaximum"]),
        st.sampled_from([{}, {"multipleOf": 3}, {"multipleOf": 0.5}, {"multipleOf": 1.25}]),
    )


SCHEMAS = st.recursive(
    st.one_of(
        st.sampled_from([{"type": "null"}, {"type": "boolean"}, {"const": 1}, {"enum": ["a", 1]}]),
        st.builds(lambda least: {"type": "string", "minLength": least}, st.integers(0, 5)),
        numbers("integer"),
        numbers("number"),
    ),
    lambda inner: st.one_of(
        objects(inner),
        st.builds(
            lambda items, least: {"type": "array", "items": items, "minItems": least},
            inner,
            st.integers(0, 3),
        ),
        st.builds(lambda members: {"anyOf": members}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda member: {"allOf": [member, {}]}, inner),
    ),
    max_leaves=10,
)


@settings(max_examples=200)
@given(SCHEMAS)
def test_instances_are_valid(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema).validate(minimal_instance(schema))
