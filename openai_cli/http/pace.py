"""How fast requests go out: one gate for all, fed by what the server says.

Concurrency grows while it goes well and is halved when it does not (AIMD, as in RFC 5681).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

FIRST = 8

# Of a limit, the part that must be left for it to be no matter.
_PLENTY = 0.5

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


def seconds_of(text: str | None) -> float | None:
    """A time as the API writes it: `6m0s`, `1.5s`, `120ms`; None for what is none."""
    found = _DURATION.fullmatch(text or "")
    if not text or found is None:
        return None
    hours, minutes, seconds, millis = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + millis / 1000


@dataclass
class _Cap:
    """At most so many units a minute, evenly."""

    per_minute: float
    next: float = 0.0

    def wait(self, now: float) -> float:
        return max(0.0, self.next - now)

    def take(self, now: float, cost: float) -> None:
        self.next = max(self.next, now) + cost * 60 / self.per_minute


@dataclass
class _Told:
    """What the server says is left of a limit, which fills up again all the time."""

    limit: float
    left: float
    rate: float
    at: float

    def wait(self, now: float, cost: float) -> float:
        left = min(self.limit, self.left + (now - self.at) * self.rate)
        # More than there ever is goes alone, when all is there.
        needed = min(cost, self.limit)
        return 0.0 if left >= needed else (needed - left) / self.rate

    def take(self, now: float, cost: float) -> None:
        self.left = min(self.limit, self.left + (now - self.at) * self.rate) - cost
        self.at = now


@dataclass
class Pace:
    """The gate. All times are of one clock, in seconds.

    `most` is the highest concurrency; `rpm` and `tpm` are the most requests and tokens a minute.
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
        """The seconds until a request with so many tokens may go; infinite until one comes back."""
        if in_flight >= int(self.window):
            return float("inf")
        waits = [self.closed_until - now, *(cap.wait(now) for cap in self._caps.values())]
        costs = {"requests": 1, "tokens": tokens}
        waits += [told.wait(now, costs[name]) for name, told in self._told.items()]
        return max(0.0, *waits)

    def sent(self, now: float, tokens: int) -> None:
        """A request with so many tokens goes out."""
        for name, cost in (("requests", 1), ("tokens", tokens)):
            if (cap := self._caps.get(name)) is not None:
                cap.take(now, cost)
            if (told := self._told.get(name)) is not None:
                told.take(now, cost)

    def went_well(self) -> None:
        """An answer came: twice as many at first, then one more for each round."""
        self.window = min(self.most, self.window + (1 if self._is_first else 1 / self.window))

    def too_much(self, now: float, sent: float, asked: float | None = None) -> None:
        """The server has too much to do: half of it, once for all that were `sent` before.

        `asked` is how many seconds it asks to wait.
        """
        self._is_first = False
        if sent > self._cut:
            self._cut = now
            self.window = max(1.0, self.window / 2)
        if asked is not None:
            self.closed_until = max(self.closed_until, now + asked)

    def heed(self, now: float, headers: Mapping[str, str]) -> None:
        """Take in `x-ratelimit-limit-*`, `-remaining-*` and `-reset-*`.

        The time of the last is that until all is there again, so the limit fills up at that rate:
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
