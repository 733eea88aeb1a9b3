"""Files that are opened to be read: no wait for a FIFO that nobody writes to, no endless line."""

import errno
import os
import select
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from openai_cli.errors import UsageError

# In bytes: of a file that is read whole, and of a line. A request has at most 512 MB.
LARGEST = 512 * 1024 * 1024
LONGEST_LINE = 256 * 1024 * 1024
# In seconds: how long a FIFO is waited for that nobody writes to.
_PATIENCE = 2.0


def opened(path: str | Path, *, buffering: int = -1) -> BinaryIO:
    """The file, open for reading; raises what `descriptor` raises."""
    return open(path, "rb", buffering=buffering, opener=descriptor)


def descriptor(path: str | Path, _flags: int = 0) -> int:
    """The file, open for reading, as an `opener` of Python's gives it.

    OSError where it cannot be opened, or is a FIFO without a writer.
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
    """The error that names a path which cannot be read."""
    return UsageError(f"cannot read '{path}': {error.strerror or error}")


def is_file(name: str) -> bool:
    """Whether a file has this name, be it a name at all."""
    return os.path.isfile(name)  # noqa: PTH113 - where a Path raises, a text is just too long


def read_whole(file: BinaryIO, name: str) -> bytes:
    """All of the file; UsageError, of this name, above 512 MB, as a device may give without end."""
    return joined([file.read(LARGEST + 1)], name)


def joined(blocks: Iterable[bytes], name: str) -> bytes:
    """All of the blocks; UsageError, of this name, above 512 MB."""
    held, size = [], 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size > LARGEST:
            raise UsageError(f"{name} is above {LARGEST // 1024**2} MB")
    return b"".join(held)


def bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; UsageError, of whose problem it is the subject, for one too long."""
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise UsageError(f"has a line above {LONGEST_LINE // 1024**2} MB")
        yield line


def _await_writer(handle: int) -> None:
    poll = select.poll()
    poll.register(handle, select.POLLIN | select.POLLHUP)
    if poll.poll(_PATIENCE * 1000):
        return
    with suppress(BlockingIOError):  # somebody has it open, and has still to write
        os.read(handle, 1)
        raise OSError(errno.ENXIO, "it is a FIFO that nobody writes to")
