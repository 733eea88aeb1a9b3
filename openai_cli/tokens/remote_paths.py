"""Paths beyond this machine, as `s3://bucket/folder`: found, walked and opened by fsspec.

A folder of one is walked as one of the disk is, but that .gitignore says nothing there.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

# What a process has for itself alone.
_OF_PROCESS = "memory://"


def is_remote(path: str) -> bool:
    """Whether a path is an address and names no file of this machine's disk."""
    return _REMOTE.match(path) is not None


def is_of_process(path: str) -> bool:
    """Whether no other process can read it."""
    return path.startswith(_OF_PROCESS)


def open_remote(path: str) -> BinaryIO:
    """The file, open for reading. OSError."""
    raise NotImplementedError


def walk_remote(path: str, left_out: Counter[str]) -> Iterator[Any]:
    raise NotImplementedError
