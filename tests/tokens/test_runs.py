"""Cuts inside what nothing parts, with tiktoken's ids as the judge."""
# ruff: noqa: RUF001

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from unittest.mock import patch

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tiktoken import Encoding

from openai_cli.errors import UsageError
from openai_cli.tokens import cutting, runs
from openai_cli.tokens.cutting import check_runs, parted, parted_or_counts, pieces, pieces_or_counts
from openai_cli.tokens.encoders import rules_of
from openai_cli.tokens.spans import Span, Wanted
from openai_cli.tokens.tasks import Task, count_task
from openai_cli.tokens.walking import Found
from tests.tokens.test_encoding import FRAGMENTS

# What stands side by side in a run, and what makes its place before or behind it another one.
ALPHABETS = [
    "ACGT", "acgt", "AaBb", "中文字人口", "中A", "中a", "中aA", "あア", "한글", "কখগািী", "ກຂ່ລ",
    "က္ခ", "ሀለሐ", "مر\u064e", "ªʰa", "ǅA中a", "\u0301aA中", "'st", "'sre中", "ſ's", "0123456789",
    "٣Ⅷ²", "a1中", "\n", "\r\n", " ", "\t ", " \n", "\x85\u2028 \n", "!", "-=", "👍😀",
    "👍\ufe0f", "!\u0301", "/", "/\n", "!/\n ", "\0", "\u0378a中", "\n ", "票洲码AV", "'sa中A",
    "中👍", "“A”", "!\u3000", "中\u0301👍", "a'👍", "/\u2003", "Ab/'", "A中", "A\u0301", "!\n",
]  # fmt: skip


@contextmanager
def small(part: int, from_end: int = 2) -> Iterator[None]:
    """Cut short texts as long ones are cut."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(runs, "_PART", part))
        stack.enter_context(patch.object(runs, "_FROM_END", from_end))
        stack.enter_context(patch.object(cutting, "LONGEST_UNCUT", 2 * part))
        yield


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Some runs, one behind the other."""
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        alphabet = draw(st.sampled_from(ALPHABETS)) + draw(st.sampled_from(["", *ALPHABETS]))
        length = draw(st.sampled_from([1, 3, 30, 120]))
        parts.append("".join(draw(st.randoms(use_true_random=False)).choices(alphabet, k=length)))
        parts.append(draw(st.sampled_from(["", "", *FRAGMENTS])))
    return "".join(parts)


# What a wrong rule would match otherwise in one of the parts.
AMONG = [
    "中AAAAa", "中AAAA ", "\u0301AAAAa", "a中中中Ab", "中中中Ab", "A中中A ", "\u0378中中A",
    "!\n\n\n\n  \nx", "!/\n\n\n \n", "!!\u0301\n\n\n \n", "x\n\n\n  \nx", "x\n     \nx",
    "x     \n  x", "\x85\x85\n\x85", "\u3000\u3000x", "!!!!a", "!!!\u0301a", "!\u0301!!a",
    "!\n/////!!a", "!\n!!!!/", "12345678", "1\u03012", "aBcD", "中a", "\u0378AAa",
    "a're", "a'reeee", "'llll", "x'ssAb", "ſ'ſſa", "a中中中/Ab", "!\n\n\n/\n a", "\n   \n  \nx",
    "中AAAA1", "👍\ufe0f👍\ufe0f👍\ufe0f", "x\u0301👍\ufe0f👍\ufe0f!!", " 👍\ufe0f👍\ufe0f👍",
    "👍👍\ufe0f👍\ufe0f👍", "\n👍\ufe0f👍\ufe0fa", "/👍\ufe0f👍\ufe0f", "1👍\ufe0f\u0301👍\ufe0f👍",
    "it's👍中👍", "'S👍's👍", "中\u0301'sa", "e\u0301's!", "a's\u0301!", "1\u0301!2", "!\u0301👍!",
    "a's\u0301's", "中's中'rE", "!\u3000a", "a/b'/s",
]  # fmt: skip


def test_the_pattern_matches_alike_where_a_rule_holds(reference: Encoding) -> None:
    """Held against another engine: ids would show a wrong rule where a token lies across alone."""
    for text in [*AMONG, "".join(AMONG), " ".join(AMONG)]:
        check_rules(text, reference)


@settings(max_examples=60)
@given(text=texts())
def test_of_any_text_it_matches_alike(text: str, reference: Encoding) -> None:
    check_rules(text, reference)


def check_rules(text: str, reference: Encoding) -> None:
    run, known = runs.Run(reference.name), runs._Text(text)
    kinds, whole = known.kinds, ends(text, reference)
    for place in range(2, len(text) - 1):
        if rule := run._rule(known, place):
            first, second = ends(text[:place], reference), ends(text[place:], reference)
            begin, before = known.begin(rule.run, place)
            end = len(kinds) - len(kinds[place:].lstrip(rule.run))
            behind = kinds[end : end + 1]
            if before in {*rule.inner} and behind in {*rule.vague}:
                continue
            if before in {*rule.inner} and behind in {*rule.outer}:
                assert end in whole, (text, place)
                second = ends(text[place:end], reference)
                second |= {end - place + more for more in ends(text[end:], reference)}
            found = first | {place + more for more in second}
            unsure = {begin} if before in {*rule.fitting} else set[int]()
            assert (whole | {place}) - unsure == found - unsure, (text, place)
            assert not rule.parts or place in whole, (text, place)


def ends(text: str, reference: Encoding) -> set[int]:
    """Where the matches of a pattern end."""
    return {match.end() for match in regex.finditer(reference._pat_str, text)}


@settings(max_examples=60)
@given(text=texts(), part=st.sampled_from([4, 8, 16, 30]), from_end=st.integers(0, 4))
@example(text="Aaaaaaaaaaaaaaaaa", part=8, from_end=0)
@example(text="\n" + 18 * " " + 17 * "\n", part=16, from_end=0)
def test_the_pieces_have_the_ids_of_the_whole(
    text: str, part: int, from_end: int, reference: Encoding
) -> None:
    with small(part, from_end):
        try:
            found = list(pieces([text], reference.name))
        except UsageError:  # too short for the length of its tokens
            assume(False)
        known = list(pieces_or_counts([text], reference.name))
    assert "".join(found) == text
    ids = [reference.encode_ordinary(piece) for piece in found]
    assert [*chain.from_iterable(ids)] == reference.encode_ordinary(text)
    for piece, its, one in zip(found, ids, known, strict=True):
        assert one == (piece if isinstance(one, str) else len(its))


CUT = [
    "ACGT", "acgt", "aB", "中文字", "কখগািী", "ক", "ਕਖ", "கஙச", "కఖ", "ಕಖ", "കഖ", "කඛ", "ກຂ", "ကခ",
    "កខ", "ሀለ", "한글", "あ", "0", "\n", " ", "\t", "-", "👍😀", "\0", "/", "a1", "مَ", "\u0301",
    "👍\ufe0f", "\u0378", "\U0002ebf0", "A👍", "中👍", "“中”", "é…", "!\u3000", "/\n",
    "A中", "中AA", "A\u0301", "!\n\n",
]  # fmt: skip


@pytest.mark.parametrize("alphabet", CUT)
def test_a_run_is_cut_into_short_pieces(alphabet: str, reference: Encoding) -> None:
    text = (alphabet * 6000)[:6000]
    with small(800):
        found = list(pieces([f"X{text}y"], reference.name))
    assert max(map(len, found)) <= 1600
    ids = [token for piece in found for token in reference.encode_ordinary(piece)]
    assert ids == reference.encode_ordinary(f"X{text}y")


@pytest.mark.parametrize("alphabet", ["\ud800", "\ud83d\ude00", "中\ud800"])
def test_halves_of_pairs_are_cut_as_what_tiktoken_reads(alphabet: str, reference: Encoding) -> None:
    text = alphabet * 3000
    with small(800):
        found = list(parted(text, reference.name))
        counts = list(parted_or_counts(text, reference.name))
    assert max(map(len, found)) <= 1600
    ids = [reference.encode_ordinary(piece) for piece in found]
    assert [*chain.from_iterable(ids)] == reference.encode_ordinary(text)
    assert sum(1 for one in counts if isinstance(one, int)) > 0


def test_what_was_merged_to_be_cut_is_not_counted_again(
    tmp_path: Path, reference: Encoding
) -> None:
    """gigatoken would remember it: 200 MB of a run took 700 MiB."""
    path = tmp_path / "run"
    text = "கஙச" * 3000
    path.write_text(f"A b{text} c", encoding="utf-8")
    task = Task((Span(Found(str(path), is_named=True)),), Wanted(reference.name), "", 0)
    counted: list[str] = []

    def count(texts: Sequence[str]) -> list[int]:
        counted.extend(texts)
        return [len(reference.encode_ordinary(text)) for text in texts]

    with small(800):
        (part,) = count_task(task, count)
    assert part.tokens == len(reference.encode_ordinary(f"A b{text} c"))
    assert sum(map(len, counted)) < 2000


# What stands before a run changes how the pattern goes on behind it, however long it is.
BEFORE = [
    ("a", "中文字", "Ab"), ("a", "中文字", "ab"), ("洲", "中洲", "AVa"),
    ("中", "ACGT", "a"), ("中", "ACGT", " "), ("e\u0301", "ACGT", "a"),
    ("\n", " ", "x"), ("\n", " ", "\nx"), ("}\n", " \t", "x"), (" \n", "\n ", "x"),
    ("}", "\n", "x"), ("}", "\n", "  \nx"), ("}", "\r\n", " x"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "alphabet", "behind"), BEFORE)
def test_a_run_is_cut_whatever_stands_before_it(
    before: str, alphabet: str, behind: str, reference: Encoding
) -> None:
    text = before + (alphabet * 6000)[:6000] + behind
    with small(800):
        found = list(pieces([text], reference.name))
    assert max(map(len, found)) <= 3200
    ids = [token for piece in found for token in reference.encode_ordinary(piece)]
    assert ids == reference.encode_ordinary(text)


UNCUT = [
    ("é a ", "👍\ufe0f", "4"), ("", "a'", "0"), ("", "\u0301/", "0"), ("e\u0301", "\n", "0"),
    ("\n", "/", "0"), ("亚洲", "AV", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "run", "byte"), UNCUT)
def test_what_cannot_be_cut_is_refused(before: str, run: str, byte: str) -> None:
    with small(30), patch.object(cutting, "LONGEST_RUN", 500):
        check_runs(before + run * 200, encoding="o200k_base")
        with pytest.raises(UsageError) as caught:
            check_runs(before + run * 600, encoding="o200k_base")
    assert caught.value.problem == (
        f"the text has 500 or more characters with no place to cut, from byte {byte} on: "
        "too many to count their tokens"
    )
    assert "shorter parts" in str(caught.value.hint)


def test_line_ends_of_symbols_that_slashes_follow_are_refused() -> None:
    """They are known to be the symbols' own when they were cut off."""
    with small(100):
        with pytest.raises(UsageError, match="no place to cut"):
            check_runs("!" + "\n" * 6000 + "/a", encoding="o200k_base")
        check_runs("!" + "\n" * 6000 + "/a", encoding="cl100k_base")


MEMORY = """
import resource, sys
from openai_cli.tokens import count
from openai_cli.tokens.encoders import full_encoder

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

full_encoder("o200k_base")
text = "{before}" + "{alphabet}" * ({size} // len("{alphabet}"))
count(text[:100_000], encoding="o200k_base")
before = most()
count(text, encoding="o200k_base")
print((most() - before) * (1 if sys.platform == "darwin" else 1024))
"""


@pytest.mark.parametrize(("before", "alphabet"), [("", "ACGT"), ("a", "中文字")])
def test_a_long_run_takes_little_memory(before: str, alphabet: str) -> None:
    """tiktoken takes 40 bytes for each byte of one: a process of its own shows how much."""
    size = 2_000_000
    code = MEMORY.format(before=before, alphabet=alphabet, size=size)
    taken = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert int(taken.stdout) < 10 * size


def test_every_vocabulary_has_its_rules(reference: Encoding) -> None:
    assert rules_of(reference.name).vocabulary in runs._RULES


CLASSES = {
    "U": r"[\p{Lu}\p{Lt}]",
    "L": r"\p{Ll}",
    "C": r"[\p{Lm}\p{Lo}]",
    "M": r"\p{M}",
    "N": r"\p{N}",
    "R": r"[\r\n]",
    "B": r"[^\S\r\n]",
    "/": "/",
    "S": r"[^\s\p{L}\p{N}\p{M}/]",
}


@pytest.mark.parametrize("kind", CLASSES)
def test_the_kinds_are_those_of_the_engine(kind: str) -> None:
    """Of each character that Python's Unicode has; tiktoken gives what its pattern matches."""
    has = "".join(
        character
        for code in range(0x110000)
        if not 0xD800 <= code < 0xE000 and runs._Text(character := chr(code)).kinds == kind
    )
    ranks = {bytes([byte]): byte for byte in range(256)}
    engine = Encoding(
        "of one kind", pat_str=CLASSES[kind], mergeable_ranks=ranks, special_tokens={}
    )
    assert engine.decode(engine.encode_ordinary(has)) == has
