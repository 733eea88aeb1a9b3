"""The commands that a configuration file can set, for `config show` and `config check`."""

from collections.abc import Iterator
from typing import Any

from openai_cli.commands import COMMANDS, GROUPS, declared, every
from openai_cli.config.document import Document
from openai_cli.config.values import settings_of
from openai_cli.flags.names import underscored

_OF_THE_FILE = ("profile", "profiles", "api_key_command")


def options_by_command(document: Document) -> dict[str, type[Any]]:
    """The options of the commands written by hand, and of the operations that the file names.

    If a key for all commands is no flag of these, every operation is included: building their
    commands takes half a second.
    """
    found = {name: declared(name).options for name in COMMANDS}
    known = {name for options in found.values() for name in settings_of(options)}
    heads = dict(_heads(document))
    is_strange = any(not heads[key] and underscored(key) not in known for key in heads)
    names = every() if is_strange else list(_operations(heads))
    return {**found, **{name: declared(name).options for name in names if name not in found}}


def _heads(document: Document) -> Iterator[tuple[str, bool]]:
    """Yield the keys for all commands, in the file and its profiles, and if each is a table."""
    profiles = document.tables.get("profiles")
    of_profiles = profiles.values() if isinstance(profiles, dict) else ()
    for table in (document.tables, *of_profiles):
        for key, value in table.items() if isinstance(table, dict) else ():
            if underscored(key) not in _OF_THE_FILE:
                yield key, isinstance(value, dict)


def _operations(heads: dict[str, bool]) -> Iterator[str]:
    """The operation commands in the groups that the file has tables for."""
    from openai_cli.operations.table import part

    for key in heads:
        if key in GROUPS:
            yield from (each.command for each in part(key) if each.command)
