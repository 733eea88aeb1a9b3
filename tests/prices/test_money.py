"""Money in JSON: every digit of a Decimal, and the rest as JSON has it."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.prices.money import exact_json, plain

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | AMOUNTS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0"), ("0.00012500", "0.000125"), ("1E+2", "100"), ("2.5E-9", "0.0000000025")],
)
def test_plain(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text


@given(VALUES)
def test_json_gives_the_same_value_again(value: object) -> None:
    text = exact_json(value)
    assert "\n" not in text
    assert as_decimals(json.loads(text, parse_float=Decimal)) == as_decimals(value)


def as_decimals(value: object) -> object:
    """The value with every number but booleans as a Decimal."""
    if isinstance(value, dict):
        return {key: as_decimals(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_decimals(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@given(st.recursive(PLAIN, st.lists))
def test_what_has_no_amount_is_the_json_of_python(value: object) -> None:
    assert exact_json(value) == json.dumps(value, ensure_ascii=False)
