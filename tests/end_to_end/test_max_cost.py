"""--max-cost and --prices on what sends: refused before anything goes out, priced by hand."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.servers import Server, chat, completion, reply

# "hello" is 1 token and the frame of a message 7: 8 input tokens at 2.5 USD a million, and 100 of
# output at 10, are 0.00102 USD.
HELLO = ("chat", "hello", "-m", "gpt-4o", "--max-completion-tokens", "100")


def test_at_the_bound_it_is_sent(run: Run) -> None:
    with Server([reply(chat("hi"))]) as server:
        done = run(*HELLO, "--max-cost", "0.00102", base_url=server.base_url)
    assert (done.code, done.text, done.err) == (0, "hi\n", "")


def test_above_the_bound_nothing_is_sent(run: Run) -> None:
    with Server([]) as server:
        done = run(*HELLO, "--max-cost", "0.00101999", base_url=server.base_url)
    assert (done.code, done.out) == (8, b"")
    assert "can cost 0.00102 USD (8 input and up to 100 output tokens)" in done.err
    assert "more than the 0.00101999 of --max-cost" in done.err


def test_each_choice_has_the_limit(run: Run) -> None:
    with Server([]) as server:
        done = run(*HELLO, "--n", "2", "--max-cost", "0.002", base_url=server.base_url)
    assert done.code == 8
    assert "can cost 0.00202 USD" in done.err


def test_without_a_limit_it_is_the_longest_output_and_the_error_names_the_flag(run: Run) -> None:
    # 16,384 at 10 USD a million are 0.16384.
    with Server([]) as server:
        done = run("chat", "hello", "-m", "gpt-4o", "--max-cost", "0.1", base_url=server.base_url)
    assert done.code == 8
    assert "can cost 0.16386 USD (8 input and up to 16384 output tokens)" in done.err
    assert done.err.endswith("; --max-completion-tokens lowers it\n")


def test_complete_counts_the_best_of(run: Run) -> None:
    # gpt-3.5-turbo-instruct: 1 input token at 1.5 and 3 x 10 of output at 2 are 0.0000615.
    line = ("complete", "hello", "--max-tokens", "10", "--best-of", "3")
    with Server([reply(completion("!"))]) as server:
        sent = run(*line, "--max-cost", "0.0000615", base_url=server.base_url)
        refused = run(*line, "--max-cost", "0.0000614", base_url=server.base_url)
    assert (sent.code, refused.code) == (0, 8)


def test_a_model_without_a_price(run: Run) -> None:
    with Server([]) as server:
        done = run("chat", "hello", "-m", "llama3", "--max-cost", "1", base_url=server.base_url)
    assert (done.code, done.out) == (2, b"")
    assert "no price is known for the model 'llama3'" in done.err


def test_prices_of_ones_own(run: Run, folder: Path) -> None:
    (folder / "p.json").write_text('{"models": {"gpt-4o": {"input": 1000, "output": 0}}}')
    line = (*HELLO, "--prices", "p.json", "--usage-file", "u")
    with Server([reply(chat("hi"))]) as server:
        sent = run(*line, "--max-cost", "0.008", base_url=server.base_url)
        refused = run(*line, "--max-cost", "0.0079", base_url=server.base_url)
    assert (sent.code, refused.code) == (0, 8)
    usage = json.loads((folder / "u").read_text(), parse_float=Decimal)
    assert usage["usd"] is None or isinstance(usage["usd"], Decimal | int)


@pytest.mark.parametrize("amount", ["-1", "x", "nan", "1_0", "", "1e9999", "0,5"])
def test_what_is_no_amount(run: Run, amount: str) -> None:
    with Server([]) as server:
        done = run(*HELLO, f"--max-cost={amount}", base_url=server.base_url)
    assert (done.code, done.out) == (2, b"")
    assert "--max-cost must be an amount of USD" in done.err


def test_a_preview_sends_nothing_and_costs_nothing(run: Run) -> None:
    assert run(*HELLO, "--max-cost", "0", "--dry-run").code == 0


def test_the_usage_has_its_cost(run: Run, folder: Path) -> None:
    usage = {"prompt_tokens": 8, "completion_tokens": 2}
    with Server([reply({**chat("hi"), "model": "gpt-4o", "usage": usage})]) as server:
        done = run(*HELLO, "--usage", "--usage-file", "u", base_url=server.base_url)
    assert done.err == "openai-cli: usage: 8 input, 2 output tokens; 0.00004 USD (gpt-4o)\n"
    assert '"usd": 0.00004,' in (folder / "u").read_text()
