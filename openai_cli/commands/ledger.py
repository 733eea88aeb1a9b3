"""Filters and groups for the lines of a usage file, for `cost --response`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from openai_cli.errors import UsageError
from openai_cli.jsontext import quoted

if TYPE_CHECKING:
    from openai_cli.prices.billed import Billed

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

# What calls can be grouped by; the function returns None if a line does not say.
KEYS: "Mapping[str, Callable[[Billed], str | None]]" = {
    "day": lambda billed: None if billed.day is None else billed.day.isoformat(),
    "model": lambda billed: billed.model,
    "label": lambda billed: billed.label,
    "command": lambda billed: billed.command,
}

Line = tuple[int, Mapping[str, Any]]


def day(flag: str, text: str | None) -> date | None:
    """The day in a flag's value; UsageError if it is not one."""
    if text is None:
        return None
    try:
        if re.fullmatch(_DAY, text):
            return date.fromisoformat(text)
    except ValueError:  # a 31st of June
        pass
    raise UsageError(f"{flag} must be a day such as 2026-11-23, not {quoted(text)}")


def within(
    lines: Iterable[Line], since: date | None, until: date | None, undated: list[str]
) -> Iterator[Line]:
    """The lines of calls from the day `since` to the day `until`, both included, in UTC.

    A billed line without a time is left out, and reported in `undated`. Raises UsageError if a day
    was given and a line is not from a usage file.
    """
    from openai_cli.prices.records import day_of, is_free, is_record

    for number, line in lines:
        if since is None and until is None:
            yield number, line
            continue
        if not is_record(line):
            raise UsageError(
                f"line {number}: only lines of --usage-file have the time of a call",
                hint="leave --since and --until out",
            )
        made = day_of(line)
        if made is None and not is_free(line):
            undated.append(f"line {number}: the time of the call is unknown")
        elif made is not None and (since or made) <= made <= (until or made):
            yield number, line
