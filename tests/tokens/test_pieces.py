"""A text cut by tokens, held against tiktoken's ids of the whole and of the pieces."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openai_cli.commands.tokens import PLACES as OFFERED
from openai_cli.errors import UsageError
from openai_cli.tokens import count
from openai_cli.tokens.pieces import PLACES, first, last, split

ENCODING = "cl100k_base"
FRAGMENTS = [
    "word ",
    "Hello, ",
    "don't",
    "12345",
    "\n",
    "\n\n",
    "\r\n\r\n",
    "  ",
    "naïve",
    "日本",
    "é́",
    "🤷🏽‍♀️",
]
TEXTS = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=4))).map("".join)

# One character has at most as many tokens as it has bytes in UTF-8.
LONGEST_CHARACTER = 4


def tokens(data: bytes) -> int:
    return count(data.decode(), encoding=ENCODING)


@settings(max_examples=200)
@given(
    text=TEXTS,
    n=st.integers(LONGEST_CHARACTER, 12),
    overlap=st.integers(0, 3),
    at=st.sampled_from(list(PLACES)),
)
@example(text="a\n\n\n\nb" * 3, n=4, overlap=0, at="paragraph")
def test_pieces_keep_the_limit_and_the_text(text: str, n: int, overlap: int, at: str) -> None:
    text = text.encode(errors="replace").decode()
    pieces = list(split(text, n, encoding=ENCODING, overlap=overlap, at=at))
    assert all(0 < tokens(piece) <= n for piece in pieces)
    if not overlap:
        assert b"".join(pieces) == text.encode()
    assert joined(pieces, text.encode(), overlap)


def joined(pieces: list[bytes], text: bytes, overlap: int) -> bool:
    """Whether each piece begins at most `overlap` tokens before the end of the last one."""
    ends = {0}
    for piece in pieces:
        ends = {
            start + len(piece)
            for end in ends
            for start in range(max(end - 128, 0), end + 1)
            if text.startswith(piece, start)
            and start + len(piece) > end - (not piece)
            and tokens_or_none(text[start:end]) <= overlap
        }
    return len(text) in ends


def tokens_or_none(data: bytes) -> int:
    try:
        return tokens(data)
    except UnicodeDecodeError:
        return 10**9


@settings(max_examples=200)
@given(text=TEXTS, n=st.integers(0, 12))
def test_first_and_last_are_ends_of_the_text(text: str, n: int) -> None:
    data = text.encode(errors="replace")
    start, end = (
        first(data.decode(), n, encoding=ENCODING),
        last(data.decode(), n, encoding=ENCODING),
    )
    assert data.startswith(start)
    assert data.endswith(end)
    assert max(tokens(start), tokens(end)) <= n
    if tokens(data) <= n:
        assert start == end == data


def test_first_takes_whole_tokens() -> None:
    # cl100k_base: The| quick| brown| fox
    assert first("The quick brown fox", 2, encoding=ENCODING) == b"The quick"
    assert last("The quick brown fox", 2, encoding=ENCODING) == b" brown fox"


def test_a_character_of_several_tokens_is_taken_whole_or_not() -> None:
    # o200k_base has no token for the shrug: " \xf0\x9f\xa4" and "\xb7".
    assert first("a 🤷", 2, encoding="o200k_base") == b"a"
    assert first("a 🤷", 3, encoding="o200k_base") == "a 🤷".encode()
    assert last("🤷 a", 2, encoding="o200k_base") == b" a"


# cl100k_base: one| two| three| four|\n|five|\n\n|six| seven| eight|\n
LINES = "one two three four\nfive\n\nsix seven eight\n"


@pytest.mark.parametrize(
    ("at", "n", "expected"),
    [
        ("token", 6, [b"one two three four\nfive", b"\n\nsix seven eight\n"]),
        ("line", 8, [b"one two three four\nfive\n\n", b"six seven eight\n"]),
        ("line", 6, [b"one two three four\n", b"five\n\nsix seven eight\n"]),
        ("paragraph", 5, [b"one two three four\n", b"five\n\n", b"six seven eight\n"]),
        ("paragraph", 10, [b"one two three four\nfive\n\n", b"six seven eight\n"]),
        ("line", 3, [b"one two three", b" four\n", b"five\n\n", b"six seven eight", b"\n"]),
    ],
)
def test_places_to_cut(at: str, n: int, expected: list[bytes]) -> None:
    assert list(split(LINES, n, encoding=ENCODING, at=at)) == expected


def test_overlap_repeats_the_end_of_the_piece_before() -> None:
    text = "one two three four five six seven eight"
    pieces = list(split(text, 4, encoding=ENCODING, overlap=1))
    assert pieces == [b"one two three four", b" four five six seven", b" seven eight"]


def test_a_character_that_no_piece_can_hold_is_named() -> None:
    with pytest.raises(UsageError, match="'🤷' at byte offset 1 has 3 tokens, more than 1"):
        list(split("a🤷", 1, encoding="cl100k_base"))


def test_nothing_has_no_pieces() -> None:
    assert list(split("", 5, encoding=ENCODING)) == []
    assert first("", 5, encoding=ENCODING) == last("", 5, encoding=ENCODING) == b""


def test_the_command_offers_every_place() -> None:
    assert tuple(PLACES) == OFFERED
