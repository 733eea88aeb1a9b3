"""The calls since the ledger's SQLite file was last written, in a text file beside it.

Loading sqlite3 and opening a database takes longer than all else that a call does for the ledger.
A command therefore adds its call to the file `….recent` while that is small. The next `Store` moves
what is there into the database.

The first line is a `Header`: the sums that the database had, and the state of its files. Each line
below it is an event and the texts that belong to it, in JSON, with tabs between them: one of

    ["reserve", number, label, profile, units]  record
    ["call", number, units left, day, label, profile, units held]  told  prices

where `number` is that of a reservation, or null. While the database is what it was, the header and
the events tell what was spent and what is reserved, without the texts.
"""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.ledger.locks import Locks
from openai_cli.records import NamedTuple, mutable_record
from openai_cli.settings import BudgetLimit
from openai_cli.statefolder import state_folder

VARIABLE = "OPENAI_CLI_LEDGER"
_NAME = "ledger.sqlite3"

# In bytes: some fifty calls. Reading so many takes a tenth of what opening the database takes.
_LARGEST = 64 * 1024

Event = list[Any]


class Header(NamedTuple):
    """What the database has when the file is begun, on a day. An empty label or profile means none.

    `name` differs between any two files. `spent` has day, label, profile and units of all days that
    budgets count, and `reserved` number, label, profile and units. With `has_unheld`, there are
    calls that no budget has been charged for.
    """

    name: str
    day: str
    spent: list[tuple[str, str, str, int]]
    reserved: list[tuple[int, str, str, int]]
    has_unheld: bool


class Unpriced(NamedTuple):
    """A call that is kept without its cost until that is needed.

    `told` is what is known of it, and `prices` are those of its models, both as JSON. `held` is
    what budgets are charged until then, in units, or None.
    """

    day: str
    label: str | None
    profile: str | None
    held: int | None
    told: str
    prices: str


@mutable_record
class State:
    """What was spent, and the reservations by number, as a header and its events tell it.

    `spendings` have day, label, profile and units, and reservations label, profile and units.
    """

    spendings: list[tuple[str, str, str, int]]
    reservations: dict[int, tuple[str, str, int]]
    has_unheld: bool

    @classmethod
    def of(cls, header: Header, events: list[Event]) -> "State":
        """Return the state after all events."""
        reservations = {
            number: (label, profile, units) for number, label, profile, units in header.reserved
        }
        found = cls([*header.spent], reservations, header.has_unheld)
        for kind, number, *values in events:
            if kind == "reserve":
                label, profile, units = values
                reservations[number] = (label or "", profile or "", units)
                continue
            left, day, label, profile, held = values
            found.spendings.append((day, label or "", profile or "", held or 0))
            found.has_unheld = found.has_unheld or held is None
            if number is not None:
                label, profile, _units = reservations.pop(number)
                if left:
                    reservations[number] = (label, profile, left)
        return found

    @property
    def unused(self) -> int:
        """A number for a new reservation."""
        return max(self.reservations, default=0) + 1

    def spent(self, limit: BudgetLimit, since: str) -> int:
        """Return what was spent under a limit since a day, in units."""
        return sum(
            units
            for day, label, profile, units in self.spendings
            if day >= since and _counts(limit, label, profile)
        )

    def reserved(self, limit: BudgetLimit, *, but: int | None = None) -> int:
        """Return what is reserved under a limit, in units, except for one reservation."""
        return sum(
            units
            for number, (label, profile, units) in self.reservations.items()
            if number != but and _counts(limit, label, profile)
        )


def location(context: Context) -> Path:
    """Return the ledger's path, whether it is used or not; UsageError without a home folder."""
    if (named := context.variable(VARIABLE)) is not None:
        return Path(named)
    if isinstance(context.settings.ledger, str):
        return Path(context.settings.ledger)
    try:
        return state_folder() / _NAME
    except RuntimeError:
        raise UsageError(
            "there is no home folder for a ledger", hint=f"{VARIABLE} names a file"
        ) from None


class Recent:
    """The recent calls of the ledger at `path`. Raises OSError.

    Its methods are for a process that is `locks.alone()`.
    """

    def __init__(self, path: Path) -> None:
        self.database = Path(os.path.realpath(path))  # all links to a ledger lead to one file
        self.locks = Locks(self.database)
        self._path = Path(f"{self.database}.recent")

    def state(self, today: date) -> State | None:
        """Return what was spent and is reserved; None if only the database can tell."""
        try:
            *lines, rest = self._read().split(b"\n")
            if rest or sum(map(len, lines)) > _LARGEST:
                return None
            first = b",".join(line.partition(b"\t")[0] for line in lines)
            (files, *header), *events = json.loads(b"[%b]" % first)
            began = Header(*header)
            is_current = files == self._files() and began.day == today.isoformat()
            return State.of(began, events) if is_current else None
        except (LookupError, TypeError, ValueError, OSError):
            return None

    def add(self, event: Event, *texts: str) -> None:
        """Add an event and its texts, whole or not at all."""
        data = ("\t".join(map(json.dumps, (event, *texts))) + "\n").encode()
        with self._opened(os.O_WRONLY | os.O_APPEND) as handle:
            size = os.fstat(handle).st_size
            if os.write(handle, data) < len(data):
                os.ftruncate(handle, size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def events(self) -> tuple[str, list[Event]]:
        """Return the name in the header, or '', and all events, each with its texts at the end.

        A power failure may have cut off a line, which is left out.
        """
        name, events = "", list[Event]()
        for line in self._read().splitlines():
            with suppress(LookupError, TypeError, ValueError):
                found, *texts = map(json.loads, line.split(b"\t"))
                if found[0] in ("reserve", "call"):
                    events.append([*found, *texts])
                else:
                    name = Header(*found[1:]).name
        return name, events

    def begin(self, header: Header) -> None:
        """Replace the file by one that has only a header."""
        with self._opened(os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as handle:
            os.write(handle, f"{json.dumps([self._files(), *header])}\n".encode())

    @property
    def has_any(self) -> bool:
        """Whether the file is there and not empty."""
        try:
            return self._path.lstat().st_size > 0
        except FileNotFoundError:
            return False

    def clear(self) -> None:
        """Empty the file."""
        with self._opened(os.O_WRONLY | os.O_TRUNC):
            pass

    def _read(self) -> bytes:
        with self._opened(os.O_RDONLY) as handle:
            return os.read(handle, os.fstat(handle).st_size)

    @contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        handle = os.open(self._path, flags | os.O_NOFOLLOW, 0o600)
        try:
            yield handle
        finally:
            os.close(handle)

    def _files(self) -> list[int]:
        """Return what changes whenever the database does."""
        found = (self.database.stat(), Path(f"{self.database}-wal").stat())
        return [part for one in found for part in (one.st_ino, one.st_size, one.st_mtime_ns)]


def begin_of(period: str, day: date) -> date:
    """Return the first day of the `day`, `week` or `month` of a day; weeks begin on Monday."""
    if period == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if period == "week" else day


def counted_since(today: date) -> date:
    """Return the first day that a budget of today counts."""
    return min(begin_of("month", today), begin_of("week", today))


def _counts(limit: BudgetLimit, label: str, profile: str) -> bool:
    return limit.label in (None, label) and limit.profile in (None, profile)
