"""What Tab offers after a command: models, and files."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from openai_cli.completion.values import FOR_CHAT
from openai_cli.config.values import expanded
from openai_cli.models.table import Model, Table

# Returns the completions of a text, the likeliest first.
Offer = Callable[[str], Iterable[str]]

_VERSION = re.compile(r"(?:gpt-|o)(\d+)(?:\.(\d+))?")


def names(known: Iterable[str]) -> Offer:
    """Offer these names, in their order."""
    kept = list(known)
    return lambda text: [name for name in kept if name.startswith(text)]


def models(table: Table, on: date) -> Offer:
    """Offer the table's chat models, newest first, those with a known end of life last.

    Retired models are offered only if no other model begins with the text.
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
    """The files and folders that begin with the text; hidden ones only if its name has the dot."""
    return sorted(_paths(text))


def quoted_path(text: str) -> list[str]:
    """The same for the last of several names, quoted with backslashes as in a shell."""
    start, last = _parted(text)
    return [start + _quoted(found) for found in path(re.sub(r"\\(.)", r"\1", last))]


def _parted(text: str) -> tuple[str, str]:
    """Split a text into what precedes the last name, and the name."""
    last = re.search(r"(?:\\.|[^\s\\])*$", text)
    at = last.start() if last else len(text)
    return text[:at], text[at:]


def _quoted(name: str) -> str:
    return re.sub(r"""([\s\\'"])""", r"\\\1", name)


def _paths(text: str) -> Iterator[str]:
    folder, name = os.path.split(text)
    try:
        entries = list(os.scandir(expanded(folder) or "."))
    except (OSError, ValueError):  # no such folder, or an invalid name
        return
    for entry in entries:
        if entry.name.startswith(name) and (name or not entry.name.startswith(".")):
            ending = "/" if entry.is_dir() else ""
            yield text[: len(text) - len(name)] + entry.name + ending
