"""What the operations of the table took: those that name a model tell it, and keep to a budget."""

import json
from pathlib import Path
from typing import Any

import pytest

from openai_cli.commands.operation.options import is_bounded, may_cost, names_model
from openai_cli.operations.table import every, find
from tests.conftest import Run
from tests.servers import Server, reply

USAGE = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
RESPONSE = {
    "id": "resp_1", "object": "response", "model": "gpt-4o", "status": "completed",
    "output": [{"type": "message", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": "hi", "annotations": []}]}],
    "usage": USAGE,
}  # fmt: skip
CREATE = ("beta", "responses", "create", "--model", "gpt-4o", "--input", "hello",
          "--max-output-tokens", "100")  # fmt: skip
COMPACT = ("responses", "compact", "--model", "gpt-4o", "--input", "hello")


@pytest.mark.parametrize("line", [CREATE, COMPACT])
def test_what_it_took_is_told_and_kept(run: Run, folder: Path, line: tuple[str, ...]) -> None:
    env, command = {"OPENAI_CLI_LEDGER": "ledger"}, " ".join(line[: line.index("--model")])
    with Server([reply(RESPONSE)]) as server:
        done = run(*line, "--usage", "--usage-file", "u", "--label", "x", base_url=server.base_url,
                   env=env)  # fmt: skip
    assert done.code == 0, done.err
    assert done.err == ("openai-cli: usage: 1000 input, 100 output tokens; 0.0035 USD (gpt-4o)\n")
    kept = json.loads((folder / "u").read_text())
    assert (kept["command"], kept["usd"], kept["label"]) == (command, 0.0035, "x")
    (row,) = json.loads(run("cost", "ledger", "--json", env=env).out)["rows"]
    assert (row["calls"], row["usd"]) == (1, 0.0035)


def test_an_answer_without_usage_has_no_line(run: Run, folder: Path) -> None:
    env = {"OPENAI_CLI_LEDGER": "ledger"}
    with Server([reply({"id": "a", "object": "agent"})] * 2) as server:
        line = ("beta", "agents", "create", "--param", "model=gpt-4o", "--param", "name=a")
        silent = run(*line, base_url=server.base_url, env=env)
        asked = run(*line, "--usage", base_url=server.base_url, env=env)
    assert (silent.code, silent.err, asked.code) == (0, "", 0)
    assert asked.err == "openai-cli: notice: the answer reports no usage\n"
    assert not (folder / "ledger").exists()


def test_a_budget_and_max_cost_hold(run: Run, folder: Path, tmp_path: Path) -> None:
    refused = run(*CREATE, "--max-cost", "0.0001")
    assert (refused.code, "more than the 0.0001 of --max-cost" in refused.err) == (8, True)
    config = folder / "c.toml"
    config.write_text("[budget]\nmonth = 0.0001\n")
    env = {"OPENAI_CLI_CONFIG": str(config), "OPENAI_CLI_LEDGER": "ledger"}
    refused = run(*CREATE, env=env)
    assert (refused.code, "[budget] month: the request can cost" in refused.err) == (8, True)


@pytest.mark.parametrize(
    "line",
    [
        COMPACT,
        ("beta", "threads", "runs", "create", "thread_1", "--assistant-id", "a",
         "--model", "gpt-4o"),
        ("beta", "threads", "runs", "create", "thread_1", "--assistant-id", "a"),
        ("beta", "threads", "runs", "submit-tool-outputs", "thread_1", "run_1",
         "--tool-outputs", "[]"),
        ("batches", "create", "--completion-window", "24h", "--endpoint", "/v1/responses",
         "--input-file-id", "file-1"),
        ("live", "sessions", "accept", "live_1", "--session", "{}"),
        ("videos", "create", "--prompt", "hello"),
        ("realtime", "calls", "create", "--sdp", "v=0"),
        ("fine-tuning", "jobs", "resume", "ftjob-1"),
    ],
)  # fmt: skip
def test_what_has_no_bound_is_refused_by_a_budget(
    run: Run, folder: Path, line: tuple[str, ...]
) -> None:
    config = folder / "c.toml"
    config.write_text("[budget]\nmonth = 5\n")
    env = {"OPENAI_CLI_CONFIG": str(config), "OPENAI_CLI_LEDGER": "ledger"}
    with Server([reply({**RESPONSE, "id": "x"})]) as server:
        flags: dict[str, Any] = {"base_url": server.base_url, "env": env}
        refused = run(*line, **flags)
        capped = run(*line, "--max-cost", "1", base_url=server.base_url)
        assert not server.received
        passed = run(*line, "--allow-unbounded", **flags)
    assert (refused.code, capped.code, passed.code) == (2, 2, 0), passed.err
    assert "--allow-unbounded lets it pass" in refused.err
    assert "notice: [budget]: nothing is reserved: " in passed.err


def test_an_operation_that_nobody_looked_at_may_cost_something() -> None:
    known = find("conversations create")
    assert known is not None
    assert not may_cost(known)
    assert may_cost(known._replace(command="new things create"))


def test_what_costs_nothing_needs_no_bound(run: Run, folder: Path) -> None:
    config = folder / "c.toml"
    config.write_text("[budget]\nmonth = 5\n")
    env = {"OPENAI_CLI_CONFIG": str(config), "OPENAI_CLI_LEDGER": "ledger"}
    line = ("responses", "input-tokens", "count", "--model", "gpt-4o", "--input", "hello")
    with Server([reply({"object": "response.input_tokens", "input_tokens": 8})]) as server:
        assert run(*line, base_url=server.base_url, env=env).code == 0


def test_an_answer_that_is_cut_short_is_told(run: Run) -> None:
    cut: dict[str, Any] = {
        **RESPONSE, "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}
    }  # fmt: skip
    with Server([reply(cut)] * 2) as server:
        done = run(*CREATE, base_url=server.base_url)
        demanded = run(*CREATE, "--require-complete", base_url=server.base_url)
    assert (done.code, demanded.code) == (0, 9)
    assert "max_output_tokens" in done.err
    assert json.loads(demanded.out) == cut


def test_no_property_is_taken_for_a_flag_of_ours() -> None:
    ours = {"usage", "usage_file", "label", "require_complete", "prices", "max_cost",
            "allow_unbounded"}  # fmt: skip
    for operation in every():
        if names_model(operation) or may_cost(operation):
            assert not ours & {*operation.body, *operation.query}, operation.command


def test_what_lists_shows_or_deletes_asks_nothing_of_it() -> None:
    for command in ("vector-stores list", "vector-stores show", "vector-stores delete"):
        operation = find(command)
        assert operation is not None
        assert not names_model(operation)
    bounded = [each.command for each in every() if each.command and is_bounded(each)]
    assert "beta responses create" in bounded
