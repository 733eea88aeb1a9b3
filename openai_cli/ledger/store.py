"""The ledger's file: SQLite, which processes write at once.

A reservation is alive as long as its process holds a lock on one byte of the file `….lock`: the
byte of its number, which is never 0. The system lets go of it when the process ends, however that
ends.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.messages import one_line
from openai_cli.records import record
from openai_cli.settings import BudgetLimit
from openai_cli.statefolder import state_folder

if TYPE_CHECKING:
    from openai_cli.ledger.rows import Row

VARIABLE = "OPENAI_CLI_LEDGER"
_NAME = "ledger.sqlite3"

# In seconds: how long another process is waited for.
PATIENCE = 5.0
# In pages of 4 kB. The next process reads what is not yet copied: of 1 MB that takes 0.6 ms.
_CHECKPOINT = 250

# What each version of the file has that the one before it lacks.
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

# A connection that is closed as the last one copies and syncs its log, which takes 5 to 60 ms. The
# end of the process closes it too, and leaves that to one call in fifty.
_open: list[sqlite3.Connection] = []

Failure = (sqlite3.Error, OSError)


@record
class Unpriced:
    """A call that is kept until somebody asks what it cost.

    `told` is what is known of it, and `prices` those of its models, both as JSON. `held` is what
    budgets are charged for it until then, in units; None where none is.
    """

    day: str
    label: str | None
    profile: str | None
    held: int | None
    told: str
    prices: str


def location(context: Context) -> Path:
    """Where the ledger is, whether it is kept or not; UsageError without a home for one."""
    if (named := context.variable(VARIABLE)) is not None:
        return Path(named)
    if isinstance(context.settings.ledger, str):
        return Path(context.settings.ledger)
    try:
        return state_folder() / _NAME
    except RuntimeError:
        raise UsageError(
            "there is no home folder to have a ledger in", hint=f"{VARIABLE} names a file"
        ) from None


class Store:
    """The ledger at `path`, made where there is none. Raises sqlite3.Error and OSError.

    An empty label or profile stands for none.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Its log gets the mode of the file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self.path = path
        self._database = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
        _open.append(self._database)
        self._locks: int | None = None
        self.lapsed = 0
        self._set_up()

    def _set_up(self) -> None:
        run = self._database.execute
        ((version,),) = run("PRAGMA user_version")
        if version < VERSION:
            version = self._make()
        # A kill loses nothing that is committed; a loss of power may lose the last calls.
        run("PRAGMA synchronous = NORMAL")
        run(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT}")
        if version != VERSION:
            raise sqlite3.DatabaseError("it is from another version of openai-cli")

    def _make(self) -> int:
        """Make the tables that it lacks, alone: SQLite waits for nobody where it begins a log."""
        run = self._database.execute
        fcntl.lockf(self._lock_file(), fcntl.LOCK_EX, 1, 0)
        try:
            ((version,),) = run("PRAGMA user_version")
            if version < VERSION:
                run("PRAGMA journal_mode = WAL")
                with self.transaction():
                    for tables in _TABLES[version:]:
                        for statement in tables.split(";\n"):
                            run(statement)
                    run(f"PRAGMA user_version = {VERSION}")
        finally:
            fcntl.lockf(self._lock_file(), fcntl.LOCK_UN, 1, 0)
        return max(int(version), VERSION)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What the block reads and writes is of one moment, and written together or not at all."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._database.rollback()
            raise

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What a query gives."""
        return self._database.execute(statement, values).fetchall()

    # What was spent. All of it in a transaction.

    def add(self, row: "Row", charged: int, *, number: int | None = None) -> None:
        """Add a call, and what budgets are charged for it, in units.

        A line may equal another. Where it has a `number`, it is added once.
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
        """How many calls have this line."""
        ((found,),) = self.rows("SELECT count(*) FROM calls WHERE digest = ?", [digest_of(record)])
        return int(found)

    def _next_twin(self, digest: bytes) -> int:
        query = "SELECT coalesce(max(twin) + 1, 0) FROM calls WHERE digest = ?"
        ((found,),) = self.rows(query, [digest])
        return int(found)

    def keep(self, call: Unpriced) -> None:
        """Keep a call without its price; budgets are charged what is held for it."""
        run = self._database.execute
        run("INSERT OR IGNORE INTO prices (content) VALUES (?)", [call.prices])
        run(
            "INSERT INTO unpriced (day, label, profile, held, told, prices)"
            " SELECT ?, ?, ?, ?, ?, id FROM prices WHERE content = ?",
            (call.day, call.label, call.profile, call.held, call.told, call.prices),
        )
        self.charge(call.day, call.label, call.profile, call.held or 0)

    def has_unpriced(self, *, unheld: bool = False) -> bool:
        """Whether calls are kept without their price; with `unheld`, those that no budget has."""
        where = " WHERE held IS NULL" if unheld else ""
        return bool(self.rows(f"SELECT 1 FROM unpriced{where} LIMIT 1"))  # noqa: S608

    def take_unpriced(self, most: int) -> list[Unpriced]:
        """Take the oldest calls that have no price out of the file, so many at most."""
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
        """Count an amount as spent on a day."""
        if units:
            self._database.execute(
                "INSERT INTO spent VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
                " SET units = units + excluded.units",
                (day, label or "", profile or "", units),
            )

    def spent(self, limit: BudgetLimit, since: str) -> int:
        """What counts for a limit since a day, in units."""
        where, values = _of(limit)
        query = f"SELECT coalesce(sum(units), 0) FROM spent WHERE day >= ?{where}"  # noqa: S608
        ((found,),) = self.rows(query, [since, *values])
        return int(found)

    def prune(self, before: str, kept: str) -> int:
        """Remove the calls before a day; what budgets count stays from the day `kept` on."""
        run = self._database.execute
        gone = run("DELETE FROM calls WHERE day < ?", [before]).rowcount
        gone += run("DELETE FROM unpriced WHERE day < ?", [before]).rowcount
        run("DELETE FROM spent WHERE day < ?", [min(before, kept)])
        return gone

    def is_first(self, name: str, value: str) -> bool:
        """Whether a fact had another value; it has this one now."""
        if self.rows("SELECT 1 FROM facts WHERE name = ? AND value = ?", [name, value]):
            return False
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))
        return True

    # What is reserved. All of it in a transaction.

    def reserve(self, label: str | None, profile: str | None, units: int, record: str) -> int:
        """Reserve an amount, as long as this process lives; gives the number of the reservation."""
        number = (
            self._database.execute(
                "INSERT INTO reserved (label, profile, units, record) VALUES (?, ?, ?, ?)",
                (label or "", profile or "", units, record),
            ).lastrowid
            or 0
        )
        fcntl.lockf(self._lock_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        return number

    def change(self, number: int, units: int) -> None:
        """Reserve another amount under the same number."""
        self._database.execute("UPDATE reserved SET units = ? WHERE id = ?", (units, number))

    def release(self, number: int) -> None:
        """Give a reservation back."""
        self._database.execute("DELETE FROM reserved WHERE id = ?", [number])
        fcntl.lockf(self._lock_file(), fcntl.LOCK_UN, 1, number)

    def reserved(self, limit: BudgetLimit, *, but: int | None = None) -> int:
        """What is reserved of a limit, in units, but for one reservation."""
        where, values = _of(limit)
        query = f"SELECT coalesce(sum(units), 0) FROM reserved WHERE id IS NOT ?{where}"  # noqa: S608
        ((found,),) = self.rows(query, [but, *values])
        return int(found)

    def lapse(self, *, but: int | None = None) -> None:
        """Remove the reservations of processes that are dead, and add their calls without a cost.

        Those without a record are of processes that know by themselves what they sent.

        `but` is the own one: a process always gets the locks that it has.
        """
        query = "SELECT id, record FROM reserved WHERE id IS NOT ?"
        for number, occasion in self.rows(query, [but]):
            try:
                fcntl.lockf(self._lock_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            except (BlockingIOError, PermissionError):  # POSIX leaves open which
                continue
            self.release(number)
            if occasion:
                from openai_cli.ledger.rows import lost

                self.add(lost(occasion), 0)
                self.lapsed += 1

    def _lock_file(self) -> int:
        """The file of the locks; closing it anywhere in the process would let go of them all."""
        if self._locks is None:
            self._locks = os.open(
                f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600
            )
        return self._locks

    def close(self) -> None:
        """Let go of the locks; the process's end closes the rest."""
        if self._locks is not None:
            os.close(self._locks)
            self._locks = None


def _of(limit: BudgetLimit) -> tuple[str, list[str]]:
    """What of all counts for a limit, as a condition, and its values."""
    named = {"label": limit.label, "profile": limit.profile}
    given = {name: value for name, value in named.items() if value is not None}
    return "".join(f" AND {name} = ?" for name in given), list(given.values())


def digest_of(record: str) -> bytes:
    """What tells a line from others."""
    from hashlib import sha256

    return sha256(record.encode(errors="surrogatepass")).digest()[:16]


def add_once(store: Store, rows: "Iterable[Row]") -> int:
    """Add the lines of a file that are not there yet; gives how many.

    Lines of two calls may be equal: of as many as the file has, as many are there.
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
    """What a failure of the ledger is, for a message."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"'{path}': {one_line(text)}"
