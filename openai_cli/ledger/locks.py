"""The locks of the ledger, which the system releases however a process ends.

They are on bytes of the file `….lock`, which has no content. Whoever reads or writes the ledger
locks byte 0. A reservation lives as long as its process holds a lock on the byte at its number.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# How long to wait for another process, and how long between two attempts, in seconds.
PATIENCE = 5.0
_PAUSE = 0.001


class Locks:
    """The locks of the ledger at `path`. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = f"{path}.lock"
        self._handle: int | None = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep all other processes out of the ledger; TimeoutError after a while."""
        until = time.monotonic() + PATIENCE
        while not self.hold(0):
            if time.monotonic() > until:
                raise TimeoutError(errno.ETIMEDOUT, "another process keeps it locked")
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            self.release(0)

    def hold(self, number: int) -> bool:
        """Lock a byte, and return whether no other process holds it."""
        try:
            fcntl.lockf(self._file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except (BlockingIOError, PermissionError):  # POSIX leaves open which
            return False
        return True

    def release(self, number: int) -> None:
        """Release a byte."""
        fcntl.lockf(self._file(), fcntl.LOCK_UN, 1, number)

    def _file(self) -> int:
        """Return the lock file; closing it anywhere in the process would release all locks."""
        if self._handle is None:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        return self._handle

    def close(self) -> None:
        """Release all locks."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
