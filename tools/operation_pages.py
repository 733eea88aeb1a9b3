"""Write the pages of the operations: `python tools/operation_pages.py docs/operations`.

There is a page for the first word of each command that is made from the table of operations, with a
section for each command: its method and path, the API's arguments and flags with their values, and
the rest of its help.
"""

import inspect
from collections.abc import Iterator

from command_pages import described
from written import write_files

from openai_cli.commands import COMMANDS, GROUPS
from openai_cli.commands.operation.options import collisions, is_final, options_class
from openai_cli.flags.facts import help_of, kind_of
from openai_cli.flags.names import flag_of
from openai_cli.messages import PROGRAM
from openai_cli.operations.table import Facts, Operation, every, part, summary_of

MARK = "<!-- Generated from the table of operations by `make docs`. -->"


def pages() -> dict[str, str]:
    """The page of every group, and their index, by file name."""
    return {"index.md": _index(), **{f"{name}.md": _page(name) for name in groups()}}


def groups() -> list[str]:
    """The first words of the commands that are made from the table."""
    return [name for name in sorted(GROUPS) if made(name)]


def made(group: str) -> list[Operation]:
    """The operations of a group whose commands are not written by hand."""
    return [each for each in part(group) if each.command and each.command not in COMMANDS]


def _index() -> str:
    rows = [["group", "covers", "commands"]]
    rows += [[f"[{name}]({name}.md)", GROUPS[name], str(len(made(name)))] for name in groups()]
    collided = [["command", "property", "how to send it"], *_collided()]
    parts = [
        *("# Operations", MARK, _INTRODUCTION, _table(rows)),
        *("## Properties without a flag", _COLLISIONS, _table(collided)),
        *("## What cannot be undone", _FINAL, _final()),
    ]
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = """\
Every operation of the API has a command. Some do more than their operation: the
[guides](../index.md) describe them. The others are generated from one table of facts, and are
listed here. All of them share the flags of [input, output and connection](../connection.md):
`--param`, `--body`, `--json`, `--query`, `-o`, `--dry-run`, `--curl`. `openai-cli api --list WORD`
finds an operation by a word of its path, and `openai-cli api --describe METHOD PATH` prints its
parameters.

A command that returns one object prints its JSON. A list prints one line per object, and fetches
all pages: `--limit` sets the page size, and `--max-items N` stops after N objects. A deletion
prints the id of what was deleted.

A command is the name of the resource, with hyphens, followed by a verb: `show` gets one object. The
parameters of the path are arguments, in the order of the path; all others are flags of the same
name."""

_COLLISIONS = """\
These properties have no flag of their own, because openai-cli already has a flag of that name:
`--param NAME=VALUE` sends them. A required one is also an argument."""

_FINAL = """\
At a terminal, these commands ask for confirmation before they send anything, unless `--yes` is
given. Without a terminal, those of an `organization` require `--yes`, and the others run:"""


def _collided() -> Iterator[list[str]]:
    for operation in every():
        for name in collisions(operation) if operation.command else ():
            is_needed = {**operation.query, **operation.body}[name].get("required")
            way = f"`--param {name}=VALUE`"
            if is_needed and name in operation.body:
                way = f"the argument {name.upper()}, or {way}"
            yield [f"`{operation.command}`", f"`{name}`", way]


def _page(group: str) -> str:
    parts = [f"# {group}", MARK, GROUPS[group]]
    for operation in made(group):
        parts += _section(operation)
    return "\n\n".join(parts) + "\n"


def usage_of(operation: Operation) -> str:
    """The usage line of an operation's command."""
    body = operation.body
    needed = [name for name in collisions(operation) if body.get(name, {}).get("required")]
    arguments = [*map(str.upper, operation.arguments), *(f"[{name.upper()}]" for name in needed)]
    return " ".join(["Usage:", PROGRAM, operation.command, *arguments])


def _section(operation: Operation) -> Iterator[str]:
    ours = collisions(operation)
    yield f"## {operation.command}"
    yield f"```text\n{usage_of(operation)}\n```"
    yield f"`{summary_of(operation)}`"
    yield from filter(None, [inspect.getdoc(options_class(operation))])
    rows = [
        [f"`{_typed(name, ours)}`", _values(name, facts), help_of(name, facts)]
        for name, facts in {**operation.query, **operation.body}.items()
    ]
    if rows:
        yield _table([["flag", "values", "description"], *rows])


def _typed(name: str, ours: list[str]) -> str:
    return f"--param {name}=" if name in ours else flag_of(name)


def _values(name: str, facts: Facts) -> str:
    return described(kind_of(name, facts))


def _table(rows: list[list[str]]) -> str:
    head, *rest = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *rest]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _final() -> str:
    names = sorted(each.command for each in every() if each.command and is_final(each))
    return "\n".join(f"- `{name}`" for name in names)


if __name__ == "__main__":
    write_files(pages())
