"""The folder of kept answers: one file for each, named by its key.

A file is written under a temporary name and renamed, so that readers never see part of it. Its
mtime is when it expires and its atime when it was last served, so that `stat` is enough to decide
what to remove.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from openai_cli.cache.entry import Entry, asked_in
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.ours import number
from openai_cli.flags.values import Number
from openai_cli.locking import locked
from openai_cli.records import NamedTuple
from openai_cli.statefolder import cache_folder

# The total size of all entries, in bytes; a single entry has at most a quarter of it.
LARGEST = 256 * 1024 * 1024
MAX = "OPENAI_CLI_CACHE_MAX"

_NAME = "answers"
_SUFFIX, _LOCK, _HALF = ".answer", ".lock", ".half"
_SALT, _SALT_SIZE = "salt", 32
# After so many seconds, the leftovers of a killed process are removed.
_ABANDONED = 24 * 3600


class UnusableError(Exception):
    """The folder cannot be used; the message says why."""


class Found(NamedTuple):
    """A file in the folder: its size in bytes, when it expires and when it was last served."""

    path: Path
    size: int
    expires: float
    used: float

    @property
    def asked(self) -> float | None:
        """When the request of an entry was sent; None where the file does not tell."""
        try:
            with self.path.open("rb") as file:
                return asked_in(file.readline() + file.readline())
        except OSError:
            return None


@dataclass(frozen=True)
class Store:
    """The folder at `path`, which only its user can read and write.

    All entries together have at most `largest` bytes. `now` returns seconds since the epoch.
    """

    path: Path
    now: Callable[[], float]
    largest: int = LARGEST

    @classmethod
    def opened(cls, now: Callable[[], float], largest: int) -> Self:
        """Open the user's folder, or create it; raise UnusableError if it is not safe."""
        path = location()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_private(path)
        except OSError as error:
            raise UnusableError(f"'{path}' cannot be used: {error.strerror}") from None
        return cls(path, now, largest)

    @property
    def largest_entry(self) -> int:
        """The largest size of an entry, in bytes."""
        return self.largest // 4

    def salt(self, sleep: Callable[[float], None]) -> bytes:
        """Return the folder's random salt for keys; raise UnusableError if there can be none."""
        path = self.path / _SALT
        try:
            if (found := _salt_in(path)) is None:
                with locked(path.with_suffix(_LOCK), waits=lambda: None, sleep=sleep):
                    if (found := _salt_in(path)) is None:
                        found = secrets.token_bytes(_SALT_SIZE)
                        self._write(path, found)
        except OSError as error:
            raise UnusableError(f"'{path}' cannot be used: {error.strerror}") from None
        except UsageError as error:
            raise UnusableError(error.problem) from None
        return found

    def get(self, key: str, longest: float) -> Entry | None:
        """Return the answer with this key if its request is at most `longest` seconds old.

        Returns None if there is none, or if it has expired, is from the future or is incomplete.
        """
        path, now = self._place(key), self.now()
        try:
            data = path.read_bytes()
        except OSError:
            return None
        entry = Entry.decoded(data, key)
        if entry is None or now >= entry.expires or not 0 <= now - entry.asked <= longest:
            return None
        with suppress(OSError):
            os.utime(path, (now, entry.expires))
        return entry

    def put(self, key: str, entry: Entry) -> None:
        """Keep an answer, and remove expired and excess ones. Raises OSError."""
        data = entry.encoded(key)
        if len(data) > self.largest_entry:
            return
        self._write(self._place(key), data, times=(self.now(), entry.expires))
        # Checking 50,000 files takes 0.3 s, so it is done one time in 16, and after large entries.
        if key.startswith("0") or len(data) > self.largest // 64:
            self.sweep()

    def _write(self, path: Path, data: bytes, times: tuple[float, float] | None = None) -> None:
        half = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}{_HALF}")
        try:
            with os.fdopen(
                os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(data)
            if times is not None:
                os.utime(half, times)
            half.replace(path)
        except BaseException:
            with suppress(OSError):
                half.unlink()
            raise

    def locked(
        self, key: str, *, waits: Callable[[], None], sleep: Callable[[float], None], bounded: bool
    ) -> AbstractContextManager[None]:
        """Return the lock for requesting the answer with this key; see `locking.locked`."""
        place = self._place(key).with_suffix(_LOCK)
        return locked(place, waits=waits, sleep=sleep, is_bounded=bounded)

    def _place(self, key: str) -> Path:
        return self.path / f"{key}{_SUFFIX}"

    def entries(self) -> list[Found]:
        """Return all kept answers. Raises OSError."""
        return [found for found in self._files() if found.path.name.endswith(_SUFFIX)]

    def _files(self) -> Iterator[Found]:
        for file in os.scandir(self.path):
            with suppress(FileNotFoundError):
                told = file.stat(follow_symlinks=False)
                yield Found(Path(file.path), told.st_size, told.st_mtime, told.st_atime)

    def sweep(self) -> None:
        """Remove expired answers, then the least recently served ones until there is room."""
        now = self.now()
        kept: list[Found] = []
        for found in self._files():
            is_entry = found.path.name.endswith(_SUFFIX)
            if is_entry and found.expires > now:
                kept.append(found)
            elif is_entry or _is_abandoned(found, now):
                _remove(found)
        total = sum(found.size for found in kept)
        for found in sorted(kept, key=lambda one: one.used):
            if total <= self.largest:
                break
            _remove(found)
            total -= found.size

    def clear(self) -> int:
        """Remove all answers and return their number. Raises OSError."""
        gone = 0
        for found in self._files():
            if found.path.name.endswith(_SUFFIX):
                found.path.unlink(missing_ok=True)
                gone += 1
            elif _is_abandoned(found, self.now()):
                _remove(found)
        return gone


def location() -> Path:
    """Return the folder's path, existing or not; raise UnusableError without a home folder."""
    try:
        return cache_folder() / _NAME
    except RuntimeError as error:
        raise UnusableError(f"there is no place for the folder: {error}") from None


def largest_of(context: Context) -> int:
    """Return the total size in bytes; UsageError if the variable is not a number of MB."""
    megabytes = number(MAX, context.variable(MAX), Number(0, 1_000_000))
    return LARGEST if megabytes is None else int(megabytes * 1024 * 1024)


def _check_private(path: Path) -> None:
    """Raise UnusableError if other users could read answers in the folder or add some."""
    found = path.stat()
    if found.st_uid != os.geteuid():
        raise UnusableError(f"'{path}' belongs to another user")
    if found.st_mode & 0o077:
        raise UnusableError(f"others can enter '{path}': chmod 700 keeps them out")


def _salt_in(path: Path) -> bytes | None:
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return None
    return found if len(found) == _SALT_SIZE else None


def _is_abandoned(found: Found, now: float) -> bool:
    """Return whether a file is a partial entry or a lock that a killed process left behind."""
    is_rest = found.path.suffix in (_HALF, _LOCK)
    return is_rest and now - found.expires > _ABANDONED


def _remove(found: Found) -> None:
    with suppress(OSError):
        found.path.unlink()
