"""List every value that is set, with its source and what overrides it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

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
from openai_cli.records import NamedTuple

_ENVIRONMENT = (
    "OPENAI_CLI_CONFIG", "OPENAI_CLI_PROFILE", "OPENAI_CLI_KEYS", "OPENAI_CLI_NO_STDIN",
    "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID",
    "OPENAI_MODEL", "OPENAI_CLI_LEDGER", "NO_COLOR",
)  # fmt: skip

Key = tuple[str, ...]


class Value(NamedTuple):
    """A value with its name, such as `chat.model`; secrets in it are masked.

    `source` is `file`, `environment`, `flag` or `built in`; for the file, `line` and `table` say
    where it is. A value that is not in force is overridden by another one, named in
    `passed_over_for`, or known to no command.
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
    """The sources of values: a file, the environment, and `flag`, which is --profile.

    `profile` is the one in force. `commands` maps each command to the flags that the file may set,
    and `models` to its default model. The commands `with_general_model` use OPENAI_MODEL and the
    file's top-level model.
    """

    context: Context
    document: Document
    commands: Mapping[str, Collection[str]]
    models: Mapping[str, str]
    with_general_model: Collection[str]
    profile: str | None
    flag: str | None


def values(world: World) -> Iterator[Value]:
    """Yield the values of the environment, then the general ones, then those of each command."""
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
    """Yield the values of a command's own tables or, for '', of the general ones."""
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
    """Return whether a general key is the table of a command or of the profiles, not a flag."""
    heads = {"profiles", *(command.split()[0] for command in world.commands)}
    return isinstance(entry.value, dict) and entry.key in heads


def _weighed(world: World) -> tuple[dict[Key, str | None], dict[str, dict[str, str]]]:
    """Return what overrides each known key, and for each command what sets each of its names.

    A key that is in force for at least one command has None.
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
    """Map each name that a flag or a variable sets, before the file, to that flag or variable."""
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
    """Convert a value to JSON, with `***` for what may be secret.

    Those are the values of headers, the arguments of commands, values with the name of a secret,
    and texts that look like a key.
    """
    value = entry.value
    if isinstance(value, str | list) and entry.name in ("header", "param"):
        hide = _header if entry.name == "header" else _pair
        return hide(value) if isinstance(value, str) else [hide(str(item)) for item in value]
    if isinstance(value, list) and entry.name == KEY_COMMAND:
        return [*map(str, value[:1]), *(MASK for _ in value[1:])]
    return _json(value, entry.name)


def _json(value: Any, name: str) -> Any:
    """Convert the value of this name; dates, and NaN and infinities, become strings."""
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
    """Return NAME=VALUE with the value masked if it is secret."""
    name, equals, value = text.partition("=")
    return f"{name}{equals}{MASK if is_secret_name(name) else _text(value)}"


def _text(text: str) -> str:
    """Mask what may be a key in a text, and the user and the query of a URL."""
    if text.startswith(("http://", "https://")):
        text = shown_url(text)
    return MASK if [*bare_keys([text])] else without_keys(text)
