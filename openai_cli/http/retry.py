"""When to try a request again, and after how long: pure functions.

The rules are those of OpenAI's own Python client (openai 3.54, `_base_client.py`), but that a
longer wait is obeyed too, up to two minutes, and that no wait at all is not.
"""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST = 120.0
_FIRST, _CAP = 0.5, 8.0
_STATUSES = frozenset({408, 409, 429})


def may_retry(status: int | None, headers: Mapping[str, str]) -> bool:
    """Whether another try can help: `status` None is a connection that failed.

    `x-should-retry` is the server's own word, and it is the last.
    """
    if (said := headers.get("x-should-retry")) in ("true", "false"):
        return said == "true"
    return status is None or status in _STATUSES or status >= 500


def asked_delay(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that the server asks to wait; None when it asks for no time that is to come.

    `retry-after-ms` in milliseconds goes before `retry-after`, which is in seconds or a date
    (RFC 9110, section 10.2.3); `now` is in seconds since the epoch. 0, a negative number and a
    date that is past ask for nothing: to obey them would burn all tries at once.
    """
    after = headers.get("retry-after")
    asked = (_number(headers.get("retry-after-ms"), 1000), _number(after), _until(after, now))
    return next((seconds for seconds in asked if seconds is not None), None)


def delay(attempt: int, asked: float | None, chance: float) -> float:
    """Seconds before try `attempt` + 1 (the first try is 0): as asked, else twice the one before.

    `chance`, a number in [0, 1), takes up to a quarter off, lest many clients come back at once.
    """
    if asked is not None:
        return asked
    return min(_CAP, _FIRST * 2.0 ** min(attempt, 30)) * (1 - chance / 4)


def _number(text: str | None, parts: int = 1) -> float | None:
    """The seconds of a number of so many parts of a second."""
    try:
        return _positive(float(text or "") / parts)
    except ValueError:
        return None


def _until(text: str | None, now: float) -> float | None:
    """The seconds to a date."""
    try:
        date = parsedate_to_datetime(text or "")
        # The oldest form, asctime's, names no zone: it is UTC as the others.
        return _positive(date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _positive(seconds: float) -> float | None:
    return seconds if 0 < seconds < float("inf") else None
