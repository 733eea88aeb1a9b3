"""The examples of a well-known tutorial, each as one line of shell, against the sandbox."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import MADE_UP_KEY, Run
from tests.forked import forked

DAVINCI = ("-m", "text-davinci-003")
THIS_IS = ("Say this is a test", *DAVINCI, "--max-tokens", "7", "--temperature", "0")


def test_a_completion(run: Run, sandbox: str) -> None:
    result = run("complete", *THIS_IS, base_url=sandbox)
    assert (result.code, result.out, result.err) == (0, b"this is a test\n", "")


def test_the_whole_answer(run: Run, sandbox: str) -> None:
    result = run("complete", *THIS_IS, "--json", base_url=sandbox)
    body = json.loads(result.out)
    assert body["object"] == "text_completion"
    assert body["model"] == "text-davinci-003"
    assert body["choices"][0]["text"] == "this is a test"
    # p50k_base, the encoding of text-davinci-003: five words in, four out.
    assert body["usage"]["prompt_tokens"] == 5
    assert body["usage"]["completion_tokens"] == 4


def test_one_number_of_it(run: Run, sandbox: str) -> None:
    result = run("complete", *THIS_IS, "--query", "usage.total_tokens", base_url=sandbox)
    assert (result.code, result.out) == (0, b"9\n")


def test_a_mistyped_parameter(run: Run, sandbox: str) -> None:
    result = run("complete", *THIS_IS, "--param", "max_token=300", base_url=sandbox)
    assert (result.code, result.out) == (4, b"")
    assert result.err.count("\n") == 1
    assert "Unrecognized request argument supplied: max_token" in result.err
    assert "HTTP 400" in result.err


def test_a_mistyped_flag(run: Run) -> None:
    result = run("complete", "hi", "--max-token", "300", base_url="http://127.0.0.1:9/v1")
    assert (result.code, result.out) == (2, b"")
    assert "did you mean --max-tokens?" in result.err


def test_a_limit(run: Run, sandbox: str) -> None:
    cut = ("complete", "Say one two three four five", *DAVINCI, "--max-tokens", "3")
    result = run(*cut, base_url=sandbox)
    assert (result.code, result.out) == (0, b"one two three\n")
    assert "length" in result.err
    assert result.err.startswith("openai-cli: notice: ")
    required = run(*cut, "--require-complete", base_url=sandbox)
    assert (required.code, required.out) == (9, b"one two three\n")
    assert "length" in required.err
    assert required.err.startswith("openai-cli: error: ")
    quiet = run(*cut, "-q", base_url=sandbox)
    assert (quiet.code, quiet.err) == (0, "")


@pytest.mark.parametrize("count", [("-n", "2"), ("--n", "2"), ("--n", "2", "--best-of", "3")])
def test_several_answers(run: Run, sandbox: str, count: tuple[str, ...]) -> None:
    result = run("complete", *THIS_IS, *count, base_url=sandbox)
    assert (result.code, result.out) == (0, b"this is a test\n\nthis is a test\n")


def test_best_of_is_at_least_n(run: Run) -> None:
    result = run("complete", "hi", "--best-of", "1", "--n", "2", base_url="http://127.0.0.1:9/v1")
    assert (result.code, result.out) == (2, b"")
    assert "best_of must be at least n" in result.err


def test_stop_words(run: Run, sandbox: str) -> None:
    text = "Say you are welcome and good"
    result = run(
        "complete", text, *DAVINCI, "--stop", "welcome", "--stop", "good", base_url=sandbox
    )
    assert (result.code, result.out) == (0, b"you are \n")
    five = [word for letter in "abcde" for word in ("--stop", letter)]
    refused = run("complete", text, *five, base_url="http://127.0.0.1:9/v1")
    assert refused.code == 2
    assert "stop takes at most 4 values, not 5" in refused.err


def test_text_put_between(run: Run, sandbox: str) -> None:
    ends = (
        "complete",
        "i want to learn",
        "--suffix",
        "change jobs",
        "--max-tokens",
        "64",
        *DAVINCI,
    )
    inserted = run(*ends, base_url=sandbox)
    assert inserted.code == 0
    whole = run(*ends, "--whole", base_url=sandbox)
    assert whole.text == "i want to learn" + inserted.text.removesuffix("\n") + "change jobs\n"
    streamed = run(*ends, "--whole", "--stream", base_url=sandbox)
    assert streamed.text == whole.text


def test_penalties_seed_and_bias(run: Run) -> None:
    result = run(
        "complete", "hi", "-m", "m", "--presence-penalty", "0.5", "--frequency-penalty", "-1",
        "--seed", "9007199254740993", "--logit-bias", "50256=-100", "--dry-run",
    )  # fmt: skip
    assert (result.code, result.err) == (0, "")
    for exact in (
        '"presence_penalty": 0.5',
        '"frequency_penalty": -1',
        '"seed": 9007199254740993',
        '"logit_bias": {"50256": -100}',
    ):
        assert exact in result.text


def test_a_chat(run: Run, sandbox: str) -> None:
    result = run(
        "chat", "Where was it played?",
        "--system", "You are a helpful assistant.",
        "--message", "user:Who won the world series in 2020?",
        "--message", "assistant:The Los Angeles Dodgers.",
        base_url=sandbox,
    )  # fmt: skip
    assert (result.code, result.err) == (0, "")
    assert "Where was it played?" in result.text


def test_a_pipe(sandbox: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "OPENAI_BASE_URL": sandbox,
        "OPENAI_API_KEY": MADE_UP_KEY,
        "PATH": f"{forked().parent}:{os.environ['PATH']}",
    }
    line = "printf 'a diff\\n' | openai-cli chat 'Write a commit message' | tee msg"
    done = subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        env=environment,
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout
    assert done.stdout.endswith(b"\n")
    assert (tmp_path / "msg").read_bytes() == done.stdout


SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "city",
        "schema": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "people": {"type": "integer"}},
            "required": ["name", "people"],
        },
    },
}


def test_json_by_schema(run: Run, sandbox: str, folder: Path) -> None:
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    result = run("chat", "A city", "--response-format", "@schema.json", base_url=sandbox)
    assert result.code == 0
    found = json.loads(result.out)
    assert isinstance(found["name"], str)
    assert isinstance(found["people"], int)


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]


@pytest.mark.parametrize("streamed", [(), ("--stream",)], ids=["whole", "streamed"])
def test_tools(run: Run, sandbox: str, folder: Path, streamed: tuple[str, ...]) -> None:
    (folder / "tools.json").write_text(json.dumps(TOOLS))
    result = run(
        "chat", "The weather?", "--tools", "@tools.json", "--tool-choice", "required", "-n", "2",
        *streamed, base_url=sandbox,
    )  # fmt: skip
    assert (result.code, result.err) == (0, "")
    first, empty, second = result.text.splitlines()
    assert empty == ""
    for line in (first, second):
        call = json.loads(line)
        assert call["function"]["name"] == "weather"
        assert isinstance(json.loads(call["function"]["arguments"])["city"], str)


def test_to_see_first(run: Run) -> None:
    """No key, no network: the base URL leads nowhere."""
    nowhere = {"base_url": "http://127.0.0.1:9/v1", "key": None}
    body = run("chat", "hi", "--dry-run", **nowhere)
    assert (body.code, body.err) == (0, "")
    assert json.loads(body.out) == {
        "model": "gpt-6-luna",
        "messages": [{"role": "user", "content": "hi"}],
    }
    curl = run("chat", "hi", "--curl", **nowhere)
    assert curl.code == 0
    assert curl.text.startswith("curl ")
    line = run("chat", "hi", "--batch-line", "q1", **nowhere)
    assert json.loads(line.out) == {
        "custom_id": "q1",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": json.loads(body.out),
    }


def test_inside_the_process(run: Run) -> None:
    """--sandbox needs neither a server nor a key."""
    result = run("chat", "Say it works", "--sandbox", key=None)
    assert (result.code, result.out, result.err) == (0, b"it works\n", "")


def test_the_default_model_of_complete_has_a_notice_where_it_was_retired(run: Run) -> None:
    at_openai = run("complete", "hi", "--dry-run")
    assert at_openai.err.count("retired") == 1
    assert at_openai.err.startswith("openai-cli: notice: ")
    for silent in (
        run("complete", "hi", "--dry-run", "-m", "davinci-002"),
        run("complete", "hi", "--dry-run", "--param", 'model="m"'),
        run("complete", "hi", "--dry-run", env={"OPENAI_MODEL": "m"}),
        run("complete", "hi", "--dry-run", base_url="http://localhost:11434/v1"),
        run("complete", "Say hi", "--sandbox"),
    ):
        assert (silent.code, silent.err) == (0, "")
