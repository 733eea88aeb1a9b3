"""A text that comes in blocks."""

import tracemalloc
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.tokens import bulk, count, count_all, library, stream
from openai_cli.tokens.encoders import full_encoder
from openai_cli.tokens.stream import count_blocks, count_each
from tests.tokens.test_encoding import SCRIPTS

ENCODING = "o200k_base"


@settings(max_examples=30)
@given(text=st.lists(st.sampled_from([*SCRIPTS, "\n", "👍"])).map("".join), size=st.integers(1, 50))
def test_the_count_is_that_of_the_whole(text: str, size: int) -> None:
    data = text.encode()
    blocks = (data[start : start + size] for start in range(0, len(data), size))
    assert count_blocks(blocks, encoding=ENCODING) == count(text, encoding=ENCODING)


def test_what_is_not_utf_8_is_named_by_its_offset() -> None:
    with pytest.raises(UsageError, match="is not UTF-8: byte 0xff at offset 6"):
        count_blocks([b"caf\xc3", b"\xa9 ", b"\xff"], encoding=ENCODING)
    with pytest.raises(UsageError, match="is not UTF-8: byte 0xc3 at offset 3"):
        count_blocks([b"caf\xc3"], encoding=ENCODING)


def test_a_long_text_is_not_held() -> None:
    block = b"a few words\n" * 4000

    def blocks() -> Iterator[bytes]:
        return (block[:] + b"\n" for _ in range(100))

    count_blocks([b"loads what counts"], encoding=ENCODING)
    with (
        patch.object(library, "_BATCH", 50_000),
        patch.object(bulk, "AHEAD", 2),
        patch.object(bulk, "LITTLE", 10_000),
        patch.object(bulk.Counter, "name", "tiktoken"),
    ):
        full_encoder(ENCODING)
        tracemalloc.start()
        try:
            count_blocks(blocks(), encoding=ENCODING)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 100 * len(block) / 2.5


@settings(max_examples=20)
@given(st.lists(st.text(st.sampled_from(["a", " ", "\n", "é", "汉", "👍", "\ud83d", "\udc4d"]))))
def test_long_texts_are_counted_among_short_ones(texts: list[str]) -> None:
    texts += [text * 50 for text in texts]
    with patch.object(stream, "_LONG", 100):
        found = count_each(texts, encoding=ENCODING)
    assert found == count_all(texts, encoding=ENCODING)


def test_the_run_of_a_long_text_that_cannot_be_cut_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        count_each(["\n" + "/" * 1_100_000], encoding=ENCODING)
    assert caught.value.problem.startswith("the text has 900,000 or more characters with no place")


def test_of_a_long_text_no_copy_is_made() -> None:
    text = "a few words\n" * 400_000
    with (
        patch.object(library, "_BATCH", 50_000),
        patch.object(bulk, "AHEAD", 2),
        patch.object(bulk, "LITTLE", 10_000),
        patch.object(bulk.Counter, "name", "tiktoken"),
    ):
        full_encoder(ENCODING)
        tracemalloc.start()
        try:
            count_each([text], encoding=ENCODING)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < len(text) / 2
