"""The man pages are what the commands say now, and roff that formats without a warning."""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from openai_cli.commands import COMMANDS, GROUPS
from openai_cli.errors import ExitCode
from openai_cli.operations.table import part
from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "man"
TOOL = ROOT / "tools" / "man_pages.py"
PAGES = sorted(FOLDER.iterdir())
SHOWN = runpy.run_path(str(ROOT / "tools" / "command_pages.py"))["shown"]


def formatted(page: Path) -> str:
    """The page as a terminal shows it, with every warning of groff."""
    if shutil.which("groff") is None:
        pytest.skip("this machine has no groff")
    command = ["groff", "-man", "-Tutf8", "-P-cbou", "-ww", "-rLL=200n", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return " ".join(done.stdout.split())


def test_every_command_has_its_page_and_no_other_has() -> None:
    names = {f"openai-cli-{name.replace(' ', '-')}.1" for name in COMMANDS}
    groups = {f"openai-cli-{name}.1" for name in GROUPS if made(name)}
    assert {page.name for page in PAGES} == names | groups | {"openai-cli.1"}


def test_the_tool_writes_the_committed_pages(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(TOOL), str(tmp_path / "man")], check=True, timeout=60)
    written = {path.name: path.read_text() for path in (tmp_path / "man").iterdir()}
    assert written == {path.name: path.read_text() for path in PAGES}, "run make docs"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_has_every_line_of_the_help(name: str) -> None:
    text = formatted(FOLDER / f"openai-cli-{name.replace(' ', '-')}.1")
    records = [record for records in SHOWN(name).groups.values() for record in records]
    assert len(records) > 4
    assert [line for line in map(" ".join, records) if line not in text] == []


def test_a_page_has_the_examples_each_on_a_line_of_its_own() -> None:
    page = (FOLDER / "openai-cli-tokens.1").read_text()
    assert '\n.SH EXAMPLES\n.nf\nopenai\\-cli tokens "How many tokens is this?"\n' in page
    assert "--files prompt.txt --max 100" in formatted(FOLDER / "openai-cli-tokens.1")


def made(group: str) -> list[str]:
    """The commands of a group that are made of the table of operations."""
    return [each.command for each in part(group) if each.command and each.command not in COMMANDS]


@pytest.mark.parametrize("group", [*filter(made, GROUPS)])
def test_the_page_of_a_group_has_its_commands(group: str) -> None:
    text = formatted(FOLDER / f"openai-cli-{group}.1")
    assert [name for name in made(group) if f"openai-cli {name} " not in text] == []


def test_what_holds_for_all_is_told_of() -> None:
    text = formatted(FOLDER / "openai-cli.1")
    assert all(f"openai-cli {name} {summary}" in text for name, summary in COMMANDS.items())
    assert all(f" {code} " in text.partition("EXIT STATUS")[2] for code in map(int, ExitCode))
    assert "OPENAI_API_KEY the key" in text
