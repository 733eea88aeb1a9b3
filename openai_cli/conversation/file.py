"""A conversation in a file: a chat request body that grows by one turn at a time.

FILE is written atomically. FILE.lock is held from the load to the last save, so that no turn is
lost when two processes use the file. FILE.history.jsonl receives the messages that leave the
conversation. All have mode 0600, and all are next to the target of a symbolic link, so that a file
with two names has one lock.
"""

import errno
import os
import signal
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from openai_cli.errors import ENDING, OutputError, UsageError
from openai_cli.jsontext import encode_json, parse_json
from openai_cli.locking import locked
from openai_cli.messages import Messages
from openai_cli.output.links import followed
from openai_cli.output.sink import WholeFile, keep, sync_folder
from openai_cli.output.target import write_all

_SHAPE = (
    'a conversation is a chat request body, as {"messages": [{"role": "user", "content": "Hi"}]}'
)


class ConversationFile:
    """A conversation whose lock this process holds.

    `path` is the file as the user named it, and `body` the request body in it. If there is no file
    yet, `data` is None, `is_new` is true and `body` is {}.
    """

    def __init__(
        self, path: str, target: Path, data: bytes | None, now: Callable[[], float]
    ) -> None:
        self.path = path
        self.body = {} if data is None else _body(path, data)
        self.is_new = data is None
        self._data = data
        self._target = target
        self._now = now

    def save(self, body: Mapping[str, Any], left: Sequence[Mapping[str, Any]] = ()) -> None:
        """Append `left`, the messages that leave the file, to its history, and write `body`.

        Raises OutputError if that fails, or if another program has changed the file since it was
        read. The file and its history are then unchanged, and the error names a temporary file with
        the body. Signals are delayed until the save is done.
        """
        data = encode_json(body, indent=2) + b"\n"
        with _undisturbed():
            try:
                with self._with_history(left):
                    self._write(data)
            except OSError as error:
                raise self._not_saved(error, data) from None
            self.body, self.is_new, self._data = dict(body), False, data

    def _write(self, data: bytes) -> None:
        """Replace the file atomically by a private one with this data."""
        file = WholeFile(self._target, private=True)
        try:
            file.write(data)
            self._check_unchanged()
            file.commit()
        except OSError:
            file.discard()
            raise

    def _check_unchanged(self) -> None:
        """Raise OSError if the file has changed since it was read: an editor takes no lock."""
        try:
            data = self._target.read_bytes()
        except FileNotFoundError:
            data = None
        if data != self._data:
            raise OSError(errno.ESTALE, "another program has changed it meanwhile")

    def _with_history(self, left: Sequence[Mapping[str, Any]]) -> AbstractContextManager[None]:
        if not left:
            return nullcontext()
        from datetime import UTC, datetime

        now = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="seconds")
        lines = [encode_json({"left": now, "message": message}) + b"\n" for message in left]
        return _appended(_history(self._target), b"".join(lines))

    def _not_saved(self, why: OSError, data: bytes) -> OutputError:
        problem = f"the turn could not be saved in '{self.path}': {why.strerror}"
        try:
            return OutputError(problem, hint=f"the conversation with it is kept in {keep(data)}")
        except OSError as error:
            return OutputError(f"{problem}; nor could the turn be kept: {error.strerror}")


@contextmanager
def opened(
    path: str,
    messages: Messages,
    *,
    now: Callable[[], float],
    sleep: Callable[[float], None],
    is_bounded: bool = False,
) -> Iterator[ConversationFile]:
    """Open the conversation in a file, and lock it until the `with` block ends.

    `now` returns seconds since the epoch, for the history; `sleep` takes seconds and, if the wait
    `is_bounded`, raises the error that ends it. A notice is printed if another process holds the
    lock for 2 s. Raises UsageError if the file is not a conversation or could not be saved later.
    """
    with ExitStack() as stack:
        with _usable(path):
            target = _resolved(path)
            _check_place(path, target)
            lock = locked(
                _beside(target, ".lock"),
                waits=lambda: _tell(path, messages),
                sleep=sleep,
                is_bounded=is_bounded,
            )
            stack.enter_context(lock)
            found = ConversationFile(path, target, _load(path, target), now)
        yield found


def read(path: str) -> dict[str, Any]:
    """Read the body of a conversation, {} if there is no file, without locking it.

    Raises UsageError if the file is not a conversation.
    """
    with _usable(path):
        data = _load(path, _resolved(path))
        return {} if data is None else _body(path, data)


def _tell(path: str, messages: Messages) -> None:
    messages.notice(f"waiting for another process that is using the conversation '{path}'")


@contextmanager
def _usable(path: str) -> Iterator[None]:
    """Turn an OSError in the block into a UsageError."""
    try:
        yield
    except OSError as error:
        raise _refused(path, f"cannot be used: {error.strerror}", "name another file") from None


def _refused(path: str, why: str, hint: str = _SHAPE) -> UsageError:
    return UsageError(f"the conversation '{path}' {why}", hint=hint)


def _resolved(path: str) -> Path:
    try:
        return followed(path)
    except ValueError:  # a NUL in the name
        raise _refused(path, "has a name that no file can have", "name another file") from None


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(target.name + ending)


def _history(target: Path) -> Path:
    return _beside(target, ".history.jsonl")


def _check_place(path: str, target: Path) -> None:
    """Raise UsageError, before anything is sent, if the conversation could not be saved."""
    folder = target.parent
    if not folder.is_dir():
        raise _refused(path, f"has no folder: there is no '{folder}'", "make it, or name another")
    for file in (target, _history(target)):
        if _is_file(path, file) and not _is_writable(file):
            raise _refused(
                path,
                f"is protected: '{file}' may not be written",
                f"chmod u+w allows it; --body '@{path}' sends it and leaves it as it is",
            )
    if not _is_own(_history(target)):
        raise _refused(
            path,
            f"has a history that belongs to another user, who may read it: '{_history(target)}'",
            "move it away, or name another conversation",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _refused(
            path,
            f"is in a folder that may not be written: '{folder}'",
            "name a file in another folder",
        )


def _is_file(path: str, file: Path) -> bool:
    """Return whether the file exists; raise UsageError for a folder, a device or a FIFO."""
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISREG(mode):
        return True
    what = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
    raise _refused(path, f"cannot be used: '{file}' is {what}", "name another file")


def _is_writable(file: Path) -> bool:
    """Return whether we may write, and the mode lets anyone: root may write despite any mode."""
    return bool(file.stat().st_mode & 0o222) and os.access(file, os.W_OK)


def _is_own(file: Path) -> bool:
    """Return whether the file belongs to this user or does not exist yet."""
    try:
        return followed(file).stat().st_uid == os.geteuid()
    except FileNotFoundError:
        return True


def _load(path: str, target: Path) -> bytes | None:
    """Read the file; return None if it does not exist."""
    return target.read_bytes() if _is_file(path, target) else None


def _body(path: str, data: bytes) -> dict[str, Any]:
    """Parse a file's data to a request body; raise UsageError if it is not a conversation."""
    if not data.strip():
        raise _refused(path, "is empty")
    try:
        body = parse_json(data)
    except ValueError as error:
        raise _refused(path, str(error)) from None
    check_shape(path, body)
    return body  # type: ignore[no-any-return]  # check_shape ensures that it is a dict


def check_shape(path: str, body: Any) -> None:
    """Raise UsageError, naming the file, if a body does not have the shape of a conversation."""
    if not isinstance(body, dict):
        raise _refused(path, "must be a JSON object")
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise _refused(path, "must have an array at messages")
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            raise _refused(path, f"must have an object at messages[{number}]")
        if not isinstance(message.get("role"), str):
            raise _refused(path, f"must have a string at messages[{number}].role")


@contextmanager
def _appended(path: Path, data: bytes) -> Iterator[None]:
    """Append to a file, and undo that if the block fails with an OSError.

    A line that a killed process left incomplete is ended first.
    """
    handle = os.open(followed(path), os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "ab", buffering=0) as file:
        with suppress(OSError):  # a file system without modes
            os.fchmod(handle, 0o600)
        length = os.fstat(handle).st_size
        is_cut = length > 0 and os.pread(handle, 1, length - 1) != b"\n"
        try:
            write_all(file, (b"\n" if is_cut else b"") + data)
            os.fsync(handle)
            if not length:
                sync_folder(path.parent)
            yield
        except OSError:
            with suppress(OSError):
                os.ftruncate(handle, length)
                if not length:
                    path.unlink()
            raise


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Delay terminating signals until the block is done, because it saves what was paid for."""
    arrived: list[int] = []
    with ExitStack() as stack:
        for awaited in (signal.SIGINT, *ENDING):
            before = signal.signal(awaited, lambda number, _frame: arrived.append(number))
            stack.callback(signal.signal, awaited, before)
        yield
    for number in arrived:
        signal.raise_signal(number)
