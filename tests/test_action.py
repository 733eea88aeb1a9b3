"""action.yml: its steps, by the same shell, in an environment as GitHub Actions makes it."""

import json
import os
import re
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import COMMAND
from tests.end_to_end.conftest import Repository
from tests.servers import Server, reply

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
TOKEN = "made-up-token"  # noqa: S105


@dataclass
class Job:
    """A job that uses the action in a repository, on a runner whose folder is `runner`."""

    repository: Repository
    runner: Path
    inputs: Mapping[str, str]
    event: Mapping[str, Any] = field(default_factory=dict)
    api: str = "http://127.0.0.1:9"

    def __post_init__(self) -> None:
        bin_folder = self.runner / "openai-cli/bin"
        bin_folder.mkdir(parents=True, exist_ok=True)
        if not (bin_folder / "openai-cli").is_symlink():
            (bin_folder / "openai-cli").symlink_to(COMMAND)

    def step(self, name: str, outputs: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Run a step: its exit code and its log."""
        step = STEPS[name]
        (self.runner / "event.json").write_text(json.dumps(self.event))
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=self.repository.folder, timeout=60, check=False,
            env={
                **{key: os.environ[key] for key in ("PATH", "HOME")},
                "RUNNER_TEMP": str(self.runner),
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_WORKSPACE": str(self.repository.folder),
                "GITHUB_STEP_SUMMARY": str(self.runner / "summary"),
                "GITHUB_OUTPUT": str(self.runner / "output"),
                "GITHUB_EVENT_PATH": str(self.runner / "event.json"),
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_API_URL": self.api,
                "SOURCE_DATE_EPOCH": "1795392000",
                **{
                    name: self.value(text, outputs or {})
                    for name, text in step.get("env", {}).items()
                },
            },
        )  # fmt: skip
        return done.returncode, done.stdout.decode()

    def value(self, text: str, outputs: Mapping[str, str]) -> str:
        """What stands in `${{ }}`: the first of these that is not empty."""

        def known(match: "re.Match[str]") -> str:
            found = (self._known(one, outputs) for one in match[1].split(" || "))
            return next((one for one in found if one), "")

        return re.sub(r"\$\{\{ ([^}]+) \}\}", known, text)

    def _known(self, place: str, outputs: Mapping[str, str]) -> str:
        """An input, an output of the step `compare`, or what the event or the job has."""
        kind, _, name = place.rpartition(".")
        if kind == "inputs":
            default = self.value(ACTION["inputs"][name]["default"], outputs)
            return str(self.inputs.get(name, default))
        if kind == "steps.compare.outputs":
            return outputs.get(name, "")
        found: Any = {"github": {"event": self.event, "token": TOKEN}}
        for key in place.split("."):
            found = found.get(key, {})
        return found or ""


@pytest.fixture
def repository(folder: Path) -> Repository:
    made = Repository(folder)
    made.write("prompts/a b.txt", "hello")
    made.write("r.jsonl", '{"model": "gpt-4o", "max_tokens": 9, "messages": []}')
    made.commit()
    made.write("prompts/a b.txt", "hello hello hello")
    return made


def test_the_steps_compare_and_say_so(repository: Repository, tmp_path: Path) -> None:
    job = Job(repository, tmp_path / "runner", {
        "paths": "prompts/a b.txt\n\n", "request": "r.jsonl\n", "model": "gpt-4o", "base": "main",
        "output-tokens": "2", "calls": "1000/day", "max-increase": "1",
        "max-increase-percent": "90", "max-cost": "5",
    })  # fmt: skip
    code, log = job.step("Compare")
    assert code == 0, log
    assert "::notice title=cost,file=prompts/a b.txt,line=1::" in log
    assert "increase=0.005\n" in (job.runner / "output").read_text()
    assert "1000 calls of each a day" in (job.runner / "summary").read_text()


@pytest.mark.parametrize("limit", ["max-increase", "max-increase-percent", "max-cost"])
def test_what_is_above_a_limit_fails_the_step(
    repository: Repository, tmp_path: Path, limit: str
) -> None:
    inputs = {"paths": "prompts", "base": "main", limit: "0"}
    code, log = Job(repository, tmp_path / "runner", inputs).step("Compare")
    assert code == 8
    assert "::error title=cost" in log
    code, log = Job(repository, tmp_path / "runner", {**inputs, "warn": "true"}).step("Compare")
    assert code == 0
    assert "::warning title=cost" in log


ZEROS = "0" * 40


@pytest.mark.parametrize(
    ("event", "base"),
    [
        ({"pull_request": {"base": {"sha": "$FIRST"}}, "before": "none"}, "$FIRST"),
        ({"merge_group": {"base_sha": "$FIRST"}}, "$FIRST"),
        ({"before": "$FIRST"}, "$FIRST"),
        ({"before": ZEROS, "repository": {"default_branch": "main"}}, "origin/main"),
        ({"repository": {"default_branch": "main"}}, "origin/main"),
    ],
)
def test_each_event_has_a_base(
    repository: Repository, tmp_path: Path, event: Any, base: str
) -> None:
    """The first push of a branch has no commit before it, and a schedule has none at all."""
    first = repository.git("rev-parse", "HEAD")
    repository.git("update-ref", "refs/remotes/origin/main", first)
    event = json.loads(json.dumps(event).replace("$FIRST", first))
    job = Job(repository, tmp_path / "runner", {"paths": "prompts", "model": "gpt-4o"}, event)
    code, log = job.step("Compare")
    assert code == 0, log
    shown = first[:12] if base == "$FIRST" else f"{base} ({first[:12]})"
    assert f"Base {shown}, head the working tree." in (job.runner / "summary").read_text()


def test_a_shallow_checkout_says_how_to_fetch(repository: Repository, tmp_path: Path) -> None:
    repository.write(".git/shallow", repository.git("rev-parse", "HEAD") + "\n")
    job = Job(repository, tmp_path / "runner", {"paths": "prompts"}, {"before": "1" * 40})
    code, log = job.step("Compare")
    assert code == 2
    assert "there is no commit '111111111111'; a shallow clone lacks it" in log
    assert "fetch-depth: 0" in log


def test_an_input_is_no_code(repository: Repository, tmp_path: Path) -> None:
    """What a pull request may name, as a path, is never run."""
    repository.write("$(touch run)`touch run`; touch run", "hello")
    inputs = {"paths": "$(touch run)`touch run`; touch run\n-q", "base": "main"}
    code, log = Job(repository, tmp_path / "runner", inputs).step("Compare")
    assert (code, not (repository.folder / "run").exists()) == (2, True)
    assert "cannot read '-q'" in log
    assert all("${{" not in step["run"] for step in STEPS.values())


def test_the_action_wants_no_more_than_to_read() -> None:
    """Its one secret is the token of the comment, which is off unless asked for."""
    assert ACTION["inputs"]["comment"]["default"] == "false"
    assert [name for name, step in STEPS.items() if "token" in str(step).lower()] == [
        "Compare", "Comment",
    ]  # fmt: skip
    assert "inputs.token" not in str(STEPS["Compare"])
    assert STEPS["Comment"]["if"] == "${{ always() && inputs.comment == 'true' }}"


PULL = {"pull_request": {"number": 7}}
COMMENTS = "/repos/o/r/issues/7/comments"
REPORT = "<!-- openai-cli cost diff -->\nnew\n"


def comment(job: Job, server: Server, changed: str = "true") -> str:
    job.api = server.root
    (job.runner / "openai-cost.md").write_text(REPORT)
    code, log = job.step("Comment", {"changed": changed})
    assert code == 0, log
    return log


@pytest.fixture
def job(repository: Repository, tmp_path: Path) -> Job:
    return Job(repository, tmp_path / "runner", {"token": TOKEN, "comment": "true"}, PULL)


def json_reply(value: object, status: str = "200 OK", **headers: str) -> bytes:
    return reply(
        value, status=status, headers=[f"{name}: {text}" for name, text in headers.items()]
    )


def test_a_comment_is_written_where_there_is_none(job: Job) -> None:
    with Server([json_reply([{"id": 1, "body": None}]), json_reply({}, "201 Created")]) as server:
        assert "written" in comment(job, server)
    listed, made = server.received
    assert listed.line.startswith(f"GET {COMMENTS}?per_page=100 ")
    assert made.headers["authorization"] == f"Bearer {TOKEN}"
    assert made.line.startswith(f"POST {COMMENTS} ")
    assert made.json == {"body": REPORT}


def test_the_comment_of_before_is_changed_wherever_it_stands(job: Job) -> None:
    """It may be on a later page."""
    old = {"id": 42, "body": "<!-- openai-cli cost diff -->\nold"}

    def first_page(connection: socket.socket) -> None:
        following = f'<{server.root}/page2>; rel="next"'
        connection.sendall(json_reply([{"id": 1, "body": "other"}], Link=following))

    server = Server([first_page, json_reply([old]), json_reply({})])
    with server:
        assert "changed" in comment(job, server)
    assert server.received[1].line.startswith("GET /page2 ")
    assert server.received[2].line.startswith("PATCH /repos/o/r/issues/comments/42 ")


def test_a_comment_that_says_so_already_is_left(job: Job) -> None:
    with Server([json_reply([{"id": 42, "body": REPORT.strip().replace("\n", "\r\n")}])]) as server:
        assert "already" in comment(job, server)


def test_a_comment_with_nothing_left_to_say_is_removed(job: Job) -> None:
    with Server(
        [json_reply([{"id": 42, "body": REPORT}]), reply(b"", status="204 No Content")]
    ) as server:
        assert "removed" in comment(job, server, changed="false")
    assert server.received[1].line.startswith("DELETE /repos/o/r/issues/comments/42 ")
    with Server([json_reply([])]) as server:
        assert "nothing is left" in comment(job, server, changed="false")


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found"])
def test_a_fork_may_not_comment_and_does_not_fail(job: Job, status: str) -> None:
    with Server([json_reply({"message": "Resource not accessible"}, status)]) as server:
        assert "::notice::the token may not comment here" in comment(job, server)


@pytest.mark.parametrize(
    "answer",
    [
        json_reply({"message": "Bad credentials"}, "401 Unauthorized"),
        json_reply({}, "502 Bad Gateway"),
        reply(b"<html>", headers=["Content-Type: text/html"]),
    ],
)
def test_what_goes_wrong_with_the_comment_fails_no_job(job: Job, answer: bytes) -> None:
    with Server([answer]) as server:
        assert comment(job, server).startswith("::warning::the comment could not be written: ")


def test_a_push_has_no_pull_request(job: Job) -> None:
    job.event = {}
    with Server([]) as server:
        assert "no pull request" in comment(job, server)
