"""JSONL: a JSON value on each line, plain or compressed by gzip."""

import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from openai_cli.errors import UsageError

_GZIP = b"\x1f\x8b"  # RFC 1952, 2.3.1
_BUFFER = 2**18

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
            yield file
            return
        import gzip

        with io.BufferedReader(gzip.GzipFile(fileobj=file), _BUFFER) as unpacked:
            yield unpacked


def parsed(line: bytes) -> Any:
    """The value on a line; UsageError, whose problem begins with "is not", if it has none."""
    try:
        return _quick()(line)
    except (ValueError, RecursionError):
        return _judged(line)


@lru_cache
def _quick() -> Callable[[bytes], Any]:
    """orjson, two to three times as fast as json, where it is installed."""
    try:
        from orjson import loads
    except ImportError:
        return json.loads
    return loads


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
        super().__init__(path)
        self._on_read = on_read

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer) or 0
        self._on_read(count)
        return count
