"""A private file of JSON lines, each appended whole or not at all."""

import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

_BLOCK = 64 * 1024


class LineFile:
    """Appends to a file that only its owner may read, safely across threads and processes.

    The file is created if it is missing; OSError or ValueError if it cannot be written. `opening`
    is the common beginning of all its lines, if they have one: an incomplete last line that begins
    so was left by a process killed while writing, and is removed.
    """

    def __init__(self, path: str, *, opening: bytes | None = None) -> None:
        self.path = path
        self._opening = opening
        self._lock = Lock()
        self._file = _opened(path)

    def append(self, line: bytes) -> None:
        """Append a line, even if the file was moved or removed meanwhile; raises OSError."""
        with self._lock:
            if not _leads_to(self.path, self._file):
                before, self._file = self._file, _opened(self.path)
                os.close(before)
            with _held(self._file):
                start = b"" if self._opening is None else self._mended(self._opening)
                _append(self._file, start + line + b"\n")

    def _mended(self, opening: bytes) -> bytes:
        """What the last line lacks at its end; a torn line is removed instead."""
        tail = _last_line(self.path)
        if is_torn(tail, opening):
            os.ftruncate(self._file, os.fstat(self._file).st_size - len(tail))
            return b""
        return b"\n" if tail and not tail.endswith(b"\n") else b""


def is_torn(line: bytes, opening: bytes) -> bool:
    """Whether the last line of a file is the beginning of a line that was cut off."""
    is_ours = line.startswith(opening) or opening.startswith(line)
    return bool(line) and is_ours and not line.endswith(b"\n") and not _is_json(line)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _last_line(path: str) -> bytes:
    """The last line of a file, with its newline if it has one; empty if not a regular file."""
    if not stat.S_ISREG(Path(path).stat().st_mode):
        return b""
    with Path(path).open("rb") as file:
        at = file.seek(0, os.SEEK_END)
        tail = b""
        while at and b"\n" not in tail[:-1]:
            size = min(_BLOCK, at)
            at = file.seek(at - size)
            tail = file.read(size) + tail
        return tail[tail.rfind(b"\n", 0, -1) + 1 :]


@contextmanager
def _held(file: int) -> Iterator[None]:
    """Lock out other processes while a line is written, if the file can be locked."""
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)


def _append(file: int, data: bytes) -> None:
    size = os.fstat(file).st_size
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
    except OSError:
        # A full disk may leave part of the line; it is removed unless others have appended since.
        with suppress(OSError):
            if os.fstat(file).st_size == size + len(data) - len(rest):
                os.ftruncate(file, size)
        raise


def _opened(path: str) -> int:
    """Open the file to append; OSError also for another user's file, and a FIFO nobody reads."""
    with suppress(FileNotFoundError):
        _check_owner(Path(path).lstat())
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    file = os.open(path, flags, 0o600)
    try:
        _check_owner(os.fstat(file))
        if stat.S_ISREG(os.fstat(file).st_mode):
            os.fchmod(file, 0o600)
    except BaseException:
        os.close(file)
        raise
    os.set_blocking(file, True)
    return file


def _check_owner(found: os.stat_result) -> None:
    """Raise PermissionError for a file or link that another user has created."""
    is_link = stat.S_ISLNK(found.st_mode)
    if not is_link and not stat.S_ISREG(found.st_mode):
        return
    is_roots = is_link and found.st_uid == 0
    if found.st_uid != os.geteuid() and not is_roots:
        raise PermissionError(errno.EPERM, "it belongs to another user")


def _leads_to(path: str, file: int) -> bool:
    try:
        return os.path.samestat(Path(path).stat(), os.fstat(file))
    except FileNotFoundError:
        return False


def reason(error: OSError | ValueError) -> str:
    """Why a file cannot be written, in a few words."""
    if isinstance(error, OSError):
        nobody = error.errno == errno.ENXIO
        return "no process reads it" if nobody else error.strerror or str(error)
    return str(error)
