"""Count spans of files in this process, or as tasks for other processes and machines."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from openai_cli.errors import UsageError
from openai_cli.reading import unreadable
from openai_cli.records import NamedTuple
from openai_cli.tokens.spans import Fault, Lines, NoTextError, OnRead, Span, Wanted, texts_of
from openai_cli.tokens.walking import Found

# The size of a batch in characters, and the overhead of each text and file in it.
BATCH = 1_000_000
_EACH = 100

# The texts of a span, or their tokens if these are known.
Texts = Callable[[Span, Lines, OnRead], Iterator[str | int]]


class Task(NamedTuple):
    """Spans to count together; relative paths are below `folder`."""

    spans: tuple[Span, ...]
    wanted: Wanted
    folder: str
    size: int

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle spans as plain tuples, in a third of the time."""
        spans = [(*span.file, span.start, span.end) for span in self.spans]
        return _task, (spans, *self[1:])


def _task(
    spans: Iterable[tuple[str, bool, int | None, int, int | None]],
    wanted: Wanted,
    folder: str,
    size: int,
) -> Task:
    found = (
        Span(Found(path, is_named, length), start, end)
        for path, is_named, length, start, end in spans
    )
    return Task(tuple(found), wanted, folder, size)


class Failure(NamedTuple):
    """Why a span has no count; `why` is the reason to skip its file if that is in a folder."""

    problem: str
    hint: str | None
    why: str | None = None


class Part(NamedTuple):
    """The result of a span: its tokens, the bytes read, its JSONL lines, and its bad lines.

    `faults` are the first of the bad lines, `fault_count` is the number of all.
    """

    tokens: int
    read: int
    lines: int
    faults: tuple[Fault, ...]
    fault_count: int
    failure: Failure | None


class Pending(Protocol):
    """Counts that are pending."""

    def result(self) -> list[int]: ...


class Submit(Protocol):
    """Starts to count the tokens of each text."""

    def __call__(self, texts: Sequence[str], /) -> Pending: ...


def count_task(task: Task, count: Callable[[Sequence[str]], list[int]]) -> list[Part]:
    """Return the parts of a task's spans; `count` counts texts."""

    def texts(span: Span, lines: Lines, on_read: OnRead) -> Iterator[str | int]:
        return texts_of(span, task.wanted, task.folder, lines, on_read)

    return [part for _, part in counted(task.spans, texts, lambda batch: _Known(count(batch)), 0)]


def counted(
    spans: Iterable[Span],
    texts: Texts,
    submit: Submit,
    ahead: int,
    on_read: OnRead = lambda _size: None,
) -> Iterator[tuple[Span, Part]]:
    """Yield each span with its part; `ahead` is how many submissions may be pending."""
    tokens = 0
    for event, count in _with_counts(_events(spans, texts, on_read), submit, ahead):
        tokens += count
        if isinstance(event, _End):
            yield event.span, event.part(tokens)
            tokens = 0


class _Known(NamedTuple):
    """Counts that are known already."""

    counts: list[int]

    def result(self) -> list[int]:
        return self.counts


class _End:
    """The end of a span, with what was found while reading it."""

    def __init__(self, span: Span, on_read: OnRead) -> None:
        self.span = span
        self.lines = Lines()
        self.read = 0
        self.failure: Failure | None = None
        self._on_read = on_read

    def add_read(self, size: int) -> None:
        self.read += size
        self._on_read(size)

    def part(self, tokens: int) -> Part:
        lines = self.lines
        return Part(
            tokens, self.read, lines.count, tuple(lines.faults), lines.fault_count, self.failure
        )


_Event = str | int | _End


def _events(spans: Iterable[Span], texts: Texts, on_read: OnRead) -> Iterator[_Event]:
    """Yield the texts of each span, or their tokens, and then its end."""
    for span in spans:
        end = _End(span, on_read)
        path = span.file.path
        try:
            yield from texts(span, end.lines, end.add_read)
        except OSError as error:
            end.failure = Failure(unreadable(path, error).problem, None)
        except NoTextError as error:
            end.failure = Failure(f"'{path}' {error.problem}", error.hint, error.why)
        except UsageError as error:
            end.failure = Failure(f"'{path}' {error.problem}", error.hint)
        yield end


def _with_counts(
    events: Iterable[_Event], submit: Submit, ahead: int
) -> Iterator[tuple[_Event, int]]:
    """Yield each event with the tokens of its text, or with 0 for an end."""
    under_way: deque[tuple[list[_Event], Pending]] = deque()
    for batch in _batches(events):
        texts = [event for event in batch if isinstance(event, str)]
        under_way.append((batch, submit(texts)))
        if len(under_way) > ahead:
            yield from _matched(*under_way.popleft())
    while under_way:
        yield from _matched(*under_way.popleft())


def _matched(batch: list[_Event], counts: Pending) -> Iterator[tuple[_Event, int]]:
    found = iter(counts.result())
    for event in batch:
        if isinstance(event, str):
            yield event, next(found)
        else:
            yield event, event if isinstance(event, int) else 0


def _batches(events: Iterable[_Event]) -> Iterator[list[_Event]]:
    batch: list[_Event] = []
    size = 0
    for event in events:
        batch.append(event)
        size += _EACH + (len(event) if isinstance(event, str) else 0)
        if size > BATCH:
            yield batch
            batch, size = [], 0
    yield batch
