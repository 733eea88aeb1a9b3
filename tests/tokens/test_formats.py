"""The text that demands an answer by a JSON Schema."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.tokens.formats import format_section
from tests.tokens.test_typescript import KEYS, SCHEMAS


def shown(schema: Any) -> str:
    """The JSON below the heading."""
    found = format_section("answer", "", schema)
    assert found.doubts == {}
    head = "# Response Formats\n\n## answer\n\n"
    assert found.text.startswith(head)
    return found.text.removeprefix(head)


def test_a_format_is_its_schema_under_a_heading_and_its_description() -> None:
    found = format_section("answer", "What it says\n\nin short", {"type": "object"})
    assert found.text == (
        '# Response Formats\n\n## answer\n\n// What it says\n// in short\n{"type":"object"}'
    )


def test_what_limits_a_value_is_left_out_and_what_names_it_stays() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "title": "Trip",
        "properties": {
            "to": {"type": "string", "description": "Where", "minLength": 1, "default": "Ü"},
            "days": {"type": "integer", "minimum": 1, "maximum": 9},
            "kind": {"anyOf": [{"$ref": "#/$defs/Kind"}, {"const": "ü"}]},
        },
        "required": ["to"],
        "additionalProperties": False,
        "$defs": {"Kind": {"enum": ["by rail", {"default": 1}]}},
    }
    assert shown(schema) == (
        '{"type":"object","title":"Trip","properties":{"to":{"type":"string","description":"Where"},'
        '"days":{"type":"integer"},"kind":{"anyOf":[{"$ref":"#/$defs/Kind"},{"const":"\\u00fc"}]}},'
        '"$defs":{"Kind":{"enum":["by rail",{"default":1}]}}}'
    )


def test_a_property_may_be_called_as_a_keyword() -> None:
    properties = {"default": {"type": "string"}, "properties": {"type": "object", "required": []}}
    assert shown({"properties": properties}) == (
        '{"properties":{"default":{"type":"string"},"properties":{"type":"object"}}}'
    )


@pytest.mark.parametrize(("keyword", "stays"), [("oneOf", True), ("pattern", False)])
def test_a_keyword_that_no_bill_had_is_a_doubt(keyword: str, stays: bool) -> None:
    found = format_section("answer", "", {"type": "string", keyword: []})
    assert (keyword in found.text) == stays
    assert list(found.doubts) == [f"no bill had {keyword} in a response format"]


@settings(max_examples=200)
@given(schema=st.one_of(SCHEMAS, st.dictionaries(st.sampled_from(KEYS), SCHEMAS)))
def test_any_schema_is_shown_in_ascii(schema: Any) -> None:
    assert format_section("answer", "", schema).text.isascii()
