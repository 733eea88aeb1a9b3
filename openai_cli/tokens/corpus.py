"""Counting files: those that paths name, in folders too, whole or a field of their JSONL.

What is read is counted while more is read. Of a file no more than a few blocks are in memory, but
where a text has no place for a cut (see `cutting`) or a line is longer.
"""

import codecs
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from openai_cli.errors import UsageError
from openai_cli.reading import opened
from openai_cli.tokens import bulk
from openai_cli.tokens.cutting import pieces
from openai_cli.tokens.encoding import LONGEST_RUN, check_runs
from openai_cli.tokens.jsonl import BROKEN, Field, open_lines, parsed
from openai_cli.tokens.walking import Found, unreadable, walk

# In bytes: how much of a file is read at once.
BLOCK = 2**19

# In characters: how much is counted at once, where each text and each file is so much more.
BATCH = 1_000_000
_EACH = 100

# In bytes: how far a NUL is looked for in a file of a folder.
_HEAD = 8192

# What the names of files with JSONL end in, in folders.
_JSONL = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")

# Why files of folders are left out that are no text in the encoding that is read.
BINARY = "binary"
ANOTHER_ENCODING = "in another encoding than UTF-8"

# The beginning of a text in UTF-16, either way round.
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# How many lines at fault are named of each file.
_MOST_NAMED = 5

_OnRead = Callable[[int], object]


class FileCount(NamedTuple):
    """How many tokens a file has."""

    path: str
    tokens: int


class LeftOut(NamedTuple):
    """A file of a folder that is left out, for it is BINARY, or text in ANOTHER_ENCODING."""

    path: str
    why: str


class _End(NamedTuple):
    """The end of a file; what came of it is no count if it `is_left`."""

    path: str
    is_left: bool = False


class _NoTextError(UsageError):
    """A file is not text, or not in its encoding; `why` is what it is left out for in a folder."""

    def __init__(self, problem: str, why: str) -> None:
        hint = "--input-encoding NAME reads it" if why == ANOTHER_ENCODING else None
        super().__init__(problem, hint=hint)
        self.why = why


# What happens while files are read: a text, an error, a file left out, the end of a file.
_Event = str | UsageError | LeftOut | _End


def count_files(
    paths: Iterable[str],
    *,
    encoding: str,
    field: str | None = None,
    input_encoding: str = "utf-8",
    left_out: Counter[str],
    on_read: _OnRead = lambda _size: None,
) -> Iterator[FileCount | LeftOut | UsageError]:
    """The tokens of each file, in the order of the paths, a folder's by name.

    With `field` they are those of that field of each line of JSONL, plain or gzip, as `jsonl.Field`
    has it. Texts are in `input_encoding`, a name of Python's codecs; JSONL is UTF-8.

    What cannot be read or counted comes in its place as a UsageError: a path, a file that is not in
    its encoding, a line that has no such string. The rest is counted, of a file with such lines
    too. A file of a folder that is binary (a NUL in the first 8 KiB), or is not in its encoding,
    comes as LeftOut.

    `left_out` gets the number of entries of folders that were left out by kind: those of `walk`,
    of LeftOut and, with `field`, "not JSONL" (by name). `on_read` is told how many bytes were read,
    as they are.
    """
    files = walk(paths, left_out)
    if field:
        files = _only_jsonl(files, left_out)

    wanted = Field(field) if field else None

    def texts(file: Found) -> Iterator[str | UsageError]:
        if wanted:
            return _fields(file.path, wanted, encoding, on_read)
        blocks = _read(file.path, on_read)
        return _whole(blocks, file, input_encoding, encoding)

    return _counted(files, texts, encoding, left_out)


def count_contents(
    contents: Iterable[tuple[str, bytes]], *, encoding: str, left_out: Counter[str]
) -> Iterator[FileCount | LeftOut | UsageError]:
    """The tokens of files that are not on the disk, of which each is a path and what is in it.

    They count as those of folders do in `count_files`.
    """
    held: dict[str, bytes] = {}

    def files() -> Iterator[Found]:
        for path, content in contents:
            held[path] = content
            yield Found(path, is_named=False)

    def texts(file: Found) -> Iterator[str]:
        return _whole([held.pop(file.path), b""], file, "utf-8", encoding)

    return _counted(files(), texts, encoding, left_out)


def _counted(
    files: Iterable[Found | UsageError],
    texts: Callable[[Found], Iterator[str | UsageError]],
    encoding: str,
    left_out: Counter[str],
) -> Iterator[FileCount | LeftOut | UsageError]:
    with bulk.Counter(encoding) as counter:
        tokens = 0
        for event, count in _with_counts(_events(files, texts, left_out), counter):
            tokens += count
            if isinstance(event, (UsageError, LeftOut)):
                yield event
            elif isinstance(event, _End):
                if not event.is_left:
                    yield FileCount(event.path, tokens)
                tokens = 0


def _only_jsonl(
    files: Iterable[Found | UsageError], left_out: Counter[str]
) -> Iterator[Found | UsageError]:
    for file in files:
        if isinstance(file, UsageError) or file.is_named or file.path.endswith(_JSONL):
            yield file
        else:
            left_out["not JSONL"] += 1


def _events(
    files: Iterable[Found | UsageError],
    texts: Callable[[Found], Iterator[str | UsageError]],
    left_out: Counter[str],
) -> Iterator[_Event]:
    """The texts of each file and then its end, with the errors between."""
    for file in files:
        if isinstance(file, UsageError):
            yield file
            continue
        is_left = True
        try:
            yield from texts(file)
            is_left = False
        except OSError as error:
            yield unreadable(file.path, error)
        except UsageError as error:
            if isinstance(error, _NoTextError) and not file.is_named:
                left_out[error.why] += 1
                yield LeftOut(file.path, error.why)
            else:
                yield UsageError(f"'{file.path}' {error.problem}", hint=error.hint)
        yield _End(file.path, is_left)


def _whole(
    blocks: Iterable[bytes], file: Found, input_encoding: str, encoding: str
) -> Iterator[str]:
    """The text of a file in pieces; UsageError, of whose problem the file is the subject."""
    return pieces(_checked(_decoded(blocks, file, input_encoding), encoding))


def _checked(blocks: Iterable[str], encoding: str) -> Iterator[str]:
    """The blocks; UsageError as soon as a run in them is too long, before more of it is held."""
    seen = ""
    for block in blocks:
        seen = seen[1 - LONGEST_RUN :] + block
        _check_runs(seen, encoding)
        yield block


def _read(path: str, on_read: _OnRead) -> Iterator[bytes]:
    """The blocks of a file, and an empty one for its end."""
    with opened(path, buffering=0) as stream:
        for block in chain(iter(lambda: stream.read(BLOCK), b""), [b""]):
            yield block
            on_read(len(block))


def _decoded(blocks: Iterable[bytes], file: Found, input_encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(input_encoding)()
    offset = 0
    for block in blocks:
        if not offset and not file.is_named:
            _check_head(block, input_encoding)
        before = offset - len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeError as error:
            raise _not_in(input_encoding, error, before) from None
        if text:
            yield text
        offset += len(block)


def _check_head(block: bytes, input_encoding: str) -> None:
    """Raise for a file that begins as no text in UTF-8 does; other encodings may have NULs."""
    if input_encoding != "utf-8":
        return
    if block.startswith(_UTF_16):
        raise _NoTextError("is UTF-16", ANOTHER_ENCODING)
    if b"\0" in block[:_HEAD]:
        raise _NoTextError("has a NUL", BINARY)


def _not_in(input_encoding: str, error: UnicodeError, before: int) -> _NoTextError:
    """The error for bytes that are not in the encoding; `before` is the offset of the first."""
    where = ""
    if isinstance(error, UnicodeDecodeError):
        where = f": byte {error.object[error.start]:#04x} at offset {before + error.start}"
    shown = "UTF-8" if input_encoding == "utf-8" else input_encoding
    return _NoTextError(f"is not {shown}{where}", ANOTHER_ENCODING)


def _fields(path: str, field: Field, encoding: str, on_read: _OnRead) -> Iterator[str | UsageError]:
    """The field of each line; what `_whole` raises, where not a line but the file is at fault."""
    faults = 0
    with open_lines(path, on_read) as lines:
        try:
            for number, line in enumerate(lines, 1):
                if line.isspace():
                    continue
                try:
                    texts = field.texts(parsed(line))
                    for text in texts:
                        _check_runs(text, encoding)
                except UsageError as error:
                    faults += 1
                    if faults <= _MOST_NAMED:
                        yield UsageError(
                            f"line {number} of '{path}' {error.problem}", hint=error.hint
                        )
                    continue
                yield from texts
        except BROKEN:
            raise UsageError("cannot be read: its gzip data is broken or not whole") from None
    if faults > _MOST_NAMED:
        yield UsageError(f"'{path}' has {faults - _MOST_NAMED} more such lines")


def _check_runs(text: str, encoding: str) -> None:
    try:
        check_runs(text, encoding=encoding)
    except UsageError as error:  # where it is in a piece tells nobody anything
        raise UsageError(
            f"has {LONGEST_RUN:,} or more characters with no place to cut: "
            "too many to count their tokens",
            hint=error.hint,
        ) from None


def _with_counts(events: Iterable[_Event], counter: bulk.Counter) -> Iterator[tuple[_Event, int]]:
    """Each event with the tokens of its text; of what is none, 0."""
    under_way: deque[tuple[list[_Event], bulk.Counts]] = deque()
    for batch in _batches(events):
        texts = [event for event in batch if isinstance(event, str)]
        under_way.append((batch, counter.submit(texts)))
        if len(under_way) > bulk.AHEAD:
            yield from _matched(*under_way.popleft())
    while under_way:
        yield from _matched(*under_way.popleft())


def _matched(batch: list[_Event], counts: bulk.Counts) -> Iterator[tuple[_Event, int]]:
    found = iter(counts.result())
    return ((event, next(found) if isinstance(event, str) else 0) for event in batch)


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
