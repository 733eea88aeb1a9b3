"""What the help of every command has: examples that run, the default model, the manual."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from openai_cli.app import EXAMPLES
from openai_cli.commands import COMMANDS, GROUPS, declared, every
from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from tests.conftest import MADE_UP_KEY, Run
from tests.docs.pages import ROOT
from tests.docs.test_examples import Shell, folder, shell

__all__ = ["folder", "shell"]

ALL: Mapping[str, tuple[str, ...]] = {
    "": EXAMPLES,
    **{name: declared(name).examples for name in COMMANDS},
}

# What is typed at a terminal, for the examples that ask for it.
TYPED = {"openai-cli key set": "echo sk-made-up-for-tests | "}


@pytest.fixture(scope="module")
def asked() -> Iterator[str]:
    """A sandbox of these examples' own: what they store is not there for the pages' examples."""
    with Sandbox(config=SandboxConfig(key=MADE_UP_KEY)) as made:
        yield made.base_url


every_command = pytest.mark.parametrize("name", ALL, ids=lambda name: name or "openai-cli")


@every_command
def test_examples_run_as_they_stand_one_after_the_other(name: str, shell: Shell) -> None:
    script = "\n".join(f"{_answered(line)} || exit 99" for line in ALL[name])
    printed, code = shell(script, 0)
    assert code == 0, printed
    assert "error: " not in printed


def _answered(line: str) -> str:
    return next(
        (f"{typed}{line}" for start, typed in TYPED.items() if line.startswith(start)), line
    )


@every_command
def test_there_are_two_to_four_and_the_command_is_in_them(name: str) -> None:
    lines = ALL[name]
    assert 2 <= len(lines) <= 4
    assert any(f"openai-cli {name}" in line for line in lines)
    assert max(map(len, lines)) <= 78, "the help indents them by two"


@every_command
def test_the_help_ends_with_the_examples_and_the_manual(name: str, run: Run) -> None:
    lines = run(*name.split(), "--help", env={"COLUMNS": "80"}).text.splitlines()
    assert max(map(len, lines)) <= 80
    place = lines.index("Examples:")
    assert lines[place + 1 : -2] == [f"  {line}" for line in ALL[name]]
    page = f"openai-cli-{name.replace(' ', '-')}".rstrip("-")
    guide = lines[-1].removeprefix(f"Manual: man {page}, or ")
    assert lines[-2] == ""
    assert (ROOT / f"docs/man/{page}.1").is_file()
    # The pages of `batch` share what they say about all its commands.
    shown = "batch" if name.startswith("batch ") else name or "openai-cli"
    assert guide.startswith("docs/")
    assert shown in (ROOT / guide).read_text()


@pytest.mark.parametrize("group", GROUPS)
def test_the_help_of_a_group_has_examples_and_the_manual(group: str, run: Run) -> None:
    lines = run(*group.split(), "--help").text.splitlines()
    first = next(name for name in every() if name.startswith(f"{group} "))
    shown = [f"  {line}" for line in declared(first).examples[:2]]
    assert lines[lines.index("Examples:") + 1 : -2] == shown
    is_written = first in COMMANDS
    guide = f"docs/{'' if is_written else 'operations/'}{group.partition(' ')[0]}.md"
    page = "" if is_written else f"man openai-cli-{group}, or "
    assert lines[-2:] == ["", f"Manual: {page}{guide}"]
    assert (ROOT / guide).is_file()


MADE = [name for name in every() if name not in COMMANDS]


@pytest.mark.parametrize("name", MADE)
def test_an_example_of_an_operation_is_a_request(name: str, run: Run, folder: Path) -> None:
    """What it shows is taken: all that is needed is there, in the form that it has to have."""
    (folder / "data.jsonl").write_text("{}\n")
    first, second = declared(name).examples
    assert second.startswith(first)
    for line in (first, second):
        done = run(*shlex.split(line)[1:], *(() if "--curl" in line else ("--dry-run",)))
        assert done.code == 0, (line, done.err)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("chat", "The model [default: OPENAI_MODEL or gpt-6-luna]"),
        ("embed", "The model [default: text-embedding-3-small]"),
        ("image vary", "The model [default: dall-e-2]"),
    ],
)
def test_the_default_model_is_told(name: str, told: str, run: Run) -> None:
    assert told in squeezed(run(*name.split(), "--help").text)


def squeezed(text: str) -> str:
    return " ".join(text.split())


def titles(text: str) -> list[str]:
    return re.findall(r"^(\S.*):$", text, re.MULTILINE)


def test_the_groups_stand_in_their_order(run: Run) -> None:
    """A command's own flags are before those of the API and those that commands share."""
    groups = ["Arguments", "Options", "Conversation", "API parameters", "Input", "Output"]
    assert titles(run("chat", "--help").text) == [*groups, "Connection", "Examples"]
    assert titles(run("tokens", "--help").text) == [
        "Arguments", "Options", "Input", "Output", "Connection (used only with --remote)",
        "Examples",
    ]  # fmt: skip
    assert titles(run("cost", "--help").text) == [
        "Arguments", "Options", "Input", "Output", "Examples",
    ]  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_the_no_forms_are_told_once(name: str, run: Run) -> None:
    text = run(*name.split(), "--help").text
    assert "[no-]" not in text
    assert text.count("A flag without a value also has a --no- form") == 1


def test_examples_that_are_told_are_those_of_the_page() -> None:
    for name, lines in ALL.items():
        page = Path(ROOT, "docs/commands", f"{name.replace(' ', '-') or 'index'}.md").read_text()
        assert "\n".join(["```sh", *lines, "```"]) in page
        assert all(shlex.split(line) for line in lines)
