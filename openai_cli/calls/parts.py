"""Upload a large file in parts, several at once, and remember which were sent.

The progress of an upload is kept in the user's state folder, in `openai-cli/uploads/KEY.jsonl`: a
line for the upload, and one for each part that the server has accepted. The file is append-only, so
it survives a crash; an incomplete last line is ignored. KEY is a hash of the server, the file's
path, size and modification time, and the request body.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from mimetypes import guess_type
from pathlib import Path
from threading import Event, Lock
from typing import Any, BinaryIO

from openai_cli.answer.page import AnyWhole
from openai_cli.answer.shape import as_string
from openai_cli.calls.exchange import exchange
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.errors import OutputError, RefusedError, UsageError
from openai_cli.http.payload import FilePart
from openai_cli.output.progress import Progress
from openai_cli.records import record
from openai_cli.request.body import Request
from openai_cli.statefolder import state_folder

# Bytes: the largest part that the API accepts.
LARGEST_PART = 64 * 1024 * 1024
AT_ONCE = 4
_PIECE = 1024 * 1024


@record
class Source:
    """The file to upload, with its size and modification time (ns) when it was first examined."""

    path: Path
    size: int
    changed: int

    @classmethod
    def of(cls, named: str) -> "Source":
        """Examine the file at a path; UsageError if it is unreadable, not regular, or empty."""
        path = Path(named)
        try:
            found = path.stat()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not a file name"
            raise UsageError(f"cannot read '{named}': {why}") from None
        if not path.is_file():
            raise UsageError(f"'{named}' is not a regular file, which an upload in parts needs")
        if not found.st_size:
            raise UsageError(f"'{named}' is empty")
        return cls(path, found.st_size, found.st_mtime_ns)

    @property
    def facts(self) -> dict[str, Any]:
        """The file's properties in the request that creates the upload."""
        kind = guess_type(self.path.name)[0] or "application/octet-stream"
        return {"bytes": self.size, "filename": self.path.name, "mime_type": kind}

    def check(self) -> None:
        """Raise UsageError if the file has changed since it was first examined."""
        now = Source.of(str(self.path))
        if (now.size, now.changed) != (self.size, self.changed):
            raise UsageError(f"'{now.path}' changed while it was being sent")


class Memory:
    """The progress of an upload, in a locked file; `upload` is None for a new one."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._lock = Lock()
        self.upload: dict[str, Any] | None = None
        self.parts: dict[int, str] = {}
        whole = file.read().rpartition(b"\n")[0]
        file.seek(len(whole) + 1 if whole else 0)
        file.truncate()
        for line in whole.splitlines():
            told = json.loads(line)
            if "upload" in told:
                self.upload = told["upload"]
            else:
                self.parts[told["part"]] = told["id"]

    def add(self, told: Mapping[str, Any]) -> None:
        """Append a line, and return once it is on disk."""
        with self._lock:
            self._file.write(json.dumps(told).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def end(self) -> None:
        """Delete the file: there is nothing left to resume."""
        self._path.unlink(missing_ok=True)


@contextmanager
def remembered(session: Session, source: Source, body: Mapping[str, Any]) -> Iterator[Memory]:
    """Open the record of this upload; UsageError if another process is sending the file."""
    where = [session.server.base_url, str(source.path.resolve()), source.size, source.changed]
    key = hashlib.sha256(json.dumps([*where, body], sort_keys=True).encode()).hexdigest()[:32]
    try:
        folder = state_folder() / "uploads"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{key}.jsonl"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except (OSError, RuntimeError) as error:
        raise OutputError(f"the progress of the upload cannot be saved: {error}") from None
    with os.fdopen(handle, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"another process is uploading '{source.path}'") from None
        memory = Memory(file, path)
        try:
            yield memory
        finally:
            if memory.upload is None:
                memory.end()


def send_parts(
    session: Session, source: Source, request: Request, part_size: int
) -> Iterator[Request]:
    """Create or resume the upload, send its parts, and yield the request that completes it.

    Parts sent by an earlier run are not sent again. Raises what `exchange` raises.
    """
    with remembered(session, source, {**request.body, "": part_size}) as memory:
        if memory.upload is None:
            made = exchange(session, Plan(request, answer=AnyWhole, is_free=True)).answer
            memory.upload = made.body if isinstance(made, AnyWhole) else {}
            memory.add({"upload": memory.upload})
        else:
            count = len(memory.parts)
            parts = "1 part" if count == 1 else f"{count} parts"
            told = f"resuming: the server has {parts} of {memory.upload['id']}"
            session.context.messages.notice(told)
        name = as_string(memory.upload.get("id"), "id")
        with _told(session, memory, name):
            digest = _sent(session, source, memory, f"/uploads/{name}/parts", part_size)
            source.check()
            ids = [memory.parts[number] for number in sorted(memory.parts)]
            yield Request(f"/uploads/{name}/complete", {"part_ids": ids, "md5": digest})
        memory.end()


@contextmanager
def _told(session: Session, memory: Memory, name: str) -> Iterator[None]:
    """When the upload ends early, say how to resume it; after a refusal it starts over."""
    try:
        yield
    except RefusedError as error:
        memory.end()
        error.add_hint("the same command starts over")
        raise
    except BaseException:
        session.context.messages.notice(
            f"the same command resumes {name}; openai-cli uploads cancel {name} discards it"
        )
        raise


def _sent(session: Session, source: Source, memory: Memory, path: str, part_size: int) -> str:
    """Send the missing parts, and return the MD5 of the whole file in hex."""
    from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

    starts = range(0, source.size, part_size)
    missing = [number for number in range(len(starts)) if number not in memory.parts]
    left = sum(min(part_size, source.size - starts[number]) for number in missing)
    stopped = Event()
    with (
        Progress(session.context.messages, left) as progress,
        ThreadPoolExecutor(AT_ONCE + 1) as pool,
    ):
        watch = _watching(progress, stopped)
        digest = pool.submit(_md5, source.path, stopped)
        sending = [
            pool.submit(
                _send_part, session, memory, number, watch,
                Request(path, {}, files=(_part(source, starts[number], part_size),)),
            )
            for number in missing
        ]  # fmt: skip
        try:
            every: list[Future[Any]] = [*sending, digest]
            for each in wait(every, return_when=FIRST_EXCEPTION).done:
                each.result()
        except BaseException:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return digest.result()


def _part(source: Source, start: int, part_size: int) -> FilePart:
    shown, name = str(source.path), source.path.name
    kind = "application/octet-stream"
    length = min(part_size, source.size - start)
    return FilePart("data", name, kind, shown, source.path, begin=start, length=length)


def _watching(progress: Progress, stopped: Event) -> Callable[[int], None]:
    """Return a progress callback for several threads; once `stopped` is set, it aborts them."""
    lock = Lock()

    def watch(size: int) -> None:
        if stopped.is_set() and size:  # a size of 0 means that the part was sent in full
            raise KeyboardInterrupt
        with lock:
            progress.advance(size)

    return watch


def _send_part(
    session: Session, memory: Memory, number: int, watch: Callable[[int], None], request: Request
) -> None:
    from openai_cli.output.writers import Kept, write_answer

    answer = AnyWhole()
    session.client.call(
        request.method,
        request.path,
        lambda http: write_answer(http, answer, Kept()),
        payload=request.payload(watch),
    )
    name = as_string(answer.body.get("id"), "id")
    memory.add({"part": number, "id": name})
    memory.parts[number] = name


def _md5(path: Path, stopped: Event) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while (piece := file.read(_PIECE)) and not stopped.is_set():
            digest.update(piece)
    return digest.hexdigest()
