"""Sums by model and tier, upper bounds, and the cost of one answer."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.prices.bodies import Asked
from openai_cli.prices.estimate import SHORTEST_CACHED, Bill, Statement, bound, price_usage
from tests.prices.tables import TABLE, TODAY

D = Decimal


def asked(model: str = "nova", **more: Any) -> Asked:
    return Asked(model)._replace(**more)


def bill_of(*requests: tuple[Asked, int]) -> list[Statement]:
    bill = Bill(TABLE, TODAY)
    for request, tokens in requests:
        bill.add_requests(request, [tokens])
    return bill.statements()


def rows(statement: Statement) -> list[tuple[str, int | Decimal, str]]:
    return [(row.kind, row.quantity, str(row.rate)) for row in statement.charges]


def test_requests_are_summed_by_model_and_tier() -> None:
    batch, nova, plain = bill_of(
        (asked(tier="batch", limit=10), 100),
        (asked(limit=20, choices=3), 50),
        (asked(tier="batch", limit=5), 11),
        (asked("plain", limit=1), 1),
    )
    assert (batch.tariff.name, batch.tariff.tier, batch.requests) == ("nova", "batch", 2)
    assert rows(batch) == [("input", 111, "1"), ("output", 15, "5")]
    assert rows(nova) == [("input", 50, "2"), ("output", 60, "10")]
    assert nova.usd == D("0.0007"), "50 x 2 + 60 x 10, by a million"
    assert rows(plain) == [("input", 1, "3"), ("output", 1, "7")]


def test_a_long_request_has_its_own_rates() -> None:
    (nova,) = bill_of(
        (asked(limit=1), 2000), (asked(limit=1), 2001), (asked(tier="standard", limit=1), 9)
    )
    assert rows(nova) == [
        ("input", 2009, "2"),
        ("input", 2001, "4"),
        ("output", 2, "10"),
        ("output", 1, "15"),
    ]


@given(st.lists(st.integers(0, 4000), min_size=1), st.none() | st.integers(0, 9))
def test_many_requests_at_once_are_each_alone(prompts: list[int], limit: int | None) -> None:
    request = asked(limit=limit, choices=2)
    bill = Bill(TABLE, TODAY)
    bill.add_requests(request, prompts)
    (together,) = bill.statements()
    (alone,) = bill_of(*((request, tokens) for tokens in prompts))
    assert (together.usd, together.most()) == (alone.usd, alone.most())
    assert (together.requests, together.unlimited) == (alone.requests, alone.unlimited)
    assert together.charges == alone.charges


def test_what_is_read_from_and_written_to_the_cache() -> None:
    bill = Bill(TABLE, TODAY)
    bill.add_requests(asked(limit=0), [1500], cached=1000, written=300)
    (nova,) = bill.statements()
    assert rows(nova) == [
        ("input", 200, "2"),
        ("cached_input", 1000, "0.2"),
        ("cache_write", 300, "2.5"),
    ]
    assert nova.if_written == 0


def test_without_a_limit_the_longest_output_counts() -> None:
    (nova,) = bill_of((asked(choices=2), 10), (asked(limit=5), 10))
    assert (nova.unlimited, nova.requests, nova.limit_name) == (1, 2, "max_completion_tokens")
    assert nova.usd == D("0.00009"), "20 x 2 + 5 x 10"
    assert nova.most() == D("0.00209"), "and 2 x 100 x 10"


def test_the_longest_output_is_no_more_than_the_window() -> None:
    (plain,) = bill_of((asked("plain"), 10))
    assert plain.most() == D("0.00038"), "10 x 3 + 50 x 7"


def test_a_longest_output_that_is_not_known() -> None:
    (endless,) = bill_of((asked("endless"), 10))
    with pytest.raises(UsageError, match="the longest output of endless is not known") as caught:
        endless.most()
    assert caught.value.parameter == "max_completion_tokens"


@pytest.mark.parametrize(
    ("tokens", "written_as", "more"),
    [
        (1023, "cache_write", "0"),
        (1024, "cache_write", "0.000512"),
        (1024, "cache_write_12h", "0.002048"),
    ],
)
def test_a_long_prompt_may_be_written_to_the_cache(tokens: int, written_as: str, more: str) -> None:
    (nova,) = bill_of((asked(limit=0, written_as=written_as), tokens))
    assert nova.if_written == D(more)
    assert nova.most() == nova.usd + D(more)


def test_a_write_without_a_rate_adds_nothing() -> None:
    (plain,) = bill_of((asked("plain", limit=0), 5000))
    assert plain.if_written == 0


def test_sound_may_come_out() -> None:
    (voice,) = bill_of((asked("voice", limit=10, speaks=True), 1))
    assert rows(voice) == [("input", 1, "1"), ("audio_output", 10, "20")]
    (nova,) = bill_of((asked(limit=10, speaks=True), 1))
    assert rows(nova)[1] == ("output", 10, "10")


def test_embeddings_have_no_output() -> None:
    (embedding,) = bill_of((asked("text-embedding-9"), 1_000_000))
    assert (embedding.usd, embedding.most(), embedding.unlimited) == (D("0.02"), D("0.02"), 0)


def test_answers_are_summed() -> None:
    bill = Bill(TABLE, TODAY)
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 30,
        "prompt_tokens_details": {"cached_tokens": 10, "audio_tokens": 50},
        "completion_tokens_details": {"audio_tokens": 20},
    }
    bill.add_usage("voice", "standard", usage)
    bill.add_usage("voice", "standard", {"prompt_tokens": 1, "completion_tokens": 1})
    (voice,) = bill.statements()
    assert rows(voice) == [
        ("input", 41, "1"),
        ("cached_input", 10, "1"),
        ("output", 11, "2"),
        ("audio_input", 50, "10"),
        ("audio_output", 20, "20"),
    ]
    assert [row.rate_of for row in voice.charges[:2]] == ["input", "input"]


def test_an_image() -> None:
    usage = {
        "input_tokens": 30,
        "output_tokens": 100,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 20},
    }
    # 10 x 5 + 20 x 8 + 100 x 30, by a million
    assert price(usage, "sight") == D("0.00321")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["nova", "plain"]),
            st.integers(0, 10**12),
            st.none() | st.integers(0, 10**9),
            st.integers(1, 100),
        )
    )
)
def test_a_total_is_the_sum_of_its_rows(requests: list[tuple[str, int, int, int]]) -> None:
    found = bill_of(
        *((asked(name, limit=limit, choices=n), tokens) for name, tokens, limit, n in requests)
    )
    for statement in found:
        charged = [Fraction(row.quantity) * Fraction(row.rate) for row in statement.charges]
        assert Fraction(statement.usd) * 1_000_000 == sum(charged)
    exact = sum(
        tokens * (3 if name == "plain" else 4 if tokens > 2000 else 2)
        + (limit or 0) * n * (7 if name == "plain" else 15 if tokens > 2000 else 10)
        for name, tokens, limit, n in requests
    )
    assert sum(Fraction(statement.usd) for statement in found) * 1_000_000 == exact


def price(usage: Any, model: str | None, tier: str | None = None) -> Decimal | None:
    return price_usage(usage, model=model, service_tier=tier, table=TABLE, on=TODAY)


@given(
    st.sampled_from(["nova", "plain"]),
    st.integers(0, 4000),
    st.none() | st.integers(0, 100),
    st.integers(1, 5),
    st.data(),
)
def test_no_answer_within_the_limits_costs_more_than_the_bound(
    name: str, tokens: int, limit: int | None, choices: int, data: st.DataObject
) -> None:
    (statement,) = bill_of((asked(name, limit=limit, choices=choices), tokens))
    most = (50 if name == "plain" else 100) if limit is None else limit
    cached = data.draw(st.integers(0, tokens))
    writable = tokens - cached if tokens >= SHORTEST_CACHED else 0
    cost = price(
        {
            "prompt_tokens": tokens,
            "completion_tokens": data.draw(st.integers(0, most * choices)),
            "prompt_tokens_details": {
                "cached_tokens": cached,
                "cache_write_tokens": data.draw(st.integers(0, writable)),
            },
        },
        name,
    )
    assert cost is not None
    assert cost <= statement.most()


BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}


def bound_of(**body: Any) -> Any:
    """The bound of a body by a table in which only the names of models are OpenAI's own."""
    from openai_cli.models.table import load_table

    endpoint = "/completions" if "prompt" in body else "/chat/completions"
    return bound(body, endpoint=endpoint, table=load_table(), on=TODAY)


def test_a_bound_by_hand() -> None:
    # 8 tokens at 2.5 USD a million, 2 x 100 at 10.
    found = bound_of(**BODY, max_tokens=100, n=2)
    assert (found.usd, found.input_tokens, found.output_tokens) == (D("0.00202"), 8, 200)
    assert found.lowered_by is None
    assert found.input_tokens.doubts == ()


def test_a_bound_without_a_limit() -> None:
    # gpt-4o gives 16,384 tokens at most.
    found = bound_of(**BODY)
    assert (found.usd, found.output_tokens) == (D("0.16386"), 16_384)
    assert found.lowered_by == "--max-completion-tokens"


def test_the_bound_of_a_completion() -> None:
    # Two prompts of a token each at 1.5; of each the best of 3, of 10 tokens at 2.
    found = bound_of(
        model="gpt-3.5-turbo-instruct", prompt=["hello", "world"], max_tokens=10, n=2, best_of=3
    )
    assert (found.usd, found.input_tokens, found.output_tokens) == (D("0.000123"), 2, 60)
    assert bound_of(model="gpt-3.5-turbo-instruct", prompt="x").lowered_by == "--max-tokens"


def test_the_bound_by_the_tier_of_the_body() -> None:
    # The priority tier: 4.25 and 17.
    found = bound_of(**BODY, service_tier="priority", max_tokens=100)
    assert found.usd == D("0.001734")


def test_a_model_of_ones_own_is_counted_as_a_known_one() -> None:
    body = {**BODY, "model": "plain", "max_tokens": 1}
    found = bound(body, endpoint="/chat/completions", table=TABLE, on=TODAY)
    assert (found.usd, found.input_tokens) == (D("0.000031"), 8)
    assert found.input_tokens.doubts == ("how plain counts is not known: counted as for gpt-4o",)


def test_a_text_that_is_said_is_bound_by_its_characters() -> None:
    # 15 USD for a million characters, whatever their bytes are.
    from openai_cli.models.table import load_table

    body = {"model": "tts-1", "voice": "alloy", "input": "Grüße 😀"}
    found = bound(body, endpoint="/audio/speech", table=load_table(), on=TODAY)
    assert (found.usd, found.billed, found.lowered_by) == (D("0.000105"), "7 characters", None)


def test_what_is_free_is_not_counted() -> None:
    from openai_cli.models.table import load_table

    body = {"model": "omni-moderation-latest", "input": [{"type": "text", "text": "hi"}]}
    assert bound(body, endpoint="/moderations", table=load_table(), on=TODAY).usd == 0


def test_notes_go_with_the_bound() -> None:
    found = bound_of(model="gpt-3.5-turbo-instruct", prompt="x", max_tokens=1)
    assert found.notes, "its price is newer than the day"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"messages": []}, "the body names no model"),
        ({"model": 5, "messages": []}, "the body names no model"),
        ({"model": "gtp-4o", "messages": []}, "no price is known for the model 'gtp-4o'"),
        ({**BODY, "service_tier": "scale"}, "no price for the tier 'scale'"),
        ({**BODY, "max_tokens": "5"}, "max_tokens must be an integer"),
        ({"model": "gpt-4o", "messages": 5}, "messages"),
    ],
)
def test_what_has_no_bound(body: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        bound_of(**body)


def test_what_an_answer_cost() -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    assert price(usage, "nova") == D("0.0003")
    assert price(usage, "nova", "default") == D("0.0003")
    assert price(usage, "nova", "flex") == D("0.00015")


@pytest.mark.parametrize(
    ("usage", "model", "tier"),
    [
        ({"prompt_tokens": 1}, None, None),
        ({"prompt_tokens": 1}, "llama", None),
        ({"prompt_tokens": 1}, "nova", "scale"),
        ({"prompt_tokens": 1}, "by-the-second", None),
        ({"prompt_tokens": "x"}, "nova", None),
        ({}, "nova", None),
    ],
)
def test_a_cost_that_is_not_known(usage: Any, model: str | None, tier: str | None) -> None:
    assert price(usage, model, tier) is None
