"""Every value that is set, with where it comes from and what goes before it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

from openai_cli.config.defaults import (
    KEY_COMMAND,
    VARIABLES,
    Entry,
    entries_of,
    is_general_model,
    layers,
)
from openai_cli.config.document import Document
from openai_cli.config.keys import OPENAI, masked
from openai_cli.config.spending import BUDGET, LEDGER
from openai_cli.context import Context
from openai_cli.masking import MASK, bare_keys, is_secret_name, shown_url, without_keys

_ENVIRONMENT = (
    "OPENAI_CLI_CONFIG", "OPENAI_CLI_PROFILE", "OPENAI_CLI_KEYS", "OPENAI_CLI_NO_STDIN",
    "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID",
    "OPENAI_MODEL", "OPENAI_CLI_LEDGER", "NO_COLOR",
)  # fmt: skip

Key = tuple[str, ...]


class Value(NamedTuple):
    """A value by its name, as `chat.model`; what may be secret in it is masked.

    `source` is `file`, `environment`, `flag` or `built in`; for the file, `line` and `table` say
    where in it. What is not in force is passed over for another value, or known to no command.
    """

    name: str
    value: Any
    source: str
    line: int | None = None
    table: str | None = None
    in_force: bool = True
    passed_over_for: str | None = None


@dataclass(frozen=True)
class World:
    """What values are set by: a file, the environment, and `flag`, which is --profile.

    `profile` is the one in force. `commands` has the flags of each that the file may set, and
    `models` the model of each that it asks when nobody named one. Those `with_general_model` take
    OPENAI_MODEL, and the model that the file has for all.
    """

    context: Context
    document: Document
    commands: Mapping[str, Collection[str]]
    models: Mapping[str, str]
    with_general_model: Collection[str]
    profile: str | None
    flag: str | None


def values(world: World) -> Iterator[Value]:
    """The values of the environment, then those for all commands, then those of each command."""
    before, decided = _weighed(world)
    yield from _of_environment(world)
    yield from _of_file(world, "", before)
    if "base_url" not in decided["chat"]:
        yield Value("base_url", OPENAI, "built in")
    for command in world.commands:
        yield from _of_file(world, command, before)
        model = world.models.get(command)
        if model and "model" not in decided[command]:
            yield Value(f"{'.'.join(command.split())}.model", model, "built in")


def _of_environment(world: World) -> Iterator[Value]:
    if world.flag is not None:
        yield Value("profile", world.flag, "flag")
    for name in _ENVIRONMENT:
        value = world.context.variable(name)
        if value is not None:
            over = "--profile" if name == "OPENAI_CLI_PROFILE" and world.flag is not None else None
            shown = masked(value.strip()) if name.endswith("_KEY") else _text(value)
            yield Value(name, shown, "environment", in_force=not over, passed_over_for=over)


def _of_file(world: World, command: str, before: Mapping[Key, str | None]) -> Iterator[Value]:
    """The values of a command's own tables, or of the general ones for ''."""
    words = tuple(command.split())
    entries = [
        entry
        for root in layers("", world.profile)
        for entry in entries_of(world.document, (*root, *words))
        if words or not _is_head(world, entry)
    ]
    first = {entry.name: place for place, entry in reversed(list(enumerate(entries)))}
    for entry in sorted(entries, key=lambda entry: first[entry.name]):
        key = (*entry.table, entry.key)
        yield Value(
            ".".join((*words, entry.name)),
            _safe(entry),
            "file",
            line=world.document.line(*key),
            table=".".join(entry.table) or None,
            in_force=before.get(key, "") is None,
            passed_over_for=before.get(key),
        )


def _is_head(world: World, entry: Entry) -> bool:
    """Whether a general key is no flag, but the table of a command or of the profiles."""
    heads = {"profiles", *(command.split()[0] for command in world.commands)}
    return isinstance(entry.value, dict) and entry.key in heads


def _weighed(world: World) -> tuple[dict[Key, str | None], dict[str, dict[str, str]]]:
    """For each key that has a meaning what goes before it, and for each command what is decided.

    Before a key that is in force for one command at least goes nothing: None.
    """
    before: dict[Key, str | None] = {}
    decided = {}
    for command, names in {**world.commands, "": ("profile", KEY_COMMAND, LEDGER, BUDGET)}.items():
        takes = command in world.with_general_model
        said = decided[command] = _by_variable(
            world, names if takes else [name for name in names if name != "model"]
        )
        for path in layers(command, world.profile):
            for entry in entries_of(world.document, path):
                is_meant = entry.name in names and (
                    entry.name not in ("profile", BUDGET) or not path
                )
                is_meant = is_meant and (takes or not is_general_model(entry))
                if not is_meant or (len(path) in (0, 2) and _is_head(world, entry)):
                    continue
                key = (*path, entry.key)
                if entry.name in said:
                    before.setdefault(key, said[entry.name])
                else:
                    before[key] = None
                    said[entry.name] = f"[{'.'.join(path)}]"
    return before, decided


def _by_variable(world: World, names: Collection[str]) -> dict[str, str]:
    """What flags and environment decide before the file can: the name of each that does."""
    found = {
        name: variable
        for name, variable in VARIABLES.items()
        if name in names and world.context.variable(variable) is not None
    }
    if world.flag is not None:
        found["profile"] = "--profile"
    elif world.context.variable("OPENAI_CLI_PROFILE") is not None:
        found["profile"] = "OPENAI_CLI_PROFILE"
    return found


def _safe(entry: Entry) -> Any:
    """The value as JSON has it, with `***` for what may be secret.

    That are the values of headers, the arguments of commands, what has the name of a secret, and
    what has the form of a key.
    """
    value = entry.value
    if isinstance(value, str | list) and entry.name in ("header", "param"):
        hide = _header if entry.name == "header" else _pair
        return hide(value) if isinstance(value, str) else [hide(str(item)) for item in value]
    if isinstance(value, list) and entry.name == KEY_COMMAND:
        return [*map(str, value[:1]), *(MASK for _ in value[1:])]
    return _json(value, entry.name)


def _json(value: Any, name: str) -> Any:
    """The value of this name: dates, and numbers that are none, as their text."""
    if isinstance(value, dict):
        return {key: _json(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item, name) for item in value]
    if is_secret_name(name) and not isinstance(value, bool):
        return MASK
    if isinstance(value, str):
        return _text(value)
    is_known = isinstance(value, int) or (isinstance(value, float) and isfinite(value))
    return value if is_known else str(value)


def _header(text: str) -> str:
    name, colon, _ = text.partition(":")
    return f"{name}: {MASK}" if colon else MASK


def _pair(text: str) -> str:
    """NAME=VALUE, without the value of a secret."""
    name, equals, value = text.partition("=")
    return f"{name}{equals}{MASK if is_secret_name(name) else _text(value)}"


def _text(text: str) -> str:
    """The text without what in it may be a key; of a URL, without user and query."""
    if text.startswith(("http://", "https://")):
        text = shown_url(text)
    return MASK if [*bare_keys([text])] else without_keys(text)
