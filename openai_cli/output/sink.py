"""The destinations of results: stdout, a file that is written atomically, a device."""

import errno
import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from openai_cli.context import Context
from openai_cli.errors import CliError, NetworkError, OutputError, ReaderGone, UsageError
from openai_cli.messages import PROGRAM
from openai_cli.output.links import followed
from openai_cli.output.target import Data, Stream, Target, Terminal, write_all
from openai_cli.records import mutable_record
from openai_cli.terminal import escaped

# In bytes: more than this is not held in memory but written, even if the result is not complete.
_HELD = 64 * 1024 * 1024

_STREAMS = r"/dev/(stdout|stderr|fd/)|/proc/"


def keep(data: bytes, *, what: str = "answer") -> str:
    """Save data that could not be written to its destination; return the temporary file's path."""
    import tempfile

    handle, name = tempfile.mkstemp(prefix=f"{PROGRAM}-{what}-")
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            write_all(file, data)
    except OSError:
        Path(name).unlink()
        raise
    return name


def utf8_bytes(text: str) -> bytes:
    """Encode as UTF-8; join surrogate pairs that came in two halves, and replace lone ones."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def lined(text: str) -> str:
    """Append a newline unless the text ends in one."""
    return text if text.endswith("\n") else f"{text}\n"


def separator(given: str | None) -> str:
    """Return what to print between results: --separator on its own line, or an empty line."""
    return "\n" if given is None else given and lined(given)


class Sink:
    """The output of a result, as a context manager that commits if the block succeeds.

    If the target fails, the sink still accepts the rest and finally saves all of it in a temporary
    file that the OutputError names, so that an answer that was paid for is not lost. With `keeps`
    false nothing is saved, for results that can be had again.
    """

    def __init__(self, target: Target, *, keeps: bool = True) -> None:
        self._keeps = keeps
        self.is_terminal = target.is_terminal
        self._target = target
        self._taken = bytearray()
        self._left_line_open = False
        self._passed = 0
        self._left = 0
        self._failure: OSError | None = None

    @property
    def size(self) -> int:
        """The number of bytes written so far."""
        return self._left + len(self._taken)

    def write(self, data: bytes) -> None:
        """Buffer the bytes until `flush`. On a terminal, control characters are made visible."""
        self._taken += data
        if len(self._taken) > _HELD:
            self._relieve()

    def write_json(self, data: bytes) -> None:
        """Buffer JSON. On a terminal, control characters become JSON escapes."""
        self.write(escaped(data.decode(errors="replace")).encode() if self.is_terminal else data)

    def draw(self, text: str) -> None:
        """Write a text with colours or redrawn lines, without delay."""
        self._pass_on()
        self._taken += utf8_bytes(text)
        self._pass_on(self._target.draw if isinstance(self._target, Terminal) else None)
        self._relieve()

    def end_line(self) -> None:
        """Write a newline unless the output ends in one."""
        is_open = not self._taken.endswith(b"\n") if self._taken else self._left_line_open
        if is_open:
            self.write(b"\n")

    def flush(self) -> None:
        """Write the buffer to the target, if that is live."""
        if self._target.is_live:
            self._pass_on()

    def discard(self) -> None:
        """Discard the result."""
        self._target.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._part_from_errors()
            if isinstance(error, NetworkError) and isinstance(self._target, WholeFile):
                self._keep_part(error)
            self._target.discard()
            return
        self._pass_on()
        self._commit()
        if self._failure is not None:
            failed = self._kept(self._failure)
            self._target.discard()
            raise failed

    def _relieve(self) -> None:
        """Write and drop the buffer if it has become too large for memory."""
        if len(self._taken) > _HELD and self._failure is None:
            self._pass_on()
            self._forget()

    def _pass_on(self, write: Callable[[Data], None] | None = None) -> None:
        if self._failure is None and self._passed < len(self._taken):
            begin, self._passed = self._passed, len(self._taken)
            try:
                with memoryview(self._taken) as taken, taken[begin:] as data:
                    (write or self._target.write)(data)
            except OSError as error:
                self._failed(error)

    def _forget(self) -> None:
        """Drop the part of the buffer that the target has received."""
        if self._failure is None:
            self._left += self._passed
            self._left_line_open = not self._taken.endswith(b"\n")
            del self._taken[: self._passed]
            self._passed = 0

    def _all(self) -> bytes:
        """Return as much of the result as can be saved."""
        return (self._target.written() if self._left else b"") + self._taken

    def _commit(self) -> None:
        if self._failure is None:
            try:
                self._target.commit()
            except OSError as error:
                self._failed(error)

    def _failed(self, error: OSError) -> None:
        if isinstance(error, BrokenPipeError):
            raise ReaderGone from None
        self._failure = error

    def _part_from_errors(self) -> None:
        """Print what has arrived; on a terminal, end the line before the error message."""
        if self.is_terminal:
            self.end_line()
        with suppress(CliError):  # the current error is the one to report
            self.flush()

    def _kept(self, why: OSError) -> OutputError:
        if not self._keeps:
            return OutputError(f"stdout cannot be written: {why.strerror}")
        problem = f"the answer came but could not be written: {why.strerror}"
        try:
            return OutputError(problem, hint=f"it is kept in {keep(self._all())}")
        except OSError as error:
            return OutputError(f"{problem}; nor could it be kept: {error.strerror}")

    def _keep_part(self, error: NetworkError) -> None:
        """Save the part of an answer that arrived before it broke off: its file is not written."""
        if self.size:
            with suppress(OSError):
                error.add_hint(f"the part of it that arrived is kept in {keep(self._all())}")


@mutable_record
class Series:
    """Writes several results in sequence.

    Each ends in one newline, with `separator` between them; with `null`, each ends in NUL instead.
    """

    sink: Sink
    separator: str
    null: bool
    _begun: bool = False

    def add(self, result: bytes) -> None:
        """Write the next result."""
        if self.null:
            self.sink.write(result + b"\0")
            return
        between = self.separator.encode() if self._begun else b""
        self.sink.write(between + result + (b"" if result.endswith(b"\n") else b"\n"))
        self._begun = True


class WholeFile:
    """A file that is written whole or not at all: a temporary file next to it, then a rename.

    A `private` file is created with mode 0600, whatever mode an existing file had. Any other keeps
    the mode of the existing file, without setuid and setgid.
    """

    is_live = False
    is_terminal = False

    def __init__(self, path: Path, *, private: bool = False) -> None:
        self._path = path
        self._temporary, handle = _beside(path, 0o600 if private or path.exists() else 0o666)
        self._file = os.fdopen(handle, "wb", buffering=0)
        if not private and path.exists():
            os.fchmod(handle, path.stat().st_mode & 0o777)

    def write(self, data: Data) -> None:
        write_all(self._file, data)

    def written(self) -> bytes:
        return self._temporary.read_bytes()

    def commit(self) -> None:
        os.fsync(self._file.fileno())
        self._file.close()
        self._temporary.replace(self._path)
        sync_folder(self._path.parent)

    def discard(self) -> None:
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._temporary.unlink()


def open_sink(
    context: Context, output: str | None, *, keeps: bool = True, flag: str = "--output"
) -> Sink:
    """Open a sink for the file of a flag, or for stdout if that is None or `-`.

    `keeps` is as in `Sink`.

    This happens before any request is sent. Raises UsageError if it cannot be written to.
    """
    if output is None or output == "-":
        if context.stdout is None:
            raise UsageError("stdout is closed", hint="-o FILE writes to a file")
        return Sink(
            (Terminal if context.stdout_is_terminal else Stream)(context.stdout), keeps=keeps
        )
    try:
        return _open_file(Path(output))
    except (OSError, ValueError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{flag}: cannot write '{output}': {why}") from None


def check_writable(context: Context, output: str) -> None:
    """Raise UsageError if `open_sink` would, without opening a FIFO.

    Opening a FIFO waits for its reader, and closing it again makes the reader leave.
    """
    with suppress(OSError, ValueError):  # which open_sink explains
        if stat.S_ISFIFO(Path(output).stat().st_mode):
            if not os.access(output, os.W_OK):
                raise UsageError(f"--output: cannot write '{output}': {os.strerror(errno.EACCES)}")
            return
    open_sink(context, output).discard()


def _open_file(path: Path) -> Sink:
    target = followed(path)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    # /dev/stdout may be a file or a pipe without a name, which must not be replaced.
    if re.match(_STREAMS, str(path)) or not stat.S_ISREG(mode):
        device = path.open("wb", buffering=0)
        return Sink((Terminal if device.isatty() else Stream)(device, owned=True))
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return Sink(WholeFile(target))


class Log:
    """A file that several processes may append lines to at the same time.

    It stays open, because a FIFO that is reopened may have lost its reader. The constructor raises
    OSError, and ValueError if the path is not a valid file name.
    """

    def __init__(self, path: str) -> None:
        followed(path)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        # If the path is not a link now, it must not have become one when it is opened.
        flags |= 0 if Path(path).is_symlink() else os.O_NOFOLLOW
        self._handle = os.open(path, flags, 0o666)

    def add(self, line: bytes) -> None:
        """Append a line in one write, so that it stays whole; undo a write that fails."""
        written = os.write(self._handle, line)
        try:
            while written < len(line):
                written += os.write(self._handle, line[written:])
        except OSError:
            self._take_back(written)
            raise

    def _take_back(self, size: int) -> None:
        """Truncate what was just appended; a pipe has no size and is left as it is."""
        with suppress(OSError):
            end = os.lseek(self._handle, 0, os.SEEK_CUR)
            if os.fstat(self._handle).st_size == end:
                os.ftruncate(self._handle, end - size)

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


def sync_folder(folder: Path) -> None:
    """Sync a folder so that its names survive a power loss, if the file system supports that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _beside(path: Path, mode: int) -> tuple[Path, int]:
    """Create and open a new file next to the path, with this mode minus the process's umask.

    `tempfile` only creates files with mode 0600, and the umask can only be read by setting it for
    all threads of the process.
    """
    while True:
        temporary = path.with_name(f".openai-cli-{os.urandom(8).hex()}")
        with suppress(FileExistsError):
            return temporary, os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
