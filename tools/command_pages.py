"""Write the page of every command into a folder: `python tools/command_pages.py docs/commands`.

A page has what the command's --help says, and also names the request property behind each flag and
the values that it takes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from written import write_files

from openai_cli.app import EXAMPLES
from openai_cli.commands import COMMANDS, declared
from openai_cli.flags.adapter import command
from openai_cli.flags.api import INT64
from openai_cli.flags.help import Records, groups, guide_of, notes
from openai_cli.flags.parameter import PANEL, ApiParameter
from openai_cli.flags.unions import AnyJson, FileOrJson, Numbers, TextOrScalar
from openai_cli.flags.values import (
    Flag,
    Kind,
    Number,
    Object,
    PromptText,
    Structure,
    Text,
    TextOrItems,
    TextOrObject,
    Texts,
    TextsOrIds,
)
from openai_cli.messages import PROGRAM
from openai_cli.records import fields_of

MARK = "<!-- Generated from the command by `make docs`; change the command, not this page. -->"

_FLAG = re.compile(r"--([a-z0-9-]+)")


def pages() -> dict[str, str]:
    """The page of every command, and their index, by file name."""
    return {"index.md": _index(), **{_file(name): _page(name) for name in COMMANDS}}


def _file(name: str) -> str:
    return f"{name.replace(' ', '-')}.md"


def _index() -> str:
    rows = [["command", "what it does"]]
    rows += [[f"[{name}]({_file(name)})", summary] for name, summary in COMMANDS.items()]
    text = "Every flag of every command; `--help` says the same."
    parts = ["# Commands", MARK, text, _rows(rows), "## Examples", fence(EXAMPLES)]
    return "\n\n".join(parts) + "\n"


def fence(examples: Sequence[str]) -> str:
    """Command lines as a fenced code block in Markdown."""
    return "\n".join(["```sh", *examples, "```"])


@dataclass
class Shown:
    """What --help shows for a command: `groups` has its flags with their descriptions, by title."""

    usage: str
    text: str
    groups: dict[str, Records]
    notes: list[str]
    examples: tuple[str, ...]


def shown(name: str) -> Shown:
    """What --help shows for a command."""
    made = command(*declared(name))
    context = typer.Context(made, info_name=f"{PROGRAM} {name}")
    return Shown(
        made.get_usage(context),
        made.help or "",
        groups(made.options, made.get_params(context), context),
        list(notes(made.options)),
        made.examples,
    )


def _page(name: str) -> str:
    guide = guide_of(name)
    known = _api_parameters(declared(name).options)
    help_ = shown(name)
    parts = [
        f"# {PROGRAM} {name}",
        MARK,
        f"```text\n{help_.usage}\n```",
        help_.text,
        f"The guide: [{guide}](../{guide}).",
        "## Examples",
        fence(help_.examples),
    ]
    for title, records in help_.groups.items():
        parts += [f"## {title}", _table(title, records, known)]
    return "\n\n".join([*parts, *help_.notes]) + "\n"


def _api_parameters(options: Any) -> dict[str, ApiParameter]:
    """The request properties of an options dataclass, by flag."""
    found = [each.type[1] for each in fields_of(options)]
    return {each.flag: each for each in found if isinstance(each, ApiParameter)}


def _table(panel: str, records: Sequence[tuple[str, str]], known: dict[str, ApiParameter]) -> str:
    if panel != PANEL:
        rows = [["flag", "what it does"], *([_code(names), line] for names, line in records)]
        return _rows(rows)
    rows = [["flag", "API parameter", "values", "what it does"]]
    for names, line in records:
        parameter = known[f"--{_FLAG.findall(names)[-1]}"]
        name, values = _code(parameter.api_name), described(parameter.kind)
        rows.append([_code(names), name, values, line])
    return _rows(rows)


def _rows(rows: Sequence[Sequence[str]]) -> str:
    head, *rest = rows
    lines = [head, ["---"] * len(head), *rest]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(text: str) -> str:
    """Text as code in a table cell, where a bar would end the cell."""
    return f"`{text}`".replace("|", "\\|")


def described(kind: Kind) -> str:
    """The values of a kind in words: `number, -2 to 2`, `up to 4 texts, repeated`."""
    return _WORDS[type(kind)](kind)


def _number(kind: Number) -> str:
    noun = "integer" if kind.integer else "number"
    if kind == INT64:
        return f"{noun} of 64 bits"
    if kind.low is None:
        return noun
    return (
        f"{noun}, {kind.low} or more" if kind.high is None else f"{noun}, {kind.low} to {kind.high}"
    )


def _text(kind: Text | PromptText) -> str:
    noun = {"NAME": "name", "FILE": "file"}.get(kind.metavar, "text")
    return noun if kind.longest is None else f"{noun} of up to {kind.longest} characters"


def _structure(kind: Structure) -> str:
    noun = "array" if kind.shape is list else "object"
    if kind.most is not None:
        return f"{noun} of {kind.least or 0} to {kind.most} items"
    return noun if kind.least is None else f"{noun} of at least {kind.least} item"


def _object(kind: Object) -> str:
    facts = [] if kind.most is None else [f"up to {kind.most} keys"]
    if kind.key is not None:
        facts.append(f"key: {_text(kind.key)}")
    if kind.value is not None:
        facts.append(f"value: {described(kind.value)}")
    return "; ".join(["object", *facts])


def _texts(kind: Texts) -> str:
    noun = {"NAME": "names", "FILE": "files"}.get(kind.metavar, "texts")
    return f"{noun if kind.most is None else f'up to {kind.most} {noun}'}, repeated"


_WORDS: Mapping[type[Kind], Callable[[Any], str]] = {
    Flag: lambda _kind: "boolean",
    Number: _number,
    Object: _object,
    PromptText: _text,
    TextsOrIds: lambda _kind: "text, texts, token ids, or arrays of token ids",
    Structure: _structure,
    Text: _text,
    TextOrItems: lambda kind: "text, texts or objects" if kind.several else "text or objects",
    TextOrObject: lambda _kind: "name or object",
    Texts: _texts,
    Numbers: lambda kind: f"{described(kind.each)}, repeated",
    TextOrScalar: lambda kind: " or ".join(kind.types),
    AnyJson: lambda kind: (
        "text or JSON" if kind.is_text_too else "array" if kind.is_array else "JSON"
    ),
    FileOrJson: lambda _kind: "file or object",
}


if __name__ == "__main__":
    write_files(pages())
