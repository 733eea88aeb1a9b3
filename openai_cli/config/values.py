"""Convert the TOML values of the configuration file to the values of flags.

A conversion raises ValueError with the end of a sentence ("must be true or false, not a string").
"""

import json
import os
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, get_args, get_origin

from typer.models import OptionInfo

from openai_cli.context import Context
from openai_cli.flags.names import underscored
from openai_cli.flags.ours import CommonOptions
from openai_cli.flags.parameter import ApiParameter
from openai_cli.flags.server import Connection
from openai_cli.flags.unions import AnyJson, FileOrJson, Numbers, TextOrScalar
from openai_cli.flags.values import (
    Flag,
    Kind,
    Number,
    Object,
    PromptText,
    Read,
    Structure,
    Text,
    TextOrItems,
    TextOrObject,
    Texts,
)
from openai_cli.records import NamedTuple, fields_of

# Flags that cannot have a default. The last four are the text of one call: a default for them would
# get in the way of every other text.
_NO_DEFAULTS = frozenset({"help", "profile", "messages", "prompt", "input", "body"})

# The TOML types that a kind accepts besides a string, which is parsed like the flag's value.
_TAKES: Mapping[type[Kind], tuple[tuple[type, ...], str]] = {
    Flag: ((bool,), "true or false"),
    Number: ((int, float), "a number"),
    Object: ((dict,), "a table"),
    Structure: ((list, dict), "an array or a table"),
    PromptText: ((), "a string"),
    Text: ((), "a string"),
    TextOrObject: ((dict,), "a string or a table"),
    Texts: ((list,), "an array of strings"),
    TextOrItems: ((list,), "a string or an array"),
    Numbers: ((list,), "an array of numbers"),
    TextOrScalar: ((int, float, bool), "a string, a number, true or false"),
    AnyJson: ((list, dict, int, float, bool), "any value"),
    FileOrJson: ((dict,), "a string or a table"),
}
_NAMES = {
    str: "a string", bool: "true or false", int: "a number", float: "a number", list: "an array",
    dict: "a table",
}  # fmt: skip
_FILES = frozenset({"FILE", "FOLDER", "PATH|URL"})


class Setting(NamedTuple):
    """A flag that the file may set: its field in the options, its type and its declaration."""

    field: str
    type: type
    info: OptionInfo

    @property
    def is_api(self) -> bool:
        return isinstance(self.info, ApiParameter)

    @property
    def is_repeated(self) -> bool:
        return any(get_origin(kind) is list for kind in self._types)

    @property
    def is_switch(self) -> bool:
        return bool in self._types

    @property
    def _types(self) -> tuple[Any, ...]:
        return get_args(self.type) or (self.type,)


def settings_of(options: type[CommonOptions]) -> dict[str, Setting]:
    """Return the flags of a command that the file may set, by long name with `_` for `-`."""
    found = {}
    for field in fields_of(options):
        kind, info = field.type
        if isinstance(info, OptionInfo):
            name = underscored(info.param_decls[0].partition("/")[0].removeprefix("--"))  # type: ignore[index]
            if name not in _NO_DEFAULTS:
                found[name] = Setting(field.name, kind, info)
    return found


def value_of(context: Context, setting: Setting, value: Any, read: Read) -> Any:
    """Convert a value for a flag: JSON for a request property, else what Typer would return.

    `read` returns the contents of `@file`. Raises ValueError if the flag does not take the value,
    and UsageError if the message is the command's own.
    """
    if isinstance(setting.info, ApiParameter):
        return _property(setting.info.kind, value, read, repeated=setting.is_repeated)
    found = _ours(setting, value)
    if check := _CHECKS.get(setting.field):
        check(context, found)
    return found


def _property(kind: Kind, value: Any, read: Read, *, repeated: bool) -> Any:
    takes, noun = _TAKES[type(kind)]
    if isinstance(kind, Flag):
        if not isinstance(value, bool):
            raise ValueError(f"must be {noun}, not {_name(value)}")
        return value
    if isinstance(kind, Texts) and isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            raise ValueError(f"must be {noun}")
        return kind.parse(value, read)
    if not isinstance(value, str):
        if type(value) not in takes:
            raise ValueError(f"must be {noun}, not {_name(value)}")
        value = json.dumps(value, ensure_ascii=False, default=_refuse)
    return kind.parse([value] if repeated else value, read)


def _ours(setting: Setting, value: Any) -> Any:
    if setting.is_switch:
        if not isinstance(value, bool):
            raise ValueError(f"must be true or false, not {_name(value)}")
        return value
    if not setting.is_repeated:
        return _text(setting, value)
    return [_text(setting, item) for item in (value if isinstance(value, list) else [value])]


def _text(setting: Setting, value: Any) -> str:
    """Return the value as it would be typed; a leading `~` of a file is expanded."""
    if type(value) not in (str, int, float, date):
        raise ValueError(f"must be a string, not {_name(value)}")
    text = str(value)
    return expanded(text) if setting.info.metavar in _FILES else text


def expanded(path: str) -> str:
    """Expand a leading `~` to the home folder, as no shell does it in a file."""
    return os.path.expanduser(path)  # noqa: PTH111 - it leaves an unknown user's `~name` unchanged


def _name(value: Any) -> str:
    return _NAMES.get(type(value), "a date or time")


def _refuse(value: Any) -> Any:
    raise ValueError(f"has {_name(value)} in it, which JSON does not have: put it in quotes")


def _check_url(context: Context, value: Any) -> None:
    from openai_cli.config.destination import base_url

    base_url(context, Connection(base_url=value))


def _check_patience(name: str, _context: Context, value: Any) -> None:
    _ = Connection(**{name: value}).patience


# Checks that commands make later, made here so that the error names the line in the file.
_CHECKS: Mapping[str, Callable[[Context, Any], object]] = {
    "base_url": _check_url,
    **{name: partial(_check_patience, name) for name in ("timeout", "max_time", "max_retries")},
    "color": lambda _context, value: CommonOptions(color=value),
}
