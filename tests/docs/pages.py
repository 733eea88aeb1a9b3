"""The pages of the manual, and their fenced code blocks.

Three kinds of fences matter here:

- ```console: an example. A line that starts with `$ ` is a command; it continues on the next line
  after a backslash, an open quote or a here-document, whose lines start with `> `. The lines that
  follow are the command's output, stdout and stderr as they come; output that does not end in a
  newline is shown as if it did. `$ echo $?` shows the exit code of the command before it.
- ```LANGUAGE title="NAME": a file that exists in the page's folder from there on.
- Any other fence is for readers only. It may have commands only if INSTALLING or TESTED has them.

An HTML comment that starts with `setup:` has commands whose output is not shown.

A section under a `## ` heading can be marked as a recipe: `<!-- recipe -->`, or `<!-- recipe: needs
vim, jq -->` if it needs programs that not every machine has. It runs by itself, in its own folder.
`<!-- replies -->` precedes a file with the answers of the page's sandbox.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from openai_cli.app import EXAMPLES
from openai_cli.commands import COMMANDS, declared

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

# Commands that no test can run: they would download packages, or run these tests.
INSTALLING = frozenset(
    {
        "pipx install .",
        "python3 -m venv .venv && .venv/bin/pip install .",
        "make try",
        "make try-live",
        "make test",
        "make check",
        "make docs",
        "make help",
    }
)

# Commands that another test runs: the examples of the commands.
TESTED = frozenset(line for name in COMMANDS for line in declared(name).examples) | {*EXAMPLES}

_PIECE = re.compile(
    r"^(?P<fence>```+)(?P<info>[^\n]*)\n(?P<text>.*?)^(?P=fence)$"
    r"|^<!-- setup: (?P<setup>.*?) -->$",
    re.MULTILINE | re.DOTALL,
)
_SECTION = re.compile(
    r"^(?P<fence>```+)[^\n]*\n.*?^(?P=fence)$|^## (?P<title>[^\n]*)$", re.MULTILINE | re.DOTALL
)
_RECIPE = re.compile(r"^<!-- recipe(?:: needs (.*?))? -->$", re.MULTILINE)
_REPLIES = re.compile(r"^<!-- replies -->\n\n(```.*?^```$)", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')
_SHELLS = frozenset({"sh", "bash", "zsh", "shell", "shell-session", "terminal"})


@dataclass(frozen=True)
class Example:
    """A command and its output; with None, no output is shown."""

    line: int
    command: str
    output: str | None = None


@dataclass(frozen=True)
class File:
    """A file for the commands after it."""

    line: int
    name: str
    text: str


@dataclass(frozen=True)
class Other:
    """A fence for readers only."""

    line: int
    language: str
    text: str


Piece = Example | File | Other


@dataclass(frozen=True)
class Part:
    """What runs in one folder: a recipe, or a page without its recipes (then without a title)."""

    title: str
    needs: tuple[str, ...]
    pieces: list[Piece]


def parts(page: str) -> list[Part]:
    """The page without its recipes, followed by each recipe."""
    headings = [match for match in _SECTION.finditer(page) if match["title"] is not None]
    starts = [match.start() for match in headings]
    rest, recipes = [], []
    for start, end in zip([0, *starts], [*starts, len(page)], strict=True):
        section = page[start:end]
        found = list(pieces(section, 1 + page.count("\n", 0, start)))
        if recipe := _RECIPE.search(section):
            title = section.partition("\n")[0].removeprefix("## ")
            needs = recipe[1].split(", ") if recipe[1] else []
            recipes.append(Part(title, tuple(needs), found))
        else:
            rest += found
    return [Part("", (), rest), *recipes]


def replies(page: str) -> str | None:
    """The answers of the page's sandbox, one per line; None if it answers by itself."""
    if not (match := _REPLIES.search(page)):
        return None
    (file,) = pieces(match[1])
    assert isinstance(file, File)
    return file.text


def pieces(page: str, first: int = 1) -> Iterator[Piece]:
    """Yield the fences and set-up lines of a page in order; each command is an Example.

    `first` is the number of the first line.
    """
    for match in _PIECE.finditer(page):
        line = page.count("\n", 0, match.start()) + first
        if match["setup"] is not None:
            yield Example(line, match["setup"])
            continue
        language, _, rest = match["info"].partition(" ")
        if language == "console":
            yield from _examples(match["text"], line + 1)
        elif title := _TITLE.search(rest):
            yield File(line, title[1], match["text"])
        else:
            yield Other(line, language, match["text"])


def _examples(text: str, first: int) -> Iterator[Example]:
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    assert starts[:1] == [0], f"line {first}: a console fence starts with a command"
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        command, output = [lines[start].removeprefix("$ ")], lines[start + 1 : end]
        while output and (command[-1].endswith("\\") or output[0].startswith("> ")):
            command.append(output.pop(0).removeprefix("> "))
        yield Example(first + start, "\n".join(command), "".join(f"{shown}\n" for shown in output))


def without_fences(page: str) -> str:
    """The prose of a page."""
    return _PIECE.sub("", page)


def stray_commands(other: Other) -> list[str]:
    """The commands in a fence that no test runs, except those for installing."""
    lines = other.text.splitlines()
    if other.language not in _SHELLS:
        lines = [line for line in lines if re.match(r"\s*(\$ |openai-cli )", line)]
    return [line for line in lines if line and line not in INSTALLING | TESTED]
