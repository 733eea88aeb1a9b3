"""The endpoints without a row in routes.py, from a table made of the published description.

data/README.md says where it comes from. The part for a group, which is the first word of a path, is
loaded at the first request for it.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from openai_cli.sandbox.checks import schemas
from openai_cli.sandbox.exchange import Operation
from openai_cli.sandbox.handlers import HANDLERS
from openai_cli.sandbox.route import Route

FOLDER = Path(__file__).parent / "data" / "operations"
# Where to find what several groups refer to.
SHARED = "shared"


@cache
def groups() -> frozenset[str]:
    """The names of all groups."""
    return frozenset(file.stem for file in FOLDER.glob("*.json")) - {SHARED}


def routes_of(group: str) -> tuple[Route, ...]:
    """The endpoints of a group; none for an unknown group."""
    return _routes(group) if group in groups() else ()


@cache
def _routes(group: str) -> tuple[Route, ...]:
    rows: list[dict[str, Any]] = []
    for name in (SHARED, group):
        loaded = json.loads((FOLDER / f"{name}.json").read_bytes())
        schemas().update(loaded["schemas"])
        rows += loaded["operations"]
    return tuple(_route(row) for row in rows)


def _route(row: dict[str, Any]) -> Route:
    operation = Operation(
        row["method"],
        row["path"],
        row.get("answer", ""),
        row.get("status", 200),
        row.get("media", ""),
        row.get("query", {}),
    )
    return Route(
        row["method"],
        row["path"],
        HANDLERS.get(f"{row['method']} {operation.shape}", "things.serve"),
        schema=row.get("schema"),
        form=row.get("form"),
        text=row.get("text"),
        operation=operation,
    )


def has(method: str, shape: str) -> bool:
    """Whether the table has an operation; `shape` is its path with `{}` for each parameter."""
    return _operation(method, shape) is not None


def answer_of(method: str, shape: str) -> str:
    """The schema of an operation's answer."""
    found = _operation(method, shape)
    return found.answer if found else ""


@cache
def _by_shape(group: str) -> dict[tuple[str, str], Operation]:
    told = (route.operation for route in routes_of(group))
    return {(one.method, one.shape): one for one in told if one and "?" not in one.path}


def _operation(method: str, shape: str) -> Operation | None:
    return _by_shape(shape.split("/")[1]).get((method, shape))
