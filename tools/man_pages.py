"""Write the man pages into a folder: `python tools/man_pages.py docs/man`.

There is a page for each command with what its --help says, and openai-cli(1) for what all commands
share: its exit codes are those of docs/exit-codes.md, its variables those of docs/connection.md.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from command_pages import shown
from operation_pages import groups, made, usage_of
from written import write_files

from openai_cli.app import EXAMPLES, SUMMARY
from openai_cli.commands import COMMANDS, GROUPS
from openai_cli.messages import PROGRAM
from openai_cli.operations.table import summary_of

ROOT = Path(__file__).parents[1]

_ROW = re.compile(r"^\| (?P<name>`?[\w, ]+`?) \| (?P<text>.+?) \|", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def pages() -> dict[str, str]:
    """The pages, by file name."""
    written = {f"{_title(name)}.1": _page(name) for name in COMMANDS}
    of_table = {f"{_title(name)}.1": _group(name) for name in groups()}
    return {f"{PROGRAM}.1": _whole(), **written, **of_table}


def _title(name: str) -> str:
    return f"{PROGRAM}-{name.replace(' ', '-')}"


def _whole() -> str:
    commands = [(f"{PROGRAM} {name}", summary) for name, summary in COMMANDS.items()]
    commands += [(f"{PROGRAM} {name} ...", GROUPS[name]) for name in groups()]
    others = ", ".join(f"{_title(name)}(1)" for name in (*COMMANDS, *groups()))
    parts = [
        *_head(PROGRAM, SUMMARY),
        ".SH SYNOPSIS",
        f".B {_text(PROGRAM)}",
        "COMMAND [OPTIONS] [ARGUMENTS]",
        ".SH COMMANDS",
        *_listed(commands),
        ".SH ENVIRONMENT",
        *_listed(_rows("connection.md", "## Environment variables")),
        ".SH EXIT STATUS",
        *_listed(_rows("exit-codes.md", "# Exit codes")),
        *_examples(EXAMPLES),
        ".SH SEE ALSO",
        _text(others),
    ]
    return "\n".join(parts) + "\n"


def _page(name: str) -> str:
    help_ = shown(name)
    usage = help_.usage.removeprefix("Usage: ").removeprefix(f"{PROGRAM} {name}").strip()
    parts = [
        *_head(_title(name), COMMANDS[name]),
        ".SH SYNOPSIS",
        f".B {_text(f'{PROGRAM} {name}')}",
        _text(usage),
        ".SH DESCRIPTION",
        *_paragraphs(help_.text),
    ]
    for title, records in help_.groups.items():
        parts += [f".SH {_text(title.upper())}", *_listed(records)]
    for note in help_.notes:
        parts += _paragraphs(note)
    parts += _examples(help_.examples)
    return "\n".join([*parts, ".SH SEE ALSO", f"{_text(PROGRAM)}(1)"]) + "\n"


def _group(name: str) -> str:
    """The page of a group of operations: a line for each of its commands."""
    commands = [(usage_of(each).removeprefix("Usage: "), summary_of(each)) for each in made(name)]
    parts = [
        *_head(_title(name), GROUPS[name]),
        ".SH SYNOPSIS",
        f".B {_text(f'{PROGRAM} {name}')}",
        "COMMAND [OPTIONS] [ARGUMENTS]",
        ".SH COMMANDS",
        *_listed(commands),
        ".PP",
        _text("The --help of each has its flags."),
    ]
    return "\n".join([*parts, ".SH SEE ALSO", f"{_text(PROGRAM)}(1)"]) + "\n"


def _head(title: str, summary: str) -> Iterator[str]:
    yield '.\\" Generated from the commands by `make docs`; change the command, not this page.'
    yield f'.TH {_text(title.upper())} 1 "" "{PROGRAM}"'
    yield ".nh"  # never break a flag in two
    yield ".SH NAME"
    yield f"{_text(title)} \\- {_text(summary.rstrip('.'))}"


def _listed(records: Iterable[tuple[str, str]]) -> Iterator[str]:
    for names, line in records:
        yield from (".TP", f".B {_text(names)}", _text(line))


def _examples(lines: Iterable[str]) -> Iterator[str]:
    yield from (".SH EXAMPLES", ".nf")  # no filling: a line stays as it is
    yield from map(_text, lines)
    yield ".fi"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in filter(None, text.split("\n\n")):
        yield ".PP"
        yield _text(" ".join(paragraph.split()))


def _rows(page: str, heading: str) -> Iterator[tuple[str, str]]:
    """Yield the first two columns of the table under a heading of the manual."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    after = text.partition(f"{heading}")[2].partition("\n#")[0]
    for row in _ROW.finditer(after):
        if row["name"].strip("`") not in ("code", "variable"):
            yield row["name"].strip("`"), _LINK.sub(r"\1", row["text"]).replace("`", "")


def _text(text: str) -> str:
    """Escape text for roff (groff_char(7)); hyphens are minus signs, as typed."""
    found = text.replace("\\", "\\e").replace("-", "\\-")
    found = re.sub(r"[^\x00-\x7f]", lambda character: f"\\[u{ord(character[0]):04X}]", found)
    return f"\\&{found}" if found.startswith((".", "'")) else found


if __name__ == "__main__":
    write_files(pages())
