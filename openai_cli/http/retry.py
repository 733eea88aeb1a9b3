"""The retry policy, as pure functions: when to retry a request, and after how long.

The rules are those of OpenAI's Python client (openai 3.54, `_base_client.py`), except that longer
delays are honoured, up to two minutes, and delays of zero or less are ignored.
"""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST = 120.0
_FIRST, _CAP = 0.5, 8.0
_STATUSES = frozenset({408, 409, 429})


def may_retry(status: int | None, headers: Mapping[str, str]) -> bool:
    """Return whether to retry; `status` None means that the connection failed.

    The server's `x-should-retry` header overrides the status.
    """
    if (said := headers.get("x-should-retry")) in ("true", "false"):
        return said == "true"
    return status is None or status in _STATUSES or status >= 500


def asked_delay(headers: Mapping[str, str], now: float) -> float | None:
    """Return the delay that the server asks for, in seconds; None if there is none in the future.

    `retry-after-ms`, in milliseconds, takes precedence over `retry-after`, in seconds or a date
    (RFC 9110, section 10.2.3). `now` is in seconds since the epoch. 0, a negative number and a past
    date are ignored, because honouring them would use up all retries at once.
    """
    after = headers.get("retry-after")
    asked = (_number(headers.get("retry-after-ms"), 1000), _number(after), _until(after, now))
    return next((seconds for seconds in asked if seconds is not None), None)


def delay(attempt: int, asked: float | None, chance: float) -> float:
    """Return the seconds to wait after a failed `attempt`, counted from 0.

    This is the `asked` delay, or exponential backoff. `chance`, a number in [0, 1), shortens the
    backoff by up to a quarter, so that many clients do not retry at the same moment.
    """
    if asked is not None:
        return asked
    return min(_CAP, _FIRST * 2.0 ** min(attempt, 30)) * (1 - chance / 4)


def _number(text: str | None, parts: int = 1) -> float | None:
    """Return the seconds of a number whose unit is 1/`parts` of a second; None if not positive."""
    try:
        return _positive(float(text or "") / parts)
    except ValueError:
        return None


def _until(text: str | None, now: float) -> float | None:
    """Return the seconds until a date; None if it is past or not a date."""
    try:
        date = parsedate_to_datetime(text or "")
        # The obsolete asctime format has no time zone; it is UTC like the others.
        return _positive(date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _positive(seconds: float) -> float | None:
    return seconds if 0 < seconds < float("inf") else None
