"""Read the configuration file, and locate its keys by line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from openai_cli.config.keyfile import read_trusted
from openai_cli.config.lines import key_lines
from openai_cli.errors import UsageError
from openai_cli.jsontext import utf8

Table = Mapping[str, Any]

# The end of tomllib's messages.
_PLACE = r"(?s)(.*) \(at (?:line (\d+), column (\d+)|end of document)\)"
_PLAIN = str.maketrans("", "", "-_. ")
_KEYS = frozenset({"key", "token", "secret", "password"})


@dataclass(frozen=True)
class Document:
    """The file: `name` is its path for messages, `tables` its parsed contents, `text` its text."""

    name: str
    tables: Table
    text: str

    def place(self, *path: str) -> str:
        """Return a key's place, `config.toml:4`, or just the file name if its line is unknown."""
        line = self.line(*path)
        return self.name if line is None else f"{self.name}:{line}"

    def line(self, *path: str) -> int | None:
        """Return the line of a key, counted from 1, or None."""
        return self._lines.get(path)

    def table(self, *path: str) -> Table:
        """Return the table at this path; it is empty if there is none."""
        found: Any = self.tables
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    @cached_property
    def _lines(self) -> Mapping[tuple[str, ...], int]:
        return key_lines(self.text)


def load_document(path: Path) -> Document:
    """Read the file like `read_document`, and raise UsageError if it contains an API key."""
    found = read_document(path)
    for fault in key_faults(found):
        raise fault
    return found


def read_document(path: Path) -> Document:
    """Read the file; raise UsageError if others may write to it, or if it is not TOML."""
    name = str(path)
    try:
        text = utf8(read_trusted(path)).removeprefix("\ufeff")
    except OSError as error:
        raise UsageError(f"cannot read the configuration file '{name}': {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"the configuration file '{name}' {error}") from None
    return Document(name, _parsed(name, text), text)


def _parsed(name: str, text: str) -> Table:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(name, text, str(error)) from None
    except (ValueError, RecursionError):  # Python's guards on the digits of an int and on depth
        raise UsageError(f"{name}: a number in it is too long, or a value nests too deep") from None


def _not_toml(name: str, text: str, message: str) -> UsageError:
    found = re.fullmatch(_PLACE, message)
    problem, line, column = found.groups() if found else (message, None, None)
    if line is None:
        *before, last = text.rstrip().split("\n")
        line, column = str(len(before) + 1), str(len(last) + 1)
    return UsageError(
        f"{name}:{line}:{column}: this is not TOML: {problem[:1].lower()}{problem[1:]}",
        hint="a string needs quotes" if problem == "Invalid value" else None,
    )


def key_faults(document: Document) -> Iterator[UsageError]:
    """Yield an error for each API key in the file, without showing the key."""
    for path in _suspects(document.tables, ()):
        yield UsageError(
            f"{document.place(*path)}: {path[-1]} does not belong in this file, which others may "
            "read",
            hint="openai-cli key set stores a key; api_key_command asks a password manager",
        )


def _suspects(table: Table, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, value in table.items():
        plain = key.translate(_PLAIN).lower()
        if isinstance(value, dict):
            yield from _suspects(value, (*path, key))
        elif plain.endswith("apikey") or (plain in _KEYS and _is_general(path)):
            yield (*path, key)


def _is_general(path: tuple[str, ...]) -> bool:
    """Return whether the path is the top level or a profile.

    Other tables may have such names: `metadata = { token = "x" }`.
    """
    return not path or (len(path) == 2 and path[0] == "profiles")
