"""JSONL: a JSON value on each line, plain or compressed by gzip."""

import io
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.jsontext import quick_loads, quoted
from openai_cli.reading import bounded_lines, descriptor

_GZIP = b"\x1f\x8b"  # RFC 1952, 2.3.1
_BUFFER = 2**18

# What of JMESPath's is in no name of a field.
_SPECIAL = frozenset("[]*|?@&(){}'`\"")
_INDEX = re.compile(r"[0-9]{1,9}")

# What reading a broken gzip file raises, besides OSError.
BROKEN = (EOFError, zlib.error)


@contextmanager
def open_lines(path: str, on_read: Callable[[int], object]) -> Iterator[Iterable[bytes]]:
    """The lines of a file, unpacked if its first bytes are gzip's, whatever its name.

    `on_read` is told how many bytes were read from the file. Raises OSError and what is BROKEN, as
    the lines do.
    """
    with io.BufferedReader(_Reported(path, on_read), _BUFFER) as file:
        if file.peek(len(_GZIP))[: len(_GZIP)] != _GZIP:
            yield bounded_lines(file)
            return
        import gzip

        with io.BufferedReader(gzip.GzipFile(fileobj=file), _BUFFER) as unpacked:
            yield bounded_lines(unpacked)


def parsed(line: bytes) -> Any:
    """The value on a line; UsageError, whose problem begins with "is not", if it has none."""
    try:
        return quick_loads()(line)
    except (ValueError, RecursionError):
        return _judged(line)


class Field:
    """A field of the objects in JSONL, as it is typed.

    `a.b.0` is the first of the list in the field b of the object in a, where there is no field of
    that whole name. What has another character of JMESPath's than the dot is an expression of
    that language: https://jmespath.org. UsageError for one that is none.
    """

    def __init__(self, typed: str) -> None:
        self._typed = typed
        self._names = typed.split(".")
        self._search: Callable[[Any], Any] | None = None
        if not _SPECIAL.isdisjoint(typed):
            self._search = _compiled(typed)

    def texts(self, record: Any) -> list[str]:
        """The string in the field, or the strings of a list that an expression gives.

        UsageError, of whose problem the record is the subject, where there is none.
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
    """What searches a value by an expression of JMESPath."""
    import jmespath
    from jmespath.exceptions import JMESPathError, JMESPathTypeError

    # What it raises, too, of functions and comparisons of values that are not theirs.
    failures = (JMESPathError, ArithmeticError, AttributeError, TypeError, ValueError)
    try:
        compiled = jmespath.compile(expression)
        with suppress(JMESPathTypeError):  # what hangs on the data is found out by the data
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
    """What json finds: it says better what is wrong, and takes NaN and halves of surrogates."""
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


class _Reported(io.FileIO):
    """A file that tells how much is read from it."""

    def __init__(self, path: str, on_read: Callable[[int], object]) -> None:
        super().__init__(path, opener=descriptor)
        self._on_read = on_read

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer) or 0
        self._on_read(count)
        return count
