"""`api --list` and `api --describe`: what the table has of operations."""

import json
from pathlib import Path

import pytest

from openai_cli.commands import COMMANDS, declared, is_command
from openai_cli.operations.table import every
from tests.conftest import Run
from tests.flags.commandline import refused

PUBLISHED = Path(__file__).parents[1] / "end_to_end" / "operations.txt"


def test_the_list_has_a_line_for_each_operation(run: Run) -> None:
    lines = [line.split("\t") for line in run("api", "--list").text.splitlines()]
    assert len(lines) == len(list(every()))
    assert ["GET", "/vector_stores/{vector_store_id}/files", "vector-stores files list"] in lines
    assert ["POST", "/chat/completions", "chat"] in lines
    published = [line.split(" ") for line in PUBLISHED.read_text().splitlines()]
    named = {(method, path) for method, path, _ in lines}
    assert {(row[0], row[1]) for row in published if row[0] != "#"} <= named


def test_the_list_of_a_word(run: Run) -> None:
    found = run("api", "--list", "PERMISSIONS", "fine").text.splitlines()
    assert [line.partition("\t")[2].partition("\t")[2] for line in found] == [
        "fine-tuning checkpoints permissions list",
        "fine-tuning checkpoints permissions create",
        "fine-tuning checkpoints permissions delete",
    ]
    assert run("api", "--list", "no-such-word").text == ""


def test_the_list_as_json(run: Run) -> None:
    lines = run("api", "--list", "organization/costs", "--json").text.splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "method": "GET",
            "path": "/organization/costs",
            "command": "organization costs",
            "deprecated": False,
            "admin": True,
        }
    ]


def test_all_commands_of_the_list_are_commands(run: Run) -> None:
    commands = [each.command for each in every() if each.command]
    assert all(map(is_command, commands))
    assert len(commands) == len(set(commands))
    # What follows a command's words are its arguments.
    assert not [name for name in commands for other in commands if other.startswith(f"{name} ")]
    # What has none is cancelled by another path, as the official client does it.
    assert [each.path for each in every() if not each.command] == ["/evals/{eval_id}/runs/{run_id}"]


def test_every_written_command_of_an_operation_has_its_row() -> None:
    written = {each.command for each in every() if each.command in COMMANDS}
    of_operations = {
        name
        for name in COMMANDS
        if declared(name).options.endpoint.path and not name.startswith("batch ")
    }
    assert written == of_operations - {"tokens"}, "which counts by itself"


@pytest.mark.parametrize(
    "path", ["/vector_stores/{vector_store_id}/search", "vector_stores/vs_1/search",
             "/v1/vector_stores/vs_1/search"]
)  # fmt: skip
def test_the_parameters_of_an_operation(run: Run, path: str) -> None:
    done = run("api", "--describe", "post", path)
    assert done.text == (
        "path\tvector_store_id\tVECTOR_STORE_ID\tTEXT\tRequired\n"
        "body\tquery\tQUERY\tTEXT|JSON|@FILE\tRequired\n"
        "body\tfilters\t--filters\tOBJECT\tkeys: key, type, value, filters\n"
        "body\tmax_num_results\t--max-num-results\tINT\t1 to 50\n"
        "body\tranking_options\t--ranking-options\tOBJECT\tkeys: ranker, score_threshold "
        "(0 to 1)\n"
        "body\trewrite_query\t--rewrite-query\ttrue|false\tTrue or false\n"
    )
    assert done.err == "openai-cli: notice: openai-cli vector-stores search has them as flags\n"


def test_a_path_without_parameters_goes_before_one_with_them(run: Run) -> None:
    done = run("api", "--describe", "POST", "/responses/compact")
    assert "openai-cli responses compact has them" in done.err


def test_the_parameters_as_json(run: Run) -> None:
    found = json.loads(run("api", "--describe", "POST", "/batches/b/cancel", "--json").text)
    assert found["command"] == "batches cancel"
    assert (found["path"], found["query"], found["body"]) == (["batch_id"], {}, {})


def test_an_operation_without_a_command(run: Run) -> None:
    done = run("api", "--describe", "POST", "/evals/e/runs/r")
    assert "it has no command: openai-cli api POST /evals/{eval_id}/runs/{run_id}" in done.err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("--describe", "--describe needs METHOD and PATH; for example"),
        ("--describe POST", "--describe needs METHOD and PATH"),
        ("--describe PUT /files", "there is no operation PUT /files; openai-cli api --list files"),
        ("--list --describe", "--list takes no --describe"),
        ("--list --query x", "--list takes no --query"),
        ("GET", "METHOD and PATH are needed; for example: openai-cli api GET /models"),
        ("", "METHOD and PATH are needed"),
    ],
)
def test_what_is_refused(typed: str, said: str) -> None:
    assert said in refused("api", *typed.split())
