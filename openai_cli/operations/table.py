"""The operations of the API, from the data that `tools/refresh_operations.py` writes.

There is a part for each first word of a command, and only that of the words that are asked for is
read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

DATA = Path(__file__).parent / "data"

# What is known of the values of a property: see data/README.md.
Facts = Mapping[str, Any]

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_IN_PATH = re.compile(r"\{(\w+)\}")


class Operation(NamedTuple):
    """An operation: `command` has its words, or none where another operation has them.

    `path` is below the base URL, with `{name}` for each of its parameters; `query` and `body` have
    the facts of the properties by their names. `form` says when the body is a multipart form:
    `always`, or `with files`; it has the properties of `as_json` as JSON. `pages` says how a list
    goes on: by `after` with the id of the last thing, by `after` with what the page has as `next`,
    or by `page`. `columns` are the properties that tell the things of a list apart.
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
        """The parameters of the path, in their order."""
        return tuple(_IN_PATH.findall(self.path))

    @property
    def has_body(self) -> bool:
        """Whether it takes a body, be it one without known properties."""
        return self.method in ("POST", "PUT", "PATCH")


@cache
def part(group: str) -> tuple[Operation, ...]:
    """The operations whose commands begin with this word; none for a word that there is not."""
    path = DATA / f"{group}.json"
    if not path.is_file():
        return ()
    import json

    rows = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Operation(**row) for row in rows)


def find(command: str) -> Operation | None:
    """The operation of a command."""
    group = command.partition(" ")[0]
    return next((each for each in part(group) if each.command == command), None)


def is_admin_path(path: str) -> bool:
    """Whether the operations below this path take the admin key; nothing is read for it."""
    return path.split("/")[1:2] in (["organization"], ["projects"])


def summary_of(operation: Operation) -> str:
    """A line on the operation, made of its facts."""
    said = f"{operation.method} {operation.path}"
    return f"{said} (deprecated)" if operation.deprecated else said


def every() -> Iterator[Operation]:
    """All operations."""
    for path in sorted(DATA.glob("*.json")):
        if path.stem != "index":
            yield from part(path.stem)
