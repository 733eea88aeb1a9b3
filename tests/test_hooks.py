""".pre-commit-hooks.yaml, by pre-commit itself on a repository."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import COMMAND
from tests.end_to_end.conftest import Repository

ROOT = Path(__file__).parents[1]
NAME = ".pre-commit-hooks.yaml"


@pytest.fixture
def hooks(tmp_path: Path) -> Repository:
    """A repository that has our hooks."""
    folder = tmp_path / "hooks"
    folder.mkdir()
    made = Repository(folder)
    made.write(NAME, (ROOT / NAME).read_text())
    made.commit()
    return made


def run_hook(
    hooks: Repository, folder: Path, hook: str, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    """Run a hook over all files; it takes the command that is installed, not one of its own."""
    user = Repository(folder)
    user.write("short.txt", "hello")
    user.write("long.txt", "hello " * 5000)
    entry = {"id": hook, "language": "system", **({"args": [*arguments]} if arguments else {})}
    repository = {
        "repo": str(hooks.folder),
        "rev": hooks.git("rev-parse", "HEAD"),
        "hooks": [entry],
    }
    user.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [repository]}))
    user.commit()
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
        env={
            **os.environ, "PRE_COMMIT_HOME": str(folder.parent / "cache"),
            "PATH": f"{COMMAND.parent}:{os.environ['PATH']}", "OPENAI_MODEL": "gpt-4o",
            "SOURCE_DATE_EPOCH": "1795392000",
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hook", "passing", "told"),
    [
        ("openai-tokens-max", ["--max-each=6000"], "long.txt has 5001"),
        (
            "openai-cost-max",
            ["--max-cost=0.02", "--output-tokens=0"],
            "USD, more than the 0.01 of --max-cost",
        ),
    ],
)
def test_a_hook_fails_above_its_limit(
    hooks: Repository, folder: Path, hook: str, passing: list[str], told: str
) -> None:
    """The limits that it has by itself are 4,096 tokens a file, and 0.01 USD."""
    done = run_hook(hooks, folder, hook)
    assert (done.returncode, "Failed" in done.stdout) == (1, True), done.stdout + done.stderr
    assert told in done.stdout
    limited = run_hook(hooks, folder, hook, *passing)
    assert (limited.returncode, "Passed" in limited.stdout) == (0, True), limited.stdout
