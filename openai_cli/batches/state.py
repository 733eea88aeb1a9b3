"""How far a run is: one SQLite file beside its output, which outlives any end of the process.

What is committed is there after a kill; what was sent and has no answer is sent again.
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
    """The state of a run at `path`. Use it as a context manager.

    What is written stands in a `transaction`. Raises UsageError for what is no state of a run, and
    OutputError where it cannot be written.
    """

    def __init__(self, path: Path, *, is_read_only: bool = False) -> None:
        self.path = path
        import sqlite3

        with self._telling():
            if not is_read_only:
                # Its WAL gets the mode of the file.
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
            # A kill loses nothing that is committed; a loss of power may, and that is sent again.
            self._database.execute("PRAGMA synchronous = NORMAL")
            if version == 0:
                with self.transaction():
                    for statement in TABLES.split(";\n"):
                        self._database.execute(statement)
                    self._database.execute(f"PRAGMA user_version = {VERSION}")
                return
        if version != VERSION:
            raise UsageError(
                f"'{self.path}' is of another version of openai-cli",
                hint="take the version that began it, or begin anew with another output",
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What the block writes is there all together, or not at all."""
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
        """Close the file, and take it away: for a run that did not begin."""
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
        """What a query finds."""
        with self._telling():
            return self._database.execute(statement, values).fetchall()

    def write(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Do a statement with each of the rows; within a transaction where they are several."""
        with self._telling():
            self._database.executemany(statement, rows)

    # What is known of the whole run

    def __getitem__(self, name: str) -> Any:
        """A fact of the run; None where there is none."""
        found = self._row("SELECT (SELECT value FROM run WHERE name = ?)", (name,))
        return found[0]

    def __setitem__(self, name: str, value: Any) -> None:
        self.write("INSERT OR REPLACE INTO run VALUES(?, ?)", [(name, value)])

    def sums(self) -> Sums:
        """The run in figures."""
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

    # Lines

    def add_lines(self, rows: Iterable[LineRow]) -> None:
        """Add lines that are waiting, or the counts of those that are there."""
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
        """Lines that stand elsewhere in the input now: start, size, number."""
        self.write("UPDATE lines SET start = ?, size = ? WHERE number = ?", rows)

    def waiting(self, limit: int | None = None) -> Iterator[Waiting]:
        """The lines that are to be sent, in order; of a `limit`, those of the first so many."""
        where = "state = 0"
        if limit is not None:
            last = "SELECT (SELECT number FROM lines ORDER BY number LIMIT 1 OFFSET ?)"
            if (found := self._row(last, (limit - 1,))[0]) is not None:
                where += f" AND number <= {int(found)}"
        columns = "number, start, size, digest, tokens, output, bound, attempts"
        yield from map(Waiting._make, self._in_order(columns, where))

    def unbounded(self) -> int | None:
        """The first line that is to be sent and has no bound."""
        found: int | None
        (found,) = self._row(
            "SELECT MIN(number) FROM lines WHERE state IN (0, 1) AND bound IS NULL"
        )
        return found

    def bounds(self) -> tuple[int, int, int]:
        """Of all lines: the most that they can cost, their tokens, how many have no bound."""
        usd, tokens, unknown = self._row(
            "SELECT IFNULL(SUM(bound), 0), IFNULL(SUM(tokens), 0),"
            " COUNT(*) FILTER (WHERE bound IS NULL) FROM lines"
        )
        return usd, tokens, unknown

    def _in_order(self, columns: str, where: str) -> Iterator[tuple[Any, ...]]:
        """Lines in order, the number first, a page at a time: no query stays open meanwhile."""
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
        """These are about to be sent."""
        self.write(
            "UPDATE lines SET state = 1, attempts = attempts + 1 WHERE number = ?",
            ((number,) for number in numbers),
        )

    def lose(self, amounts: Iterable[tuple[int, int]]) -> None:
        """Attempts without an answer may have cost so much: units, number."""
        self.write("UPDATE lines SET lost = lost + ? WHERE number = ?", amounts)

    def wait_again(self, numbers: Iterable[int]) -> None:
        """These are to be sent again, as if they had not failed."""
        rows = [(number,) for number in numbers]
        self.write("UPDATE lines SET state = 0 WHERE number = ?", rows)
        self.write("DELETE FROM answers WHERE number = ?", rows)

    def recover(self) -> int:
        """Lines that were in flight when the process ended wait again; gives how many they are.

        Their attempt may have been paid for.
        """
        (count,) = self._row("SELECT COUNT(*) FROM lines WHERE state = 1")
        if count:
            self.write(
                "UPDATE lines SET state = 0, lost = lost + IFNULL(bound, 0) WHERE state = 1", [()]
            )
        return int(count)

    def retry_failed(self) -> int:
        """Lines that have failed wait again; gives how many they are."""
        (count,) = self._row("SELECT COUNT(*) FROM lines WHERE state = 3")
        if count:
            self.write(
                "DELETE FROM answers WHERE number IN (SELECT number FROM lines WHERE state = 3)",
                [()],
            )
            self.write("UPDATE lines SET state = 0, attempts = 0 WHERE state = 3", [()])
        return int(count)

    def settle(self, stage: Stage, rows: Iterable[AnswerRow]) -> None:
        """Lines have come to this stage, with these answers."""
        kept = list(rows)
        self.write(
            "INSERT OR REPLACE INTO answers(number, status, request_id, body, reason, code,"
            " incomplete, usd, tokens, record, line_id) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            kept,
        )
        self.write(
            "UPDATE lines SET state = ? WHERE number = ?", ((stage, row.number) for row in kept)
        )

    # Answers

    def ended(self, stage: Stage) -> Iterator[Ended]:
        """The lines that have come to this stage, in the order of the input."""
        with self._telling():
            # Row by row, for answers may be large; nothing is written meanwhile.
            for row in self._database.execute(_IN_STAGE, (int(stage),)):
                yield _ended(row)

    def find(self, custom_id: str) -> Ended | None:
        """The line of that name, where it is done or has failed."""
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
        """How many lines with this one for --usage-file have it there, as far as is known."""
        (count,) = self._row(
            "SELECT COUNT(*) FROM answers WHERE record = ? AND is_told = 1", (record,)
        )
        return int(count)

    def mark_told(self, numbers: Iterable[int]) -> None:
        """The lines of these are in --usage-file."""
        self.write(
            "UPDATE answers SET is_told = 1 WHERE number = ?", ((number,) for number in numbers)
        )


def _way_to_read(path: Path) -> str:
    """How to open a state without writing, also beside it.

    Where no process is at it, it has no WAL; opened plainly it would get one, that stays.
    https://www.sqlite.org/uri.html#uriimmutable
    """
    return "mode=ro" if Path(f"{path}-wal").exists() else "mode=ro&immutable=1"


def _ended(row: tuple[Any, ...]) -> Ended:
    *answer, line_id = row[6:]
    return Ended._make((*row[:6], AnswerRow._make((*answer, None, line_id))))


def _told(path: Path, error: "sqlite3.DatabaseError") -> CliError:
    """What a failure of SQLite's means to a user."""
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return OutputError(
            f"the state of the run could not be written to '{path}': {error}",
            hint="with room on the disk, the same command goes on where it was",
        )
    if code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")) or "no such table" in str(error):
        return UsageError(f"'{path}' is no state of a run", hint="give the output another name")
    return UsageError(f"'{path}': {error}")
