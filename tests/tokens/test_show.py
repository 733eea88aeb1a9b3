"""`tokens --show`: tokens as JSON lines, and in colours."""

import itertools
import json
import re

from hypothesis import given
from hypothesis import strategies as st

from openai_cli.tokens.show import colored, colored_with_ids, json_text, listed

SHRUG = [b"a", b" \xf0\x9f\xa4", b"\xb7", "né".encode()]
_SGR = re.compile(r"\x1b\[([0-9;]*)m")


def plain(text: str) -> str:
    """The text without its colours."""
    return _SGR.sub("", text)


def test_a_line_of_json_for_each_token() -> None:
    assert listed(SHRUG, None) == '"a"\n" \\udcf0\\udc9f\\udca4"\n"\\udcb7"\n"né"\n'


def test_the_id_before_each_token() -> None:
    assert listed([b"a", b"\n"], [64, 198]) == '64\t"a"\n198\t"\\n"\n'


@given(st.binary())
def test_json_gives_the_bytes_again(data: bytes) -> None:
    text = json_text(data)
    assert "\n" not in text
    text.encode()
    assert json.loads(text).encode(errors="surrogateescape") == data


def test_neighbours_have_other_colours() -> None:
    text = colored([b"x"] * 20)
    backgrounds = [code for code in _SGR.findall(text) if code.startswith("38;5;16;48;5;")]
    assert len(backgrounds) == 20
    assert all(one != other for one, other in itertools.pairwise(backgrounds))
    assert plain(text) == "x" * 20 + "\n"


def test_a_line_end_is_shown_and_kept() -> None:
    assert plain(colored([b"a", b"\n\n", b"b"])) == "a↵\n↵\nb\n"


def test_no_colour_goes_over_a_line_end() -> None:
    for line in colored([b"a\n", b"b"]).splitlines():
        assert line.endswith("\x1b[0m")


def test_what_a_terminal_may_execute_is_shown() -> None:
    assert plain(colored([b"\x1b", b"]0;x\x07", b"\t", b"\xe2"])) == "^[]0;x^G→\\xe2\n"


def test_ids_stand_beneath_their_tokens() -> None:
    shown = plain(colored_with_ids([b"ham", b"burger", b"!"], [2763, 1, 0], columns=80))
    assert shown.splitlines() == ["ham  burger !", "2763 1      0"]


def test_wide_characters_take_two_columns() -> None:
    shown = plain(colored_with_ids(["中文".encode(), b"a"], [1, 2], columns=80))
    assert shown.splitlines() == ["中文 a", "1    2"]


def test_rows_fit_into_the_columns_and_end_with_the_line() -> None:
    shown = plain(
        colored_with_ids([b"aaaa", b"bbbb", b"cccc", b"\n", b"d"], [1, 2, 3, 4, 5], columns=9)
    )
    rows = shown.splitlines()
    assert rows[::2] == ["aaaa bbbb", "cccc ↵", "d"]
    assert [row.split() for row in rows[1::2]] == [["1", "2"], ["3", "4"], ["5"]]
    assert max(map(len, rows)) <= 9, "a blank behind the last would begin a line of its own"
