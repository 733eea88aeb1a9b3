"""Texts to ids and back, by a slice of the vocabulary and by the whole of it, against tiktoken."""
# ruff: noqa: RUF001

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiktoken import Encoding

from openai_cli.errors import UsageError
from openai_cli.tokens import count, cutting, decode, encode, encoding, encoding_names
from openai_cli.tokens.encoders import ascii_pattern, full_encoder, rules_of
from openai_cli.tokens.vocabulary import LONGEST_SLICED, Vocabulary, open_vocabulary

SCRIPTS = [
    "All human beings are born free and equal in dignity and rights; it's Article 1.",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits, n'est-ce pas\u202f?",
    "Все люди рождаются свободными и равными в своём достоинстве и правах.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.",
    "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق.",
    "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है।",
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "ყველა ადამიანი იბადება თავისუფალი და თანასწორი.",
]
SPECIAL = (
    "<|endoftext|><|fim_prefix|>a<|endofprompt|> <|start|>user<|message|>hi<|end|><|im_start|>"
)
FRAGMENTS = [
    *SCRIPTS,
    *("'s", "'LL", "’re", "'", "don't", "I'M", "ſ", "ǅ", "ʰ", "Ⅷ", "٣", "1234567", "3.14", "a1_b2"),
    *("e\u0301", "\u0301\u0301", "\u200d", "\ufe0f", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "1️⃣"),
    *("\r\n", "\n\n\n", "\t\t", " \n ", "   ", "\u00a0", "\u3000", "\u2028", "\x85", "\x1c", "\0"),
    *("/**/", "//\n", "!!!", "https://", "x = {}\n    return", SPECIAL, "\ufffd", "\U0010ffff"),
]
TEXTS = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=8))).map("".join)
CODE = Path(__file__).read_text(encoding="utf-8")


def by_slice(text: str, name: str) -> list[int]:
    """`encode`, which may not load the whole vocabulary."""
    open_vocabulary.cache_clear()
    with patch.object(encoding, "full_encoder", None):
        return encode(text, encoding=name)


def by_whole(text: str, name: str) -> list[int]:
    """`encode` with the whole vocabulary."""
    with patch.object(Vocabulary, "slice_for", lambda vocabulary, text: None):
        return encode(text, encoding=name)


def check(text: str, reference: Encoding) -> None:
    """Both ways give tiktoken's ids, and these give the text again."""
    expected = reference.encode_ordinary(text)
    assert by_slice(text, reference.name) == expected
    assert by_whole(text, reference.name) == expected
    assert decode(expected, encoding=reference.name) == text.encode()


@settings(max_examples=100)
@given(text=TEXTS)
@example(text="")
@example(text="".join(FRAGMENTS))
def test_unicode_texts(text: str, reference: Encoding) -> None:
    check(text, reference)


ASCII = st.one_of(
    st.sampled_from([one for one in FRAGMENTS if one.isascii()]),
    st.text(st.characters(max_codepoint=127), max_size=8),
)


@settings(max_examples=100)
@given(text=st.lists(ASCII).map("".join))
@example(text="".join(map(chr, range(128))))
@example(text="".join(f"{chr(a)}{chr(b)}" for a in range(128) for b in range(128)))
def test_ascii_texts(text: str, reference: Encoding) -> None:
    assert by_slice(text, reference.name) == reference.encode_ordinary(text)


@pytest.mark.parametrize("name", encoding_names())
def test_the_ascii_part_of_a_pattern_has_no_tables_of_unicode(name: str) -> None:
    assert "\\p" not in ascii_pattern(rules_of(name).pattern)


def test_a_class_that_is_not_known_stays_in_a_pattern() -> None:
    assert ascii_pattern(r"[\p{Lu}\p{Sc}]|\p{L}") == r"[[A-Z]\p{Sc}]|[A-Za-z]"


@pytest.mark.parametrize("text", [*SCRIPTS, SPECIAL, CODE, "\n".join(SCRIPTS) * 3])
def test_real_texts(text: str, reference: Encoding) -> None:
    check(text, reference)


def test_special_tokens_in_a_text_are_ordinary_text() -> None:
    ids = encode(SPECIAL, encoding="o200k_harmony")
    assert max(ids) < min(rules_of("o200k_harmony").special_tokens.values())
    assert decode(ids, encoding="o200k_harmony") == SPECIAL.encode()


def test_every_token(reference: Encoding) -> None:
    for text in token_texts(reference):
        expected = reference.encode_ordinary(text)
        assert by_slice(text, reference.name) == expected
        assert by_whole(text, reference.name) == expected


def token_texts(reference: Encoding) -> Iterator[str]:
    """All tokens that are text, on lines of their own, as much at a time as a slice is made for."""
    lines: list[str] = []
    for token in reference.token_byte_values():
        try:
            lines.append(token.decode())
        except UnicodeDecodeError:  # a part of a character: no text has it alone
            continue
        if len(lines) == 5000:
            yield "\n".join(lines)
            lines.clear()
    yield "\n".join(lines)


@pytest.mark.parametrize("character", [" ", "a"])
def test_very_long_runs_of_one_character(character: str, reference: Encoding) -> None:
    check(f"x{character * 200_000}y", reference)


@pytest.mark.parametrize("unit", ["A", "0", "\n", "\t", "_", "\0", "é", "中", "👍", "ab", " \n"])
def test_long_runs(unit: str, reference: Encoding) -> None:
    check(unit * 20_000, reference)


def test_counting_counts_the_ids(reference: Encoding) -> None:
    assert count(CODE, encoding=reference.name) == len(reference.encode_ordinary(CODE))


def test_a_text_beyond_the_budget_is_encoded_by_the_whole(reference: Encoding) -> None:
    text = "".join(f"{number * number:x}é{number}ñ" for number in range(25_000))
    assert len(text.encode()) < LONGEST_SLICED
    assert Vocabulary("o200k_base", 199_998).slice_for(text.encode()) is None
    assert encode(text, encoding=reference.name) == reference.encode_ordinary(text)


def test_a_very_long_text_is_not_sliced() -> None:
    vocabulary = Vocabulary("p50k_base", 50_281)
    assert vocabulary.slice_for(b" " * LONGEST_SLICED) is not None
    assert vocabulary.slice_for(b" " * (LONGEST_SLICED + 1)) is None
    assert vocabulary.slice_for(b"a short one after it") is None


def test_many_short_texts_spend_the_budget() -> None:
    vocabulary = Vocabulary("p50k_base", 50_281)
    slices = [vocabulary.slice_for(b"a few words") for _ in range(50)]
    assert slices[0] is not None
    assert slices[-1] is None


@pytest.mark.parametrize("text", ["\ud83d\ude00", "a\ud800b", "\udfff", "é\udc80"])
def test_surrogates_are_replaced_as_in_tiktoken(text: str, reference: Encoding) -> None:
    expected = reference.encode_ordinary(text)
    assert by_slice(text, reference.name) == expected
    assert by_whole(text, reference.name) == expected


def test_nothing_is_no_tokens(reference: Encoding) -> None:
    assert encode("", encoding=reference.name) == []
    assert decode([], encoding=reference.name) == b""


def test_a_token_may_end_inside_a_character() -> None:
    ids = encode("🫠", encoding="o200k_base")
    assert len(ids) > 1
    assert decode(ids[:1], encoding="o200k_base") == "🫠".encode()[:2]
    assert decode(ids, encoding="o200k_base") == "🫠".encode()


@pytest.mark.parametrize("token_id", [-1, 199_998, 200_000, 10**12])
def test_an_id_without_a_token_is_wrong_usage(token_id: int) -> None:
    with pytest.raises(UsageError, match=f"o200k_base has no token {token_id}") as caught:
        decode([0, token_id], encoding="o200k_base")
    assert caught.value.hint == "its ids are 0 to 200018"


def test_an_unknown_encoding_is_wrong_usage() -> None:
    for call in (lambda: encode("", encoding="o300k"), lambda: decode([], encoding="o300k")):
        with pytest.raises(UsageError, match="there is no encoding 'o300k'") as caught:
            call()
        assert "o200k_harmony" in str(caught.value.hint)


@given(text=st.text(alphabet="ab \n\t.,'1\u00e9\U0001f600", max_size=80))
@example("a\n\nb  c\n" * 9)
def test_a_long_text_is_encoded_in_pieces_to_the_same_ids(text: str) -> None:
    for name in ("o200k_base", "cl100k_base", "r50k_base"):
        whole = encode(text, encoding=name)
        with (
            patch.object(encoding, "LONGEST_UNCUT", 8),
            patch.object(cutting, "LONGEST_UNCUT", 8),
        ):
            assert encode(text, encoding=name) == whole
            assert count(text, encoding=name) == len(whole)


@given(parts=st.lists(st.sampled_from([SPECIAL, "<|endoftext|>", "<|endof", "|>", "text ", "a"])))
def test_special_tokens_are_those_that_tiktoken_finds(parts: list[str]) -> None:
    text = "".join(parts)
    for name in ("o200k_harmony", "cl100k_base"):
        expected = full_encoder(name).encode(text, allowed_special="all")
        assert encode(text, encoding=name, special=True) == expected
        assert count(text, encoding=name, special=True) == len(expected)
