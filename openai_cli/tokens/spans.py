"""Read a file whole, or in spans of bytes, so that several processes can read a large file.

The ends of a span are derived from offsets alone, so that the readers of adjacent spans find the
same place: in a text, the first possible cut after the offset (see `cutting`); in JSONL, the end of
the line. So the counts of the spans add up to the count of the file.
"""

import codecs
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from openai_cli.errors import UsageError
from openai_cli.jsontext import quoted
from openai_cli.reading import descriptor, opened
from openai_cli.records import NamedTuple
from openai_cli.tokens.cutting import AROUND, first_cut, parted_or_counts, pieces_or_counts
from openai_cli.tokens.encoders import LONGEST_UNCUT
from openai_cli.tokens.jsonl import BROKEN, Field, is_packed, open_lines, parsed
from openai_cli.tokens.remote_paths import is_remote, opened_remote
from openai_cli.tokens.walking import Found

# The size of one read, in bytes.
BLOCK = 2**19

# The largest file that is read in one go, in bytes.
_SHORT = LONGEST_UNCUT

# How many bytes of a file in a folder are searched for NUL.
_HEAD = 8192

# The size of one read in the search for a place to cut, in bytes.
_WINDOW = 2**12

# The reasons for skipping files in folders.
BINARY = "binary"
ANOTHER_ENCODING = "in another encoding than UTF-8"

# The byte order marks of UTF-16.
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# How many bad lines of a file are reported individually.
MOST_NAMED = 5

OnRead = Callable[[int], object]


class Wanted(NamedTuple):
    """What to count in files: the tokens in `encoding` of texts in `input_encoding`, a codec name.

    With `field`, only that field of each line of JSONL, in UTF-8, is counted; see `jsonl.Field`.
    """

    encoding: str
    field: str | None = None
    input_encoding: str = "utf-8"


class Span(NamedTuple):
    """The bytes of a file from `start` to `end`, any offsets in it; None is the file's end."""

    file: Found
    start: int = 0
    end: int | None = None


class NoTextError(UsageError):
    """A file is not text, or not in its encoding; `why` is the reason to skip it in a folder."""

    def __init__(self, problem: str, why: str) -> None:
        hint = "--input-encoding NAME reads it" if why == ANOTHER_ENCODING else None
        super().__init__(problem, hint=hint)
        self.why = why


class Fault(NamedTuple):
    """A line without the field: its number in the span, from 1, and what is wrong with it."""

    line: int
    problem: str
    hint: str | None


class Lines:
    """The number of JSONL lines read, the number of bad ones, and the first of these."""

    def __init__(self) -> None:
        self.count = 0
        self.fault_count = 0
        self.faults: list[Fault] = []

    def add_fault(self, error: UsageError) -> None:
        """Record an error in the line that was read last."""
        self.fault_count += 1
        if self.fault_count <= MOST_NAMED:
            self.faults.append(Fault(self.count, error.problem, error.hint))


def codec_of(name: str) -> str:
    """Return Python's name of a text encoding; raise UsageError if there is none."""
    try:
        found = codecs.lookup(name)
        codecs.getincrementaldecoder(found.name)
        "a".encode(found.name)  # fails for codecs that are not text encodings
    except (LookupError, ValueError):
        raise UsageError(
            f"no encoding of text is called {quoted(name)}",
            hint="for example utf-16, latin-1, cp1252, shift_jis",
        ) from None
    return found.name


def spans_of(file: Found, size: int, wanted: Wanted) -> Iterator[Span]:
    """Yield the file in spans of about `size` bytes, or as a single span if it cannot be split."""
    if file.size is None or file.size < 2 * size or not _is_divisible(file, wanted):
        yield Span(file)
        return
    last = (file.size // size - 1) * size
    for start in range(0, last, size):
        yield Span(file, start, start + size)
    yield Span(file, last)


def _is_divisible(file: Found, wanted: Wanted) -> bool:
    """Return whether a file may be read in spans.

    A compressed file may not, nor one whose first block is not text. Only UTF-8 can be decoded from
    any offset.
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
) -> Iterator[str | int]:
    """Yield the texts of a span, whose counts add up, or the counts of those that are known.

    Relative paths are below `folder`.

    `on_read` is called with the number of bytes just read. Raises OSError, and UsageError whose
    problem lacks its subject, the file.
    """
    if (text := _short_text(span, wanted, folder)) is not None:
        on_read(span.file.size or 0)
        yield text
        return
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
) -> Iterator[str | int]:
    """Yield the text of a file in pieces or their counts, from the offset `start`.

    The last block must be empty. Raises UsageError whose problem lacks its subject, the file.
    """
    texts = _decoded(blocks, file, wanted.input_encoding, start)
    return pieces_or_counts(texts, wanted.encoding)


def _short_text(span: Span, wanted: Wanted, folder: str) -> str | None:
    """Return the text of a short file in half the time, or None if it must be read like others."""
    file = span.file
    is_whole = not span.start and span.end is None and wanted[1:] == (None, "utf-8")
    if not is_whole or not 0 < (file.size or 0) <= _SHORT or is_remote(file.path):
        return None
    handle = descriptor(os.path.join(folder, file.path))  # noqa: PTH118 - quickly
    try:
        data = os.read(handle, _SHORT + 1)
    finally:
        os.close(handle)
    if not file.is_named:
        _check_head(data, wanted.input_encoding)
    try:
        return data.decode() if len(data) == file.size else None
    except UnicodeDecodeError:
        return None


def _opened(folder: str, path: str) -> AbstractContextManager[BinaryIO]:
    if is_remote(path):
        return opened_remote(path)
    return opened(Path(folder, path), buffering=0)


def _cut_behind(stream: BinaryIO, offset: int, limit: int | None) -> int | None:
    """Return the first possible cut from this offset on, or the end of the file.

    Returns None if there is none up to the limit, whose own first cut is then the same.
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
    """Yield the blocks of a file up to `end`, and then an empty one."""
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
    """Raise NoTextError if a file cannot be UTF-8 text; in other encodings NUL is allowed."""
    if input_encoding != "utf-8":
        return
    if block.startswith(_UTF_16):
        raise NoTextError("is UTF-16", ANOTHER_ENCODING)
    if b"\0" in block[:_HEAD]:
        raise NoTextError("has a NUL", BINARY)


def _not_in(input_encoding: str, error: UnicodeError, before: int) -> NoTextError:
    """Return the error for bytes that cannot be decoded; `before` is the offset of the first."""
    where = ""
    if isinstance(error, UnicodeDecodeError):
        where = f": byte {error.object[error.start]:#04x} at offset {before + error.start}"
    shown = "UTF-8" if input_encoding == "utf-8" else input_encoding
    return NoTextError(f"is not {shown}{where}", ANOTHER_ENCODING)


def _fields(
    stream: BinaryIO, span: Span, wanted: Wanted, lines: Lines, on_read: OnRead
) -> Iterator[str | int]:
    """Yield the field of each line, in pieces or their counts if it is long."""
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
                    for piece in parted_or_counts(text, wanted.encoding)
                ]
            except UsageError as error:
                lines.add_fault(error)
            else:
                yield from texts
    except BROKEN:
        raise UsageError("cannot be read: its gzip data is broken or not whole") from None
