"""JSON that is printed: what JSON has no number for is null."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.jsontext import _BLOCK, cut_out, finite_json, load_numbers, write_numbers

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


@given(VALUES, st.dictionaries(st.text(max_size=2), VALUES, max_size=3), st.sampled_from([None, 1]))
def test_a_value_is_cut_out_as_it_stands(
    value: Any, others: dict[str, Any], indent: int | None
) -> None:
    inner = finite_json(value) if indent is None else json.dumps(json.loads(finite_json(value)))
    others.pop("a", None)
    mark = {"a": {**others, "body": "a mark"}, **others}
    text = json.dumps(mark, indent=indent).replace('"a mark"', inner)
    assert cut_out(text, "a", "body") == inner


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (' \n{ "a" : { "b" : 1.50 , "c":[]} } ', "1.50"),
        ('\ufeff{"a":{"b":"x\\u00e9\\"}"}}', '"x\\u00e9\\"}"'),
        ('{"a":{"b":1},"a":{"b":2E0,"b":3.0}}', "3.0"),
        ('{"a":{"b":1},"a":{}}', None),
        ('{"a":{"b":1},"a":7}', None),
        ('{"\\u0061":{"b":[{"b":1}, {} ]}}', '[{"b":1}, {} ]'),
        ('{"b":{"a":1}}', None),
        ("{}", None),
        ("[]", None),
        ("7", None),
    ],
)
def test_what_is_cut_out(text: str, found: str | None) -> None:
    assert cut_out(text, "a", "b") == found


NUMBERS = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-1e-3, 1e-3)
    | st.floats(-1, 1).map(lambda number: round(number, 8))
    | st.integers()
    | st.integers(-(2**70), 2**70)
)


USUAL = [0.25] * 100


@pytest.mark.parametrize("has_orjson", [True, False])
@given(st.lists(NUMBERS))
def test_numbers_are_written_as_by_json(has_orjson: bool, numbers: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if not has_orjson:
            patch.setitem(sys.modules, "orjson", None)
        # Among many usual ones, or many together.
        for some in ([one for number in numbers for one in (number, *USUAL)], numbers):
            assert write_numbers(some) == json.dumps(some, separators=(",", ":"))


@pytest.mark.parametrize(
    "number", [1e-5, 9.999e-5, 1e-4, -1e-5, 1e16, 9999999999999998.0, 1e-7, 5e-324, -0.0, 0, 2**64]
)
def test_numbers_that_orjson_writes_otherwise(number: float) -> None:
    assert write_numbers([0.5, number]) == f"[0.5,{number!r}]"


@pytest.mark.parametrize("odd", [1e-5, -9.5e-5, 1e-7, -2.5e17])
def test_a_vector_is_written_by_orjson(odd: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though some of its numbers are very small, as in every vector."""
    pytest.importorskip("orjson")
    numbers = [odd, *USUAL, odd, 10.00001, *USUAL, *USUAL, -odd]
    expected = json.dumps(numbers, separators=(",", ":"))
    monkeypatch.setattr(json, "dumps", None)
    assert write_numbers(numbers) == expected


def test_very_many_very_small_numbers_are_left_to_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "dumps", lambda *_numbers, **_form: "by json")
    assert write_numbers([1e-7] * 1000) == "by json"


def test_numbers_that_orjson_cannot_write() -> None:
    """It would write null for NaN; true has an e, like a number with an exponent."""
    assert write_numbers([0.5, float("nan"), True, 1e-7]) == "[0.5,NaN,true,1e-07]"


@given(st.lists(NUMBERS))
def test_numbers_are_read_as_by_json(numbers: list[float]) -> None:
    raw = json.dumps({"a": numbers}).encode()
    assert repr(load_numbers(raw)) == repr(json.loads(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"[12345678901234567890123, 9223372036854775808, -9223372036854775809, 999999999999999999]",
        b"[-0, -0.0, 1E5, 1e400, NaN, -Infinity, 0.1e-400]",
        b'{"a":"\\ud800","a":1}',
        b"\xef\xbb\xbf[1]",
        b"[" * 500 + b"]" * 500,
    ],
)
def test_what_orjson_reads_otherwise(raw: bytes) -> None:
    assert repr(load_numbers(raw)) == repr(json.loads(raw))


@pytest.mark.parametrize("before", range(2 * _BLOCK - 60, 2 * _BLOCK, 5))
def test_a_long_integer_is_found_wherever_it_is(before: int) -> None:
    raw = b"[" + b" " * before + b"1234567890123456789012]"
    assert load_numbers(raw) == [1234567890123456789012]


def test_long_fractions_are_read_by_orjson(monkeypatch: pytest.MonkeyPatch) -> None:
    """As servers in Python write them: json took four times as long."""
    pytest.importorskip("orjson")
    raw = b"[0.00123456789012345678, -1.2345678901234567890123456789]"
    expected = json.loads(raw)
    monkeypatch.setattr(json, "loads", None)
    assert load_numbers(raw) == expected


def test_what_is_no_json_is_told_of_by_json() -> None:
    with pytest.raises(json.JSONDecodeError):
        load_numbers(b"[1, 2")
