"""The text that defines functions, written by hand in the form that bills have shown."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.tokens.typescript import MOST_TYPES, Definitions, Function, definitions


def defined(*functions: Function, repeats: bool = True) -> str:
    """The types of functions that no doubt is about."""
    found = definitions(list(functions), repeats=repeats)
    assert found.doubts == {}
    return found.text


def of(properties: dict[str, Any], **more: Any) -> Function:
    return Function("f", "", {"type": "object", "properties": properties, **more})


def one(schema: Any, **more: Any) -> Definitions:
    """A function whose only property is `a`."""
    return definitions([of({"a": schema}, **more)], repeats=True)


def test_functions_stand_apart_by_an_empty_line() -> None:
    functions = [
        Function("get_time", "  Tell the time\n\n   in a zone ", {}),
        Function("stop", "", {"type": "object", "properties": {}}),
        Function("note", "", None),
    ]
    assert defined(*functions) == (
        "// Tell the time\n"
        "//\n"
        "// in a zone\n"
        "type get_time = () => any;\n"
        "\n"
        "type stop = () => any;\n"
        "\n"
        "type note = (FREEFORM) => any;"
    )


def test_properties_without_a_comment_are_in_one_line() -> None:
    function = of({"far": {"type": "boolean"}, "days": {"type": "integer"}}, required=["far"])
    assert defined(function) == "type f = (_: { far: boolean, days?: integer }) => any;"


def test_one_comment_gives_each_property_a_line() -> None:
    properties = {
        "city": {"type": "string", "title": "City", "description": " Where to look\n in Peru "},
        "days": {"type": "integer", "title": "Days"},
        "unit": {"type": "string", "enum": ["c", "ü"], "default": None},
    }
    assert defined(of(properties, required=["city"], description="A place", title="Place")) == (
        "type f = (_: // Place\n"
        "//\n"
        "// A place\n"
        "{\n"
        "// City\n"
        "//\n"
        "// Where to look\n"
        "// in Peru\n"
        "city: string,\n"
        "// Days\n"
        "days?: integer,\n"
        'unit?: "c" | "ü", // default: null\n'
        "}) => any;"
    )


def test_nested_objects_are_not_indented_and_keep_their_descriptions() -> None:
    guest = {"type": "object", "properties": {"name": {"type": "string", "description": "Who"}}}
    home = {
        "type": "object",
        "description": "Where one lives",
        "properties": {"town": {"type": "string"}, "guests": {"type": "array", "items": guest}},
    }
    assert defined(of({"home": home, "tags": {"type": "array", "items": {"type": "string"}}})) == (
        "type f = (_: {\n"
        "// Where one lives\n"
        "home?: {\n"
        "town?: string,\n"
        "guests?: Array<\n"
        "{\n"
        "// Who\n"
        "name?: string,\n"
        "}\n"
        ">,\n"
        "},\n"
        "tags?: string[],\n"
        "}) => any;"
    )


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": "string"}, "string"),
        ({"type": "integer"}, "integer"),
        ({"type": "null"}, "null"),
        ({"enum": ["ü", 1, 2.5, None]}, '"ü" | 1 | 2.5 | null'),
        ({"const": "x"}, '"x"'),
        ({"type": "array"}, "any[]"),
        ({"type": "array", "items": {"type": "array", "items": {"type": "number"}}}, "number[][]"),
        ({"type": "array", "items": {"type": "object"}}, "object[]"),
        ({"type": "object", "additionalProperties": True}, "object"),
        ({"type": "object", "properties": {"b": {}}}, "{ b?: any }"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"oneOf": [{"type": "integer"}, {"enum": ["x"]}]}, 'integer | "x"'),
        ({"anyOf": []}, "any"),
        ({"$ref": "#/$defs/Kind"}, '"x" | "y"'),
        ({"$ref": "#/$defs/none"}, "any"),
        ({}, "any"),
        ("string", "any"),
    ],
)
def test_types(schema: Any, written: str) -> None:
    found = one(schema, **{"$defs": {"Kind": {"enum": ["x", "y"]}}})
    assert found.text == f"type f = (_: {{ a?: {written} }}) => any;"
    assert found.doubts == {}


def test_what_a_reference_leads_to_has_its_title_and_description_above_it() -> None:
    street = {"title": "Street", "type": "object", "properties": {"name": {"type": "string"}}}
    home = {"$ref": "#/$defs/Street", "description": "Of the house"}
    assert defined(of({"home": home}, **{"$defs": {"Street": street}})) == (
        "type f = (_: {\n// Of the house\nhome?:\n// Street\n{ name?: string }\n,\n}) => any;"
    )


def test_a_union_with_a_constraint_has_a_line_for_each_member() -> None:
    union = {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "default": None}
    assert defined(of({"when": union})) == (
        "type f = (_: {\n"
        "// default: null\n"
        "when?:\n"
        ' | string // format: "date"\n'
        " | null\n"
        ",\n"
        "}) => any;"
    )


def test_chat_repeats_the_description_of_a_value_of_several_types() -> None:
    function = of({"zone": {"type": ["string", "null"], "description": "Of time"}})
    assert defined(function) == (
        "type f = (_: {\n"
        "// Of time\n"
        "zone?:\n"
        "// Of time\n"
        " | string\n"
        "// Of time\n"
        " | null\n"
        ",\n"
        "}) => any;"
    )
    assert defined(function, repeats=False) == (
        "type f = (_: {\n// Of time\nzone?: string | null,\n}) => any;"
    )


@pytest.mark.parametrize("default", ["", "x", 5, 0.5, False, [1, "a"], {"b": None}])
def test_a_default_is_a_comment_behind_the_property(default: Any) -> None:
    written = defined(of({"a": {"type": "string", "default": default}}))
    assert written == (
        f"type f = (_: {{\na?: string, // default: {json.dumps(default)}\n}}) => any;"
    )


@pytest.mark.parametrize(
    ("schema", "what"),
    [
        ({"type": "integer", "minimum": 1}, "minimum of a value"),
        ({"allOf": [{"type": "string"}]}, "allOf of a value"),
        ({"type": "string", "nullable": True}, "nullable of a value"),
        ({"type": "date"}, "the type date"),
        ({"anyOf": [{"anyOf": [{"type": "string"}]}]}, "a union in a union"),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "a list of a union"),
        ({"$ref": "#/$defs/Tree"}, "a type in itself"),
    ],
)
def test_what_no_bill_had_is_a_doubt_of_its_size(schema: Any, what: str) -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}}}
    found = one(schema, **{"$defs": {"Tree": tree}})
    [(reason, more)] = found.doubts.items()
    assert reason == f"no bill had {what} in a function's parameters"
    assert 8 < more < 60


def test_types_that_refer_to_each_other_have_an_end() -> None:
    types = {
        f"t{level}": {"anyOf": [{"$ref": f"#/$defs/t{level + 1}"}] * 10} for level in range(30)
    }
    with pytest.raises(UsageError, match=f"f have more than {MOST_TYPES:,} types"):
        one({"$ref": "#/$defs/t0"}, **{"$defs": types})


KEYS = ["type", "properties", "items", "enum", "anyOf", "oneOf", "$ref", "$defs", "required",
        "description", "title", "default", "const", "format", "a"]  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.floats(), st.sampled_from(["object", "array"]),
    st.sampled_from(["string", "#/$defs/a", "#", "#/properties/a", ""]),
)  # fmt: skip
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=25,
)


@settings(max_examples=300)
@given(schema=st.dictionaries(st.sampled_from(KEYS), SCHEMAS), repeats=st.booleans())
def test_any_schema_is_written(schema: dict[str, Any], repeats: bool) -> None:
    found = definitions([Function("f", "", schema)], repeats=repeats)
    assert found.text.startswith("type f = (")
    assert found.text.endswith(") => any;")
    assert all(more > 0 for more in found.doubts.values())
