"""The ledger's SQLite file, which several processes may write at the same time."""

import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openai_cli.ledger.locks import PATIENCE
from openai_cli.ledger.recent import Header, Recent, Unpriced, counted_since
from openai_cli.messages import one_line
from openai_cli.settings import BudgetLimit

if TYPE_CHECKING:
    from openai_cli.ledger.rows import Row

# In pages of 4 kB. The next process has to read the log that is not checkpointed yet: 0.6 ms for
# 1 MB.
_CHECKPOINT = 250

# The tables that each version of the file adds to the one before.
_TABLES = (
    """
CREATE TABLE calls (
    id INTEGER PRIMARY KEY, day TEXT NOT NULL, time TEXT NOT NULL, command TEXT, host TEXT,
    model TEXT, label TEXT, profile TEXT, input_tokens INTEGER, cached_tokens INTEGER,
    output_tokens INTEGER, units INTEGER, is_least INTEGER NOT NULL, exit_code INTEGER,
    record TEXT NOT NULL, digest BLOB NOT NULL, twin INTEGER NOT NULL
);
CREATE UNIQUE INDEX calls_once ON calls (digest, twin);
CREATE INDEX calls_day ON calls (day);
CREATE TABLE spent (
    day TEXT NOT NULL, label TEXT NOT NULL, profile TEXT NOT NULL, units INTEGER NOT NULL,
    PRIMARY KEY (day, label, profile)
) WITHOUT ROWID;
CREATE TABLE reserved (
    id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL, profile TEXT NOT NULL,
    units INTEGER NOT NULL, record TEXT NOT NULL
);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
""",
    """
CREATE TABLE prices (id INTEGER PRIMARY KEY, content TEXT NOT NULL UNIQUE);
CREATE TABLE unpriced (
    id INTEGER PRIMARY KEY, day TEXT NOT NULL, label TEXT, profile TEXT, held INTEGER,
    told TEXT NOT NULL, prices INTEGER NOT NULL
);
CREATE INDEX unpriced_unheld ON unpriced (id) WHERE held IS NULL
""",
)
VERSION = len(_TABLES)

# The last connection to close checkpoints and syncs the log, which takes 5 to 60 ms. If connections
# are left to the end of the process instead, only one call in fifty pays for that.
_open: list[sqlite3.Connection] = []

Failure = (sqlite3.Error, OSError)


class NoLedgerError(sqlite3.DatabaseError):
    """Raised for the database of another program, which is left as it is."""


class Store:
    """The ledger at `path`, which is created if necessary. Raises sqlite3.Error and OSError.

    In the file, an empty label or profile means none.
    """

    def __init__(self, path: Path, recent: Recent | None = None) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._recent = recent or Recent(path)
        self._locks = self._recent.locks
        path = self._recent.database
        # SQLite gives its log the mode of the file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._database = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
        _open.append(self._database)
        self.lapsed = 0
        self._set_up()

    def _set_up(self) -> None:
        run = self._database.execute
        ((version,),) = run("PRAGMA user_version")
        if version < VERSION:
            version = self._make()
        # A kill loses nothing that is committed; a power loss may lose the last calls.
        run("PRAGMA synchronous = NORMAL")
        run(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT}")
        if version != VERSION:
            raise sqlite3.DatabaseError("it is from another version of openai-cli")

    def _make(self) -> int:
        """Create missing tables under a lock: SQLite does not wait for others to start a WAL."""
        run = self._database.execute
        with self._locks.alone():
            ((version,),) = run("PRAGMA user_version")
            if version < VERSION:
                self._refuse_others(version)
                run("PRAGMA journal_mode = WAL")
                with self._atomic():
                    for tables in _TABLES[version:]:
                        for statement in tables.split(";\n"):
                            run(statement)
                    run(f"PRAGMA user_version = {VERSION}")
        return max(int(version), VERSION)

    def _refuse_others(self, version: int) -> None:
        """Raise NoLedgerError for tables that are not those of the ledger's version."""
        found = {name for (name,) in self.rows("SELECT name FROM sqlite_master")}
        if ("calls_once" in found) != (version > 0) or (found and not version):
            raise NoLedgerError("it is the database of another program")

    @contextmanager
    def transaction(self, *, then_recent: date | None = None) -> Iterator[None]:
        """Run the block as an atomic transaction, after taking in the recent calls.

        With `then_recent`, which is today, the calls that follow may be added to the recent ones.
        """
        with self._locks.alone():
            with self._atomic():
                if has_recent := self._recent.has_any:
                    self._take_recent()
                yield
                header = None if then_recent is None else self._header(then_recent)
            if has_recent:
                self._recent.clear()
            if header is not None:
                with suppress(OSError):  # such as a full disk
                    self._recent.begin(header)

    @contextmanager
    def _atomic(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._database.rollback()
            raise

    def _take_recent(self) -> None:
        """Add the recent calls and reservations.

        A process that was killed after its commit has left them, so a file's name tells whether
        they were added already.
        """
        name, events = self._recent.events()
        if not events or (name and not self.is_first("recent", name)):
            return
        for kind, number, *values in events:
            if kind == "reserve":
                self._reserve(number, *values)
            else:
                left, *call = values
                self.keep(Unpriced(*call))
                if number is not None:
                    self.change(number, left)

    def _header(self, today: date) -> Header:
        spent = "SELECT day, label, profile, units FROM spent WHERE day >= ?"
        return Header(
            os.urandom(8).hex(),
            today.isoformat(),
            self.rows(spent, [counted_since(today).isoformat()]),
            self.rows("SELECT id, label, profile, units FROM reserved"),
            self.has_unpriced(unheld=True),
        )

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._database.execute(statement, values).fetchall()

    # What was spent. All of it in a transaction.

    def add(self, row: "Row", charged: int, *, number: int | None = None) -> None:
        """Add a call, and charge budgets for it, in units.

        Equal lines are allowed. A line with a `number` is added only once.
        """
        digest = digest_of(row.record)
        twin = self._next_twin(digest) if number is None else number
        before = self._database.total_changes
        columns, places = ", ".join(row._fields), ", ".join("?" * (len(row) + 2))
        self._database.execute(
            f"INSERT OR IGNORE INTO calls ({columns}, digest, twin) VALUES ({places})",  # noqa: S608
            (*row, digest, twin),
        )
        if self._database.total_changes > before:
            self.charge(row.day, row.label, row.profile, charged)

    def count(self, record: str) -> int:
        """Return the number of calls with this line."""
        ((found,),) = self.rows("SELECT count(*) FROM calls WHERE digest = ?", [digest_of(record)])
        return int(found)

    def _next_twin(self, digest: bytes) -> int:
        query = "SELECT coalesce(max(twin) + 1, 0) FROM calls WHERE digest = ?"
        ((found,),) = self.rows(query, [digest])
        return int(found)

    def keep(self, call: Unpriced) -> None:
        """Add a call without its price, and charge budgets for what it holds."""
        run = self._database.execute
        run("INSERT OR IGNORE INTO prices (content) VALUES (?)", [call.prices])
        run(
            "INSERT INTO unpriced (day, label, profile, held, told, prices)"
            " SELECT ?, ?, ?, ?, ?, id FROM prices WHERE content = ?",
            (call.day, call.label, call.profile, call.held, call.told, call.prices),
        )
        self.charge(call.day, call.label, call.profile, call.held or 0)

    def has_unpriced(self, *, unheld: bool = False) -> bool:
        """Return whether there are calls without a price; with `unheld`, only uncharged ones."""
        where = " WHERE held IS NULL" if unheld else ""
        return bool(self.rows(f"SELECT 1 FROM unpriced{where} LIMIT 1"))  # noqa: S608

    def take_unpriced(self, most: int) -> list[Unpriced]:
        """Remove the oldest calls without a price, at most `most`, and return them."""
        found = self.rows(
            "SELECT unpriced.id, day, label, profile, held, told, content FROM unpriced"
            " JOIN prices ON prices.id = unpriced.prices ORDER BY unpriced.id LIMIT ?",
            [most],
        )
        if found:
            run = self._database.execute
            run("DELETE FROM unpriced WHERE id <= ?", [found[-1][0]])
            run("DELETE FROM prices WHERE id NOT IN (SELECT prices FROM unpriced)")
        return [Unpriced(*row[1:]) for row in found]

    def charge(self, day: str, label: str | None, profile: str | None, units: int) -> None:
        """Add an amount to what was spent on a day."""
        if units:
            self._database.execute(
                "INSERT INTO spent VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
                " SET units = units + excluded.units",
                (day, label or "", profile or "", units),
            )

    def spent(self, limit: BudgetLimit, since: str) -> int:
        """Return what was spent under a limit since a day, in units."""
        where, values = _of(limit)
        query = f"SELECT coalesce(sum(units), 0) FROM spent WHERE day >= ?{where}"  # noqa: S608
        ((found,),) = self.rows(query, [since, *values])
        return int(found)

    def prune(self, before: str, kept: str) -> int:
        """Remove the calls before a day, but keep the sums of budgets from the day `kept` on."""
        run = self._database.execute
        gone = run("DELETE FROM calls WHERE day < ?", [before]).rowcount
        gone += run("DELETE FROM unpriced WHERE day < ?", [before]).rowcount
        run("DELETE FROM spent WHERE day < ?", [min(before, kept)])
        return gone

    def is_first(self, name: str, value: str) -> bool:
        """Set a fact, and return whether it had another value."""
        if self.rows("SELECT 1 FROM facts WHERE name = ? AND value = ?", [name, value]):
            return False
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))
        return True

    # What is reserved. All of it in a transaction.

    def reserve(self, label: str | None, profile: str | None, units: int, record: str) -> int:
        """Reserve an amount while this process lives; return the reservation's number."""
        number = self._reserve(None, label, profile, units, record)
        if not self._locks.hold(number):
            raise BlockingIOError(errno.EAGAIN, "another process holds a lock that is for this one")
        return number

    def _reserve(
        self, number: int | None, label: str | None, profile: str | None, units: int, record: str
    ) -> int:
        made = self._database.execute(
            "INSERT INTO reserved (id, label, profile, units, record) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET units = excluded.units",
            (number, label or "", profile or "", units, record),
        )
        return made.lastrowid or 0

    def change(self, number: int, units: int) -> None:
        """Change the amount of a reservation; remove it if that is 0, without its lock."""
        if units:
            self._database.execute("UPDATE reserved SET units = ? WHERE id = ?", (units, number))
        else:
            self._database.execute("DELETE FROM reserved WHERE id = ?", [number])

    def release(self, number: int) -> None:
        """Remove a reservation and its lock."""
        self.change(number, 0)
        self._locks.release(number)

    def reserved(self, limit: BudgetLimit, *, but: int | None = None) -> int:
        """Return what is reserved under a limit, in units, except for one reservation."""
        where, values = _of(limit)
        query = f"SELECT coalesce(sum(units), 0) FROM reserved WHERE id IS NOT ?{where}"  # noqa: S608
        ((found,),) = self.rows(query, [but, *values])
        return int(found)

    def lapse(self, *, but: int | None = None) -> None:
        """Remove the reservations of dead processes, and add their calls without a cost.

        Processes whose reservations have no record keep their own account of what they sent. `but`
        is this process's own reservation, whose lock it would always get.
        """
        query = "SELECT id, record FROM reserved WHERE id IS NOT ?"
        for number, occasion in self.rows(query, [but]):
            if not self._locks.hold(number):
                continue
            self.release(number)
            if occasion:
                from openai_cli.ledger.rows import lost

                self.add(lost(occasion), 0)
                self.lapsed += 1

    def close(self) -> None:
        """Release the locks; the rest is closed when the process ends."""
        self._locks.close()


def _of(limit: BudgetLimit) -> tuple[str, list[str]]:
    """Return the SQL condition for what counts towards a limit, and its values."""
    named = {"label": limit.label, "profile": limit.profile}
    given = {name: value for name, value in named.items() if value is not None}
    return "".join(f" AND {name} = ?" for name in given), list(given.values())


def digest_of(record: str) -> bytes:
    """Return a digest that identifies a line."""
    from hashlib import sha256

    return sha256(record.encode(errors="surrogatepass")).digest()[:16]


def add_once(store: Store, rows: "Iterable[Row]") -> int:
    """Add the lines of a file that are missing, and return their number.

    Equal lines are different calls: the ledger gets as many as the file has.
    """
    added, seen = 0, dict[str, int]()
    with store.transaction():
        for row in rows:
            seen[row.record] = seen.get(row.record, 0) + 1
            if store.count(row.record) < seen[row.record]:
                store.add(row, row.units or 0)
                added += 1
    return added


def why(path: Path, error: BaseException) -> str:
    """Describe a failure of the ledger, for a message."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"'{path}': {one_line(text)}"
