"""A file of requests, read several times and at any offset; a pipe is spooled."""

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import BinaryIO, Self

from openai_cli.errors import UsageError
from openai_cli.reading import bounded_lines, opened
from openai_cli.request.inputs import Inputs

_BUFFER = 2**20


class Source:
    """An open file of requests; a context manager.

    `path` is what the user typed, `-` for stdin; `on_read` receives the size of each line that
    `lines` reads.
    """

    def __init__(self, path: str, file: BinaryIO) -> None:
        self.path = path
        self._file = file
        self.on_read: Callable[[int], object] = lambda _size: None

    @classmethod
    def open(cls, path: str, inputs: Inputs) -> Self:
        """Open the file, or spool a pipe; UsageError if it cannot be read."""
        if path == "-":
            return cls(path, _spooled(inputs.lines("FILE", "-")))
        try:
            file = opened(path, buffering=_BUFFER)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not a file name"
            raise UsageError(f"cannot read '{path}': {why}") from None
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return cls(path, file)
        if stat.S_ISDIR(os.fstat(file.fileno()).st_mode):
            file.close()
            raise UsageError(f"cannot read '{path}': it is a folder")
        with file:
            return cls(path, _spooled(bounded_lines(file)))

    @property
    def shown(self) -> str:
        """The name of the file in messages."""
        return "stdin" if self.path == "-" else f"'{self.path}'"

    @property
    def size(self) -> int:
        """The size in bytes."""
        return os.fstat(self._file.fileno()).st_size

    def lines(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield each line with its number, from 1, and its offset in bytes."""
        self._file.seek(0)
        start = 0
        for number, line in enumerate(bounded_lines(self._file), 1):
            self.on_read(len(line))
            yield number, start, line
            start += len(line)

    def at(self, start: int, size: int) -> bytes:
        """Read `size` bytes at an offset."""
        return os.pread(self._file.fileno(), size, start)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def _spooled(lines: Iterator[bytes]) -> BinaryIO:
    """Spool the lines into a temporary file, which is removed when it is closed."""
    with ExitStack() as stack:
        spool = stack.enter_context(tempfile.TemporaryFile(buffering=_BUFFER))
        spool.writelines(lines)
        spool.flush()
        stack.pop_all()
    return spool  # type: ignore[return-value]
