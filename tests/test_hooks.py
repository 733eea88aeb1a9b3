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
    configure(user, hooks, hook, *arguments)
    user.commit()
    return pre_commit(user, "--all-files")


def configure(user: Repository, hooks: Repository, hook: str, *arguments: str) -> None:
    """Have a repository use a hook for its text files."""
    entry = {
        "id": hook,
        "language": "system",
        "exclude": "^[.]",
        **({"args": [*arguments]} if arguments else {}),
    }
    repository = {
        "repo": str(hooks.folder),
        "rev": hooks.git("rev-parse", "HEAD"),
        "hooks": [entry],
    }
    user.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [repository]}))


def pre_commit(user: Repository, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the hooks of a repository, over what is staged unless told otherwise."""
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", *arguments, "--color", "never"],
        cwd=user.folder, capture_output=True, text=True, check=False, timeout=120,
        env={
            **os.environ, "PRE_COMMIT_HOME": str(user.folder.parent / "cache"),
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


@pytest.mark.parametrize("hook", ["openai-tokens-max", "openai-cost-max"])
def test_a_hook_takes_each_name_and_no_file_that_is_no_text_or_gone(
    hooks: Repository, folder: Path, hook: str
) -> None:
    user = Repository(folder)
    configure(user, hooks, hook)
    user.write("gone.txt", "hello")
    user.commit()
    nothing = pre_commit(user)
    assert (nothing.returncode, "(no files to check)" in nothing.stdout) == (0, True)
    user.git("rm", "--quiet", "gone.txt")
    user.write("picture.png", b"\x89PNG\0\1")
    for name in ("a b.txt", "p/-q 'r' \"s\" é.txt", "$(touch run)`.txt", "empty.txt"):
        user.write(name, "" if name == "empty.txt" else "hello")
    user.git("add", "--all")
    passed = pre_commit(user)
    assert (passed.returncode, "Passed" in passed.stdout) == (0, True), passed.stdout
    user.write("a b.txt", "hello " * 5000)
    user.git("add", "--all")
    failed = pre_commit(user)
    assert (failed.returncode, "Failed" in failed.stdout) == (1, True), failed.stdout
    assert "a b.txt" in failed.stdout
    assert "png" not in failed.stdout + passed.stdout
    assert not (folder / "run").exists()
