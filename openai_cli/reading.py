"""Open and read files, without waiting for a FIFO that has no writer or reading endless lines."""

import errno
import os
import select
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from openai_cli.errors import UsageError

# The largest file that is read whole, and the longest line, in bytes. A request has at most 512 MB.
LARGEST = 512 * 1024 * 1024
LONGEST_LINE = 256 * 1024 * 1024
# How long to wait for the writer of a FIFO, in seconds.
_PATIENCE = 2.0


def is_there(path: str | Path) -> bool:
    """Return whether a path leads to anything, or cannot be looked up, which opening it explains.

    `Path.exists` raises OSError for a name that is too long, or in a folder of somebody else.
    """
    try:
        Path(path).stat()
    except (FileNotFoundError, ValueError):  # ValueError for a NUL in the name
        return False
    except OSError:
        return True
    return True


def opened(path: str | Path, *, buffering: int = -1) -> BinaryIO:
    """Open a file for reading; raises the errors of `descriptor`."""
    return open(path, "rb", buffering=buffering, opener=descriptor)


def descriptor(path: str | Path, _flags: int = 0) -> int:
    """Open a file for reading, as an `opener` for Python's open.

    Raises OSError if it cannot be opened, or if it is a FIFO without a writer.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if stat.S_ISFIFO(os.fstat(handle).st_mode):
            _await_writer(handle)
        os.set_blocking(handle, True)
    except BaseException:
        os.close(handle)
        raise
    return handle


def unreadable(path: str, error: OSError) -> UsageError:
    """Return the error for a path that cannot be read."""
    return UsageError(f"cannot read '{path}': {error.strerror or error}")


def is_file(name: str) -> bool:
    """Return whether a file has this name, which may not even be a valid name."""
    return os.path.isfile(name)  # noqa: PTH113 - where a Path raises, a text is just too long


def read_whole(file: BinaryIO, name: str) -> bytes:
    """Read a file whole; UsageError, with this name, above 512 MB: a device may be endless."""
    return joined([file.read(LARGEST + 1)], name)


def joined(blocks: Iterable[bytes], name: str) -> bytes:
    """Join the blocks; UsageError, with this name, above 512 MB."""
    held, size = [], 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size > LARGEST:
            raise UsageError(f"{name} is larger than {LARGEST // 1024**2} MB")
    return b"".join(held)


def bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """Iterate over lines; the problem of the UsageError for a long one lacks its subject."""
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise UsageError(f"has a line longer than {LONGEST_LINE // 1024**2} MB")
        yield line


def _await_writer(handle: int) -> None:
    poll = select.poll()
    poll.register(handle, select.POLLIN | select.POLLHUP)
    if poll.poll(_PATIENCE * 1000):
        return
    with suppress(BlockingIOError):  # it has a writer, which has not written yet
        os.read(handle, 1)
        raise OSError(errno.ENXIO, "it is a FIFO without a writer")
