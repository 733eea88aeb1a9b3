"""Cuts at which the counts of the pieces add up, with tiktoken as the judge."""
# ruff: noqa: RUF001

import re
import unicodedata
from collections.abc import Iterable
from itertools import accumulate

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiktoken import Encoding

from openai_cli.tokens import cutting
from openai_cli.tokens.cutting import blocks_of, pieces
from tests.tokens.test_encoding import CODE, FRAGMENTS, SCRIPTS, TEXTS

LENGTHS = st.integers(1, 40)


def cut(blocks: Iterable[str]) -> list[str]:
    return list(pieces(blocks, "o200k_base"))


def cut_everywhere(text: str) -> list[str]:
    """The text in as many pieces as there are places."""
    found = cut(text)
    assert "".join(found) == text
    return found


@settings(max_examples=200)
@given(text=TEXTS, length=LENGTHS)
@example(text="".join(FRAGMENTS), length=1)
@example(text="", length=1)
def test_counts_of_pieces_add_up(text: str, length: int, reference: Encoding) -> None:
    found = list(pieces(blocks_of(text, length), reference.name))
    assert "".join(found) == text
    counted = sum(len(reference.encode_ordinary(piece)) for piece in found)
    assert counted == len(reference.encode_ordinary(text))


@pytest.mark.parametrize("text", [*SCRIPTS, CODE])
def test_real_texts(text: str, reference: Encoding) -> None:
    counted = sum(len(reference.encode_ordinary(piece)) for piece in cut_everywhere(text))
    assert counted == len(reference.encode_ordinary(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ab cd", ["ab", " cd"]),
        ("it's", ["it's"]),
        ("x=1;\ny", ["x", "=1", ";\n", "y"]),
        ("a  b\n\nc", ["a", "  b", "\n\nc"]),
        ("__init__", ["__init", "__"]),
        ("слово и", ["слово", " и"]),
        ("人人平等，他们。", ["人人平等", "，他们", "。"]),
        ("cafe\u0301 x", ["cafe\u0301", " x"]),
        ("!? \tx", ["!?", " \tx"]),
        ("'\t👍\n😀 ", ["'", "\t👍\n", "😀", " "]),
        ("!\n/x!\n\n!", ["!\n/x", "!\n\n!"]),
        ("a\u2019b\u00a0c", ["a\u2019b\u00a0c"]),
        ("   ", ["   "]),
        ("", []),
    ],
)
def test_the_places(text: str, expected: list[str]) -> None:
    assert cut_everywhere(text) == expected


def test_a_piece_ends_at_the_last_place_of_a_block() -> None:
    assert cut(["a b c", "d e"]) == ["a b", " cd e"]
    assert cut(["ab", " cd"]) == ["ab", " cd"], "a place between two blocks"
    assert cut(["ab", "cd"]) == ["abcd"]


def test_a_stretch_without_a_place_is_held_whole() -> None:
    assert cut(blocks_of("a" * 50 + " b" + "中" * 50, 10)) == ["a" * 50, " b" + "中" * 50]


@given(text=st.text(alphabet="aé中 ,'", max_size=60), length=st.integers(1, 8))
def test_a_piece_is_longer_than_two_blocks_only_without_a_place(text: str, length: int) -> None:
    for piece in cut(blocks_of(text, length)):
        if len(piece) > 2 * length:
            assert len(cut_everywhere(piece[:-length])) == 1


def test_what_is_taken_for_a_letter_is_one() -> None:
    """Letters and decimal digits for every version of Unicode: Python's own is an older one."""
    letters = _members(cutting._LETTERS)
    assert {unicodedata.category(letter)[0] for letter in letters} == {"L", "N"}
    assert len(letters) > 30_000


def test_what_is_taken_for_no_letter_is_none() -> None:
    others = _members(cutting._OTHERS)
    assert not {unicodedata.category(other)[0] for other in others} & {"L", "M", "N"}
    assert "'" not in others
    assert set(' \n\t.,;:!?()[]{}<>"`_/-。，') <= others


def _members(characters: str) -> set[str]:
    return set(re.findall(f"[{characters}]", "".join(map(chr, range(0x110000)))))


def test_blocks() -> None:
    assert list(blocks_of("abcde", 2)) == ["ab", "cd", "e"]
    assert list(accumulate(map(len, blocks_of("x" * 10, 4)))) == [4, 8, 10]
    assert list(blocks_of("", 2)) == []
