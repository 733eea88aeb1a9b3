"""Counting files: those that paths name, in folders too, whole or a field of their JSONL.

What is little is read and counted here. Much is counted in tasks, by an engine: processes that read
the files by themselves, or other machines. Of a file no more than a few blocks are in memory, but
where a text has no place for a cut (see `cutting`) or a line is longer.
"""

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import NamedTuple, Protocol

from openai_cli.errors import UsageError
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

# How many files a task has at most.
_MOST_FILES = 1000

# What the names of files with JSONL end in, in folders.
_JSONL = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


class FileCount(NamedTuple):
    """How many tokens a file has."""

    path: str
    tokens: int


class LeftOut(NamedTuple):
    """A file of a folder that is left out, for it is BINARY, or text in ANOTHER_ENCODING."""

    path: str
    why: str


class Parts(Protocol):
    """What the spans of a task came to, which may still be under way."""

    def result(self) -> list[Part]: ...


class Engine(Protocol):
    """What counts tasks, of about `size` bytes; so many are worth having under way `ahead`."""

    @property
    def size(self) -> int: ...
    @property
    def ahead(self) -> int: ...
    def submit_task(self, task: Task) -> Parts: ...


# What comes of paths: files, and what cannot be read.
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
    """`files_counted` by a counter for these paths alone, with so many `workers` at most."""
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
    """The tokens of each file, in the order of the paths, a folder's by name.

    What cannot be read or counted comes in its place as a UsageError: a path, a file that is not in
    its encoding, a line that has no such string. The rest is counted, of a file with such lines
    too. A file of a folder that is binary (a NUL in the first 8 KiB), or is not in its encoding,
    comes as LeftOut.

    `left_out` gets the number of entries of folders that were left out by kind: those of `walk`,
    of LeftOut and, with a field, "not JSONL" (by name). `on_read` is told how many bytes were read,
    as they are. Much is counted by the `engine`, or by the counter's own processes.
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
    """The tokens of files that are not on the disk, of which each is a path and what is in it.

    They count as those of folders do in `count_files`.
    """
    held: dict[str, bytes] = {}

    def spans() -> Iterator[Span]:
        for path, content in contents:
            held[path] = content
            yield Span(Found(path, is_named=False))

    def texts(span: Span, _lines: Lines, _on_read: OnRead) -> Iterator[str]:
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


# What becomes of files on the way: a span that is counted, a path that cannot be read.
_Met = tuple[Span, Part] | UsageError


class _Run:
    """The parts of files, in their order."""

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
        except OSError:  # it is gone, and so is what is relative to it
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
        """Read by this process: all at once where there are errors between, for their places."""
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

    def _texts(self, span: Span, lines: Lines, on_read: OnRead) -> Iterator[str]:
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
    """Whether no other process can read it: a pipe, a device, what is in the memory."""
    return span.file.size is None or is_of_process(span.file.path)


def _up_to(entries: Iterator[Span | UsageError], most: int) -> tuple[list[Span | UsageError], bool]:
    """The first entries, as far as they have so many bytes, and whether these are all."""
    first: list[Span | UsageError] = []
    size = 0
    for entry in entries:
        first.append(entry)
        size += _size(entry) if isinstance(entry, Span) else 0
        if size > most:
            return first, False
    return first, True


def _groups(entries: Iterable[Span | UsageError], size: int) -> Iterator[list[Span | UsageError]]:
    """Spans for a task together, and by itself what is for none."""
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
    """Files of their parts, with what was at fault in them."""
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
    """What the parts of a file came to so far."""

    def __init__(self) -> None:
        self._tokens = 0
        self._lines = 0
        self._faults = 0
        self._is_done = False

    def add(self, span: Span, part: Part, left_out: Counter[str]) -> Counted:
        """What is to be told behind this part; nothing more behind a failure."""
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
