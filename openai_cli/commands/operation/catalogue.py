"""Operations from the table, for `api --list` and `api --describe`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from openai_cli.commands.operation.options import collisions
from openai_cli.errors import UsageError
from openai_cli.flags.facts import help_of, kind_of
from openai_cli.flags.names import flag_of
from openai_cli.messages import PROGRAM
from openai_cli.operations.table import Operation, every
from openai_cli.output.columns import aligned, tabbed
from openai_cli.output.sink import Sink, utf8_bytes


def print_list(sink: Sink, words: Sequence[str], *, as_json: bool) -> None:
    """Print method, path and command of the operations whose path or command has all words."""
    wanted = [word.lower() for word in words]
    found = [
        operation
        for operation in sorted(every(), key=lambda each: (each.path, each.method))
        if all(
            word in f"{operation.method} {operation.path} {operation.command}".lower()
            for word in wanted
        )
    ]
    if as_json:
        _write_json(sink, map(_listed, found))
    else:
        _write(sink, [[each.method, each.path, each.command] for each in found])


def find(method: str, path: str) -> Operation:
    """The operation of a method and a path, with names or values as path parameters.

    Raises UsageError if there is none.
    """
    if not method or not path:
        raise UsageError(
            "--describe needs METHOD and PATH",
            hint="for example: openai-cli api --describe POST /vector_stores",
        )
    steps = path.removeprefix("/v1").strip("/").split("/")
    fitting = [each for each in every() if each.method == method.upper() and _fits(each, steps)]
    if not fitting:
        raise UsageError(
            f"there is no operation {method.upper()} {path}",
            hint=f"{PROGRAM} api --list {steps[0]} lists what it has",
        )
    return min(fitting, key=lambda each: len(each.arguments))


def _fits(operation: Operation, steps: list[str]) -> bool:
    own = operation.path.strip("/").split("/")
    return len(own) == len(steps) and all(
        mine == given or mine.startswith("{") for mine, given in zip(own, steps, strict=True)
    )


def print_parameters(sink: Sink, operation: Operation, *, as_json: bool) -> None:
    """Print a line for each parameter: place, name, flag, kind of value, and description.

    As JSON it is one object with the facts of the table.
    """
    if as_json:
        parameters = {
            "path": operation.arguments,
            "query": dict(operation.query),
            "body": dict(operation.body),
        }
        _write_json(sink, [{**_listed(operation), **parameters}])
    else:
        _write(sink, list(_parameters(operation)))


def _parameters(operation: Operation) -> Iterator[list[str]]:
    ours = collisions(operation)
    for name in operation.arguments:
        yield ["path", name, name.upper(), "TEXT", "Required"]
    for place, properties in (("query", operation.query), ("body", operation.body)):
        for name, facts in properties.items():
            flag = flag_of(name)
            if name in ours:
                flag = name.upper() if facts.get("required") else f"--param {name}="
            metavar = kind_of(name, facts).metavar or "true|false"
            yield [place, name, flag, metavar, help_of(name, facts)]


def command_line(operation: Operation) -> str:
    """Tell the user which command the operation has."""
    if not operation.command:
        return f"it has no command: {PROGRAM} api {operation.method} {operation.path} sends it"
    return f"{PROGRAM} {operation.command} has them as flags"


def _listed(operation: Operation) -> dict[str, Any]:
    return {
        "method": operation.method,
        "path": operation.path,
        "command": operation.command or None,
        "deprecated": operation.deprecated,
        "admin": operation.admin,
    }


def _write(sink: Sink, rows: list[list[str]]) -> None:
    if rows:
        sink.write(utf8_bytes(aligned(rows) if sink.is_terminal else tabbed(rows)))


def _write_json(sink: Sink, objects: Iterable[dict[str, Any]]) -> None:
    from openai_cli.jsontext import finite_json

    for each in objects:
        sink.write_json(utf8_bytes(f"{finite_json(each)}\n"))
