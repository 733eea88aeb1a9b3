"""Control the rate of requests by a single gate that uses feedback from the server.

Concurrency grows while requests succeed and is halved when they do not (AIMD, as in RFC 5681).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

FIRST = 8

# A limit is ignored while more than this fraction of it remains.
_PLENTY = 0.5

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


def seconds_of(text: str | None) -> float | None:
    """Parse a duration in the API's format, `6m0s`, `1.5s` or `120ms`; None if it is invalid."""
    found = _DURATION.fullmatch(text or "")
    if not text or found is None:
        return None
    hours, minutes, seconds, millis = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + millis / 1000


@dataclass
class _Cap:
    """A cap of so many units per minute, spread evenly."""

    per_minute: float
    next: float = 0.0

    def wait(self, now: float) -> float:
        return max(0.0, self.next - now)

    def take(self, now: float, cost: float) -> None:
        self.next = max(self.next, now) + cost * 60 / self.per_minute


@dataclass
class _Told:
    """The rest of a limit, as reported by the server; it refills continuously."""

    limit: float
    left: float
    rate: float
    at: float

    def wait(self, now: float, cost: float) -> float:
        left = min(self.limit, self.left + (now - self.at) * self.rate)
        # A request for more than the limit waits until the limit is full.
        needed = min(cost, self.limit)
        return 0.0 if left >= needed else (needed - left) / self.rate

    def take(self, now: float, cost: float) -> None:
        self.left = min(self.limit, self.left + (now - self.at) * self.rate) - cost
        self.at = now


@dataclass
class Pace:
    """The gate. All times are in seconds, by the same clock.

    `most` is the maximum concurrency; `rpm` and `tpm` are the maximum requests and tokens per
    minute.
    """

    most: int
    rpm: float | None = None
    tpm: float | None = None
    window: float = field(init=False)
    closed_until: float = 0.0
    _is_first: bool = True
    _cut: float = float("-inf")
    _caps: dict[str, _Cap] = field(default_factory=dict)
    _told: dict[str, _Told] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.window = float(min(FIRST, self.most))
        for name, cap in (("requests", self.rpm), ("tokens", self.tpm)):
            if cap is not None:
                self._caps[name] = _Cap(cap)

    def wait(self, now: float, in_flight: int, tokens: int) -> float:
        """Return the seconds until a request may be sent; infinite if one must return first."""
        if in_flight >= int(self.window):
            return float("inf")
        waits = [self.closed_until - now, *(cap.wait(now) for cap in self._caps.values())]
        costs = {"requests": 1, "tokens": tokens}
        waits += [told.wait(now, costs[name]) for name, told in self._told.items()]
        return max(0.0, *waits)

    def sent(self, now: float, tokens: int) -> None:
        """Record that a request with so many tokens is sent."""
        for name, cost in (("requests", 1), ("tokens", tokens)):
            if (cap := self._caps.get(name)) is not None:
                cap.take(now, cost)
            if (told := self._told.get(name)) is not None:
                told.take(now, cost)

    def went_well(self) -> None:
        """Record a success: concurrency doubles per round at first, then grows by one per round."""
        self.window = min(self.most, self.window + (1 if self._is_first else 1 / self.window))

    def too_much(self, now: float, sent: float, asked: float | None = None) -> None:
        """Record an overload: halve the concurrency, once for all requests `sent` before.

        `asked` is how many seconds the server asks to wait.
        """
        self._is_first = False
        if sent > self._cut:
            self._cut = now
            self.window = max(1.0, self.window / 2)
        if asked is not None:
            self.closed_until = max(self.closed_until, now + asked)

    def heed(self, now: float, headers: Mapping[str, str]) -> None:
        """Use the headers `x-ratelimit-limit-*`, `-remaining-*` and `-reset-*`.

        The last one is the time until the limit is full again, which determines the refill rate:
        https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
        """
        for name in ("requests", "tokens"):
            left, limit = (
                _number(headers.get(f"x-ratelimit-{which}-{name}"))
                for which in ("remaining", "limit")
            )
            if left is not None and limit is not None and left > limit * _PLENTY:
                self._told.pop(name, None)
                continue
            reset = seconds_of(headers.get(f"x-ratelimit-reset-{name}"))
            if left is None or limit is None or not reset or limit <= left:
                continue
            before = self._told.get(name)
            if before is not None:
                known = min(limit, before.left + (now - before.at) * before.rate)
                left = min(left, known)
            self._told[name] = _Told(limit, left, (limit - left) / reset, now)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
