"""What Tab offers behind a command: models, and files."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from openai_cli.completion.values import FOR_CHAT
from openai_cli.config.values import expanded
from openai_cli.models.table import Model, Table

# What a command takes that begins with a text, the first the likeliest.
Offer = Callable[[str], Iterable[str]]

_VERSION = re.compile(r"(?:gpt-|o)(\d+)(?:\.(\d+))?")


def names(known: Iterable[str]) -> Offer:
    """These names, in their order."""
    kept = list(known)
    return lambda text: [name for name in kept if name.startswith(text)]


def models(table: Table, on: date) -> Offer:
    """The table's models for a chat: the newest first, and those whose end is known behind them.

    One that is retired is offered where no other begins with the text.
    """
    fitting = [
        model
        for name, model in table.models.items()
        if model.mode in FOR_CHAT and not name.startswith("ft:")
    ]
    fitting.sort(key=_rank)
    current = names(model.name for model in fitting if not model.is_retired(on))
    retired = names(model.name for model in fitting if model.is_retired(on))
    return lambda text: current(text) or retired(text)


def _rank(model: Model) -> tuple[bool, int, int, str]:
    found = _VERSION.match(model.name)
    major, minor = (int(part or 0) for part in found.groups()) if found else (0, 0)
    return model.retired is not None, -major, -minor, model.name


def path(text: str) -> list[str]:
    """The files and folders that begin with the text; hidden ones where the text says so."""
    return sorted(_paths(text))


def quoted_path(text: str) -> list[str]:
    """The same for the last of several names, each quoted by backslashes as for a shell."""
    start, last = _parted(text)
    return [start + _quoted(found) for found in path(re.sub(r"\\(.)", r"\1", last))]


def _parted(text: str) -> tuple[str, str]:
    """What stands before the last name, and the name."""
    last = re.search(r"(?:\\.|[^\s\\])*$", text)
    at = last.start() if last else len(text)
    return text[:at], text[at:]


def _quoted(name: str) -> str:
    return re.sub(r"""([\s\\'"])""", r"\\\1", name)


def _paths(text: str) -> Iterator[str]:
    folder, name = os.path.split(text)
    try:
        entries = list(os.scandir(expanded(folder) or "."))
    except (OSError, ValueError):  # there is no such folder, or no folder has such a name
        return
    for entry in entries:
        if entry.name.startswith(name) and (name or not entry.name.startswith(".")):
            ending = "/" if entry.is_dir() else ""
            yield text[: len(text) - len(name)] + entry.name + ending
