"""Counts against bills."""

from datetime import date
from typing import Any

from openai_cli.tokens.bills import Bill
from openai_cli.tokens.verify import MOST_DIFFERENT, Row, difference_of, verify

Json = dict[str, Any]

BODY: Json = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
CHAT = "/chat/completions"


def bill(line: int, billed: int, model: str | None = None, **more: Any) -> Bill:
    return Bill(line, {**BODY, **more}, None, model, billed, None)


def test_rows_are_of_a_model_and_a_kind() -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    call = {"id": "a", "function": {"name": "f", "arguments": "{}"}}
    calling = [{"role": "assistant", "tool_calls": [call]}]
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    seen = [{"role": "user", "content": [part]}]
    verdict = verify([
        bill(1, 8, "gpt-4o"),
        bill(2, 9, "gpt-4o"),
        bill(3, 1, "gpt-4o-mini", tools=[tool], messages=calling, response_format=form),
        bill(4, 1, "gpt-4o", messages=seen),
        Bill(5, {"model": "gpt-4.1", "input": "hello"}, None, None, 8, None),
        Bill(6, {"model": "text-embedding-3-small", "input": ["a", "b"]}, None, None, 2, None),
    ])  # fmt: skip
    assert list(verdict.rows) == [
        ("gpt-4o", CHAT),
        ("gpt-4o-mini", f"{CHAT}+functions+calls+format"),
        ("gpt-4o", f"{CHAT}+images"),
        ("unknown", "/responses"),
        ("unknown", "/embeddings"),
    ]
    assert verdict.rows["gpt-4o", CHAT] == Row(2, 1, 1, 2, 1, -1)
    assert verdict.rows["gpt-4o", f"{CHAT}+images"].said_exact == 0
    assert (verdict.all.requests, verdict.all.exact) == (6, 3)


def test_the_worst_are_those_that_differ_most_in_proportion() -> None:
    verdict = verify([bill(line, 8 + line % 7) for line in range(1, 30)], limit=25)
    assert len(verdict.worst) == MOST_DIFFERENT
    assert [check.bill.line for check in verdict.worst] == [6, 13, 20, 27, 5]
    assert [check.difference for check in verdict.worst] == [-6, -6, -6, -6, -5]
    # 3 of 11, 4 of 12, 5 of 13 and 6 of 14 are more than a quarter.
    assert verdict.above == 4 * 4
    assert str(verdict.worst[0]) == (
        "line 6, unknown model /chat/completions: counted 8, billed 14: 6 too few"
    )


def test_what_cannot_be_counted_is_told_apart() -> None:
    verdict = verify([bill(1, 8), bill(2, 8, "my-llama"), bill(3, 8, messages=5)])
    assert verdict.all.requests == 1
    assert verdict.refused == [
        (2, "no encoding is known for the model 'my-llama'"),
        (3, "messages must be a list"),
    ]


def test_the_day_of_a_bill_counts() -> None:
    body = {"model": "gpt-4o", "input": "hello"}
    for on, billed in ((date(2025, 3, 31), 26), (date(2025, 4, 1), 8)):
        verdict = verify([Bill(1, body, "/v1/responses", "gpt-4o", billed, on)])
        assert verdict.all == Row(1, 1, 1, 1, 1, 0)


def test_the_difference_of_one_request() -> None:
    def told(billed: int, **more: Any) -> str:
        body = {**BODY, **more}
        return difference_of(body, billed, endpoint=CHAT, model="gpt-4o", on=date(2026, 8, 1))

    assert told(8) == "counted 8, billed 8: exact"
    assert told(1208) == "counted 8, billed 1,208: 1,200 too few"
    assert told(7, messages=[*BODY["messages"], {"role": "odd", "content": "hello"}]) == (
        "counted 13, billed 7: 6 too many (an estimate: no bill of gpt-4o on /chat/completions had "
        "messages of the role odd)"
    )
    assert told(7, messages=5) == "billed 7, not counted: messages must be a list"
