"""A lock between processes: a separate file, held with flock.

It is not the file that it protects, because a rename replaces that: of 20 turns added at the same
time, a lock on the file itself lost 2 to 3.
"""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from openai_cli.errors import UsageError

_PAUSE = 0.05
_TRIES = 40  # so that the user is notified after 2 s
_ELSEWHERE = "give what it locks another name, or another folder"


@contextmanager
def locked(
    path: Path,
    *,
    waits: Callable[[], None],
    sleep: Callable[[float], None],
    is_bounded: bool = False,
) -> Iterator[None]:
    """Hold the lock at `path`, a file that is created if necessary and removed at the end.

    The lock is released when its process dies, and a leftover file blocks nobody. `waits` is called
    once, when others have held the lock for 2 s; `sleep` takes seconds. If the wait `is_bounded`,
    `sleep` raises the error that ends it. Raises UsageError if the lock cannot be acquired.
    """
    wait = _Wait(waits, sleep, is_bounded)
    while True:
        handle = _opened(path)
        try:
            wait.until_held(path, handle)
            # The last holder may have removed the file, and another process may have recreated it.
            if _leads_to(path, handle):
                try:
                    yield
                finally:
                    _remove(path, handle)
                return
        finally:
            os.close(handle)


@dataclass
class _Wait:
    """The waiting of one process, across any number of lock files."""

    tell: Callable[[], None]
    sleep: Callable[[float], None]
    is_bounded: bool
    tries: int = _TRIES

    def until_held(self, path: Path, handle: int) -> None:
        try:
            while self.tries > 0 or self.is_bounded:
                try:
                    return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self.sleep(_PAUSE)
                self.tries -= 1
                if not self.tries:
                    self.tell()
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:  # ENOLCK, EOPNOTSUPP
            raise UsageError(
                f"'{path}' cannot be locked: {error.strerror}",
                hint="a file system that has locks (flock) is needed",
            ) from None


def _opened(path: Path) -> int:
    try:
        # For writing, as NFS requires; a symbolic link would create the file at its target.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise UsageError(
            f"the lock '{path}' cannot be created: {error.strerror}", hint=_ELSEWHERE
        ) from None
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or found.st_size:
        os.close(handle)
        raise UsageError(f"'{path}' is in the place of a lock, and is not one", hint=_ELSEWHERE)
    return handle


def _leads_to(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _remove(path: Path, handle: int) -> None:
    """Remove the lock file while it is held; the next holder will notice that it is gone."""
    with suppress(OSError):
        if _leads_to(path, handle):
            path.unlink()
