"""Read JSONL, a JSON value on each line, plain or compressed by gzip."""

import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from openai_cli.errors import UsageError
from openai_cli.jsontext import quick_loads, quoted
from openai_cli.reading import bounded_lines

_GZIP = b"\x1f\x8b"  # RFC 1952, 2.3.1
_BUFFER = 2**18

# The characters of JMESPath that field names do not contain.
_SPECIAL = frozenset("[]*|?@&(){}'`\"")
_INDEX = re.compile(r"[0-9]{1,9}")

# The exceptions of a broken gzip file, besides OSError.
BROKEN = (EOFError, zlib.error)


def is_packed(head: bytes) -> bool:
    """Return whether a file that begins with `head` is compressed by gzip."""
    return head.startswith(_GZIP)


def open_lines(
    stream: BinaryIO, on_read: Callable[[int], object], start: int = 0, end: int | None = None
) -> Iterator[bytes]:
    """Iterate over the lines of a file, decompressed if its first bytes are gzip's.

    Of an uncompressed file, only the lines that begin at byte offsets from `start` and before `end`
    are yielded. `on_read` is called with the number of bytes read from the file. Raises OSError and
    the BROKEN exceptions.
    """
    with io.BufferedReader(_Reported(stream, on_read), _BUFFER) as file:
        if start:
            yield from _lines_between(file, start, end)
        elif is_packed(file.peek(len(_GZIP))):
            import gzip

            with io.BufferedReader(gzip.GzipFile(fileobj=file), _BUFFER) as unpacked:
                yield from bounded_lines(unpacked)
        else:
            yield from _lines_before(file, 0, end)


def _lines_between(file: BinaryIO, start: int, end: int | None) -> Iterator[bytes]:
    file.seek(start - 1)
    position = start - 1
    while not (rest := file.readline(_BUFFER)).endswith(b"\n"):
        if not rest or (end is not None and position >= end):
            return
        position += len(rest)
    yield from _lines_before(file, position + len(rest), end)


def _lines_before(file: BinaryIO, position: int, end: int | None) -> Iterator[bytes]:
    if end is not None and position >= end:
        return
    for line in bounded_lines(file):
        yield line
        position += len(line)
        if end is not None and position >= end:
            return


def parsed(line: bytes) -> Any:
    """Parse the value on a line; the problem of the UsageError begins with "is not"."""
    try:
        return quick_loads()(line)
    except (ValueError, RecursionError):
        return _judged(line)


class Field:
    """A field of the objects in JSONL, as typed by the user.

    `a.b.0` is the first item of the list in field b of the object in a, unless there is a field
    with that whole name. A name with any special character of JMESPath other than the dot is an
    expression in that language: https://jmespath.org. Raises UsageError if it is not valid.
    """

    def __init__(self, typed: str) -> None:
        self._typed = typed
        self._names = typed.split(".")
        self._search: Callable[[Any], Any] | None = None
        if not _SPECIAL.isdisjoint(typed):
            self._search = _compiled(typed)

    def texts(self, record: Any) -> list[str]:
        """Return the string in the field, or the strings of the list that an expression finds.

        Raises UsageError, whose problem lacks its subject, the record, if there is none.
        """
        if not isinstance(record, dict):
            raise UsageError("is not a JSON object")
        if self._search is None or self._typed in record:
            found = self._found(record)
        else:
            found = self._search(record)
            if isinstance(found, list) and found and all(isinstance(one, str) for one in found):
                return found
        if found is None and self._search is not None:
            raise UsageError(f"has no field {self._typed}")
        if not isinstance(found, str):
            raise UsageError(f"has no string in {self._typed}")
        return [found]

    def _found(self, record: dict[str, Any]) -> Any:
        value: Any = record
        for name in [self._typed] if self._typed in record else self._names:
            if isinstance(value, list) and _INDEX.fullmatch(name) and int(name) < len(value):
                value = value[int(name)]
            elif isinstance(value, dict) and name in value:
                value = value[name]
            else:
                hint = "a field has no leading dot" if self._typed.startswith(".") else None
                raise UsageError(f"has no field {self._typed}", hint=hint)
        return value


def _is_jmespath(expression: str) -> bool:
    import jmespath

    try:
        jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError:
        return False
    return True


def _compiled(expression: str) -> Callable[[Any], Any]:
    """Return a function that searches a value by a JMESPath expression."""
    import jmespath
    from jmespath.exceptions import JMESPathError, JMESPathTypeError

    # jmespath also raises these, for functions and comparisons of unsuitable values.
    failures = (JMESPathError, ArithmeticError, AttributeError, TypeError, ValueError)
    try:
        compiled = jmespath.compile(expression)
        with suppress(JMESPathTypeError):  # it may depend on the data
            compiled.search({})
    except (*failures, RecursionError) as error:
        from openai_cli.suggestions.jq import MANUAL, hint_of

        why = str(error).partition("\n")[0].removesuffix(", for expression:")
        hint = hint_of(expression, _is_jmespath)
        raise UsageError(
            f"--jsonl: {quoted(expression)} is neither a field nor JMESPath"
            + ("" if hint else f": {why}"),
            hint=hint or MANUAL,
        ) from None

    def search(value: Any) -> Any:
        try:
            return compiled.search(value)
        except (*failures, RecursionError) as error:
            raise UsageError(f"has nothing for --jsonl: {error}") from None

    return search


def _judged(line: bytes) -> Any:
    """Parse with json, which has better error messages and accepts NaN and lone surrogates."""
    try:
        return json.loads(line.decode().removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8: byte {line[error.start]:#04x} at offset {error.start}"
    except json.JSONDecodeError as error:
        problem = f"is not JSON: {error.msg} at column {error.colno}"
    except RecursionError:
        problem = "is not JSON that can be read: it nests too deep"
    except ValueError:  # of Python's limit
        problem = "is not JSON that can be read: an integer has too many digits"
    raise UsageError(problem)


class _Reported(io.RawIOBase):
    """A file wrapper that reports how much is read. It does not close the file."""

    def __init__(self, stream: BinaryIO, on_read: Callable[[int], object]) -> None:
        self._stream: Any = stream
        self._on_read = on_read

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._stream.seekable())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def readinto(self, buffer: Any) -> int:
        count = self._stream.readinto(buffer) or 0
        self._on_read(count)
        return int(count)
