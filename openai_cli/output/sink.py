"""Where results go: stdout, a file written whole, a device."""

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

# In bytes: above it a result goes on to its target though it is not whole, to be out of memory.
_HELD = 64 * 1024 * 1024

_STREAMS = r"/dev/(stdout|stderr|fd/)|/proc/"


def keep(data: bytes, *, what: str = "answer") -> str:
    """Keep what could not go where it should; gives the path of the temporary file."""
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
    """The text in UTF-8. Surrogate pairs that came in two halves are joined, lone ones replaced."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def lined(text: str) -> str:
    """The text, ended by one newline if it does not end in one."""
    return text if text.endswith("\n") else f"{text}\n"


def separator(given: str | None) -> str:
    """What stands between several results: --separator on a line of its own, or an empty line."""
    return "\n" if given is None else given and lined(given)


class Sink:
    """The one way of a result out. Use it as a context manager: leaving it well commits.

    When the target fails, the rest is still taken, and at the end all of it is kept in a
    temporary file that the OutputError names: an answer that was paid for is not lost. A sink that
    `keeps` nothing is for what can be had again.
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
        """How many bytes were written."""
        return self._left + len(self._taken)

    def write(self, data: bytes) -> None:
        """Take the bytes; `flush` passes them on. A terminal shows what it would execute."""
        self._taken += data
        if len(self._taken) > _HELD:
            self._relieve()

    def write_json(self, data: bytes) -> None:
        """Take JSON, in which a terminal is shown as JSON escapes what it would execute."""
        self.write(escaped(data.decode(errors="replace")).encode() if self.is_terminal else data)

    def draw(self, text: str) -> None:
        """Pass on a text that has colours, or lines to be drawn anew."""
        self._pass_on()
        self._taken += utf8_bytes(text)
        self._pass_on(self._target.draw if isinstance(self._target, Terminal) else None)
        self._relieve()

    def end_line(self) -> None:
        """Write a newline, unless one was written last."""
        is_open = not self._taken.endswith(b"\n") if self._taken else self._left_line_open
        if is_open:
            self.write(b"\n")

    def flush(self) -> None:
        """Let the reader see all that was written, where there is a reader by now."""
        if self._target.is_live:
            self._pass_on()

    def discard(self) -> None:
        """Leave without a result."""
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
        """Be out of memory with what is too much for it."""
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
        """Hold no longer what the target has."""
        if self._failure is None:
            self._left += self._passed
            self._left_line_open = not self._taken.endswith(b"\n")
            del self._taken[: self._passed]
            self._passed = 0

    def _all(self) -> bytes:
        """All that can be kept of the result."""
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
        """What is there stays printed; on a terminal the error goes on a line of its own."""
        if self.is_terminal:
            self.end_line()
        with suppress(CliError):  # the error that is under way is the one to tell
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
        """Keep what came of an answer that broke off, for its file is not made."""
        if self.size:
            with suppress(OSError):
                error.add_hint(f"what came of the answer is kept in {keep(self._all())}")


@mutable_record
class Series:
    """Several results, one after the other.

    Each ends in one newline, and `separator` stands between them; or, with `null`, each ends in
    NUL.
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
    """A file that is written whole or not at all: a temporary file beside it, then a rename.

    A `private` file has mode 0600 from its beginning, whatever mode the one before it had; another
    keeps its mode, but not what would run it as somebody: setuid and setgid.
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


def open_sink(context: Context, output: str | None, *, keeps: bool = True) -> Sink:
    """The sink of --output, or stdout for None and `-`; `keeps` as a Sink has it.

    Opened before anything is sent: UsageError when nothing can be written there.
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
        raise UsageError(f"--output: cannot write '{output}': {why}") from None


def check_writable(context: Context, output: str) -> None:
    """UsageError where `open_sink` would raise it; what is no file is not opened.

    To open a FIFO waits for its reader, and to close it again sends that away.
    """
    if Path(output).is_fifo():
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
    # /dev/stdout may lead to a file or a pipe that has no name: what it leads to stays as it is.
    if re.match(_STREAMS, str(path)) or not stat.S_ISREG(mode):
        device = path.open("wb", buffering=0)
        return Sink((Terminal if device.isatty() else Stream)(device, owned=True))
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return Sink(WholeFile(target))


class Log:
    """A file that lines are appended to, by several processes at once.

    It is open from the start: a FIFO that is opened a second time may have lost its reader. Raises
    OSError, and ValueError for what is not a file name.
    """

    def __init__(self, path: str) -> None:
        followed(path)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        # What is no link now shall be none by then.
        flags |= 0 if Path(path).is_symlink() else os.O_NOFOLLOW
        self._handle = os.open(path, flags, 0o666)

    def add(self, line: bytes) -> None:
        """Append the line in one write, so that it stands whole; what could not is taken back."""
        written = os.write(self._handle, line)
        try:
            while written < len(line):
                written += os.write(self._handle, line[written:])
        except OSError:
            self._take_back(written)
            raise

    def _take_back(self, size: int) -> None:
        """Cut off what was appended last; a pipe has no size, and keeps it."""
        with suppress(OSError):
            end = os.lseek(self._handle, 0, os.SEEK_CUR)
            if os.fstat(self._handle).st_size == end:
                os.ftruncate(self._handle, end - size)

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder outlast a loss of power, where its file system can do that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _beside(path: Path, mode: int) -> tuple[Path, int]:
    """A new file beside the path, open, with this mode less the umask of the process.

    Not `tempfile`, which gives 0600 alone: the umask can be read only by setting it, for all
    threads of the process.
    """
    while True:
        temporary = path.with_name(f".openai-cli-{os.urandom(8).hex()}")
        with suppress(FileExistsError):
            return temporary, os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
