"""Rows of cells as text: with tabs for other programs, in columns for people."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from openai_cli.jsontext import finite_json

_BREAKS = re.compile(r"[\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")


def tabbed(rows: Iterable[Sequence[str]]) -> str:
    """A line for each row, with a tab between its cells; a tab or a line end in one is a blank."""
    return "".join("\t".join(" ".join(_BREAKS.split(cell)) for cell in row) + "\n" for row in rows)


def aligned(rows: Sequence[Sequence[str]], *, numbers: Collection[int] = ()) -> str:
    """A line for each row, the cells of a column one below the other.

    The columns of `numbers` have their points in line, below the head that the first row is.
    """
    columns = [
        _in_line(column) if place in numbers else column
        for place, column in enumerate(zip(*rows, strict=True))
    ]
    widths = [max(map(len, column)) for column in columns]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in zip(*columns, strict=True)
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _in_line(column: Sequence[str]) -> list[str]:
    """A head and its numbers, filled up so that the points stand one below the other."""
    head, *cells = column
    wholes, decimals = zip(*(_split(cell) for cell in cells), strict=True) if cells else ((), ())
    fraction = max(map(len, decimals), default=0)
    width = max(len(head), max(map(len, wholes), default=0) + fraction)
    filled = [
        whole.rjust(width - fraction) + decimal.ljust(fraction)
        for whole, decimal in zip(wholes, decimals, strict=True)
    ]
    return [head.rjust(width), *filled]


def _split(number: str) -> tuple[str, str]:
    """What stands before the point, and the point with what is behind it."""
    whole, point, decimals = number.partition(".")
    return whole, point + decimals


def facts(body: Mapping[str, Any]) -> str:
    """A line for each property of an object: `name: value`, times as ISO 8601 in UTC."""
    return "".join(
        f"{name}: {_shown(name, value) if type(value) in (int, str) else finite_json(value)}\n"
        for name, value in body.items()
        if value is not None and name != "object"
    )


def moment(seconds: int) -> str:
    """A time, in seconds since 1970, as ISO 8601 in UTC."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, OSError, ValueError):
        return str(seconds)


def _shown(name: str, value: int | str) -> str:
    is_time = name == "created" or name.endswith("_at")
    return moment(value) if is_time and type(value) is int else str(value)
