"""The operations of the API, from the data that `tools/refresh_operations.py` writes.

There is a file for the first word of each command, and only the files that are needed are read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from openai_cli.records import NamedTuple

DATA = Path(__file__).parent / "data"

# Facts about the values of a property: see data/README.md.
Facts = Mapping[str, Any]

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_IN_PATH = re.compile(r"\{(\w+)\}")


class Operation(NamedTuple):
    """An operation; `command` is empty if another operation has its words.

    `path` is below the base URL, with `{name}` for each of its parameters; `query` and `body` map
    the names of properties to their facts. `form` says when the body is a multipart form: `always`,
    or `with files`; the properties in `as_json` are JSON in it. `pages` says how a list is paged:
    by `after` with the last item's id, by `after` with the page's own `next`, or by `page`.
    `columns` are the properties that identify the items of a list.
    """

    command: str
    method: str
    path: str
    query: Mapping[str, Facts] = _NOTHING
    body: Mapping[str, Facts] = _NOTHING
    form: Literal["", "always", "with files"] = ""
    answer: Literal["object", "list", "bytes", "nothing"] = "object"
    pages: Literal["", "after", "next", "page"] = ""
    columns: Sequence[str] = ()
    streams: bool = False
    deprecated: bool = False
    admin: bool = False
    headers: Mapping[str, str] = _NOTHING
    as_json: Sequence[str] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """The parameters of the path, in order."""
        return tuple(_IN_PATH.findall(self.path))

    @property
    def has_body(self) -> bool:
        """Whether it takes a body, even one without known properties."""
        return self.method in ("POST", "PUT", "PATCH")


@cache
def part(group: str) -> tuple[Operation, ...]:
    """The operations whose commands begin with this word; none for an unknown word."""
    path = DATA / f"{group}.json"
    if not path.is_file():
        return ()
    import json

    rows = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Operation(**row) for row in rows)


def find(command: str) -> Operation | None:
    """The operation of a command, or None."""
    group = command.partition(" ")[0]
    return next((each for each in part(group) if each.command == command), None)


def is_admin_path(path: str) -> bool:
    """Whether operations below this path take the admin key, judged by the path alone."""
    return path.split("/")[1:2] in (["organization"], ["projects"])


def summary_of(operation: Operation) -> str:
    """A one-line summary of the operation, made from its facts."""
    said = f"{operation.method} {operation.path}"
    return f"{said} (deprecated)" if operation.deprecated else said


def every() -> Iterator[Operation]:
    """All operations."""
    for path in sorted(DATA.glob("*.json")):
        if path.stem != "index":
            yield from part(path.stem)
