"""When to try a request again, and after how long: pure functions.

The rules are those of OpenAI's own Python client (openai 3.54, `_base_client.py`), but that a
longer wait is obeyed too, up to two minutes.
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
    """The seconds that the server asks to wait; None when it asks for nothing that can be read.

    `retry-after-ms` in milliseconds goes before `retry-after`, which is in seconds or a date
    (RFC 9110, section 10.2.3); `now` is in seconds since the epoch.
    """
    if (delay := _number(headers.get("retry-after-ms"))) is not None:
        return delay / 1000
    after = headers.get("retry-after")
    if (delay := _number(after)) is not None:
        return delay
    try:
        date = parsedate_to_datetime(after or "")
        # The oldest form, asctime's, names no zone: it is UTC as the others.
        return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def delay(attempt: int, asked: float | None, chance: float) -> float:
    """Seconds before try `attempt` + 1 (the first try is 0): as asked, else twice the one before.

    `chance`, a number in [0, 1), takes up to a quarter off, lest many clients come back at once.
    """
    if asked is not None:
        return asked
    return min(_CAP, _FIRST * 2.0 ** min(attempt, 30)) * (1 - chance / 4)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
