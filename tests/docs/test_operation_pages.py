"""The pages of the operations are what the table and the commands say now."""

import re
import subprocess
import sys
from pathlib import Path

from openai_cli.commands import COMMANDS
from openai_cli.commands.operation.options import collisions
from openai_cli.operations.table import every
from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "operations"
TOOL = ROOT / "tools" / "operation_pages.py"


def test_every_command_of_the_table_has_a_section_of_its_own() -> None:
    text = "\n".join(path.read_text() for path in sorted(FOLDER.iterdir()))
    made = [each.command for each in every() if each.command and each.command not in COMMANDS]
    sections = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert sorted(sections) == sorted([*made, "Properties without a flag", "What cannot be undone"])


def test_the_tool_writes_the_committed_pages(tmp_path: Path) -> None:
    folder = tmp_path / "operations"
    subprocess.run([sys.executable, str(TOOL), str(folder)], check=True, timeout=60)
    written = {path.name: path.read_text() for path in folder.iterdir()}
    assert written == {path.name: path.read_text() for path in FOLDER.iterdir()}, "run make docs"


def test_the_properties_that_have_no_flag_are_listed() -> None:
    """A new one is to be looked at: a flag of ours must not take the name of a property."""
    found = {each.command: collisions(each) for each in every() if collisions(each)}
    assert found == {"vector-stores search": ["query"]}
    assert "| `vector-stores search` | `query` |" in (FOLDER / "index.md").read_text()
