"""A set of ids that takes little memory, however many there are."""

from types import TracebackType
from typing import Self


class Seen:
    """Ids, with the lines where each first occurred, in a temporary file; a context manager.

    `count` is how many were added.
    """

    def __init__(self) -> None:
        import sqlite3

        # An empty name is a temporary database, which goes to disk when it is large.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("CREATE TABLE ids(id TEXT PRIMARY KEY, line INT) WITHOUT ROWID")
        self._database.execute("BEGIN")
        self.count = 0

    def add(self, name: str, line: int) -> int | None:
        """Add an id; return the line where it occurred before, or None if it is new."""
        name = name.encode(errors="surrogatepass").hex() if not _is_utf8(name) else name
        added = self._database.execute("INSERT OR IGNORE INTO ids VALUES(?, ?)", (name, line))
        if added.rowcount:
            self.count += 1
            return None
        ((before,),) = self._database.execute("SELECT line FROM ids WHERE id = ?", (name,))
        return int(before)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
