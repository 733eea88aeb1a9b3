"""Upper bounds of requests, and the cost of one answer."""

from decimal import Decimal
from typing import Any

import pytest

from openai_cli.errors import UsageError
from openai_cli.models.table import tier_of
from openai_cli.prices.billed import Billed
from openai_cli.prices.bound import bound
from openai_cli.prices.costs import price_answer
from tests.prices.tables import TABLE, TODAY

D = Decimal


def price(usage: Any, model: str | None, tier: str | None = None) -> Decimal | None:
    billed = Billed(model, tier_of(tier), usage)
    return price_answer([billed], table=TABLE, on=TODAY).usd


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
    assert found.input_tokens.doubts == ("how plain counts is not known: counted like gpt-4o",)


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
