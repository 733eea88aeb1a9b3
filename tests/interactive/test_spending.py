"""What a session did cost."""

from decimal import Decimal

import pytest

from openai_cli.commands.interactive.spending import spent
from openai_cli.prices.receipt import Receipt
from openai_cli.records import replace


def call(model: str | None, usd: str | None, tokens: int | None = 10) -> Receipt:
    return Receipt(
        model=model,
        service_tier=None,
        input_tokens=tokens,
        cached_tokens=None,
        cache_write_tokens=None,
        output_tokens=tokens,
        reasoning_tokens=None,
        usd=None if usd is None else Decimal(usd),
        request_id=None,
    )


@pytest.mark.parametrize(
    ("calls", "text"),
    [
        ([], "no call so far"),
        (
            [call("m", "0.1"), replace(call("m", "0.2"), unknown=("a fee",))],
            "at least 0.3 USD for 2 calls, 20 input and 20 output tokens",
        ),
        ([call("m", "0.1")], "0.1 USD for 1 call, 10 input and 10 output tokens"),
        (
            # As floats these add up to 0.30000000000000004.
            [call("m", "0.1"), call("m", "0.2")],
            "0.3 USD for 2 calls, 20 input and 20 output tokens",
        ),
        (
            [call("m", "0.5"), call("a", None), call("b", None), call("a", None)],
            "0.5 USD for 4 calls, 40 input and 40 output tokens; the price of 2 calls to a is not "
            "known; the price of 1 call to b is not known",
        ),
        (
            [call(None, None, None)],
            "USD unknown for 1 call; the usage of 1 call is not known: none was reported",
        ),
        (
            [call(None, None)],
            "USD unknown for 1 call, 10 input and 10 output tokens; the price of 1 call to a model "
            "without a name is not known",
        ),
        (
            [call("m", "0.1"), call("m", None, None), call("m", None, None)],
            "0.1 USD for 3 calls, 10 input and 10 output tokens; the usage of 2 calls is "
            "not known: none was reported",
        ),
    ],
)
def test_what_was_spent(calls: list[Receipt], text: str) -> None:
    assert spent(calls) == text
