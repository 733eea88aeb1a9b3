"""Durations: a number and its unit, such as `90d`."""

import re

from openai_cli.errors import UsageError
from openai_cli.jsontext import quoted

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FORM = re.compile(r"([0-9]+)([smhd])")
_MOST = 99_999


def duration(
    flag: str,
    text: str,
    *,
    units: str = "smhd",
    such: str = "a time such as 30s, 10m, 1h or 7d",
) -> int:
    """Parse a duration to seconds; raise UsageError, naming the flag, if it is not valid.

    `units` are the units that the flag takes, and `such` describes the expected value.
    """
    found = _FORM.fullmatch(text)
    if found is None or found[2] not in units:
        raise UsageError(f"{flag} must be {such}, not {quoted(text)}")
    if len(found[1].lstrip("0")) > len(str(_MOST)):
        raise UsageError(f"{flag} must be at most {_MOST}{found[2]}, not {quoted(text)}")
    return int(found[1]) * UNITS[found[2]]


def in_words(seconds: float) -> str:
    """Format a duration for people, in the largest unit that it has two of: `90 minutes`."""
    for name, unit in (("days", "d"), ("hours", "h"), ("minutes", "m")):
        if (count := int(seconds // UNITS[unit])) >= 2:
            return f"{count} {name}"
    return "1 minute" if seconds >= UNITS["m"] else "less than a minute"
