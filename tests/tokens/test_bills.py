"""Requests with what was billed for them, in every form."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.tokens.bills import Bill, Bills

Json = dict[str, Any]

BODY: Json = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
USAGE: Json = {"prompt_tokens": 8, "completion_tokens": 1}
ANSWER: Json = {"model": "gpt-4o-2024-08-06", "created": 1_785_542_400, "usage": USAGE}
DAY = date(2026, 8, 1)
PATH = "/v1/chat/completions"


def read(*values: Json) -> list[Bill]:
    return list(Bills().read(enumerate(values, 1)))


@pytest.mark.parametrize(
    ("value", "endpoint", "model", "on"),
    [
        ({"body": BODY, "usage": USAGE}, None, "gpt-4o", None),
        ({"body": BODY, "usage": {"input_tokens": 8}, "model": "x"}, None, "gpt-4o", None),
        (
            {"body": BODY, "input_tokens": 8, "endpoint": PATH, "served": "a",
             "date": "2026-08-01"},
            PATH, "a", DAY,
        ),
        ({"request": BODY, "response": ANSWER}, None, "gpt-4o-2024-08-06", DAY),
        ({"body": BODY, "response": ANSWER}, None, "gpt-4o-2024-08-06", DAY),
        (
            {"request": {"url": f"https://api.openai.com{PATH}?x=1", "body": BODY},
             "response": {"status": 200, "body": ANSWER}, "time": "2024-01-01T00:00:00Z"},
            PATH, "gpt-4o-2024-08-06", DAY,
        ),
        ({"request": BODY, "response": {"usage": USAGE, "created": "soon"}}, None, "gpt-4o", None),
    ],
)  # fmt: skip
def test_both_in_a_line(
    value: Json, endpoint: str | None, model: str | None, on: date | None
) -> None:
    assert read(value) == [Bill(1, BODY, endpoint, model, 8, on)]


def test_the_batch_apis_files_are_joined_by_their_ids() -> None:
    def asked(name: str) -> Json:
        return {"custom_id": name, "method": "POST", "url": PATH, "body": BODY | {"user": name}}

    def answered(name: str) -> Json:
        return {"custom_id": name, "response": {"status_code": 200, "body": ANSWER}, "error": None}

    bills = read(asked("a"), asked("b"), answered("b"), answered("c"), answered("a"), asked("c"))
    assert [(bill.line, bill.body["user"]) for bill in bills] == [(3, "b"), (5, "a"), (4, "c")]
    assert {(bill.endpoint, bill.model, bill.on) for bill in bills} == {
        (PATH, "gpt-4o-2024-08-06", DAY)
    }


def test_a_record_and_a_usage_file_are_joined_in_their_order() -> None:
    def recorded(status: int, text: str) -> Json:
        body = BODY | {"user": text}
        return {"method": "POST", "path": PATH, "headers": {}, "body": body, "status": status}

    def used(tokens: int) -> Json:
        return {"model": "gpt-4o", "input_tokens": tokens, "request_id": "req_1", "usd": None}

    bills = read(recorded(200, "a"), recorded(500, "b"), recorded(200, "c"), used(8), used(9))
    assert [(bill.body["user"], bill.billed) for bill in bills] == [("a", 8), ("c", 9)]
    assert {bill.endpoint for bill in bills} == {PATH}


@pytest.mark.parametrize(
    "value",
    [
        {"request": BODY, "response": {"status_code": 429, "error": {"message": "slow down"}}},
        {"request": BODY, "response": None, "error": {"code": "expired"}},
        {"body": BODY, "response": {"status": 500, "body": {"error": {}}}},
        {"body": BODY, "path": PATH, "status": 401},
    ],
)
def test_what_failed_is_counted_apart(value: Json) -> None:
    bills = Bills()
    assert list(bills.read([(1, value)])) == []
    assert bills.failed == 1


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ([{"request": BODY, "response": {"id": "a"}}], "line 1: nothing says how many"),
        ([{"request": 5, "response": ANSWER}], "line 1: request must be an object"),
        ([{"body": "hello", "usage": USAGE}], "line 1: body must be an object"),
        ([{"custom_id": 5, "body": BODY}], "line 1: custom_id must be a text"),
        ([{"custom_id": "a", "body": BODY}], "1 requests have no answer, and 0 answers"),
        ([{"body": BODY, "path": PATH}], "1 requests have no answer, and 0 answers"),
        ([ANSWER], "0 requests have no answer, and 1 answers have no request"),
    ],
)
def test_what_is_no_bill_is_wrong_usage(values: list[Json], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        read(*values)


NAMES = st.sampled_from(
    ["request", "response", "body", "usage", "custom_id", "status", "error", "input_tokens",
     "model", "created", "date", "url"]
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=3), st.just("/v1/x")),
    lambda inner: st.dictionaries(NAMES, inner, max_size=5) | st.lists(inner, max_size=2),
    max_leaves=15,
)


@settings(max_examples=200)
@given(values=st.lists(st.dictionaries(NAMES, VALUES), max_size=3))
def test_anything_is_read_or_refused(values: list[Json]) -> None:
    try:
        bills = read(*values)
    except UsageError:
        return
    assert all(type(bill.billed) is int for bill in bills)
