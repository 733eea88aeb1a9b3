"""What is read of a file: all of it, or a span of its bytes, so that several may read a large one.

A span begins and ends at a place in its file that is found from an offset alone, so that who reads
the span before and who reads this one find the same: in a text the first place behind the offset
where it may be cut (see `cutting`), in JSONL the end of the line there. So the counts of the spans
add up to the count of the file.
"""

import codecs
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from openai_cli.errors import UsageError
from openai_cli.jsontext import quoted
from openai_cli.reading import opened
from openai_cli.tokens.cutting import AROUND, first_cut, parted, pieces
from openai_cli.tokens.jsonl import BROKEN, Field, is_packed, open_lines, parsed
from openai_cli.tokens.remote_paths import is_remote, opened_remote
from openai_cli.tokens.walking import Found

# In bytes: how much of a file is read at once.
BLOCK = 2**19

# In bytes: how far a NUL is looked for in a file of a folder.
_HEAD = 8192

# In bytes: how much is read at once to find a place to cut.
_WINDOW = 2**12

# Why files of folders are left out that are no text in the encoding that is read.
BINARY = "binary"
ANOTHER_ENCODING = "in another encoding than UTF-8"

# The beginning of a text in UTF-16, either way round.
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# How many lines at fault are named of each file.
MOST_NAMED = 5

OnRead = Callable[[int], object]


class Wanted(NamedTuple):
    """What is counted of files: the tokens in an `encoding` of their texts in `input_encoding`, a
    name of Python's codecs; with `field` of that field of each line of JSONL, as `jsonl.Field` has
    it, which is UTF-8."""

    encoding: str
    field: str | None = None
    input_encoding: str = "utf-8"


class Span(NamedTuple):
    """The bytes of a file from `start` to `end`, None for its end; both may lie anywhere in it."""

    file: Found
    start: int = 0
    end: int | None = None


class NoTextError(UsageError):
    """A file is not text, or not in its encoding; `why` is what it is left out for in a folder."""

    def __init__(self, problem: str, why: str) -> None:
        hint = "--input-encoding NAME reads it" if why == ANOTHER_ENCODING else None
        super().__init__(problem, hint=hint)
        self.why = why


class Fault(NamedTuple):
    """A line that has no such field: its number in the span, from 1, and what is wrong with it."""

    line: int
    problem: str
    hint: str | None


class Lines:
    """What was met on the way through JSONL: lines, and those at fault, the first of which are
    named."""

    def __init__(self) -> None:
        self.count = 0
        self.fault_count = 0
        self.faults: list[Fault] = []

    def add_fault(self, error: UsageError) -> None:
        """The line that was read last is at fault."""
        self.fault_count += 1
        if self.fault_count <= MOST_NAMED:
            self.faults.append(Fault(self.count, error.problem, error.hint))


def codec_of(name: str) -> str:
    """What Python calls the encoding of text of this name; UsageError if there is none."""
    try:
        found = codecs.lookup(name)
        codecs.getincrementaldecoder(found.name)
        "a".encode(found.name)  # a codec of bytes to bytes is none of a text
    except (LookupError, ValueError):
        raise UsageError(
            f"no encoding of text is called {quoted(name)}",
            hint="for example utf-16, latin-1, cp1252, shift_jis",
        ) from None
    return found.name


def spans_of(file: Found, size: int, wanted: Wanted) -> Iterator[Span]:
    """The file in spans of about so many bytes, if it can be read so; else as one."""
    if file.size is None or file.size < 2 * size or not _is_divisible(file, wanted):
        yield Span(file)
        return
    last = (file.size // size - 1) * size
    for start in range(0, last, size):
        yield Span(file, start, start + size)
    yield Span(file, last)


def _is_divisible(file: Found, wanted: Wanted) -> bool:
    """Whether a file may be read in spans.

    One that is packed may not, nor one that is no text, which is told from its first block. In
    UTF-8 alone a character is known wherever the reading begins.
    """
    if wanted.field is None and wanted.input_encoding != "utf-8":
        return False
    try:
        with _opened("", file.path) as stream:
            head = stream.read(BLOCK)
        if wanted.field is None:
            deque(_decoded([head], file, wanted.input_encoding, 0), maxlen=0)
    except (OSError, UsageError):
        return False
    return wanted.field is None or not is_packed(head)


def texts_of(
    span: Span, wanted: Wanted, folder: str, lines: Lines, on_read: OnRead
) -> Iterator[str]:
    """The texts to count, whose counts add up; a path that is relative is below `folder`.

    `on_read` is told how many bytes were read, as they are. Raises OSError, and UsageError of whose
    problem the file is the subject.
    """
    with _opened(folder, span.file.path) as stream:
        if wanted.field is not None:
            yield from _fields(stream, span, wanted, lines, on_read)
            return
        start = span.start and _cut_behind(stream, span.start, span.end)
        if start is None:
            return
        end = None if span.end is None else _cut_behind(stream, span.end, None)
        if span.start or span.end is not None:
            stream.seek(start)
        yield from whole_text(_blocks(stream, start, end, on_read), span.file, wanted, start)


def whole_text(
    blocks: Iterable[bytes], file: Found, wanted: Wanted, start: int = 0
) -> Iterator[str]:
    """The text of a file in pieces, from the offset `start`; the last of the blocks is empty.

    UsageError, of whose problem the file is the subject.
    """
    texts = _decoded(blocks, file, wanted.input_encoding, start)
    return pieces(texts, wanted.encoding)


def _opened(folder: str, path: str) -> AbstractContextManager[BinaryIO]:
    if is_remote(path):
        return opened_remote(path)
    return opened(Path(folder, path), buffering=0)


def _cut_behind(stream: BinaryIO, offset: int, limit: int | None) -> int | None:
    """Where the first cut is that is seen from this offset on; the end if there is none.

    None if there is none up to the limit: then the one that is seen from there is the same.
    """
    stream.seek(offset)
    head = stream.read(AROUND)
    skipped = len(head) - len(head.lstrip(bytes(range(0x80, 0xC0))))  # of a character
    position = offset + skipped
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    seen = decoder.decode(head[skipped:])
    while True:
        if (cut := first_cut(seen)) is not None:
            return position + _size(seen[:cut])
        if limit is not None and position > limit:
            return None
        gone = seen[:-AROUND]
        position += _size(gone)
        block = stream.read(_WINDOW)
        seen = seen[len(gone) :] + decoder.decode(block, final=not block)
        if not block:
            return position + _size(seen)


def _size(text: str) -> int:
    return len(text.encode(errors="surrogateescape"))


def _blocks(stream: BinaryIO, start: int, end: int | None, on_read: OnRead) -> Iterator[bytes]:
    """The blocks of a file up to `end`, and an empty one behind them."""
    while True:
        block = stream.read(BLOCK if end is None else min(BLOCK, end - start))
        yield block
        if not block:
            return
        on_read(len(block))
        start += len(block)


def _decoded(
    blocks: Iterable[bytes], file: Found, input_encoding: str, start: int
) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(input_encoding)()
    offset = start
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
        raise NoTextError("is UTF-16", ANOTHER_ENCODING)
    if b"\0" in block[:_HEAD]:
        raise NoTextError("has a NUL", BINARY)


def _not_in(input_encoding: str, error: UnicodeError, before: int) -> NoTextError:
    """The error for bytes that are not in the encoding; `before` is the offset of the first."""
    where = ""
    if isinstance(error, UnicodeDecodeError):
        where = f": byte {error.object[error.start]:#04x} at offset {before + error.start}"
    shown = "UTF-8" if input_encoding == "utf-8" else input_encoding
    return NoTextError(f"is not {shown}{where}", ANOTHER_ENCODING)


def _fields(
    stream: BinaryIO, span: Span, wanted: Wanted, lines: Lines, on_read: OnRead
) -> Iterator[str]:
    """The field of each line."""
    field = Field(wanted.field or "")
    try:
        for line in open_lines(stream, on_read, span.start, span.end):
            lines.count += 1
            if line.isspace():
                continue
            try:
                texts = [
                    piece
                    for text in field.texts(parsed(line))
                    for piece in parted(text, wanted.encoding)
                ]
            except UsageError as error:
                lines.add_fault(error)
            else:
                yield from texts
    except BROKEN:
        raise UsageError("cannot be read: its gzip data is broken or not whole") from None
