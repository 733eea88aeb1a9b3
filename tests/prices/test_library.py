"""`openai_cli.prices` for Python: estimates and costs of objects, and what its help says."""

import inspect
import json
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openai.types.responses import Response

import openai_cli
from openai_cli import prices, tokens
from openai_cli.errors import UsageError

D = Decimal
NOW = date(2026, 11, 28)
BODY = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "hello"}],
    "max_completion_tokens": 500,
}


def test_an_estimate() -> None:
    found = prices.estimate(BODY, on=NOW)
    assert found == prices.Estimate(D("0.00502"), 8, 500, (), (), ())
    assert isinstance(found.usd, Decimal)


def test_an_estimate_at_a_region_and_with_doubts() -> None:
    body = {"model": "gpt-6-luna", "input": "hello", "max_output_tokens": 100,
            "tools": [{"type": "web_search"}], "max_tool_calls": 2}  # fmt: skip
    here, there = (prices.estimate(body, on=NOW, region=region) for region in (None, "eu"))
    assert there.usd - D("0.02") == (here.usd - D("0.02")) * D("1.1")
    assert here.doubts


def test_a_request_that_nothing_bounds() -> None:
    body = {"model": "gpt-6-luna", "input": "hello", "tools": [{"type": "web_search"}]}
    found = prices.estimate(body, on=NOW)
    assert any(reason.startswith("max_tool_calls is not given") for reason in found.unbounded)
    assert set(found.unbounded) <= set(found.doubts)


ANSWER = {
    "id": "resp_1", "object": "response", "created_at": 0, "model": "gpt-5.4-mini",
    "parallel_tool_calls": True, "tool_choice": "auto", "service_tier": "flex",
    "tools": [{"type": "web_search"}],
    "output": [{"type": "web_search_call", "id": "w", "status": "completed",
                "action": {"type": "search", "query": "x"}}],
    "usage": {"input_tokens": 1000, "input_tokens_details": {"cached_tokens": 0,
              "cache_write_tokens": 0}, "output_tokens": 100,
              "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 1100},
}  # fmt: skip


@pytest.mark.parametrize("answer", [ANSWER, Response.model_validate(ANSWER)])
def test_the_cost_of_an_answer(answer: Any) -> None:
    # 1000 x 0.375 + 100 x 2.25 by a million at flex, and a search
    assert prices.cost_of(answer, on=NOW) == prices.Cost(D("0.0106"))
    assert prices.cost_of(answer, on=NOW, region="eu").usd == D("0.01066")


def test_the_cost_of_a_usage() -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    assert prices.cost_of(usage, model="gpt-4o", on=NOW).usd == D("0.0035")
    assert prices.cost_of(usage, model="gpt-4o", tier="batch", on=NOW).usd == D("0.00175")
    partly = prices.cost_of({"prompt_tokens": 1000}, model="gpt-4o", on=NOW)
    assert partly == prices.Cost(D("0.0025"), ("the output tokens are not reported",))


def test_the_cost_of_a_line_of_a_usage_file() -> None:
    record = {"model": "o3", "input_tokens": 1_000_000, "output_tokens": 0, "usd": 10}
    assert prices.cost_of(record, on=NOW).usd == 2
    assert prices.cost_of({**record, "time": "2025-06-09T10:00:00Z"}, on=NOW).usd == 10


@pytest.mark.parametrize(
    ("answer", "model", "problem"),
    [
        ({"model": "llama", "usage": {"prompt_tokens": 1}}, None, "no price is known"),
        ({"prompt_tokens": 1}, None, "no price is known"),
        ({"prompt_tokens": 1}, "gpt-6.2-sol", "no price of gpt-6.2-sol is known yet"),
        ({"model": "m", "input_tokens": None, "usd": None}, None, "the answer has no usage"),
        ({}, "gpt-4o", "the usage has no tokens"),
        ("text", "gpt-4o", "an answer must be an object"),
    ],
)
def test_what_has_no_cost(answer: Any, model: str | None, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        prices.cost_of(answer, model=model, on=NOW)


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "prices.json"
    own.write_text(json.dumps({"models": {"my-llama": {"input": 1, "output": 2}}}))
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    assert prices.cost_of(usage, model="my-llama", prices=own).usd == D("0.000003")


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    code = "from openai_cli import prices; import sys; print(*sys.modules)"
    loaded = set(subprocess.check_output([sys.executable, "-c", code], text=True).split())
    assert "openai_cli.prices" in loaded
    assert loaded.isdisjoint({"decimal", "openai_cli.models.table", "tiktoken", "requests"})
    with pytest.raises(AttributeError, match="has no attribute 'nope'"):
        prices.nope  # noqa: B018 - asking is the test
    assert dir(prices) == prices.__all__


INTERNAL = {
    name
    for path in Path(openai_cli.__file__).parent.rglob("*.py")
    for name in (path.stem, *re.findall(r"^(?:def|class) (\w+)", path.read_text(), re.MULTILINE))
}


@pytest.mark.parametrize("module", [prices, tokens])
def test_help_names_nothing_that_is_not_public(module: Any) -> None:
    assert inspect.getdoc(module)
    for name in module.__all__:
        public = getattr(module, name)
        text = inspect.getdoc(public) or ""
        assert text, name
        told = set(re.findall(r"`(\w+)`", text))
        own = {*module.__all__, *getattr(public, "_fields", ())}
        if inspect.isfunction(public):
            own |= set(inspect.signature(public).parameters)
        assert told & INTERNAL <= own, name
