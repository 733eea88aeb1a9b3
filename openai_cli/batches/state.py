"""The state of a run: one SQLite file next to its output, which survives a crash.

Committed results survive a kill; requests without an answer are sent again.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from openai_cli.batches.schema import (
    TABLES,
    VERSION,
    AnswerRow,
    Ended,
    LineRow,
    Stage,
    Sums,
    Waiting,
)
from openai_cli.errors import CliError, OutputError, UsageError

if TYPE_CHECKING:
    import sqlite3

# How many rows are read at once.
_PAGE = 1000

_ENDED = (
    "SELECT lines.number, custom_id, start, size, state, attempts, answers.number, status,"
    " request_id, body, reason, code, incomplete, usd, answers.tokens, line_id"
    " FROM lines JOIN answers ON answers.number = lines.number WHERE "
)
_FIND = _ENDED + "custom_id = ? AND state IN (2, 3)"
_IN_STAGE = _ENDED + "state = ? ORDER BY lines.number"


class State:
    """The state of a run at `path`; a context manager.

    Write in a `transaction`. Raises UsageError for a file that is not the state of a run, and
    OutputError if it cannot be written.
    """

    def __init__(self, path: Path, *, is_read_only: bool = False) -> None:
        self.path = path
        import sqlite3

        with self._telling():
            if not is_read_only:
                # The WAL gets the mode of the file.
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
            way = _way_to_read(path) if is_read_only else "mode=rw"
            self._database = sqlite3.connect(
                f"{path.absolute().as_uri()}?{way}", uri=True, isolation_level=None, timeout=10
            )
            try:
                self._set_up(is_read_only=is_read_only)
            except BaseException:
                self._database.close()
                raise

    def _set_up(self, *, is_read_only: bool) -> None:
        (version,) = self._row("PRAGMA user_version")
        if not is_read_only:
            self._database.execute("PRAGMA journal_mode = WAL")
            # A kill loses nothing committed. A power failure may; such requests are sent again.
            self._database.execute("PRAGMA synchronous = NORMAL")
            if version == 0:
                with self.transaction():
                    for statement in TABLES.split(";\n"):
                        self._database.execute(statement)
                    self._database.execute(f"PRAGMA user_version = {VERSION}")
                return
        if version != VERSION:
            raise UsageError(
                f"'{self.path}' is from another version of openai-cli",
                hint="use the version that started it, or start over with another output",
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block writes, or roll all of it back."""
        with self._telling():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.rollback()
                raise
            self._database.execute("COMMIT")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        import sqlite3

        try:
            yield
        except OSError as error:
            raise UsageError(f"cannot write '{self.path}': {error.strerror}") from None
        except sqlite3.DatabaseError as error:
            raise _told(self.path, error) from error

    def _row(self, statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...]:
        with self._telling():
            found: tuple[Any, ...] = self._database.execute(statement, values).fetchone()
            return found

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def remove(self) -> None:
        """Close and delete the file, for a run that did not begin."""
        self.close()
        for end in ("", "-wal", "-shm"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that a query finds."""
        with self._telling():
            return self._database.execute(statement, values).fetchall()

    def write(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a statement for each of the rows; several need a transaction."""
        with self._telling():
            self._database.executemany(statement, rows)

    # The run as a whole.

    def __getitem__(self, name: str) -> Any:
        """A fact about the run, or None."""
        found = self._row("SELECT (SELECT value FROM run WHERE name = ?)", (name,))
        return found[0]

    def __setitem__(self, name: str, value: Any) -> None:
        self.write("INSERT OR REPLACE INTO run VALUES(?, ?)", [(name, value)])

    def sums(self) -> Sums:
        """The totals of the run."""
        of_lines = self._row(
            "SELECT COUNT(*), COUNT(*) FILTER (WHERE state = 2), COUNT(*) FILTER (WHERE state = 3),"
            " COUNT(*) FILTER (WHERE state = 1), COUNT(*) FILTER (WHERE state = 4),"
            " TOTAL(lost) FROM lines"
        )
        of_answers = self._row(
            "SELECT COUNT(incomplete), TOTAL(tokens), IFNULL(SUM(usd), 0),"
            " COUNT(*) FILTER (WHERE usd IS NULL AND reason IS NULL) FROM answers"
        )
        *stages, lost = of_lines
        incomplete, tokens, usd, unpriced = of_answers
        return Sums._make((*stages, incomplete, int(tokens), usd, unpriced, int(lost)))

    # Lines.

    def add_lines(self, rows: Iterable[LineRow]) -> None:
        """Add waiting lines, or update the counts of existing ones."""
        self.write(
            "INSERT INTO lines(number, custom_id, digest, start, size, tokens, output, bound)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(number) DO UPDATE"
            " SET tokens = excluded.tokens, output = excluded.output, bound = excluded.bound",
            rows,
        )

    def known(self) -> Iterator[LineRow]:
        """All lines, in order."""
        columns = "number, custom_id, digest, start, size, tokens, output, bound"
        yield from map(LineRow._make, self._in_order(columns, "TRUE"))

    def move(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """Update lines that have moved in the input: start, size, number."""
        self.write("UPDATE lines SET start = ?, size = ? WHERE number = ?", rows)

    def waiting(self, limit: int | None = None) -> Iterator[Waiting]:
        """The lines to send, in order; with a `limit`, only those among the first `limit` lines."""
        where = "state = 0"
        if limit is not None:
            last = "SELECT (SELECT number FROM lines ORDER BY number LIMIT 1 OFFSET ?)"
            if (found := self._row(last, (limit - 1,))[0]) is not None:
                where += f" AND number <= {int(found)}"
        columns = "number, start, size, digest, tokens, output, bound, attempts"
        yield from map(Waiting._make, self._in_order(columns, where))

    def unbounded(self) -> int | None:
        """The first line to send whose cost has no bound."""
        found: int | None
        (found,) = self._row(
            "SELECT MIN(number) FROM lines WHERE state IN (0, 1) AND bound IS NULL"
        )
        return found

    def bounds(self) -> tuple[int, int, int]:
        """The most that all lines can cost, their tokens, and how many have no bound."""
        usd, tokens, unknown = self._row(
            "SELECT IFNULL(SUM(bound), 0), IFNULL(SUM(tokens), 0),"
            " COUNT(*) FILTER (WHERE bound IS NULL) FROM lines"
        )
        return usd, tokens, unknown

    def _in_order(self, columns: str, where: str) -> Iterator[tuple[Any, ...]]:
        """Yield lines in order, the number first, a page at a time, so that no query stays open."""
        after = 0
        condition = f"number > ? AND {where} ORDER BY number LIMIT {_PAGE}"
        query = f"SELECT {columns} FROM lines WHERE {condition}"  # noqa: S608 - all of it is ours
        while True:
            with self._telling():
                rows = self._database.execute(query, (after,)).fetchall()
            yield from rows
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def mark_sent(self, numbers: Iterable[int]) -> None:
        """Mark lines as about to be sent."""
        self.write(
            "UPDATE lines SET state = 1, attempts = attempts + 1 WHERE number = ?",
            ((number,) for number in numbers),
        )

    def lose(self, amounts: Iterable[tuple[int, int]]) -> None:
        """Record what attempts without an answer may have cost: units, number."""
        self.write("UPDATE lines SET lost = lost + ? WHERE number = ?", amounts)

    def wait_again(self, numbers: Iterable[int]) -> None:
        """Return lines to the waiting ones, as if they had not failed."""
        rows = [(number,) for number in numbers]
        self.write("UPDATE lines SET state = 0 WHERE number = ?", rows)
        self.write("DELETE FROM answers WHERE number = ?", rows)

    def recover(self) -> int:
        """Return lines that were in flight when the process ended to the waiting ones; count them.

        Their attempts may have been billed.
        """
        (count,) = self._row("SELECT COUNT(*) FROM lines WHERE state = 1")
        if count:
            self.write(
                "UPDATE lines SET state = 0, lost = lost + IFNULL(bound, 0) WHERE state = 1", [()]
            )
        return int(count)

    def retry_failed(self) -> int:
        """Return failed lines to the waiting ones; count them."""
        (count,) = self._row("SELECT COUNT(*) FROM lines WHERE state = 3")
        if count:
            self.write(
                "DELETE FROM answers WHERE number IN (SELECT number FROM lines WHERE state = 3)",
                [()],
            )
            self.write("UPDATE lines SET state = 0, attempts = 0 WHERE state = 3", [()])
        return int(count)

    def settle(self, stage: Stage, rows: Iterable[AnswerRow]) -> None:
        """Move lines to a stage, and store their results."""
        kept = list(rows)
        self.write(
            "INSERT OR REPLACE INTO answers(number, status, request_id, body, reason, code,"
            " incomplete, usd, tokens, record, line_id) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            kept,
        )
        self.write(
            "UPDATE lines SET state = ? WHERE number = ?", ((stage, row.number) for row in kept)
        )

    # Answers.

    def ended(self, stage: Stage) -> Iterator[Ended]:
        """The lines at this stage, in the order of the input."""
        with self._telling():
            # Row by row, as answers may be large; nothing is written meanwhile.
            for row in self._database.execute(_IN_STAGE, (int(stage),)):
                yield _ended(row)

    def find(self, custom_id: str) -> Ended | None:
        """The line with that custom_id, if it is done or has failed."""
        with self._telling():
            row = self._database.execute(_FIND, (custom_id,)).fetchone()
        return row and _ended(row)

    def untold(self) -> list[tuple[int, str]]:
        """The lines for --usage-file that may not be there yet, with their numbers."""
        with self._telling():
            return self._database.execute(
                "SELECT number, record FROM answers WHERE record IS NOT NULL AND is_told = 0"
            ).fetchall()

    def count_told(self, record: str) -> int:
        """How many lines with this record are known to be in --usage-file."""
        (count,) = self._row(
            "SELECT COUNT(*) FROM answers WHERE record = ? AND is_told = 1", (record,)
        )
        return int(count)

    def mark_told(self, numbers: Iterable[int]) -> None:
        """Mark the records of these lines as written to --usage-file."""
        self.write(
            "UPDATE answers SET is_told = 1 WHERE number = ?", ((number,) for number in numbers)
        )


def _way_to_read(path: Path) -> str:
    """The URI parameters to open a state without writing anything, not even beside it.

    Without a running process there is no WAL; a plain open would create one and leave it there.
    https://www.sqlite.org/uri.html#uriimmutable
    """
    return "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"


def _ended(row: tuple[Any, ...]) -> Ended:
    *answer, line_id = row[6:]
    return Ended._make((*row[:6], AnswerRow._make((*answer, None, line_id))))


def _told(path: Path, error: "sqlite3.DatabaseError") -> CliError:
    """Translate an SQLite error into one for the user."""
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return OutputError(
            f"the state of the run could not be written to '{path}': {error}",
            hint="once the disk has room, the same command resumes",
        )
    if code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")) or "no such table" in str(error):
        return UsageError(
            f"'{path}' is not the state of a run", hint="give the output another name"
        )
    return UsageError(f"'{path}': {error}")
