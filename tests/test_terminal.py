"""What a terminal may be shown: nothing that it executes, reorders or hides."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.terminal import Cleaner, drawn, escaped, visible

CONTROL = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"]
UNSEEN = [
    *"\xad\u034f\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2064\u206f\u3164\ufe0f\ufeff",
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\uffa0\U000e0001\U000e0041\U000e01ef",
]
HARMFUL = re.compile(f"[{''.join(CONTROL)}{''.join(UNSEEN)}]")


@pytest.mark.parametrize("char", UNSEEN, ids=lambda char: f"{ord(char):04x}")
def test_what_is_not_seen_is_shown_as_its_code_point(char: str) -> None:
    assert visible(f"ab{char}c") == f"ab<U+{ord(char):04X}>c"
    assert visible(f"{char}c") == f"<U+{ord(char):04X}>c"


@pytest.mark.parametrize("char", CONTROL, ids=lambda char: f"{ord(char):02x}")
def test_what_is_executed_is_shown(char: str) -> None:
    shown = visible(f"a{char}c")
    assert shown.startswith("a")
    assert shown[1] in "^\\"
    assert char not in shown


@pytest.mark.parametrize(
    "text",
    [
        "👨‍👩‍👧",
        "❤️ 1️⃣ ✈️",
        "👩🏽‍🚀",
        "می‌خواهم",
        "क्‍ष",
        "葛\U000e0100",
        "a\u0301 é 日本 ﬁ \xa0 \u2028",
    ],
)
def test_what_belongs_to_a_text_stays(text: str) -> None:
    assert visible(text) == text


def test_a_run_of_what_is_not_seen_hides_nothing() -> None:
    """Variation selectors can carry bytes: one belongs to its base, the others are shown."""
    assert visible("❤\ufe0f\ufe01\ufe02") == "❤\ufe0f<U+FE01><U+FE02>"
    assert visible("👨\u200d\u200d") == "👨\u200d<U+200D>"


@given(st.text())
def test_what_is_shown_is_shown_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


JSON = st.recursive(
    st.text() | st.sampled_from(CONTROL + UNSEEN) | st.integers(),
    lambda inner: st.lists(inner, max_size=3),
)


@given(st.dictionaries(st.text(), JSON, max_size=3), st.sampled_from([None, 1]))
def test_escaped_json_has_the_same_value(value: object, indent: int | None) -> None:
    out = escaped(json.dumps(value, ensure_ascii=False, indent=indent))
    assert json.loads(out) == value
    assert visible(out) == out


def test_json_is_escaped_as_json_is() -> None:
    assert escaped('"\x7f\x9b\u202e\U000e0041"') == '"\\u007f\\u009b\\u202e\\udb40\\udc41"'


@given(st.text(st.sampled_from([*CONTROL, *UNSEEN, "a", "é", "日", "👨", "❤"])), st.data())
def test_it_does_not_matter_where_bytes_are_cut(text: str, data: st.DataObject) -> None:
    raw = text.encode()
    cut = data.draw(st.integers(0, len(raw)))
    cleaner = Cleaner()
    out = cleaner.clean(raw[:cut]) + cleaner.clean(raw[cut:]) + cleaner.clean(b"", is_last=True)
    assert out.decode() == visible(text)


def test_bytes_that_are_no_text_are_shown() -> None:
    cleaner = Cleaner()
    assert cleaner.clean(b"a\xff\xc3") + cleaner.clean(b"", is_last=True) == b"a\\xff\\xc3"


OWN = ["\x1b[0m", "\x1b[1;36;40m", "\x1b[m", "\r\x1b[12A\x1b[J"]


@pytest.mark.parametrize("sequence", OWN)
def test_what_the_program_draws_with_acts(sequence: str) -> None:
    assert drawn(f"a{sequence}b") == f"a{sequence}b"


@pytest.mark.parametrize(
    "sequence",
    [*CONTROL, *UNSEEN, "\x1b]0;t\x07", "\x1b]52;c;eA==\x1b\\", "\x1b[2J", "\x1b[6n", "\x1b[?25l",
     "\x1b[3A", "\x1b[31;1H", "\x1bc", "\x1b[>m"],
)  # fmt: skip
def test_nothing_else_acts_in_what_is_drawn(sequence: str) -> None:
    assert drawn(f"a{sequence}b\x1b[0m") == f"{visible(f'a{sequence}b')}\x1b[0m"
