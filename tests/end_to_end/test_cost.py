"""`cost`: the installed command. What is expected was reckoned by hand from the published prices.

In USD a million: gpt-4o 2.5 in, 1.25 cached, 10 out (batch 1.25 and 5, priority 4.25 and 17);
gpt-4o-mini 0.15 and 0.6; gpt-6-luna 0.1 in, 0.125 written (0.25 for 12 hours), 0.01 cached, 0.5 out
(above 272,000 tokens 0.2, 0.25, 0.02 and 0.75). "hello" is a token, and a message's frame 7.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from openai_cli.tokens import count
from tests.conftest import Result, Run
from tests.servers import Server, reply
from tests.sounds import wav
from tests.terminal import Terminal

D = Decimal
# The day of the table that the expectations were reckoned by, 2026-11-23.
THAT_DAY = {"SOURCE_DATE_EPOCH": "1795392000"}

Cost = Callable[..., Result]

# More than is held of stdin, and its tokens.
LONG = b"Sixteen bytes.\n\n" * 70_000
LONG_O200K, LONG_CL100K = (
    count(LONG.decode(), encoding=name) for name in ("o200k_base", "cl100k_base")
)


@pytest.fixture
def cost(run: Run) -> Cost:
    """Run `cost` on that day."""
    return partial(run_on_that_day, run)


def run_on_that_day(run: Run, *arguments: str, env: Any = None, **more: Any) -> Result:
    return run("cost", *arguments, env={**THAT_DAY, **(env or {})}, key=None, **more)


def total(done: Result) -> Decimal:
    """The number that --total prints alone."""
    assert done.code == 0, done.err
    return D(done.text)


def parsed(done: Result) -> Any:
    assert done.code == 0, done.err
    return json.loads(done.text, parse_float=Decimal)


def lines(*values: Any) -> bytes:
    return "".join(f"{json.dumps(value)}\n" for value in values).encode()


def chat_body(model: str | None = "gpt-4o", **more: Any) -> dict[str, Any]:
    named = {} if model is None else {"model": model}
    return {**named, "messages": [{"role": "user", "content": "hello"}], **more}


def batch_line(body: Any, url: str = "/v1/chat/completions") -> dict[str, Any]:
    return {"custom_id": "1", "method": "POST", "url": url, "body": body}


def answer(model: str = "gpt-4o", tier: str | None = "default", **usage: Any) -> dict[str, Any]:
    counts = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100, **usage}
    return {"id": "c", "model": model, "service_tier": tier, "choices": [], "usage": counts}


# A text


def test_what_chat_would_send(cost: Cost) -> None:
    done = cost("hello", "-m", "gpt-4o", "--max-tokens", "500")
    assert (done.code, done.err) == (0, "")
    assert done.text == (
        "model   tier      kind             tokens  USD per million      USD\n"
        "gpt-4o  standard  input                 8              2.5  0.00002\n"
        "gpt-4o  standard  output, at most     500             10.0  0.00500\n"
        "total                                                       0.00502\n"
    )


def test_text_from_stdin_as_it_is(cost: Cost) -> None:
    # "hello" and "\n" are two tokens.
    line = ("-m", "gpt-4o", "--max-tokens", "0", "--total")
    assert total(cost(*line, stdin=b"hello\n")) == D("0.0000225")
    assert total(cost("-", *line, stdin=b"hello")) == D("0.00002")
    assert total(cost("hello", *line, stdin=b"much more text")) == D("0.00002")


@pytest.mark.parametrize(
    ("models", "sizes"),
    [
        (["gpt-4o"], [LONG_O200K + 7]),
        (["gpt-4o-mini", "gpt-4o"], [LONG_O200K + 7] * 2),
        (["gpt-4o", "gpt-4"], [LONG_O200K + 7, LONG_CL100K + 7]),
        (["tts-1"], [len(LONG)]),
    ],
)
def test_a_long_stdin_is_priced_as_it_comes(
    models: list[str], sizes: list[int], cost: Cost
) -> None:
    """Or held, where the models do not count it alike."""
    flags = [part for model in models for part in ("-m", model)]
    rows = parsed(cost("--json", *flags, stdin=LONG))["rows"]
    of_input = [row for row in rows if row["kind"].startswith("input")]
    assert [row.get("tokens") or row["characters"] for row in of_input] == sizes


def test_a_long_stdin_that_is_no_text_is_refused(cost: Cost) -> None:
    done = cost("-m", "gpt-4o", stdin=LONG + b"\xff")
    assert done.code == 2
    assert f"error: stdin is not UTF-8: byte 0xff at offset {len(LONG)}" in done.err


def test_stdin_is_one_of_the_files(cost: Cost, folder: Path) -> None:
    (folder / "a.txt").write_text("hello there")
    found = parsed(cost("--files", "a.txt", "-", "--json", "-m", "gpt-4o", stdin=b"hello"))
    tokens = [(row["path"], row["tokens"]) for row in found["rows"] if row["kind"] == "input"]
    assert tokens == [("a.txt", 9), ("-", 8)]


def test_the_same_by_the_other_name(cost: Cost) -> None:
    line = ("hello", "-m", "gpt-4o", "--total", "--max-completion-tokens", "500")
    assert total(cost(*line)) == D("0.00502")


def test_the_output_as_a_figure(cost: Cost) -> None:
    done = cost("hello", "-m", "gpt-4o", "--output-tokens", "20")
    assert "output, at most" not in done.text
    assert done.text.split()[-1] == "0.00022"


def test_without_a_limit_the_output_says_what_is_missing(cost: Cost) -> None:
    done = cost("hello", "-m", "gpt-4o")
    *_, last, remark = done.text.splitlines()
    assert last.split() == ["total", "without", "output", "0.00002"]
    assert remark == "output: give --max-tokens or --output-tokens"
    alone = cost("hello", "-m", "gpt-4o", "--total")
    assert total(alone) == D("0.00002")
    assert "the total does not include output: give --max-tokens or --output-tokens" in alone.err


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("gpt-3.5-turbo-instruct", "0.0000015"),
        ("text-davinci-003", "0.00002"),
        ("text-embedding-3-small", "0.00000002"),
    ],
)
def test_models_that_take_the_bare_text(cost: Cost, model: str, usd: str) -> None:
    assert total(cost("hello", "-m", model, "--max-tokens", "0", "--total")) == D(usd)


def test_embeddings_have_no_output(cost: Cost) -> None:
    assert "output" not in cost("hello", "-m", "text-embedding-3-small").text


def test_the_default_model(cost: Cost) -> None:
    line = ("--input-tokens", "1000", "--output-tokens", "0", "--json")
    assert parsed(cost(*line))["models"][0]["model"] == "gpt-6-luna"
    other = cost(*line, env={"OPENAI_MODEL": "gpt-4o"})
    assert parsed(other)["models"][0]["model"] == "gpt-4o"


@pytest.mark.parametrize(
    ("flags", "usd"),
    [
        (["--n", "3"], "0.00302"),
        (["--best-of", "4"], "0.00402"),
        (["--n", "2", "--best-of", "4"], "0.00402"),
    ],
)
def test_several_outputs(cost: Cost, flags: list[str], usd: str) -> None:
    line = ("hello", "-m", "gpt-4o", "--max-tokens", "100", "--total")
    assert total(cost(*line, *flags)) == D(usd)


def test_tokens_instead_of_a_text(cost: Cost) -> None:
    line = ("--input-tokens", "1000", "-m", "gpt-4o", "--output-tokens", "100", "--total")
    assert total(cost(*line)) == D("0.0035")
    assert total(cost(*line, "--cached-tokens", "600")) == D("0.00275")


def test_tokens_that_are_written_to_the_cache(cost: Cost) -> None:
    # 500 x 0.1, 300 x 0.125, 200 x 0.01
    line = ("--input-tokens", "1000", "-m", "gpt-6-luna", "--output-tokens", "0", "--total")
    done = cost(*line, "--cache-write-tokens", "300", "--cached-tokens", "200")
    assert total(done) == D("0.0000895")
    # gpt-4o has no price for writes: they cost what input costs.
    older = ("--input-tokens", "10", "-m", "gpt-4o", "--output-tokens", "0")
    shown = cost(*older, "--cache-write-tokens", "4")
    assert "cache_write, priced as input" in shown.text
    assert shown.text.split()[-1] == "0.000025"


@pytest.mark.parametrize(
    ("tier", "usd"), [("standard", "0.0035"), ("batch", "0.00175"), ("priority", "0.00595")]
)
def test_tiers(cost: Cost, tier: str, usd: str) -> None:
    line = ("--input-tokens", "1000", "-m", "gpt-4o", "--output-tokens", "100", "--total")
    assert total(cost(*line, "--tier", tier)) == D(usd)


def test_a_tier_without_a_price(cost: Cost) -> None:
    done = cost("hello", "-m", "gpt-4o", "--tier", "flex")
    assert (done.code, done.out) == (2, b"")
    assert "gpt-4o has no price for the tier 'flex'" in done.err
    assert "its tiers are standard" in done.err


def test_rates_above_272_000_tokens(cost: Cost) -> None:
    line = ("-m", "gpt-6-luna", "--output-tokens", "1000", "--total", "--cached-tokens", "0")
    assert total(cost("--input-tokens", "272000", *line)) == D("0.0277")
    assert total(cost("--input-tokens", "272001", *line)) == D("0.0551502")


def test_a_long_prompt_may_be_written_to_the_cache(cost: Cost) -> None:
    line = ("-m", "gpt-6-luna", "--output-tokens", "0")
    done = cost("--input-tokens", "100000", *line, "--total")
    assert total(done) == D("0.01")
    assert "may write long prompts to its cache: that adds up to 0.0025 USD" in done.err
    told = cost("--input-tokens", "100000", *line, "--cache-write-tokens", "0")
    assert told.err == ""


def test_an_estimate_is_told(cost: Cost) -> None:
    done = cost("hello", "-m", "gpt-6-luna", "--max-tokens", "1", "--json")
    found = parsed(done)
    assert found["estimate"] is True
    assert "gpt-6-luna" in found["doubts"][0]
    assert f"the tokens are an estimate: {found['doubts'][0]}" in done.err
    assert parsed(cost("hello", "-m", "gpt-4o", "--max-tokens", "1", "--json"))["doubts"] == []


# Several models


def test_models_side_by_side(cost: Cost) -> None:
    models = ("-m", "gpt-4o", "-m", "gpt-4o-mini", "-m", "gpt-3.5-turbo-instruct")
    done = cost("--input-tokens", "1000", "--output-tokens", "100", *models)
    assert [line.split() for line in done.text.splitlines()[1:]] == [
        ["gpt-4o-mini", "standard", "1000", "100", "0.00021"],
        ["gpt-3.5-turbo-instruct", "standard", "1000", "100", "0.00170"],
        ["gpt-4o", "standard", "1000", "100", "0.00350"],
    ]


def test_bars_on_a_terminal(folder: Path) -> None:
    terminal = Terminal(
        "cost", "--input-tokens", "1000", "--output-tokens", "0", "-m", "gpt-4o",
        "-m", "gpt-4o-mini", base_url="http://127.0.0.1:9", cwd=folder,
        env={**THAT_DAY, "COLUMNS": "80"},
    )  # fmt: skip
    cheap, dear = terminal.read_all().decode().splitlines()[1:]
    assert cheap.endswith("0.00015  ██")
    assert dear.endswith(f"0.00250  {'█' * 30}")


# Requests


def test_a_body(cost: Cost, folder: Path) -> None:
    (folder / "body.json").write_text(json.dumps(chat_body(max_tokens=100, n=2), indent=2))
    done = cost("--request", "body.json", "--total")
    assert total(done) == D("0.00202")


def test_bodies_each_with_its_own(cost: Cost) -> None:
    bodies = lines(
        chat_body(max_tokens=100),
        chat_body("gpt-4o-mini", max_completion_tokens=10, n=3),
        chat_body(max_tokens=50, service_tier="priority"),
        {"model": "gpt-3.5-turbo-instruct", "prompt": ["hello", "hello"], "max_tokens": 5,
         "best_of": 2},
        {"model": "gpt-4o", "input": "hello", "max_output_tokens": 20},
        {"model": "text-embedding-3-small", "input": "hello"},
    )  # fmt: skip
    found = parsed(cost("--request", "-", "--json", stdin=bodies))
    assert [(one["model"], one["tier"], one["requests"]) for one in found["models"]] == [
        ("gpt-4o", "standard", 2),
        ("gpt-4o-mini", "standard", 1),
        ("gpt-4o", "priority", 1),
        ("gpt-3.5-turbo-instruct", "standard", 1),
        ("text-embedding-3-small", "standard", 1),
    ]
    assert [one["total"] for one in found["models"]] == [
        D("0.00124"),  # 16 x 2.5 + 120 x 10
        D("0.0000192"),  # 8 x 0.15 + 30 x 0.6
        D("0.000884"),  # 8 x 4.25 + 50 x 17
        D("0.000043"),  # 2 x 1.5 + 2 x 2 x 5 x 2
        D("0.00000002"),
    ]
    assert found["total"] == D("0.00218622")
    assert found["total"] == sum(row["usd"] for row in found["rows"])


def test_a_row_for_each_model(cost: Cost) -> None:
    bodies = lines(chat_body(max_tokens=100), chat_body("gpt-4o-mini", max_tokens=10))
    done = cost("--request", "-", stdin=bodies)
    assert done.text == (
        "model        tier      requests  input  output, at most        USD\n"
        "gpt-4o       standard         1      8              100  0.0010200\n"
        "gpt-4o-mini  standard         1      8               10  0.0000072\n"
        "total                         2     16              110  0.0010272\n"
    )


def test_lines_of_the_batch_api(cost: Cost) -> None:
    batch = lines(
        batch_line(chat_body(max_tokens=100)),
        batch_line({"model": "text-embedding-3-small", "input": "hello"}, "/v1/embeddings"),
    )
    # 8 x 1.25 + 100 x 5 and 1 x 0.01
    assert total(cost("--request", "-", "--total", stdin=batch)) == D("0.00051001")
    other = cost("--request", "-", "--total", "--tier", "standard", stdin=batch)
    assert total(other) == D("0.00102002")


def test_requests_without_a_limit(cost: Cost) -> None:
    bodies = lines(chat_body(), chat_body(max_tokens=100))
    done = cost("--request", "-", stdin=bodies)
    last, remark = done.text.splitlines()[-2:]
    assert last.split() == ["total", "without", "output", "2", "16", "100", "0.00104"]
    assert remark.startswith("gpt-4o: output of 1 of 2 requests: they have no limit")
    figure = cost("--request", "-", "--output-tokens", "10", "--total", stdin=bodies)
    assert total(figure) == D("0.00114")


def test_bodies_that_name_no_model(cost: Cost) -> None:
    bodies = lines(chat_body(None, max_tokens=0), chat_body(max_tokens=0))
    done = cost("--request", "-", "--json", stdin=bodies, env={"OPENAI_MODEL": "gpt-4o-mini"})
    assert [one["model"] for one in parsed(done)["models"]] == ["gpt-4o-mini", "gpt-4o"]


def test_the_same_requests_for_another_model(cost: Cost) -> None:
    bodies = lines(chat_body(None, max_tokens=10), chat_body(max_tokens=0))
    (one,) = parsed(cost("--request", "-", "-m", "gpt-4", "--json", stdin=bodies))["models"]
    assert (one["model"], one["requests"]) == ("gpt-4", 2)
    two = cost("--request", "-", "-m", "gpt-4", "-m", "gpt-4o", "--json", stdin=bodies)
    assert [one["model"] for one in parsed(two)["models"]] == ["gpt-4o", "gpt-4"]
    assert parsed(two)["total"] is None
    mixed = bodies + lines({"custom_id": "a", "url": "/v1/chat/completions", "body": chat_body()})
    refused = cost("--request", "-", "-m", "gpt-4", "-m", "gpt-4o", stdin=mixed)
    assert (refused.code, refused.out) == (2, b"")
    assert "--tier chooses the one" in refused.err


def test_the_same_answers_from_another_model(cost: Cost) -> None:
    usage = {"input_tokens": 1000, "output_tokens": 100}
    answers = lines({"model": "gpt-4o", "usage": usage}, {"model": "gpt-4", "usage": usage})
    found = cost("--response", "-", "-m", "gpt-6-luna", "-m", "o3", "--json", stdin=answers)
    assert [(one["model"], one["requests"], one["total"]) for one in parsed(found)["models"]] == [
        ("gpt-6-luna", 2, Decimal("0.0003")),
        ("o3", 2, Decimal("0.0056")),
    ]


def test_a_row_for_each_request(cost: Cost) -> None:
    batch = {"custom_id": "one", "url": "/v1/chat/completions", "body": chat_body(max_tokens=1)}
    bodies = lines(batch, {**batch, "custom_id": "two"}, chat_body(max_tokens=2))
    done = cost("--request", "-", "--by-request", stdin=bodies)
    assert [line.split()[:3] for line in done.text.splitlines()] == [
        ["request", "model", "tier"],
        ["one", "gpt-4o", "batch"],
        ["two", "gpt-4o", "batch"],
        ["line", "3", "gpt-4o"],
        ["total", "3", "24"],
    ]
    rows = parsed(cost("--request", "-", "--by-request", "--json", stdin=bodies))["models"]
    assert [(row["custom_id"], row["line"]) for row in rows] == [("one", 1), ("two", 2), (None, 3)]


def test_a_row_for_each_file(cost: Cost, folder: Path) -> None:
    (folder / "p").mkdir()
    (folder / "p" / "a.txt").write_text("The quick brown fox")
    (folder / "p" / "b.txt").write_text("hi")
    (folder / "p" / "c.bin").write_bytes(b"\0")
    done = cost("--files", "p", "-m", "gpt-4o", "--output-tokens", "0", "--json")
    rows = parsed(done)["rows"]
    assert [(row["path"], row["tokens"]) for row in rows] == [("p/a.txt", 11), ("p/b.txt", 8)]
    alone = parsed(cost("hi", "-m", "gpt-4o", "--output-tokens", "0", "--json"))["rows"]
    assert alone[0]["usd"] == rows[1]["usd"], "as the message that chat sends"
    assert "left out: 1 binary" in done.err
    missing = cost("--files", "p/a.txt", "none", "-m", "gpt-4o", "--output-tokens", "0")
    assert "total, at least" in missing.text
    assert "cannot read 'none'" in missing.err


ITEMS = [{"type": "web_search_call", "action": {"type": "search"}}] * 2
SEARCHED = {
    "model": "gpt-5.4-mini", "usage": {"input_tokens": 1000, "output_tokens": 100},
    "output": ITEMS, "tools": [{"type": "web_search"}],
}  # fmt: skip


def test_searches_are_paid_for(cost: Cost) -> None:
    answer = lines(SEARCHED)
    # 1000 x 0.75 + 100 x 4.5 by a million, and two searches of 0.01
    assert cost("--response", "-", "--total", stdin=answer).text == "0.0212\n"
    assert cost("--response", "-", "--total", "--region", "eu", stdin=answer).text == "0.02132\n"
    hosted = {"OPENAI_BASE_URL": "https://us.api.openai.com/v1"}
    assert cost("--response", "-", "--total", stdin=answer, env=hosted).text == "0.02132\n"


def test_a_fee_that_is_not_known_is_told(cost: Cost) -> None:
    answer = lines({**SEARCHED, "output": [{"type": "oracle_call"}]})
    done = cost("--response", "-", stdin=answer)
    assert done.code == 0
    assert "total, at least" in done.text
    assert "notice: the cost is at least that: oracle_call has no known fee" in done.err
    assert cost("--response", "-", "--max-cost", "9", stdin=answer).code == 8


def test_a_region_that_is_not_known(cost: Cost) -> None:
    done = cost("hi", "-m", "gpt-5.4-mini", "--max-tokens", "1", "--region", "jp")
    assert "at least that: what gpt-5.4-mini costs more in the region jp" in done.err


def test_a_request_with_tools(cost: Cost) -> None:
    body = {"model": "gpt-5.4-mini", "input": "hi", "max_output_tokens": 1,
            "tools": [{"type": "web_search"}]}  # fmt: skip
    bound = cost("--request", "-", "--json", stdin=lines({**body, "max_tool_calls": 3}))
    assert parsed(bound)["rows"][-1]["usd"] == Decimal("0.03")
    open_ended = cost("--request", "-", "--max-cost", "9", stdin=lines(body))
    assert open_ended.code == 8
    assert "max_tool_calls is not given" in open_ended.err


def test_calls_of_tools_that_are_counted_have_a_bound(cost: Cost, run: Run) -> None:
    """Behind each the model reads its whole window at most: 3 of 400,000 at 0.75 USD a million."""
    body = {"model": "gpt-5.4-mini", "input": "hi", "max_output_tokens": 16, "max_tool_calls": 3,
            "tools": [{"type": "web_search"}]}  # fmt: skip
    assert cost("--request", "-", "--max-cost", "0.9", stdin=lines(body)).code == 8
    assert cost("--request", "-", "--max-cost", "1", stdin=lines(body)).code == 0
    with Server([]) as server:
        sent = ("respond", "--body", json.dumps(body), "--max-cost")
        assert run(*sent, "0.9", base_url=server.base_url).code == 8
    with Server([reply({"status": "completed", "output": []})]) as server:
        assert run(*sent, "1", base_url=server.base_url).code == 0


def test_a_month_begins_with_no_file(cost: Cost, folder: Path) -> None:
    done = cost("--response", "usage.jsonl", "--total", "--max-cost", "1")
    assert (done.code, done.text) == (0, "0\n")
    assert "there is no file 'usage.jsonl' yet" in done.err
    (folder / "usage.jsonl").touch()
    done = cost("--response", "usage.jsonl", "--total")
    assert (done.code, done.text, done.err) == (0, "0\n", "")


RECORD = {"model": "gpt-4o", "input_tokens": 1000, "output_tokens": 0, "usd": 0.0025,
          "request_id": "r"}  # fmt: skip
UNKNOWN = {"model": "my-llama", "input_tokens": 10, "output_tokens": 1, "usd": None}


def test_a_record_whose_price_was_not_known_blocks_no_other(cost: Cost) -> None:
    usage = lines(RECORD, UNKNOWN, {**RECORD, "input_tokens": None, "output_tokens": None,
                                    "usd": None}, RECORD)  # fmt: skip
    done = cost("--response", "-", "--total", stdin=usage)
    assert (done.code, done.text) == (0, "0.005\n")
    assert "line 2: no price is known for the model 'my-llama'" in done.err
    assert "line 3: the usage of the call is not known" in done.err
    assert cost("--response", "-", "--max-cost", "9", stdin=usage).code == 8


def test_a_record_whose_price_was_known_is_no_guess(cost: Cost) -> None:
    done = cost("--response", "-", stdin=lines({**UNKNOWN, "usd": 0.5}))
    assert (done.code, done.out) == (2, b"")
    assert "line 1: no price is known for the model 'my-llama'" in done.err


def test_a_count_that_is_null_is_not_nothing(cost: Cost) -> None:
    answer = {"model": "gpt-4o", "usage": {"prompt_tokens": 1000, "completion_tokens": None}}
    done = cost("--response", "-", stdin=lines(answer))
    assert "total, at least" in done.text
    assert "the output tokens are not reported" in done.err
    told = {**answer, "usage": {**answer["usage"], "total_tokens": 1100}}  # type: ignore[dict-item]
    assert cost("--response", "-", "--total", stdin=lines(told)).text == "0.0035\n"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"model": }', "line 3"),
        (b"[]", "line 3"),
        (b'{"model": "gtp-4o", "messages": []}', "line 3: "),
        (b'{"model": "gpt-4o"}', "line 3: "),
        (b'{"model": "gpt-4o", "messages": [], "n": "2"}', "line 3: n must be an integer"),
        (b'{"custom_id": "1", "url": "/v1/images/generations", "body": {}}', "line 3: "),
    ],
)
def test_a_line_that_is_no_request(cost: Cost, line: bytes, problem: str) -> None:
    done = cost("--request", "-", stdin=lines(chat_body(), chat_body()) + line + b"\n")
    assert (done.code, done.out) == (2, b"")
    assert problem in done.err


def test_no_request_at_all(cost: Cost) -> None:
    done = cost("--request", "-", stdin=b"\n\n")
    assert (done.code, done.out) == (2, b"")
    assert "the file is empty" in done.err


# Answers


def test_one_answer(cost: Cost, folder: Path) -> None:
    (folder / "answer.json").write_text(json.dumps(answer(), indent=2))
    assert total(cost("--response", "answer.json", "--total")) == D("0.0035")


def test_what_came_from_the_cache(cost: Cost) -> None:
    cached = answer(prompt_tokens_details={"cached_tokens": 600})
    assert total(cost("--response", "-", "--total", stdin=lines(cached))) == D("0.00275")


def test_what_was_written_to_the_cache(cost: Cost) -> None:
    usage = {
        "input_tokens": 1000,
        "output_tokens": 100,
        "input_tokens_details": {
            "cached_tokens": 200,
            "cache_write_tokens": 300,
            "cache_write_tokens_details": {"ttl_12h_tokens": 100, "ttl_30m_tokens": 200},
        },
    }
    response = {"object": "response", "model": "gpt-6-luna", "usage": usage}
    # 500 x 0.1 + 200 x 0.01 + 200 x 0.125 + 100 x 0.25 + 100 x 0.5
    assert total(cost("--response", "-", "--total", stdin=lines(response))) == D("0.000152")


def test_sound_and_images(cost: Cost) -> None:
    usage = {
        "input_tokens": 30,
        "output_tokens": 100,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 20},
    }
    image = {"created": 1, "data": [], "usage": usage}
    # gpt-image-1: 10 x 5 + 20 x 10 + 100 x 40
    done = cost("--response", "-", "-m", "gpt-image-1", "--total", stdin=lines(image))
    assert total(done) == D("0.00425")
    spoken = answer(
        "gpt-realtime",
        prompt_tokens_details={"audio_tokens": 400},
        completion_tokens_details={"audio_tokens": 60},
    )
    # 600 x 4 + 400 x 32 + 40 x 16 + 60 x 64
    assert total(cost("--response", "-", "--total", stdin=lines(spoken))) == D("0.01968")


def test_the_tier_that_the_answer_names(cost: Cost) -> None:
    given = lines(answer(tier="priority"), answer(tier=None))
    assert total(cost("--response", "-", "--total", stdin=given)) == D("0.00945")
    assert total(cost("--response", "-", "--total", "--tier", "batch", stdin=given)) == D("0.0035")


def test_the_output_file_of_the_batch_api(cost: Cost) -> None:
    done_line = {
        "id": "b1", "custom_id": "1", "error": None,
        "response": {"status_code": 200, "request_id": "r", "body": answer()},
    }  # fmt: skip
    failed = {**done_line, "response": {"status_code": 429, "body": {"error": {}}}}
    done = cost("--response", "-", "--total", stdin=lines(done_line, failed, done_line))
    assert total(done) == D("0.0035")
    assert done.err == (
        "openai-cli: notice: failed requests, which cost nothing and are in no sum: 1\n"
    )


def test_lines_of_a_usage_file(cost: Cost) -> None:
    record = {
        "model": "gpt-4o", "service_tier": "default", "input_tokens": 1000, "cached_tokens": 600,
        "cache_write_tokens": 0, "output_tokens": 100, "reasoning_tokens": 0, "usd": None,
        "request_id": "r",
    }  # fmt: skip
    assert total(cost("--response", "-", "--total", stdin=lines(record))) == D("0.00275")


def test_a_stream_that_was_saved(cost: Cost) -> None:
    chunk = {"id": "c", "object": "chat.completion.chunk", "model": "gpt-4o", "usage": None}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    given = lines(chunk, chunk, {**chunk, "usage": usage})
    assert total(cost("--response", "-", "--total", stdin=given)) == D("0.0035")
    done = cost("--response", "-", stdin=lines(chunk))
    assert (done.code, done.out) == (2, b"")
    assert "line 1: the stream c has no usage" in done.err


def test_an_answer_without_usage(cost: Cost) -> None:
    done = cost("--response", "-", stdin=lines(answer(), {"model": "gpt-4o", "choices": []}))
    assert (done.code, done.out) == (2, b"")
    assert "line 2: the answer has no usage" in done.err


def test_an_answer_that_names_no_model(cost: Cost) -> None:
    given = lines({"usage": {"prompt_tokens": 1, "completion_tokens": 1}})
    done = cost("--response", "-", stdin=given)
    assert done.code == 2
    assert "line 1: the answer names no model; --model names it" in done.err
    assert total(cost("--response", "-", "-m", "gpt-4o", "--total", stdin=given)) == D("0.0000125")


def test_an_answer_of_a_model_without_a_price(cost: Cost) -> None:
    done = cost("--response", "-", stdin=lines(answer(), answer("llama3")))
    assert (done.code, done.out) == (2, b"")
    assert "line 2: no price is known for the model 'llama3'" in done.err


# Speech


@pytest.mark.parametrize(
    ("seconds", "model", "usd"),
    [
        # whisper-1 and gpt-4o-transcribe cost 0.006 USD a minute, gpt-4o-mini-transcribe 0.003.
        ("90", "whisper-1", "0.009"),
        ("90", "gpt-4o-transcribe", "0.009"),
        ("90", "gpt-4o-mini-transcribe", "0.0045"),
        ("8.47", "whisper-1", "0.0009"),
        ("9.01", "whisper-1", "0.001"),
        ("0", "whisper-1", "0"),
    ],
)
def test_speech_by_its_seconds(cost: Cost, seconds: str, model: str, usd: str) -> None:
    assert total(cost("--audio-seconds", seconds, "-m", model, "--total")) == D(usd)


def test_speech_is_shown_by_the_minute(cost: Cost) -> None:
    assert cost("--audio-seconds", "90", "-m", "whisper-1").text == (
        "model      tier      kind    seconds  USD per minute    USD\n"
        "whisper-1  standard  speech       90           0.006  0.009\n"
        "total                                                 0.009\n"
    )
    row = parsed(cost("--audio-seconds", "90", "-m", "whisper-1", "--json"))["rows"][0]
    assert (row["seconds"], row["usd_per_second"], row["usd"]) == (90, D("0.0001"), D("0.009"))


def test_speech_with_several_models(cost: Cost) -> None:
    done = cost("--audio-seconds", "60", "-m", "whisper-1", "-m", "gpt-transcribe")
    assert done.text == (
        "model           tier      speech, seconds     USD\n"
        "gpt-transcribe  standard               60  0.0045\n"
        "whisper-1       standard               60  0.0060\n"
    )


def test_each_file_of_speech_is_billed_by_whole_seconds(cost: Cost, folder: Path) -> None:
    (folder / "a.wav").write_bytes(wav(1.25))
    (folder / "b.mp3").write_bytes(wav(0.5))
    files = ("--audio", "a.wav", "--audio", "b.mp3", "--audio", "-")
    done = cost(*files, "-m", "whisper-1", "--json", stdin=wav(2))
    assert parsed(done)["rows"][0]["seconds"] == 2 + 1 + 2
    assert parsed(done)["models"][0]["requests"] == 3


def test_speech_is_priced_for_the_model_that_transcribes(cost: Cost) -> None:
    done = cost("--audio-seconds", "60", "--json")
    assert parsed(done)["models"][0]["model"] == "gpt-4o-mini-transcribe"
    assert parsed(done)["estimate"] is True
    assert "estimate: gpt-4o-mini-transcribe is billed by tokens" in done.err
    done = cost("--audio-seconds", "60", "--json", env={"OPENAI_MODEL": "gpt-4o"})
    assert parsed(done)["models"][0]["model"] == "gpt-4o-mini-transcribe"
    done = cost("--audio-seconds", "60", "-m", "whisper-1")
    assert "whisper-1" in done.text
    assert done.err == ""


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--audio", "missing.wav"), "--audio: cannot read 'missing.wav': No such file"),
        (("--audio", "."), "--audio: cannot read '.': Is a directory"),
        (("--audio", "text"), "the length of 'text' cannot be determined"),
        (("--audio", "empty"), "the length of 'empty' cannot be determined"),
        (("--audio", "-"), "the length of stdin cannot be determined"),
        (("--audio-seconds", "-1"), "--audio-seconds must be a number of at least 0, not '-1'"),
        (("--audio-seconds", "9", "-m", "gpt-4o"), "gpt-4o has no price for speech by its length"),
        (("--audio-seconds", "9", "hello"), "TEXT does not go with --audio-seconds"),
        (("--audio-seconds", "9", "--n", "2"), "--n does not go with --audio-seconds"),
        (("--audio", "text", "--request", "r"), "--request and --audio: give one of them"),
    ],
)
def test_speech_that_has_no_price(
    cost: Cost, folder: Path, arguments: tuple[str, ...], problem: str
) -> None:
    (folder / "text").write_text("hello" * 100)
    (folder / "empty").write_bytes(b"")
    done = cost(*arguments, stdin=b"")
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith(f"openai-cli: error: {problem}")


def test_a_budget_for_speech(cost: Cost) -> None:
    line = ("--audio-seconds", "90", "-m", "whisper-1", "--max-cost")
    assert cost(*line, "0.009").code == 0
    assert cost(*line, "0.0089").code == 8


def test_answers_that_were_billed_by_time(cost: Cost) -> None:
    spoken = {"model": "whisper-1", "usage": {"type": "duration", "seconds": 9}}
    record = {"model": "whisper-1", "service_tier": None, "seconds": 21, "usd": 0.0021}
    done = cost("--response", "-", stdin=lines(spoken, record, answer()))
    row = done.text.splitlines()[1].split()
    assert row == ["whisper-1", "standard", "2", "0", "0", "30", "0.0030"]


def test_a_text_that_is_said(cost: Cost) -> None:
    # tts-1 costs 15 USD for a million characters, tts-1-hd 30.
    assert cost("Grüße 😀", "-m", "tts-1").text == (
        "model  tier      kind  characters  USD per million       USD\n"
        "tts-1  standard  text           7               15  0.000105\n"
        "total                                               0.000105\n"
    )
    row = parsed(cost("Grüße 😀", "-m", "tts-1", "--json"))["rows"][0]
    assert (row["characters"], row["usd_per_character"]) == (7, D("0.000015"))
    assert cost("a" * 1000, "-m", "tts-1", "-m", "tts-1-hd").text == (
        "model     tier      text, characters    USD\n"
        "tts-1     standard              1000  0.015\n"
        "tts-1-hd  standard              1000  0.030\n"
    )
    assert cost("a" * 1000, "-m", "tts-1", "--max-cost", "0.0149").code == 8


def test_calls_that_were_billed_by_characters(cost: Cost) -> None:
    record = {"model": "tts-1", "service_tier": None, "characters": 200, "usd": 0.003}
    done = cost("--response", "-", "--total", stdin=lines(record, record))
    assert total(done) == D("0.006")
    wrong = cost("--response", "-", stdin=lines({**record, "characters": -1}))
    assert wrong.code == 2
    assert "characters of the usage must be an integer of at least 0" in wrong.err


# --max-cost


@pytest.mark.parametrize(("limit", "code"), [("0.00502", 0), ("0.00501", 8), ("5.02e-3", 0)])
def test_a_budget(cost: Cost, limit: str, code: int) -> None:
    done = cost("hello", "-m", "gpt-4o", "--max-tokens", "500", "--max-cost", limit)
    assert done.code == code
    assert done.text.split()[-1] == "0.00502", "the table is printed in either case"
    if code:
        assert "it can cost 0.00502 USD, more than the 0.00501 of --max-cost" in done.err


def test_a_budget_without_a_limit(cost: Cost) -> None:
    # The longest output of gpt-4o has 16,384 tokens.
    line = ("hello", "-m", "gpt-4o", "--max-cost")
    assert cost(*line, "0.16386").code == 0
    done = cost(*line, "0.16385")
    assert done.code == 8
    assert "it can cost 0.16386 USD" in done.err
    assert "--max-completion-tokens lowers it" in done.err
    assert cost(*line, "0.16386", "--n", "2").code == 8
    older = cost("hello", "-m", "gpt-3.5-turbo-instruct", "--max-cost", "0")
    assert "; --max-tokens lowers it" in older.err


def test_a_budget_for_requests(cost: Cost) -> None:
    bodies = lines(chat_body(max_tokens=100), chat_body(n=2))
    assert cost("--request", "-", "--max-cost", "0.32874", stdin=bodies).code == 0
    done = cost("--request", "-", "--max-cost", "0.32", stdin=bodies)
    assert done.code == 8
    assert "it can cost 0.32872 USD" in done.err
    assert "max_completion_tokens lowers it" in done.err


def test_a_budget_is_for_the_most_that_requests_can_have(cost: Cost) -> None:
    """An image by its address is counted as a likely one; 8 tiles are 1,445 tokens."""
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": [part]}], "max_tokens": 0}
    found = parsed(cost("--request", "-", "--json", stdin=lines(body)))
    assert found["total"] == D("2.5") * (7 + 425) / 1_000_000
    most = D("2.5") * (7 + 1445) / 1_000_000
    assert cost("--request", "-", "--max-cost", str(most), stdin=lines(body)).code == 0
    done = cost("--request", "-", "--max-cost", "0.0036", stdin=lines(body))
    assert done.code == 8
    assert f"it can cost {most} USD" in done.err


def test_a_budget_for_what_has_no_bound(cost: Cost) -> None:
    body = {"model": "gpt-4o", "input": "Hi", "previous_response_id": "resp_1"}
    plain = {"model": "gpt-4o", "input": "Hi", "max_output_tokens": 1}
    stdin = lines(plain, body | {"max_output_tokens": 1})
    line = ("--request", "-", "--max-cost", "1")
    done = cost(*line, stdin=stdin)
    assert done.code == 8
    assert done.text.startswith("model")
    assert "what previous_response_id adds is not counted" in done.err
    assert "--allow-unbounded lets it pass" in done.err
    assert cost(*line, "--allow-unbounded", stdin=stdin).code == 0


def test_a_budget_for_answers(cost: Cost) -> None:
    assert cost("--response", "-", "--max-cost", "0.0035", stdin=lines(answer())).code == 0
    done = cost("--response", "-", "--max-cost", "0.0034", stdin=lines(answer()))
    assert done.code == 8
    assert "it did cost 0.0035 USD" in done.err


def test_a_budget_for_several_models_is_for_the_dearest(cost: Cost) -> None:
    line = ("hello", "-m", "gpt-4o-mini", "-m", "gpt-4o", "--max-tokens", "500", "--max-cost")
    assert cost(*line, "0.00502").code == 0
    assert cost(*line, "0.005").code == 8


def test_a_budget_counts_writes_to_the_cache(cost: Cost) -> None:
    line = ("--input-tokens", "100000", "-m", "gpt-6-luna", "--output-tokens", "0")
    assert cost(*line, "--max-cost", "0.0125").code == 0
    assert cost(*line, "--max-cost", "0.012").code == 8
    assert cost(*line, "--max-cost", "0.01", "--cache-write-tokens", "0").code == 0


# Output


def test_json(cost: Cost) -> None:
    found = parsed(cost("hello", "-m", "gpt-4o", "--max-tokens", "500", "--json"))
    digest = found["prices"].pop("digest")
    assert len(digest) == 64
    assert found == {
        "total": D("0.00502"),
        "at_most": True,
        "without_limit": 0,
        "at_least": False,
        "unknown": [],
        "rows": [
            {"model": "gpt-4o", "tier": "standard", "kind": "input", "tokens": 8,
             "usd_per_million": D("2.5"), "rate_of": "input", "usd": D("0.00002")},
            {"model": "gpt-4o", "tier": "standard", "kind": "output", "tokens": 500,
             "usd_per_million": 10, "rate_of": "output", "usd": D("0.005")},
        ],
        "models": [{"model": "gpt-4o", "tier": "standard", "requests": 1, "without_limit": 0,
                    "total": D("0.00502")}],
        "estimate": False,
        "doubts": [],
        "notes": [],
        "as_of": "2026-11-23",
        "prices": {"date": found["prices"]["date"]},
    }  # fmt: skip


def test_markdown_names_the_table(cost: Cost) -> None:
    line = ("hello", "-m", "gpt-4o", "--max-tokens", "500")
    prices = parsed(cost(*line, "--json"))["prices"]
    done = cost(*line, "--markdown")
    assert done.text == (
        "| model | tier | kind | tokens | USD per million | USD |\n"
        "| --- | --- | --- | --: | --: | --: |\n"
        "| gpt-4o | standard | input | 8 | 2.5 | 0.00002 |\n"
        "| gpt-4o | standard | output, at most | 500 | 10 | 0.005 |\n"
        "| **total** |  |  |  |  | **0.00502** |\n"
        "\n"
        f"Prices of {prices['date']} (sha256 {prices['digest']}) as of 2026-11-23.\n"
    )


def test_the_total_has_no_exponent(cost: Cost) -> None:
    line = ("--input-tokens", "1", "-m", "text-embedding-3-small", "--total")
    assert cost(*line).text == "0.00000002\n"


def test_into_a_file(cost: Cost, folder: Path) -> None:
    done = cost("hello", "-m", "gpt-4o", "--max-tokens", "0", "--total", "-o", "usd")
    assert (done.out, (folder / "usd").read_text()) == (b"", "0.00002\n")


# The table


def test_the_past(cost: Cost) -> None:
    line = ("--input-tokens", "1000000", "-m", "o3", "--output-tokens", "0", "--total")
    assert total(cost(*line, "--as-of", "2025-06-09")) == 10
    assert total(cost(*line, "--as-of", "2025-06-10")) == 2
    then = cost("hello", "-m", "text-davinci-003", "--max-tokens", "0", "--as-of", "2023-01-01")
    assert then.text.split()[-1] == "0.00002"
    assert "when it took effect is not known" in then.err
    assert "retired" not in then.err


def test_a_model_that_was_retired(cost: Cost) -> None:
    done = cost("hello", "-m", "text-davinci-003", "--max-tokens", "0")
    assert done.code == 0
    assert "text-davinci-003 was retired on 2024-01-04" in done.err
    assert cost("hello", "-m", "text-davinci-003", "--max-tokens", "0", "-q").err == ""


def test_a_snapshot_that_the_table_has_not(cost: Cost) -> None:
    done = cost("--input-tokens", "10", "-m", "gpt-6-luna-2026-11-01", "--output-tokens", "0")
    assert "gpt-6-luna-2026-11-01 is not in the table: priced as gpt-6-luna" in done.err


def test_prices_of_ones_own(cost: Cost, folder: Path) -> None:
    own = {"models": {"mine": {"input": 1, "output": "2.5"}, "gpt-4o": {"input": 1000}}}
    (folder / "p.json").write_text(json.dumps(own))
    line = ("--prices", "p.json", "--total")
    done = cost("hello", "-m", "mine", "--max-tokens", "2", *line)
    assert total(done) == D("0.000013")
    assert "how mine counts is not known: counted like gpt-4o" in done.err
    assert total(cost("hello", "-m", "gpt-4o", "--max-tokens", "0", *line)) == D("0.008")
    digests = {
        parsed(cost("--input-tokens", "1", *prices, "--json"))["prices"]["digest"]
        for prices in ((), ("--prices", "p.json"))
    }
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("days", "age", "code"),
    [(0, "0", 0), (30, "30d", 0), (31, "30d", 8), (31, "30", 8), (31, "31d", 0)],
)
def test_the_age_of_the_table(cost: Cost, days: int, age: str, code: int) -> None:
    line = ("--input-tokens", "1", "-m", "gpt-4o", "--output-tokens", "0", "--max-price-age", age)
    done = cost(*line, env=days_after_the_table(cost, days))
    assert done.code == code
    if code:
        assert done.out == b""
        assert "the prices are 31 days old" in done.err


def days_after_the_table(cost: Cost, days: int) -> dict[str, str]:
    """The day that is so many days after that of the table."""
    from datetime import UTC, datetime, timedelta

    found = parsed(cost("--input-tokens", "1", "--json"))["prices"]["date"]
    day = datetime.fromisoformat(found).replace(tzinfo=UTC) + timedelta(days)
    return {"SOURCE_DATE_EPOCH": str(int(day.timestamp()))}


def test_an_old_table_is_told(cost: Cost) -> None:
    line = ("--input-tokens", "1", "-m", "gpt-6-luna", "--output-tokens", "0")
    assert cost(*line, env=days_after_the_table(cost, 90)).err == ""
    later = days_after_the_table(cost, 91)
    assert "notice: the prices are 91 days old" in cost(*line, env=later).err
    assert cost(*line, "--max-price-age", "100d", env=later).err == ""


def test_a_model_that_the_table_does_not_know(cost: Cost) -> None:
    done = cost("hello", "-m", "gtp-4o", "--max-tokens", "1")
    assert (done.code, done.out) == (2, b"")
    assert "no price is known for the model 'gtp-4o'" in done.err
    assert "did you mean gpt-4o" in done.err


# Usage


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["hello", "--input-tokens", "5"], "TEXT and --input-tokens: give one of them"),
        (["--request", "a", "--response", "b"], "--request and --response: give one of them"),
        (["--json", "--total", "x"], "--total and --json: give one of them"),
        (["--json", "--markdown", "x"], "--json and --markdown: give one of them"),
        (
            ["x", "--max-tokens", "1", "--output-tokens", "1"],
            "--max-tokens and --output-tokens: give one of them",
        ),
        (["x", "--n", "3", "--best-of", "2"], "--best-of must be at least --n"),
        (["x", "--n", "0"], "--n must be an integer of at least 1"),
        (["x", "--max-tokens", "-1"], "--max-tokens must be an integer of at least 0"),
        (["x", "--request", "a"], "TEXT does not go with --request"),
        (["--n", "2", "--request", "a"], "--n does not go with --request"),
        (["--output-tokens", "2", "--response", "a"], "--output-tokens does not go with"),
        (["x", "--total", "-m", "gpt-4o", "-m", "gpt-4"], "--total takes one --model"),
        (["--files", "a", "-m", "gpt-4o", "-m", "gpt-4"], "--files takes one --model"),
        (["--files", "--request", "a"], "give one of them"),
        (["--files", "a", "--n", "3"], "--n does not go with --files"),
        (["x", "--by-request"], "--by-request goes only with --request or --response"),
        (["x", "--allow-unbounded"], "--allow-unbounded goes only with --max-cost"),
        (["--input-tokens", "5", "--cached-tokens", "6"], "parts of the input, which has 5"),
        (
            ["--input-tokens", "5", "--cached-tokens", "3", "--cache-write-tokens", "3"],
            "parts of the input, which has 5 tokens",
        ),
        (["x", "--as-of", "2026-02-30"], "--as-of must be a day such as 2026-11-23"),
        (["x", "--as-of", "yesterday"], "--as-of must be a day such as 2026-11-23"),
        (["x", "--as-of", "20260101"], "--as-of must be a day such as 2026-11-23"),
        (["x", "--max-price-age", "9" * 5000], "--max-price-age must be a number of days"),
        (["x", "--max-price-age", "3w"], "--max-price-age must be a number of days such as 30d"),
        (["x", "--max-cost", "much"], "--max-cost must be an amount of USD"),
        (["x", "--prices", "none.json"], "--prices: cannot read 'none.json'"),
        (["--request", "none.json"], "--request: cannot read 'none.json'"),
        (["--no-stdin"], "for example: openai-cli cost hamburger --max-tokens 500"),
        (["x", "-m", "whisper-1"], "whisper-1 has no price for input tokens"),
    ],
)
def test_wrong_usage(cost: Cost, arguments: list[str], problem: str) -> None:
    done = cost(*arguments)
    assert (done.code, done.out) == (2, b"")
    assert problem in done.err


@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (["hello", "-m", "gpt-4o", "--max-tokens", "1"], {"requests", "rich"}),
        (["--input-tokens", "1000", "-m", "gpt-4o"], {"requests", "rich", "tiktoken"}),
    ],
)
def test_what_is_not_loaded(arguments: list[str], unused: set[str]) -> None:
    script = (
        "import sys; from openai_cli.app import run; from openai_cli.context import Context\n"
        "code = run(Context.test(stdin=b''), ['cost', *sys.argv[1:]])\n"
        "print(int(code), *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True, text=True, check=True, timeout=60, env=os.environ,
    )  # fmt: skip
    code, *modules = done.stdout.split()
    assert code == "0"
    assert not unused & set(modules)


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["dif"], "cost diff"),
        (["Diff"], "cost diff"),
        (["difff", "a", "b"], "cost diff"),
        (["ledgr"], "cost ledger"),
        (["ledge of a cliff"], "cost ledger"),
        (["hello"], None),
        (["deaf"], None),
        (["di"], None),
        (["different"], None),
    ],
)
def test_a_text_that_is_nearly_a_command_is_priced_and_told_of(
    run: Run, words: list[str], command: str | None
) -> None:
    done = run("cost", *words, "--total", "-m", "gpt-4o")
    told = f"this is the cost of a text; openai-cli {command} is a separate command"
    assert done.code == 0
    assert (told in done.err) is (command is not None)
    assert ("a separate command" in done.err) is (command is not None)
