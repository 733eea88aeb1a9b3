"""Count files that paths name, including those in folders, whole or one field of their JSONL.

Small amounts are read and counted in this process. Large amounts are divided into tasks for an
engine: processes that read the files themselves, or other machines. Only a few blocks of a file are
in memory, unless it has a long stretch without a cut (see `cutting`) or a longer line.
"""

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Protocol

from openai_cli.errors import UsageError
from openai_cli.records import NamedTuple
from openai_cli.tokens import bulk
from openai_cli.tokens.jsonl import Field
from openai_cli.tokens.remote_paths import is_of_process
from openai_cli.tokens.spans import (
    MOST_NAMED,
    Lines,
    OnRead,
    Span,
    Wanted,
    spans_of,
    texts_of,
    whole_text,
)
from openai_cli.tokens.tasks import Part, Task, counted
from openai_cli.tokens.walking import Found, walk

# The maximum number of files of a task.
_MOST_FILES = 1000

# The extensions of JSONL files in folders.
_JSONL = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


class FileCount(NamedTuple):
    """The number of tokens of a file."""

    path: str
    tokens: int


class LeftOut(NamedTuple):
    """A file in a folder that is skipped, because it is BINARY or text in ANOTHER_ENCODING."""

    path: str
    why: str


class Parts(Protocol):
    """The results of a task's spans, which may still be pending."""

    def result(self) -> list[Part]: ...


class Engine(Protocol):
    """Counts tasks of about `size` bytes; `ahead` is how many of them to keep pending."""

    @property
    def size(self) -> int: ...
    @property
    def ahead(self) -> int: ...
    def submit_task(self, task: Task) -> Parts: ...


# The results for paths: counted files, skipped files, and errors.
Counted = Iterator[FileCount | LeftOut | UsageError]


def count_files(
    paths: Iterable[str],
    *,
    encoding: str,
    field: str | None = None,
    input_encoding: str = "utf-8",
    left_out: Counter[str],
    on_read: OnRead = lambda _size: None,
    workers: int | None = None,
    engine: Engine | None = None,
) -> Counted:
    """Count files like `files_counted`, with a temporary counter of at most so many `workers`."""
    wanted = Wanted(encoding, field or None, input_encoding)
    with bulk.Counter(encoding, workers) as counter:
        yield from files_counted(
            counter, paths, wanted, left_out=left_out, on_read=on_read, engine=engine
        )


def files_counted(
    counter: bulk.Counter,
    paths: Iterable[str],
    wanted: Wanted,
    *,
    left_out: Counter[str],
    on_read: OnRead = lambda _size: None,
    engine: Engine | None = None,
) -> Counted:
    """Yield the tokens of each file, in the order of the paths, and in folders by name.

    What cannot be read or counted is yielded in its place as a UsageError: a path, a file that is
    not in its encoding, a line without such a string. The rest is counted, even the other lines of
    such a file. A file in a folder that is binary (a NUL in the first 8 KiB) or not in its encoding
    is yielded as LeftOut.

    `left_out` receives the number of skipped folder entries by kind: those of `walk`, of LeftOut
    and, with a field, "not JSONL" (by name). `on_read` is called with the number of bytes just
    read. Large amounts are counted by the `engine`, or by the counter's own processes.
    """
    files = walk(paths, left_out)
    if wanted.field is not None:
        Field(wanted.field)
        files = _only_jsonl(files, left_out)
    run = _Run(counter, wanted, engine, on_read)
    return _merged(run.parts(files), left_out)


def count_contents(
    contents: Iterable[tuple[str, bytes]], *, encoding: str, left_out: Counter[str]
) -> Counted:
    """Count files that are not on disk, given as pairs of path and content.

    They are treated like files in folders in `count_files`.
    """
    held: dict[str, bytes] = {}

    def spans() -> Iterator[Span]:
        for path, content in contents:
            held[path] = content
            yield Span(Found(path, is_named=False))

    def texts(span: Span, _lines: Lines, _on_read: OnRead) -> Iterator[str | int]:
        return whole_text([held.pop(span.file.path), b""], span.file, Wanted(encoding))

    with bulk.Counter(encoding) as counter:
        yield from _merged(counted(spans(), texts, counter.submit, bulk.AHEAD), left_out)


def _only_jsonl(
    files: Iterable[Found | UsageError], left_out: Counter[str]
) -> Iterator[Found | UsageError]:
    for file in files:
        if isinstance(file, UsageError) or file.is_named or file.path.endswith(_JSONL):
            yield file
        else:
            left_out["not JSONL"] += 1


# An intermediate result: a counted span, or a path that cannot be read.
_Met = tuple[Span, Part] | UsageError


class _Run:
    """Counts the parts of files, in order."""

    def __init__(
        self, counter: bulk.Counter, wanted: Wanted, engine: Engine | None, on_read: OnRead
    ) -> None:
        self._counter = counter
        self._wanted = wanted
        self._engine: Engine | None = engine or (counter if counter.reads_files else None)
        self._is_asked = engine is not None
        self._on_read = on_read
        try:
            self._folder = os.getcwd()  # noqa: PTH109 - a name, with bytes in it
        except OSError:  # the folder is gone, and so are paths relative to it
            self._folder = ""

    def parts(self, files: Iterable[Found | UsageError]) -> Iterator[_Met]:
        engine = self._engine
        if engine is None:
            yield from self._here(_spans(files, bulk.TASK, self._wanted))
            return
        entries = _spans(files, engine.size, self._wanted)
        if not self._is_asked:
            first, is_all = _up_to(entries, bulk.LITTLE)
            if is_all:
                yield from self._here(first)
                return
            entries = chain(first, entries)
        yield from self._in_tasks(entries, engine)

    def _in_tasks(self, entries: Iterable[Span | UsageError], engine: Engine) -> Iterator[_Met]:
        under_way: deque[Callable[[], Iterable[_Met]]] = deque()
        for group in _groups(entries, engine.size):
            spans = tuple(one for one in group if isinstance(one, Span))
            if len(spans) == len(group) and not _is_here(spans[0]):
                size = sum(map(_size, spans))
                task = Task(spans, self._wanted, self._folder, size)
                under_way.append(partial(self._told, spans, engine.submit_task(task)))
            else:
                under_way.append(partial(self._here, group))
            while len(under_way) > engine.ahead:
                yield from under_way.popleft()()
        while under_way:
            yield from under_way.popleft()()

    def _told(self, spans: tuple[Span, ...], parts: Parts) -> Iterator[_Met]:
        found = parts.result()
        self._on_read(sum(part.read for part in found))
        return zip(spans, found, strict=True)

    def _here(self, entries: Iterable[Span | UsageError]) -> Iterator[_Met]:
        """Count in this process, and yield errors at their places between the spans."""
        errors: dict[int, list[UsageError]] = {}
        count = 0

        def spans() -> Iterator[Span]:
            nonlocal count
            for entry in entries:
                if isinstance(entry, UsageError):
                    errors.setdefault(count, []).append(entry)
                else:
                    count += 1
                    yield entry

        submit, ahead = self._counter.submit, bulk.AHEAD
        for number, met in enumerate(counted(spans(), self._texts, submit, ahead, self._on_read)):
            yield from errors.pop(number, ())
            yield met
        for late in errors.values():
            yield from late

    def _texts(self, span: Span, lines: Lines, on_read: OnRead) -> Iterator[str | int]:
        return texts_of(span, self._wanted, self._folder, lines, on_read)


def _spans(
    files: Iterable[Found | UsageError], size: int, wanted: Wanted
) -> Iterator[Span | UsageError]:
    for file in files:
        if isinstance(file, UsageError):
            yield file
        else:
            yield from spans_of(file, size, wanted)


def _size(span: Span) -> int:
    end = (span.file.size or 0) if span.end is None else span.end
    return end - span.start


def _is_here(span: Span) -> bool:
    """Return whether only this process can read it: a pipe, a device, a file in memory."""
    return span.file.size is None or is_of_process(span.file.path)


def _up_to(entries: Iterator[Span | UsageError], most: int) -> tuple[list[Span | UsageError], bool]:
    """Take the first entries up to `most` bytes; return them, and whether these are all."""
    first: list[Span | UsageError] = []
    size = 0
    for entry in entries:
        first.append(entry)
        size += _size(entry) if isinstance(entry, Span) else 0
        if size > most:
            return first, False
    return first, True


def _groups(entries: Iterable[Span | UsageError], size: int) -> Iterator[list[Span | UsageError]]:
    """Group spans into tasks; entries that no other process can take are alone."""
    group: list[Span | UsageError] = []
    filled = 0
    for entry in entries:
        is_apart = isinstance(entry, UsageError) or _is_here(entry)
        added = 0 if isinstance(entry, UsageError) else _size(entry)
        if group and (is_apart or filled + added > size or len(group) == _MOST_FILES):
            yield group
            group, filled = [], 0
        if is_apart:
            yield [entry]
        else:
            group.append(entry)
            filled += added
    if group:
        yield group


def _merged(found: Iterable[_Met], left_out: Counter[str]) -> Counted:
    """Combine the parts of files, and yield the errors in them."""
    file = _File()
    for met in found:
        if isinstance(met, UsageError):
            yield met
            continue
        span, part = met
        if not span.start:
            file = _File()
        yield from file.add(span, part, left_out)


class _File:
    """The combined parts of a file so far."""

    def __init__(self) -> None:
        self._tokens = 0
        self._lines = 0
        self._faults = 0
        self._is_done = False

    def add(self, span: Span, part: Part, left_out: Counter[str]) -> Counted:
        """Add a part, and yield what it completes or reports; nothing more after a failure."""
        if self._is_done:
            return
        path = span.file.path
        for fault in part.faults[: max(MOST_NAMED - self._faults, 0)]:
            number = self._lines + fault.line
            yield UsageError(f"line {number} of '{path}' {fault.problem}", hint=fault.hint)
        self._tokens += part.tokens
        self._lines += part.lines
        self._faults += part.fault_count
        failure = part.failure
        if failure is not None:
            self._is_done = True
            if failure.why is not None and not span.file.is_named:
                left_out[failure.why] += 1
                yield LeftOut(path, failure.why)
            else:
                yield UsageError(failure.problem, hint=failure.hint)
        elif span.end is None:
            if self._faults > MOST_NAMED:
                yield UsageError(f"'{path}' has {self._faults - MOST_NAMED} more such lines")
            yield FileCount(path, self._tokens)
