"""The parsers of values: what a text may be, and the JSON that it becomes (RFC 8259)."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openai_cli.flags.values import (
    Kind,
    Number,
    Object,
    PromptText,
    Structure,
    Text,
    TextOrItems,
    TextOrObject,
    Texts,
    TextsOrIds,
)
from openai_cli.jsontext import encode_json, json_or_text, parse_json, quoted, utf8

JSON_NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True
)
NUMBERLIKE = st.text(alphabet="0123456789+-.eExX_ \n\t,'\u0663\uff11infaN", max_size=12)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def no_file(path: str) -> bytes:
    raise AssertionError(f"nothing should have been read, but '{path}' was")


def holding(content: bytes) -> Callable[[str], bytes]:
    """A reader of a world whose one file is `f` or `f.json`, with these bytes, as stdin has."""

    def read(path: str) -> bytes:
        assert path in ("f", "f.json", "-")
        return content

    return read


def why_not(kind: Kind, raw: Any, read: Callable[[str], bytes] = no_file) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        kind.parse(raw, read)
    return str(caught.value)


def is_json_number(text: str) -> bool:
    """What the standard library's JSON parser takes for a finite number, less its white space."""
    try:
        value = json.loads(text)
    except ValueError:
        return False
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and text == text.strip()


NOT_NUMBERS = [
    "nan", "NaN", "inf", "-inf", "Infinity", "-Infinity", "1_0", "", " ", " 1", "1 ", "1\n", "++1",
    ".", "+.", "-", "+-1", "1..", "0x10", "0b1", "0o7", "01", "00", "1e", "1e+", "1,5", "1j",
    "\u0661",
    "\uff12", "true", "null", '"1"', "--1", "\u22121", "1e400", "-1e400",
]  # fmt: skip


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("raw", NOT_NUMBERS)
def test_what_is_no_json_number_is_refused(raw: str, integer: bool) -> None:
    noun = "an integer" if integer else "a number"
    assert why_not(Number(integer=integer), raw).startswith(f"must be {noun}, not '")


@pytest.mark.parametrize("raw", ["1.0", "1e3", "1E0", "0.5", "-0.0", "1e0", ".5", "1.", "+1."])
def test_an_integer_has_no_fraction_and_no_exponent(raw: str) -> None:
    assert Number().parse(raw, no_file) == float(raw)
    assert why_not(Number(integer=True), raw) == f"must be an integer, not '{raw}'"


@pytest.mark.parametrize(
    ("raw", "wire"),
    [
        ("0", b"0"),
        ("7", b"7"),
        ("-1", b"-1"),
        ("0.5", b"0.5"),
        (".7", b"0.7"),
        ("+0.7", b"0.7"),
        ("-.5", b"-0.5"),
        ("+.5e1", b"5.0"),
        ("1.", b"1.0"),
        ("1.e2", b"100.0"),
        ("+1", b"1"),
        ("-100", b"-100"),
        ("9007199254740993", b"9007199254740993"),
        ("-9223372036854775808", b"-9223372036854775808"),
        ("123456789012345678901234567890", b"123456789012345678901234567890"),
    ],
)
def test_a_number_is_written_as_it_was_typed(raw: str, wire: bytes) -> None:
    assert encode_json(Number().parse(raw, no_file)) == wire


@given(JSON_NUMBERS)
def test_any_json_number_is_the_same_number_on_the_wire(raw: str) -> None:
    wire = json.loads(encode_json(Number().parse(raw, no_file)))
    if raw.lstrip("-").isdigit():
        assert type(wire) is int
        assert wire == int(raw)
    else:
        assert type(wire) is float
        assert wire == float(raw)


def as_json(text: str) -> str:
    """The text with what JSON wants and people leave out: `+1`, `.7` and `1.`."""
    sign = text[: text[:1] in ("+", "-")]
    digits = text.removeprefix(sign)
    if digits[:1] == "." and digits[1:2] in tuple("0123456789"):
        digits = f"0{digits}"
    whole, point, rest = digits.partition(".")
    if point and whole.isdecimal() and rest[:1] in ("", "e", "E"):
        digits = f"{whole}.0{rest}"
    return sign.replace("+", "") + ("" if sign and digits[:1] == "-" else digits)


@given(NUMBERLIKE | st.text(max_size=6))
@example("1e999")
@example(".7")
@example("1.")
@example("+1.e2")
@example("+-1")
def test_a_text_is_a_number_when_json_says_so_but_for_a_plus_and_a_bare_point(raw: str) -> None:
    try:
        Number().parse(raw, no_file)
    except ValueError:
        assert not is_json_number(as_json(raw))
    else:
        assert is_json_number(as_json(raw))


def test_an_array_of_strings_is_one_json_array_too() -> None:
    assert Texts().parse(['["a", "b"]'], no_file) == ["a", "b"]
    assert Texts().parse([' ["a"]'], no_file) == ["a"]
    assert Texts().parse(["[END]"], no_file) == ["[END]"]
    assert Texts().parse(["[/"], no_file) == ["[/"]
    assert Texts().parse(['["a"]', "b"], no_file) == ['["a"]', "b"]
    assert why_not(Texts(), ["[1]"]) == ("must be a text, or a JSON array of strings, not '[1]'")
    assert why_not(Texts(), ["[]"]) == "takes at least 1 value"
    assert why_not(Texts(most=4), ['["a","b","c","d","e"]']) == "takes at most 4 values, not 5"


@pytest.mark.parametrize(
    ("kind", "at_edge", "beyond", "said"),
    [
        (Number(0, 2), ["0", "2", "2.0", "0.0", "-0"], ["-0.0001", "2.0001", "3"],
         "must be a number from 0 to 2, not "),
        (Number(-2, 2), ["-2", "2", "-2.0"], ["-2.0001", "2.0001"],
         "must be a number from -2 to 2, not "),
        (Number(1, 128, integer=True), ["1", "128"], ["0", "129", "-1"],
         "must be an integer from 1 to 128, not "),
        (Number(0, integer=True), ["0", "99999999999999999999"], ["-1"],
         "must be an integer of at least 0, not "),
        (Number(-(2**63), 2**63 - 1, integer=True),
         ["-9223372036854775808", "9223372036854775807"],
         ["-9223372036854775809", "9223372036854775808"],
         "must be an integer from -9223372036854775808 to 9223372036854775807, not "),
    ],
)  # fmt: skip
def test_the_bounds_of_a_number_belong_to_it(
    kind: Number, at_edge: list[str], beyond: list[str], said: str
) -> None:
    for raw in at_edge:
        assert kind.parse(raw, no_file) == float(raw) or kind.parse(raw, no_file) == int(raw)
    for raw in beyond:
        assert why_not(kind, raw) == f"{said}'{raw}'"


@pytest.mark.parametrize("kind", [Number(), Number(0, 2), Number(integer=True)])
def test_a_number_of_5000_digits_is_refused_in_one_short_line(kind: Number) -> None:
    assert len(why_not(kind, "1" * 5000)) < 120


@pytest.mark.parametrize("value", [True, "5", None, [5], {"a": 5}, math.inf])
def test_a_json_value_of_another_type_is_no_number(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^must be a number, not "):
        Number().check(value)


def test_a_float_is_no_integer_even_when_it_is_whole() -> None:
    with pytest.raises(ValueError, match=r"^must be an integer, not '1\.0'$"):
        Number(integer=True).check(1.0)


@given(st.text())
def test_a_text_is_what_was_typed(raw: str) -> None:
    assert Text().parse(raw, no_file) == raw


def test_a_text_is_counted_in_characters() -> None:
    assert Text(longest=64).parse("é" * 64, no_file) == "é" * 64
    assert why_not(Text(longest=64), "é" * 65) == "must have at most 64 characters, not 65"


def test_up_to_four_texts() -> None:
    assert Texts(most=4).parse(["a", "b", "", "-"], no_file) == ["a", "b", "", "-"]
    assert why_not(Texts(most=4), ["a"] * 5) == "takes at most 4 values, not 5"


STRUCTURED: list[tuple[Kind, Callable[[str], Any], str]] = [
    (Structure(), lambda raw: raw, '[{"a": 1}]'),
    (Structure(dict), lambda raw: raw, '{"a": [1]}'),
    (Object(), lambda raw: [raw], '{"a": [1]}'),
    (TextOrObject(), lambda raw: raw, '{"a": [1]}'),
    (TextsOrIds(), lambda raw: [raw], '["a", "b"]'),
    (TextOrItems(), lambda raw: [raw], '[{"a": "b"}]'),
]
structured = pytest.mark.parametrize(
    ("kind", "as_typed", "text"),
    STRUCTURED,
    ids=["array", "object", "key=value", "text|object", "prompt", "text|items"],
)
AsTyped = Callable[[str], Any]


@structured
def test_json_from_the_value_a_file_and_stdin(kind: Kind, as_typed: AsTyped, text: str) -> None:
    value = json.loads(text)
    with_mark = b"\xef\xbb\xbf" + text.encode() + b"\r\n"
    assert kind.parse(as_typed(text), no_file) == value
    assert kind.parse(as_typed("@f"), holding(text.encode())) == value
    assert kind.parse(as_typed("@-"), holding(text.encode())) == value
    assert kind.parse(as_typed("@f"), holding(with_mark)) == value


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON: .* at line 1, column 1$"),
        (b"hello", "is not JSON: .* at line 1, column 1$"),
        (b'{"a": 1,\n  "b": }\n', "is not JSON: .* at line 2, column 8$"),
        (b'["a"]]', "is not JSON: .* at line 1, column 6$"),
        (b'["a\xff"]', "^is not UTF-8: byte 0xff at offset 3$"),
        ('["a"]'.encode("utf-16"), "^is not UTF-8: byte 0xff at offset 0$"),
        (b'{"a": NaN}', "^is not JSON: NaN is not a JSON number$"),
        (b"[-Infinity]", "^is not JSON: -Infinity is not a JSON number$"),
        (b"[1e999]", "^has a number too large to send: '1e999'$"),
        (b'{"a": ' + b"1" * 5000 + b"}", "^has a number of 5000 digits$"),
        (b"[" * 100_000 + b"]" * 100_000, "nests too deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nests too deep"),
    ],
    ids=lambda value: repr(value)[:30],
)
@structured
def test_a_file_that_is_no_json_we_can_send(
    kind: Kind, as_typed: AsTyped, text: str, content: bytes, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        kind.parse(as_typed("@f.json"), holding(content))


@pytest.mark.parametrize(
    ("kind", "raw", "said"),
    [
        (Structure(), '{"a": 1}', "must be a JSON array"),
        (Structure(), "1", "must be a JSON array"),
        (Structure(), "null", "must be a JSON array"),
        (Structure(dict), "[]", "must be a JSON object"),
        (Structure(dict), '"a"', "must be a JSON object"),
        (Structure(least=1), "[]", "at least 1"),
        (Structure(most=2), "[{}, {}, {}]", "at most 2 items, not 3"),
        (Object(), ["word"], "key=value"),
        (Object(), ["=value"], "key=value"),
        (Object(), [""], "key=value"),
        (Object(), ["[1]"], "must be a JSON object"),
        (Object(), ["-"], "key=value"),
        (TextOrObject(), "[1]", "must be a string or a JSON object"),
        (TextOrItems(), ["a", "b"], "is one string or one JSON array: give it once"),
        (TextOrItems(), ['["a"]'], "must be a string, or a JSON array of objects"),
        (TextOrItems(), ["[]"], "must be a string, or a JSON array of objects"),
        (TextOrItems(), ['{"a": 1}'], "must be a string, or a JSON array of objects"),
        (TextOrItems(several=True), ["[1]"], "a JSON array of objects or of strings"),
        (TextOrItems(several=True), ['[{}, "a"]'], "a JSON array of objects or of strings"),
        (TextsOrIds(), ['{"a": 1}'], "must be a string, or a JSON array"),
        (TextsOrIds(), ['["a", 1]'], "must be a string, or a JSON array"),
        (TextsOrIds(), ["[true]"], "must be a string, or a JSON array"),
        (TextsOrIds(), ["[1.5]"], "must be a string, or a JSON array"),
        (TextsOrIds(), ["[[1], []]"], "must be a string, or a JSON array"),
        (TextsOrIds(), ["[[1], 2]"], "must be a string, or a JSON array"),
        (TextsOrIds(), ["[null]"], "must be a string, or a JSON array"),
    ],
)
def test_json_of_the_wrong_shape(kind: Kind, raw: Any, said: str) -> None:
    assert said in why_not(kind, raw)


@pytest.mark.parametrize("content", [b"5", b"null", b"true", b"[1]"])
def test_a_file_for_a_text_or_an_object_has_one_of_them(content: bytes) -> None:
    assert why_not(TextOrObject(), "@f", holding(content)) == "must be a string or a JSON object"


@pytest.mark.parametrize("raw", ["auto", "", "-", "{not json", "[x", "5", "null", '"a"', "a@f"])
def test_what_starts_as_no_json_is_the_text_itself(raw: str) -> None:
    assert TextOrObject().parse(raw, no_file) == raw
    if raw != "-":
        assert TextsOrIds().parse([raw], no_file) == raw


def test_a_file_may_hold_the_text_of_a_union_as_json() -> None:
    assert TextOrObject().parse("@f", holding(b'"auto"\n')) == "auto"
    assert TextsOrIds().parse(["@f.json"], holding(b'"Once upon"\n')) == "Once upon"


@pytest.mark.parametrize(
    "content",
    ["hello\n", "", "[a link](https://example.com)\n", '{"a": 1,\n  "b": }', '"Once"\n', "@f", "7",
     "\ufeffa\r\n"],
)  # fmt: skip
@pytest.mark.parametrize("kind", [TextsOrIds(), TextOrItems(), TextOrItems(several=True)])
def test_a_file_for_a_text_or_structure_that_is_no_json_is_the_text(
    kind: Kind, content: str
) -> None:
    assert kind.parse(["@f"], holding(content.encode())) == content
    assert kind.parse(["@-"], holding(f"{content}\n".encode())) == content


PROMPT_TEXTS: list[tuple[Kind, Callable[[str], Any]]] = [
    (PromptText(), lambda raw: raw),
    (PromptText(is_input=True), lambda raw: raw),
    (TextsOrIds(), lambda raw: [raw]),
    (TextOrItems(), lambda raw: [raw]),
]


@pytest.mark.parametrize(("kind", "as_typed"), PROMPT_TEXTS)
def test_the_text_of_a_prompt_from_the_value_a_file_and_stdin(
    kind: Kind, as_typed: AsTyped
) -> None:
    assert kind.parse(as_typed("@f"), holding(b"two\nlines\n")) == "two\nlines\n"
    assert kind.parse(as_typed("@-"), holding(b"two\nlines\n")) == "two\nlines"
    assert kind.parse(as_typed("@@f"), no_file) == "@f"
    assert kind.parse(as_typed("@@@"), no_file) == "@@"
    assert kind.parse(as_typed("a@f"), no_file) == "a@f"
    with pytest.raises(ValueError, match=r"^is not UTF-8: byte 0xff at offset 1$"):
        kind.parse(as_typed("@f"), holding(b"a\xff"))


def test_a_bare_dash_is_stdin_where_the_text_is_that_of_the_call() -> None:
    assert PromptText(is_input=True).parse("-", holding(b"piped\n")) == "piped"
    assert PromptText().parse("-", no_file) == "-"


def test_the_length_of_a_prompt_is_that_of_the_file() -> None:
    assert PromptText(longest=4).parse("@f", holding(b"abcd")) == "abcd"
    assert why_not(PromptText(longest=4), "@f", holding(b"abcde")) == (
        "must have at most 4 characters, not 5"
    )


def test_several_prompts_are_a_text_each() -> None:
    for kind in (TextsOrIds(), TextOrItems(several=True)):
        assert kind.parse(["@f", "@@f", "[1]"], holding(b"[1]\n")) == ["[1]\n", "@f", "[1]"]


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"a\n", "a"), (b"a\n\n", "a\n"), (b"a\r\nb", "a\r\nb"), (b"[1]\n", "[1]"), (b"@f", "@f")],
)
def test_a_dash_is_the_text_of_stdin_for_a_prompt(content: bytes, text: str) -> None:
    assert TextsOrIds().parse(["-"], holding(content)) == text


def test_a_dash_is_json_from_stdin_for_an_array() -> None:
    assert Structure().parse("-", holding(b'[{"role": "user"}]\n')) == [{"role": "user"}]


def test_a_dash_for_a_prompt_must_be_text() -> None:
    assert why_not(TextsOrIds(), ["-"], holding(b"ab\xff")) == "is not UTF-8: byte 0xff at offset 2"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (["a=b"], {"a": "b"}),
        (["a="], {"a": ""}),
        (["a=b=c"], {"a": "b=c"}),
        (["a=1", "a=2"], {"a": 2}),
        (["a=1.5", "b=true", "c=null", "d=[1]", 'e={"f": 1}'],
         {"a": 1.5, "b": True, "c": None, "d": [1], "e": {"f": 1}}),
        (["a=NaN"], {"a": "NaN"}),
        (['a="5"'], {"a": "5"}),
        (["a=@f"], {"a": "@f"}),
        (['{"a": 1, "b": 2}', "b=3"], {"a": 1, "b": 3}),
        (["b=3", '{"b": 2}'], {"b": 2}),
        (["a b=c d"], {"a b": "c d"}),
    ],
)  # fmt: skip
def test_key_value(raw: list[str], value: dict[str, Any]) -> None:
    assert Object().parse(raw, no_file) == value


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.text(min_size=1).filter(lambda key: key[0] not in "@{" and not {"=", "."} & {*key}),
        JSON_VALUES,
    )
)
def test_any_object_may_be_typed_as_keys_and_values(value: dict[str, Any]) -> None:
    raw = [f"{key}={json.dumps(item)}" for key, item in value.items()]
    assert Object().parse(raw, no_file) == value


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (["a.b=1"], {"a": {"b": 1}}),
        (["a.b=1", "a.c=x", "d=2"], {"a": {"b": 1, "c": "x"}, "d": 2}),
        (["a.b.c=1", "a.b.d=2"], {"a": {"b": {"c": 1, "d": 2}}}),
        (['{"a": {"b": 1}}', "a.c=2"], {"a": {"b": 1, "c": 2}}),
        (["a.b=1", "a=2"], {"a": 2}),
        (['{"a.b": 1}'], {"a.b": 1}),
        ([".=1", "a..b=2", "c.=3"], {".": 1, "a..b": 2, "c.": 3}),
    ],
)
def test_a_dot_in_a_key_reaches_into_an_object(typed: list[str], found: Any) -> None:
    assert Object().parse(typed, no_file) == found


def test_a_dot_does_not_reach_into_what_is_no_object() -> None:
    with pytest.raises(ValueError, match=r"has a 'a' that is not an object, and 'a.b'"):
        Object().parse(["a=1", "a.b=2"], no_file)


def test_a_dot_is_of_the_key_where_all_values_are_of_one_type() -> None:
    assert Object(value=Text()).parse(["a.b=c"], no_file) == {"a.b": "c"}


BIAS = Object(value=Number(-100, 100, integer=True))
METADATA = Object(value=Text(longest=512), key=Text(longest=64), most=16)


@pytest.mark.parametrize("raw", ["50256=-100", '{"50256": -100}'])
def test_a_bias_is_an_integer(raw: str) -> None:
    assert BIAS.parse([raw], no_file) == {"50256": -100}


@pytest.mark.parametrize(
    "raw",
    ["50256=-101", "50256=101", "50256=1.5", "50256=", "50256=true", '{"50256": "1"}',
     '{"50256": 101}', '{"50256": true}', '{"50256": null}', "50256=1e1"],
)  # fmt: skip
def test_what_no_bias_can_be(raw: str) -> None:
    said = why_not(BIAS, [raw])
    assert said.startswith("has a value of '50256' that must be an integer from -100 to 100, not ")


def test_metadata_is_text_and_nothing_else() -> None:
    assert METADATA.parse(["a=5", "b=true"], no_file) == {"a": "5", "b": "true"}
    for raw in ('{"a": 5}', '{"a": null}', '{"a": {"b": "c"}}'):
        assert why_not(METADATA, [raw]).startswith("has a value of 'a' that must be a string")


def test_the_counts_of_metadata() -> None:
    at_most = [f"{number:064}={'v' * 512}" for number in range(16)]
    assert len(METADATA.parse(at_most, no_file)) == 16
    assert why_not(METADATA, [*at_most, "one=more"]) == "takes at most 16 keys, not 17"
    assert "at most 64 characters, not 65" in why_not(METADATA, ["k" * 65 + "=v"])
    assert "at most 512 characters, not 513" in why_not(METADATA, [f"a={'v' * 513}"])


@given(JSON_VALUES)
def test_json_is_its_value_and_comes_back(value: Any) -> None:
    text = json.dumps(value)
    assert parse_json(text) == value
    assert parse_json(text.encode()) == value
    assert json_or_text(text) == value
    assert json.loads(encode_json(value)) == value


@given(st.text() | st.binary() | st.text(alphabet='[]{}",:0123456789.eE-+\\u \n\ufefftrufalsn'))
@example("[" * 100_000)
@example("9" * 5000)
@example("\ufeff\ufeff1")
@example(b'"\\ud800"')
@example('"\ud800"')
def test_parse_json_fails_in_one_way_only(source: str | bytes) -> None:
    try:
        value = parse_json(source)
    except ValueError:
        return
    encode_json(value)


@given(st.text())
@example("+1")
@example("NaN")
@example("{")
def test_what_is_not_json_is_the_text_itself(text: str) -> None:
    try:
        value = json.loads(text, parse_constant=pytest.fail)
    except (ValueError, pytest.fail.Exception):
        assert json_or_text(text) == text
    else:
        assert json_or_text(text) == value


def test_a_lone_surrogate_in_json_is_sent_as_its_escape() -> None:
    assert encode_json(parse_json('["\\ud800", "é"]')) == b'["\\ud800", "\\u00e9"]'


def test_an_integer_in_json_keeps_every_digit() -> None:
    text = '{"seed": 9007199254740993, "id": 123456789012345678901234567890}'
    assert encode_json(parse_json(text)).decode() == text


def test_a_long_value_is_cut_in_a_message() -> None:
    assert quoted("a" * 60) == f"'{'a' * 60}'"
    assert quoted("a" * 61) == f"'{'a' * 60}…'"


@given(st.binary())
@example(b"\xed\xa0\x80")
@example(b"\xc0\x80")
def test_utf8_is_strict_and_names_the_offset(data: bytes) -> None:
    valid = data.decode(errors="ignore").encode() == data
    if valid:
        assert utf8(data).encode() == data
        return
    with pytest.raises(ValueError, match=r"^is not UTF-8: byte 0x.. at offset \d+$") as caught:
        utf8(data)
    offset = int(str(caught.value).rpartition(" ")[2])
    assert data[:offset].decode().encode() == data[:offset]
    assert f"{data[offset]:#04x}" in str(caught.value)


def test_several_texts_are_an_array_of_texts() -> None:
    assert TextOrItems(several=True).parse(["[1]", "b"], no_file) == ["[1]", "b"]


def test_items_come_from_a_file_and_a_text_from_stdin() -> None:
    assert TextOrItems().parse(["@f"], holding(b'[{"a": 1}]')) == [{"a": 1}]
    assert TextOrItems().parse(["-"], holding(b"[1]\n")) == "[1]"


def test_some_values_of_an_object_are_texts_whatever_they_look_like() -> None:
    kind = Object(texts=("version",))
    assert kind.parse(["version=2", "n=2"], no_file) == {"version": "2", "n": 2}


RANGED = Object(ranges={"days": Number(1, 365, integer=True)})


@pytest.mark.parametrize("raw", [["days=0"], ["days=366"], ["days=1.5"], ['{"days": 999}'], ["@f"]])
def test_a_number_in_an_object_keeps_to_its_range(raw: list[str]) -> None:
    message = "has a value of 'days' that must be an integer from 1 to 365, not "
    with pytest.raises(ValueError, match=re.escape(message)):
        RANGED.parse(raw, holding(b'{"days": 0}'))


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (["days=1"], {"days": 1}),
        (['{"days": 365}'], {"days": 365}),
        # A range is of numbers alone, and of the keys that have one.
        (["days=auto"], {"days": "auto"}),
        (["days=null"], {"days": None}),
        (["hours=999", "in.days=999"], {"hours": 999, "in": {"days": 999}}),
    ],
)
def test_what_a_range_in_an_object_lets_pass(raw: list[str], value: dict[str, Any]) -> None:
    assert RANGED.parse(raw, no_file) == value
