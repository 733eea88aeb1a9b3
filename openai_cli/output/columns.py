"""Format rows of cells as text: tab-separated for programs, in columns for people."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from openai_cli.jsontext import finite_json

_BREAKS = re.compile(r"[\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")


def tabbed(rows: Iterable[Sequence[str]]) -> str:
    """Format each row as a line of tab-separated cells; tabs and line ends in a cell are spaces."""
    return "".join("\t".join(" ".join(_BREAKS.split(cell)) for cell in row) + "\n" for row in rows)


def aligned(rows: Sequence[Sequence[str]], *, numbers: Collection[int] = ()) -> str:
    """Format each row as a line, with the cells aligned in columns.

    The columns in `numbers` are aligned at the decimal point; the first row is their header.
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
    """Pad a header and its numbers so that the decimal points line up."""
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
    """Split a number before its decimal point."""
    whole, point, decimals = number.partition(".")
    return whole, point + decimals


def facts(body: Mapping[str, Any]) -> str:
    """Format each property of an object as a line `name: value`, times as ISO 8601 in UTC."""
    return "".join(
        f"{name}: {_shown(name, value) if type(value) in (int, str) else finite_json(value)}\n"
        for name, value in body.items()
        if value is not None and name != "object"
    )


def moment(seconds: int) -> str:
    """Format a time, given in seconds since the epoch, as ISO 8601 in UTC."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, OSError, ValueError):
        return str(seconds)


def _shown(name: str, value: int | str) -> str:
    is_time = name == "created" or name.endswith("_at")
    return moment(value) if is_time and type(value) is int else str(value)
