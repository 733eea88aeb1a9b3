"""The rough bound: never below the exact one, and none where a request is not of plain texts."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.models.table import load_table
from openai_cli.prices.bound import bound
from openai_cli.prices.money import units
from openai_cli.prices.rough import rough
from tests.prices.tables import TODAY

MODELS = sorted(load_table().models)
TEXTS = st.one_of(st.text(max_size=60), st.sampled_from(("hello", "ÿ" * 40, "<|endoftext|>" * 5)))
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(("system", "developer", "user", "assistant")), "content": TEXTS}
    ),
    min_size=1,
    max_size=4,
)
COUNTS = st.one_of(st.none(), st.integers(0, 500_000))
PROMPTS = st.one_of(
    st.tuples(st.just("/chat/completions"), st.builds(lambda found: {"messages": found}, MESSAGES)),
    st.tuples(
        st.just("/responses"), st.builds(lambda a, b: {"input": a, "instructions": b}, TEXTS, TEXTS)
    ),
    st.tuples(st.just("/completions"), st.builds(lambda text: {"prompt": text}, TEXTS)),
    st.tuples(st.just("/embeddings"), st.builds(lambda text: {"input": text}, TEXTS)),
)


def rough_of(body: dict[str, Any], endpoint: str = "/chat/completions") -> int | None:
    return rough(body, endpoint=endpoint, on=TODAY.isoformat(), region=None)


LONG = {"messages": [{"role": "user", "content": "hello " * 50_000}]}


@given(st.sampled_from(MODELS), PROMPTS, COUNTS, st.one_of(st.none(), st.integers(0, 9)))
@example("gpt-6-luna", ("/chat/completions", LONG), 10, 1)
@example("babbage-002", ("/responses", {"input": ""}), None, None)
@example("gpt-4-vision-preview", ("/responses", {"input": "", "instructions": ""}), 9, None)
def test_it_is_never_below_the_exact_one(
    model: str, prompt: tuple[str, dict[str, Any]], limit: int | None, choices: int | None
) -> None:
    endpoint, texts = prompt
    body = {"model": model, "max_completion_tokens": limit, "n": choices, **texts}
    found = rough_of(body, endpoint)
    if found is None:
        return
    try:
        exact = bound(body, endpoint=endpoint, table=load_table(), on=TODAY)
    except UsageError:  # there is none, so that it is asked for decides
        return
    assert found >= units(exact.usd)
    assert not exact.input_tokens.unbounded


HI = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 100}


def test_by_hand() -> None:
    # 2 bytes, twice 64 and 200 tokens at 2.5 USD a million, and 100 at 10, in 10**-12 USD.
    assert rough_of(HI) == 330 * 2_500_000 + 100 * 10_000_000


@pytest.mark.parametrize(
    "more",
    [
        {"model": "made-up"},
        {"model": None},
        {"model": "gpt-4o-search-preview"},
        {"model": "whisper-1"},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
        {"messages": [{"role": "user", "content": "hi", "name": "a"}]},
        {"messages": [{"role": "tool", "content": "hi"}]},
        {"messages": "hi"},
        {"tools": []},
        {"response_format": {"type": "json_object"}},
        {"reasoning_effort": "high"},
        {"service_tier": "priority"},
        {"modalities": ["audio"]},
        {"prediction": {"type": "content", "content": "hi"}},
        {"n": "2"},
        {"n": -1},
        {"max_tokens": True},
        {"a_new_property": 1},
    ],
)
def test_what_takes_more_care_has_none(more: dict[str, Any]) -> None:
    assert rough_of({**HI, **more}) is None


def test_another_endpoint_and_a_region_have_none() -> None:
    assert rough_of(HI, "/images/generations") is None
    assert rough_of(HI, "/responses") is None
    assert rough(HI, endpoint="/chat/completions", on="2026-11-28", region="eu") is None
