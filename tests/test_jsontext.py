"""JSON that is printed: what JSON has no number for is null."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.jsontext import finite_json

INFINITE = [float("nan"), float("inf"), float("-inf")]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)


@pytest.mark.parametrize("number", INFINITE)
def test_what_is_no_number_is_null(number: float) -> None:
    assert finite_json(number) == "null"
    assert finite_json({"é": [number, {"a": number}, 1.5]}) == '{"é": [null, {"a": null}, 1.5]}'


def _refuse(constant: str) -> None:
    raise AssertionError(constant)


@given(VALUES)
def test_what_is_printed_is_json(value: Any) -> None:
    text = finite_json(value)
    read = json.loads(text, parse_constant=_refuse)
    if text == json.dumps(value, ensure_ascii=False):
        assert read == value
