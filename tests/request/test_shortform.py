"""The short form of a schema."""

import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.request.shortform import TYPES, schema_of


def fields(**types: Any) -> dict[str, Any]:
    return {"type": "object", "properties": types}


STRING, INTEGER = {"type": "string"}, {"type": "integer"}


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("name", fields(name=STRING)),
        ("name, age int", fields(name=STRING, age=INTEGER)),
        (" name ,\n\tage\n int ", fields(name=STRING, age=INTEGER)),
        ("tags [str]", fields(tags={"type": "array", "items": STRING})),
        (
            "m [[int]]",
            fields(m={"type": "array", "items": {"type": "array", "items": INTEGER}}),
        ),
        ("address {city, zip int}", fields(address=fields(city=STRING, zip=INTEGER))),
        ("people [{name}]", fields(people={"type": "array", "items": fields(name=STRING)})),
        ("a{b{c int}}, d", fields(a=fields(b=fields(c=INTEGER)), d=STRING)),
        ("int int, größe float", fields(int=INTEGER, größe={"type": "number"})),
    ],
)
def test_a_short_form_is_a_schema(text: str, schema: Any) -> None:
    assert schema_of(text) == schema


@pytest.mark.parametrize("name", list(TYPES))
def test_every_type_has_its_name(name: str) -> None:
    assert schema_of(f"it {name}") == fields(it={"type": TYPES[name]})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must have the name of a field at column 1, not the end"),
        ("a,", "must have the name of a field at column 3, not the end"),
        ("a,,b", "must have the name of a field at column 3, not ','"),
        ("-", "must have the name of a field at column 1, not '-'"),
        ("{name}", "must have the name of a field at column 1, not '{'"),
        (
            "a []",
            "must have a type: str, int, float, bool, [TYPE] or {FIELDS} at column 4, not ']'",
        ),
        ("a [int", "must have ] at column 7, not the end"),
        ("a {b", "must have } at column 5, not the end"),
        ("a {}", "must have the name of a field at column 4, not '}'"),
        ("a int b", "must have a comma between two fields at column 7, not 'b'"),
        ("a int]", "must have a comma between two fields at column 6, not ']'"),
        ("a date", "has no type 'date' at column 3: there are str, int, float"),
        ("a, b, a int", "has the field a twice, again at column 7"),
        ("a " + "[" * 100_000, "nests too deep"),
        ("a{" * 100_000, "nests too deep"),
    ],
)
def test_what_is_none_is_told_by_its_place(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}"):
        schema_of(text)


NAMES = st.text("abz_09é$", min_size=1, max_size=5)
SCHEMAS = st.recursive(
    st.sampled_from(sorted(set(TYPES.values()))).map(lambda name: {"type": name}),
    lambda inner: (
        inner.map(lambda items: {"type": "array", "items": items})
        | st.dictionaries(NAMES, inner, min_size=1, max_size=3).map(lambda one: fields(**one))
    ),
    max_leaves=8,
)


def short(schema: dict[str, Any]) -> str:
    """A schema in the short form."""
    if schema["type"] == "array":
        return f"[{short(schema['items'])}]"
    if schema["type"] == "object":
        return f"{{{listed(schema)}}}"
    return str(schema["type"])


def listed(schema: dict[str, Any]) -> str:
    return ", ".join(f"{name} {short(one)}" for name, one in schema["properties"].items())


@given(st.dictionaries(NAMES, SCHEMAS, min_size=1, max_size=3))
def test_every_schema_of_this_kind_can_be_written(properties: dict[str, Any]) -> None:
    schema = fields(**properties)
    assert schema_of(listed(schema)) == schema


@given(st.text("ab int,[]{} -"))
def test_any_text_is_a_schema_or_is_told_of(text: str) -> None:
    with suppress(ValueError):
        assert schema_of(text)["properties"]
