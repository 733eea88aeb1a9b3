"""Which endings are those of a whole choice, and what is said of all others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.answer import ending

KNOWN = [
    "stop", "tool_calls", "function_call", "eos", "eos_token", "stop_sequence", "end_turn",
    "tool_use", "STOP", "COMPLETE", "STOP_SEQUENCE", "TOOL_CALL",
]  # fmt: skip


@pytest.mark.parametrize("reason", KNOWN)
def test_these_are_whole(reason: str) -> None:
    assert ending.is_whole("finish_reason", reason)


def test_they_are_all_that_are() -> None:
    assert set(KNOWN) == ending.WHOLE


OTHERS: st.SearchStrategy[Any] = st.text() | st.none() | st.integers() | st.floats() | st.just([])


@given(OTHERS)
def test_every_other_is_named(reason: Any) -> None:
    if isinstance(reason, str) and reason in KNOWN:
        return
    assert not ending.is_whole("finish_reason", reason)
    assert "finish_reason" in ending.described("finish_reason", reason)


SAID = [
    ("length", "the answer stopped at the token limit (finish_reason length)"),
    ("max_tokens", "the answer stopped at the token limit (finish_reason max_tokens)"),
    ("MAX_TOKENS", "the answer stopped at the token limit (finish_reason MAX_TOKENS)"),
    ("content_filter", "the answer was cut by the content filter (finish_reason content_filter)"),
    ("network_error", "the answer is not complete (finish_reason network_error)"),
    ("Stop", "the answer is not complete (finish_reason Stop)"),
    ("", 'the answer is not complete (finish_reason "")'),
    (" ", 'the answer is not complete (finish_reason " ")'),
    (7, "the answer is not complete (finish_reason 7)"),
    ({"a": 1}, 'the answer is not complete (finish_reason {"a": 1})'),
    (None, "the answer ended without a finish_reason"),
]


@pytest.mark.parametrize(("reason", "said"), SAID)
def test_the_words(reason: Any, said: str) -> None:
    assert ending.described("finish_reason", reason) == said


def test_a_status_is_whole_by_one_word() -> None:
    assert ending.is_whole("status", "completed")
    for place, value in (("status", "stop"), ("reason", "completed"), ("status", None)):
        assert not ending.is_whole(place, value)


def test_a_long_reason_is_cut() -> None:
    assert len(ending.described("finish_reason", "x" * 10_000)) < 200
