"""Examples of an operation's command, made from its row: shell lines with made-up ids."""

import shlex
from typing import Any

from openai_cli.calls.consent import Consent
from openai_cli.commands.operation.options import OperationOptions, collisions
from openai_cli.flags.names import flag_of
from openai_cli.messages import PROGRAM
from openai_cli.operations.table import Facts, Operation

_FILE = "data.jsonl"


def examples_of(options: type[OperationOptions]) -> tuple[str, ...]:
    """Two lines: the command with its required values, and the same with one of our flags."""
    operation = options.operation
    yes = ["--yes"] if issubclass(options, Consent) else []
    needed = [PROGRAM, *operation.command.split(), *_needed(operation), *yes]
    return shlex.join(needed), shlex.join([*needed, *_more(operation)])


def _more(operation: Operation) -> list[str]:
    """What the second line adds to the first."""
    if operation.answer == "bytes":
        return ["-o", "result.bin"]
    if operation.answer == "list":
        return ["--max-items", "10"]
    return ["--dry-run"] if operation.has_body else ["--curl"]


def _needed(operation: Operation) -> list[str]:
    ours = collisions(operation)
    words = [f"{name.removesuffix('_id').replace('_', '-')}-1" for name in operation.arguments]
    properties = {**operation.query, **operation.body}
    required = {name: facts for name, facts in properties.items() if facts.get("required")}
    words += [_sample(name, required[name]) for name in required if name in ours]
    for name, facts in required.items():
        if name not in ours:
            words += _flag(name, facts)
    return words


def _flag(name: str, facts: Facts) -> list[str]:
    flag = flag_of(name)
    return [flag] if "boolean" in facts["types"] else [flag, _sample(name, facts)]


def _sample(name: str, facts: Facts) -> str:
    """A sample value for the flag, as typed."""
    types = facts["types"]
    names = facts.get("enum") or facts.get("items", {}).get("enum")
    if names:
        return str(names[0])
    items = facts.get("items", {})
    if "file" in types:
        return _FILE
    if {"integer", "number"} & set(types):
        return str(facts.get("low") or 1)
    if "string" in (*types, *items.get("types", ())):
        return _text(name)
    return _object(facts) if "object" in types else f"[{_object(items)}]"


def _text(name: str) -> str:
    words = name.removesuffix("s").removesuffix("_id").replace("_", "-")
    return f"{words}-1" if name.removesuffix("s").endswith("_id") else f"my-{words}"


def _object(facts: Facts) -> str:
    """A JSON object with the first of the keys, if there is any."""
    import json

    keys: dict[str, Any] = dict(facts.get("keys", {}))
    return json.dumps({name: _sample(name, each) for name, each in list(keys.items())[:1]})
