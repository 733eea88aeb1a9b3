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


RESPONSE = {
    "status": "completed",
    "output": [
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Yes."}],
        }
    ],
}

# What is on the server, a PDF and a tool of the API's own may take any number of tokens.
UNBOUNDED = [
    (("--previous-response-id", "resp_1"), "what previous_response_id adds is not counted"),
    (("--conversation", "conv_1"), "what conversation adds is not counted"),
    (("--tools", '[{"type": "file_search", "vector_store_ids": ["vs_1"]}]'), "(file_search)"),
    (("--attach", "page.pdf"), "the text of a PDF of 1 page is a rough estimate"),
]


@pytest.mark.parametrize(("more", "reason"), UNBOUNDED)
def test_what_has_no_bound_is_refused_unless_that_is_allowed(
    run: Run, folder: Path, more: tuple[str, ...], reason: str
) -> None:
    (folder / "page.pdf").write_bytes(b"%PDF-1.4 1 0 obj <</Type /Page>> endobj")
    line = ("respond", "Hi", "-m", "gpt-4o", "--max-output-tokens", "100", "--max-cost", "1", *more)
    with Server([]) as server:
        refused = run(*line, base_url=server.base_url)
    assert (refused.code, refused.out) == (8, b"")
    assert "--max-cost: nothing bounds what the request can cost: " in refused.err
    assert reason in refused.err
    assert refused.err.endswith("; --allow-unbounded lets it pass, at its estimate\n")
    with Server([reply(RESPONSE)]) as server:
        sent = run(*line, "--allow-unbounded", base_url=server.base_url)
    assert (sent.code, sent.text) == (0, "Yes.\n")
    assert f"notice: the cost is an estimate: {refused.err.split(': ', 4)[-1][:20]}" in sent.err


def test_an_image_by_its_address_is_as_large_as_it_can_be(run: Run) -> None:
    # 8 tiles of 170 and 85 of any image; 3 and the role of the message, "Hi", 3 of the answer.
    line = ("respond", "Hi", "--attach", "https://example.com/a.png", "-m", "gpt-4o")
    limits = ("--max-output-tokens", "16", "--max-cost", "0.001")
    with Server([]) as server:
        done = run(*line, *limits, base_url=server.base_url)
    assert done.code == 8
    assert "(1453 input and up to 16 output tokens)" in done.err


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
