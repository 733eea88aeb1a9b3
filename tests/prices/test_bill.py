"""Requests and answers added up: sums by model and tier, by kind of rate, by call."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.prices.bill import SHORTEST_CACHED, Bill, Statement
from openai_cli.prices.billed import Billed
from openai_cli.prices.bodies import Asked
from openai_cli.prices.calls import AskedCalls, Calls
from tests.prices.tables import FEES, TABLE, TODAY

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


def add(bill: Bill, usage: Any, model: str, **more: Any) -> None:
    bill.add_answer(Billed(model, "standard", usage)._replace(**more), model=model)


def cost_of(usage: Any, model: str) -> Decimal:
    bill = Bill(TABLE, TODAY)
    add(bill, usage, model)
    (statement,) = bill.statements()
    return statement.usd


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
    add(bill, usage, "voice")
    add(bill, {"prompt_tokens": 1, "completion_tokens": 1}, "voice")
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
    assert cost_of(usage, "sight") == D("0.00321")


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
    cost = cost_of(
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


def test_an_estimate_is_what_the_answer_costs() -> None:
    """Where all outputs are sound or images and have a rate of their own, by the same rate."""
    for model, tokens in (("sight", 100), ("nova", 20), ("voice", 20)):
        (estimate,) = bill_of((asked(model, limit=tokens), 30))
        answer = cost_of({"input_tokens": 30, "output_tokens": tokens}, model)
        assert estimate.usd == answer, model
    (open_output,) = bill_of((asked("sight"), 30))[0].open_outputs
    assert (open_output.kind, open_output.rate) == ("image_output", D(30))


SEARCHED = {"input_tokens": 10, "output_tokens": 1}


def test_calls_of_tools_have_their_fees() -> None:
    bill = Bill(FEES, TODAY)
    calls = Calls({"web_search": 2, "web_search_low": 1, "file_search": 1})
    add(bill, SEARCHED, "finder", calls=calls)
    add(bill, SEARCHED, "finder", calls=Calls({"web_search": 1}))
    (finder,) = bill.statements()
    assert rows(finder)[2:] == [
        ("web_search", 3, "0.01"), ("web_search_low", 1, "0.01"), ("file_search", 1, "0.0025"),
    ]  # fmt: skip
    assert finder.usd == D("0.00002") + D("0.000002") + D("0.0425")
    assert finder.unknown == ()


def test_a_fee_that_is_not_known_makes_the_cost_at_least() -> None:
    bill = Bill(FEES, TODAY)
    add(bill, SEARCHED, "finder", calls=Calls({"code_interpreter": 2}, ("x_call has no fee",)))
    (finder,) = bill.statements()
    assert finder.unknown == (
        "x_call has no fee",
        "finder has no known fee for code_interpreter (2 times)",
    )
    assert finder.usd == D("0.000011")


def test_a_model_that_always_searches() -> None:
    bill = Bill(FEES, TODAY)
    add(bill, SEARCHED, "seeker")
    add(bill, SEARCHED, "seeker", calls=Calls(), is_record=True)
    (seeker,) = bill.statements()
    assert ("web_search", 1, "0.025") in rows(seeker), "a record tells them"


@pytest.mark.parametrize(
    ("calls", "charged", "unknown"),
    [
        (AskedCalls(("file_search", "web_search"), 3), [("web_search", 6, "0.01")], ()),
        (AskedCalls(("file_search",)), [],
         ("max_tool_calls is not given, so nothing bounds the tool calls (2 times)",)),
        (AskedCalls(("code_interpreter", "web_search"), 3), [],
         ("finder has no known fee for code_interpreter (6 times)",)),
        (AskedCalls((), None, ("the tool x",)), [], ("the tool x (2 times)",)),
    ],
)  # fmt: skip
def test_calls_that_requests_may_make(
    calls: AskedCalls, charged: list[Any], unknown: tuple[str, ...]
) -> None:
    bill = Bill(FEES, TODAY)
    bill.add_requests(asked("finder", limit=1), [10, 10], calls=calls)
    (finder,) = bill.statements()
    assert rows(finder)[2:] == charged
    assert finder.unknown == unknown


def test_what_a_model_finds_is_not_counted() -> None:
    bill = Bill(FEES, TODAY)
    bill.add_requests(asked("seeker", limit=1), [10], calls=AskedCalls(("web_search",), 1))
    (seeker,) = bill.statements()
    assert ("web_search", 1, "0.025") in rows(seeker)
    assert seeker.unknown == ("the tokens of what seeker finds are not counted",)


def test_a_region_makes_tokens_dearer_and_fees_not() -> None:
    bill = Bill(FEES, TODAY, "eu")
    add(bill, SEARCHED, "finder", calls=Calls({"web_search": 1}))
    add(bill, SEARCHED, "finder", region="us")
    add(bill, SEARCHED, "finder", is_record=True, calls=Calls())
    eu, us, everywhere = bill.statements()
    assert rows(eu) == [("input", 10, "1.1"), ("output", 1, "1.1"), ("web_search", 1, "0.01")]
    assert (us.tariff.region, us.usd) == ("us", D("0.000011")), "the table names none there"
    assert everywhere.tariff.region is None, "a record names its own"


@pytest.mark.parametrize(("model", "region"), [("finder", "jp"), ("seeker", "eu")])
def test_a_region_that_is_not_known_makes_the_cost_at_least(model: str, region: str) -> None:
    bill = Bill(FEES, TODAY, region)
    add(bill, SEARCHED, model, calls=Calls(), is_record=False)
    (found,) = bill.statements()
    assert found.unknown == (f"what {model} costs more in the region {region}",)


def test_a_kind_without_a_price_adds_nothing() -> None:
    bill = Bill(FEES, TODAY)
    with pytest.raises(UsageError, match="finder has no price for speech by its length"):
        add(bill, {"seconds": 3}, "finder")
    assert bill.statements() == []


def test_an_answer_has_the_prices_of_its_day() -> None:
    bill = Bill(FEES, TODAY)
    for day in (date(2025, 6, 1), date(2025, 6, 2), date(2026, 1, 5), None):
        add(bill, SEARCHED, "riser", day=day)
    before, since = bill.statements()
    assert (before.requests, since.requests) == (2, 2), "days with the same prices are one"
    assert (str(before.charges[0].rate), str(since.charges[0].rate)) == ("1", "2")
