"""The text that defines functions, written by hand in the form that the API is known to use."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.tokens.functions import (
    MOST_TYPES,
    Function,
    definitions_section,
    schema_section,
)


def defined(*functions: Function) -> str:
    """The lines inside the namespace, which the heading and the namespace stand around."""
    section = definitions_section(functions)
    head, tail = (
        "# Tools\n\n## functions\n\nnamespace functions {\n\n",
        "\n\n} // namespace functions",
    )
    assert section.text.startswith(head)
    assert section.text.endswith(tail)
    return section.text.removeprefix(head).removesuffix(tail)


def arguments(properties: dict[str, Any], **more: Any) -> str:
    """The lines between the braces of a function with these properties."""
    written = defined(Function("f", "", {"type": "object", "properties": properties, **more}))
    return written.removeprefix("type f = (_: {\n").removesuffix("\n}) => any;")


def one(schema: Any, **more: Any) -> str:
    """The type of the property `a`."""
    written = arguments({"a": schema}, **more)
    assert written.startswith("a?: ")
    return written.removeprefix("a?: ").removesuffix(",")


def test_functions_stand_apart_by_an_empty_line() -> None:
    functions = [
        Function("get_time", "Tell the time", {}),
        Function("stop", "", {"type": "object", "properties": {}}),
        Function("go", "", {"properties": {"far": {"type": "boolean"}}}),
    ]
    assert defined(*functions) == (
        "// Tell the time\n"
        "type get_time = () => any;\n"
        "\n"
        "type stop = () => any;\n"
        "\n"
        "type go = (_: {\n"
        "far?: boolean,\n"
        "}) => any;"
    )


def test_properties_have_their_description_above_and_a_mark_if_they_may_be_missing() -> None:
    properties = {
        "city": {"type": "string", "description": "Where to look"},
        "days": {"type": "integer"},
    }
    assert arguments(properties, required=["city"]) == (
        "// Where to look\n"
        "city: string,\n"
        "days?: number,"
    )  # fmt: skip


def test_a_description_may_have_several_lines() -> None:
    properties = {"a": {"type": "string", "description": " one\ntwo\n"}}
    assert arguments(properties) == "// one\n// two\na?: string,"


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": "string"}, "string"),
        ({"type": "number"}, "number"),
        ({"type": "integer"}, "number"),
        ({"type": "boolean"}, "boolean"),
        ({"type": "null"}, "null"),
        ({"type": "string", "enum": ["c", "F"]}, '"c" | "F"'),
        ({"enum": ["ü"]}, '"ü"'),
        ({"type": "number", "enum": [1, 2.5]}, "1 | 2.5"),
        ({"type": "array"}, "any[]"),
        ({"type": "array", "items": {"type": "string"}}, "string[]"),
        ({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}, "number[][]"),
        ({"type": "array", "items": {"type": "object"}}, "object[]"),
        ({"type": "object", "additionalProperties": True}, "object"),
        ({}, "any"),
        ({"type": "date"}, "any"),
        ({"type": 1}, "any"),
        ("string", "any"),
    ],
)
def test_types(schema: Any, written: str) -> None:
    assert one(schema) == written


def test_nested_objects_are_indented_and_lose_their_descriptions() -> None:
    street = {"type": "object", "properties": {"name": {"type": "string"}}}
    home = {
        "type": "object",
        "description": "Where one lives",
        "properties": {
            "town": {"type": "string", "description": "Its name"},
            "street": street,
            "guests": {"type": "array", "items": street},
        },
        "required": ["town"],
    }
    assert arguments({"home": home, "age": {"type": "number"}}) == (
        "// Where one lives\n"
        "home?: {\n"
        "  town: string,\n"
        "  street?: {\n"
        "    name?: string,\n"
        "},\n"
        "  guests?: {\n"
        "    name?: string,\n"
        "}[],\n"
        "},\n"
        "age?: number,"
    )


def test_an_object_of_which_nothing_is_known_is_left_out() -> None:
    assert arguments({"data": {"type": "object"}, "a": {"type": "string"}}) == "a?: string,"


@pytest.mark.parametrize(
    ("schema", "comment"),
    [
        ({"type": "string", "default": "x"}, "// default: x"),
        ({"type": "number", "default": 5}, "// default: 5.0"),
        ({"type": "number", "default": 0.5}, "// default: 0.5"),
        ({"type": "integer", "default": 5}, "// default: 5"),
    ],
)
def test_a_default_is_a_comment(schema: dict[str, Any], comment: str) -> None:
    assert arguments({"a": schema}).endswith(f", {comment}")


def test_null_is_no_default() -> None:
    assert arguments({"a": {"type": "string", "default": None}}) == "a?: string,"


UNSURE = [
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
    ({"oneOf": [{"type": "integer"}, {"type": "object"}]}, "number | object"),
    ({"type": ["string", "null"]}, "string | null"),
    ({"anyOf": []}, "any"),
    ({"$ref": "#/$defs/Kind"}, '"x" | "y"'),
    ({"type": "array", "items": {"$ref": "#/$defs/Kind"}}, '"x" | "y"[]'),
    ({"$ref": "#/$defs/none"}, "any"),
    ({"$ref": "#/$defs/Tree"}, "{\n  left?: any,\n}"),
]


@pytest.mark.parametrize(("schema", "written"), UNSURE)
def test_unions_and_references_are_doubtful(schema: dict[str, Any], written: str) -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}}}
    parameters = {
        "properties": {"a": schema},
        "$defs": {"Kind": {"enum": ["x", "y"]}, "Tree": tree},
    }
    section = definitions_section([Function("f", "", parameters)])
    assert f"a?: {written},\n}}) => any;" in section.text
    assert section.doubts


def test_what_was_measured_is_not_doubtful() -> None:
    schema = {"type": "object", "properties": {"a": {"enum": ["x"]}}}
    assert definitions_section([Function("f", "d", schema)]).doubts == ()


def test_types_that_refer_to_each_other_have_an_end() -> None:
    types = {
        f"t{level}": {"anyOf": [{"$ref": f"#/$defs/t{level + 1}"}] * 10} for level in range(30)
    }
    schema = {"properties": {"a": {"$ref": "#/$defs/t0"}}, "$defs": types}
    with pytest.raises(UsageError, match=f"f have more than {MOST_TYPES:,} types"):
        definitions_section([Function("f", "", schema)])


def test_a_response_format_is_its_schema_under_a_heading() -> None:
    schema = {"type": "object", "properties": {"ü": {"type": "string"}}}
    section = schema_section("answer", "What it says", schema)
    assert section.text == (
        "# Response Formats\n"
        "\n"
        "## answer\n"
        "\n"
        "// What it says\n"
        '{"type":"object","properties":{"ü":{"type":"string"}}}'
    )
    assert section.doubts


KEYS = ["type", "properties", "items", "enum", "anyOf", "oneOf", "$ref", "$defs", "required",
        "description", "default", "additionalProperties", "a"]  # fmt: skip
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


@settings(max_examples=300, deadline=None)
@given(schema=st.dictionaries(st.sampled_from(KEYS), SCHEMAS))
def test_any_schema_is_written(schema: dict[str, Any]) -> None:
    written = defined(Function("f", "", schema))
    assert written.startswith("type f = (")
    assert written.endswith(") => any;")
