"""The pages of the commands are what the commands say now."""

import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

import pytest

from openai_cli.commands import COMMANDS
from openai_cli.flags.api import INT64
from openai_cli.flags.values import (
    Flag,
    Kind,
    Number,
    Object,
    Structure,
    Text,
    TextOrObject,
    Texts,
    TextsOrIds,
)
from tests.conftest import Run
from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "commands"
TOOL = ROOT / "tools" / "command_pages.py"
PAGES: Callable[[], dict[str, str]]
DESCRIBED: Callable[[Kind], str]
PAGES, DESCRIBED = itemgetter("pages", "described")(runpy.run_path(str(TOOL)))


def test_every_command_has_its_page_and_no_other_has() -> None:
    names = {f"{name.replace(' ', '-')}.md" for name in COMMANDS}
    assert {path.name for path in FOLDER.iterdir()} == names | {"index.md"}


def test_the_list_has_every_command() -> None:
    listed = re.findall(r"^\| \[(.*?)\]\((.*?)\) \| (.*) \|$", PAGES()["index.md"], re.MULTILINE)
    assert listed == [
        (name, f"{name.replace(' ', '-')}.md", summary) for name, summary in COMMANDS.items()
    ]


def test_the_tool_writes_the_committed_pages(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "commands"
    subprocess.run([sys.executable, str(TOOL), str(folder)], check=True, timeout=60)
    written = {path.name: path.read_text() for path in folder.iterdir()}
    assert written == {path.name: path.read_text() for path in FOLDER.iterdir()}, "run make docs"


def test_the_tool_wants_a_folder() -> None:
    done = subprocess.run(
        [sys.executable, str(TOOL)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (1, "usage: python tools/command_pages.py DIR\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_says_what_the_help_says(run: Run, name: str) -> None:
    """The same flags with the same lines in the same order: all but the breaks of lines."""
    shown = run(*name.split(), "--help", env={"COLUMNS": "80"})
    assert (shown.code, shown.err) == (0, "")
    text = shown.text.partition("\nExamples:\n")[0]
    assert squeezed(as_help(PAGES()[f"{name.replace(' ', '-')}.md"])) == squeezed(text)


def as_help(page: str) -> str:
    """What a page has of the help, in the help's form."""
    page = re.sub(r"^## Examples\n\n```sh\n.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    page = re.sub(
        r"^(# .*|<!-- .*|```.*|The guide: .*|\| flag .*|\| --- .*)\n", "", page, flags=re.MULTILINE
    )
    page = re.sub(r"^## (.*)$", r"\1:", page, flags=re.MULTILINE)
    rows = re.compile(r"^\| `(.*?)` \|(?: .* \|)? (.*) \|$", re.MULTILINE)
    return rows.sub(r"\1 \2", page).replace("\\|", "|")


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Flag(), "boolean"),
        (Number(-2, 2), "number, -2 to 2"),
        (Number(0, integer=True), "integer, 0 or more"),
        (Number(integer=True), "integer"),
        (INT64, "integer of 64 bits"),
        (Text(), "text"),
        (Text("NAME"), "name"),
        (Text(longest=64), "text of up to 64 characters"),
        (Texts(most=4), "up to 4 texts, repeated"),
        (Texts("NAME"), "names, repeated"),
        (Structure(), "array"),
        (Structure(dict), "object"),
        (Structure(least=1), "array of at least 1 item"),
        (Structure(least=1, most=128), "array of 1 to 128 items"),
        (Object(), "object"),
        (Object(value=Number(0, 1)), "object; value: number, 0 to 1"),
        (
            Object(key=Text(longest=8), most=2),
            "object; up to 2 keys; key: text of up to 8 characters",
        ),
        (TextOrObject(), "name or object"),
        (TextsOrIds(), "text, texts, token ids, or arrays of token ids"),
    ],
    ids=repr,
)
def test_values_in_words(kind: Kind, words: str) -> None:
    assert DESCRIBED(kind) == words
