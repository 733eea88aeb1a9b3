"""Each request property of POST /completions, from its flag to the socket.

What must arrive is written by hand from CreateCompletionRequest in OpenAI's published description
(openapi.json 2.3.0); the official package's types judge every body besides.
"""

from typing import Any

import pytest

from openai_cli.context import Context
from tests.conftest import Run
from tests.flags.commandline import execute
from tests.flags.published import COMPLETE
from tests.flags.wire import Row, assert_sent, received
from tests.servers import Server, completion, reply, stream

BARE: dict[str, Any] = {"model": "gpt-3.5-turbo-instruct", "prompt": "hi"}

ROWS = [
    Row("best_of", ("--best-of", "3"), {"best_of": 3}, {"best_of": b"3"}),
    Row("best_of", ("--best_of", "20", "--n", "1"), {"best_of": 20, "n": 1}),
    Row("echo", ("--echo",), {"echo": True}),
    Row("echo", ("--no-echo",), {"echo": False}),
    Row(
        "frequency_penalty",
        ("--frequency-penalty", "-1"),
        {"frequency_penalty": -1},
        {"frequency_penalty": b"-1"},
    ),
    Row(
        "logit_bias",
        ("--logit-bias", "50256=-100"),
        {"logit_bias": {"50256": -100}},
        {"50256": b"-100"},
    ),
    Row("logit_bias", ("--logit_bias", '{"50256": 0}'), {"logit_bias": {"50256": 0}}),
    Row("logprobs", ("--logprobs", "5"), {"logprobs": 5}, {"logprobs": b"5"}),
    Row("max_tokens", ("--max-tokens", "0"), {"max_tokens": 0}, {"max_tokens": b"0"}),
    Row("max_tokens", ("--max_tokens", "16"), {"max_tokens": 16}),
    Row("model", ("-m", "text-davinci-003"), {"model": "text-davinci-003"}),
    Row("n", ("-n", "2"), {"n": 2}, {"n": b"2"}),
    Row(
        "presence_penalty",
        ("--presence-penalty", "0.5"),
        {"presence_penalty": 0.5},
        {"presence_penalty": b"0.5"},
    ),
    Row("prompt", ("--prompt", "Once — upon\r\n"), {"prompt": "Once — upon\r\n"}, text=None),
    Row("prompt", ("--prompt", "a", "--prompt", "[1]"), {"prompt": ["a", "[1]"]}, text=None),
    Row("prompt", ("--prompt", '["a", "b"]'), {"prompt": ["a", "b"]}, text=None),
    Row("prompt", ("--prompt", "[1212, 318]"), {"prompt": [1212, 318]}, text=None),
    Row("prompt", ("--prompt", "[[1212], [318]]"), {"prompt": [[1212], [318]]}, text=None),
    Row(
        "seed",
        ("--seed", "9007199254740993"),
        {"seed": 9007199254740993},
        {"seed": b"9007199254740993"},
    ),
    Row("stop", ("--stop", "\n"), {"stop": ["\n"]}),
    Row("stop", ("--stop", "welcome", "--stop", "good"), {"stop": ["welcome", "good"]}),
    Row("stream", ("--stream",), {"stream": True}),
    Row("stream", ("--no-stream",), {"stream": False}),
    Row(
        "stream_options",
        ("--stream", "--stream-options", '{"include_usage": true}'),
        {"stream": True, "stream_options": {"include_usage": True}},
    ),
    Row("suffix", ("--suffix", "change jobs"), {"suffix": "change jobs"}),
    Row("temperature", ("--temperature", "0"), {"temperature": 0}, {"temperature": b"0"}),
    Row("temperature", ("--temperature", "1e-1"), {"temperature": 0.1}),
    Row("top_p", ("--top-p", "1"), {"top_p": 1}, {"top_p": b"1"}),
    Row("user", ("--user", "user-0042"), {"user": "user-0042"}),
]


def choices(row: Row) -> int:
    """How many choices the API owes for the row: n for each prompt."""
    prompts = {"[[1212], [318]]": 2, '["a", "b"]': 2, "[1]": 2}
    n: int = row.sent.get("n", 1)
    return n * prompts.get(row.typed[-1], 1)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_flag_reaches_the_socket(run: Run, row: Row) -> None:
    whole = completion(*["ok"] * choices(row))
    answer = stream(whole) if row.sent.get("stream") else reply(whole)
    request = received(run, "complete", row, answer)
    assert_sent(request, {**BARE, **row.sent}, row.numbers)
    COMPLETE.check(request.json)


def test_the_rows_cover_what_the_official_package_names() -> None:
    assert {row.name for row in ROWS} == COMPLETE.properties


def test_a_bare_call_sends_model_and_prompt_alone(run: Run) -> None:
    request = received(run, "complete", Row("bare", (), {}), reply(completion("ok")))
    assert request.line == "POST /v1/completions HTTP/1.1"
    assert request.json == BARE


def test_best_of_below_n_is_not_sent(run: Run) -> None:
    with Server([]) as server:
        result = run("complete", "hi", "--best-of", "1", "--n", "2", base_url=server.base_url)
    assert (result.code, result.out) == (2, b"")
    assert "best_of must be at least n" in result.err


@pytest.mark.parametrize("best_of", [1, 2])
def test_the_best_of_several_is_not_streamed_at_a_terminal(best_of: int) -> None:
    """The API refuses to: which one is the best is known at the end."""
    streams = best_of == 1
    answer = stream(completion("ok")) if streams else reply(completion("ok"))
    with Server([answer]) as server:
        environ = {"OPENAI_BASE_URL": server.base_url}
        context = Context.test(stdin=b"", terminal=True, environ=environ)
        ended = execute(context, "complete", "hi", "--best-of", str(best_of))
    assert (ended.code, ended.out) == (0, b"ok\n"), ended.err
    assert server.received[0].json.get("stream", False) == streams
