"""Find and open remote paths, such as `s3://bucket/folder`, with fsspec.

A remote folder is walked like a local one, by name and without hidden entries, but .gitignore is
not applied. Patterns (`*`, `?`, `[`) are expanded here, as a shell does for local paths.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOENT
from typing import Any, BinaryIO

from openai_cli.errors import UsageError
from openai_cli.reading import unreadable
from openai_cli.records import NamedTuple

_REMOTE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PATTERN = re.compile(r"[*?\[]")

# The scheme of files that exist only in one process.
_OF_PROCESS = "memory://"

# The packages to install for some schemes; for others fsspec's own message names it.
_PACKAGES = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "hf": "huggingface_hub",
    "abfs": "adlfs", "az": "adlfs", "http": "aiohttp", "https": "aiohttp",
}  # fmt: skip


class Remote(NamedTuple):
    """A remote file; `size` is None if it is not known."""

    path: str
    is_named: bool
    size: int | None


def is_remote(path: str) -> bool:
    """Return whether a path is a URL and not a local path."""
    return _REMOTE.match(path) is not None


def is_of_process(path: str) -> bool:
    """Return whether no other process can read the path."""
    return path.startswith(_OF_PROCESS)


@contextmanager
def opened_remote(path: str) -> Iterator[BinaryIO]:
    """Open a remote file for reading; any failure in the block becomes an OSError.

    Raises UsageError, whose problem lacks its subject, the path, for an invalid URL.
    """
    with _as_os_error():
        system, name = _found(path)
        with system.open(name, "rb") as stream:
            yield stream


def walk_remote(path: str, left_out: Counter[str]) -> Iterator[Remote | UsageError]:
    """Yield the files at a URL, in folders by name, and an error for what cannot be read.

    `left_out` receives the number of "hidden" folder entries.
    """
    try:
        with _as_os_error():
            system, name = _found(path)
            places = _places(system, path, name)
    except OSError as error:
        yield unreadable(path, error)
        return
    except UsageError as error:
        yield UsageError(f"'{path}' {error.problem}", hint=error.hint)
        return
    for shown, info in places:
        if info["type"] == "directory":
            yield from _walk_folder(system, shown, info["name"], left_out)
        else:
            yield Remote(shown, is_named=True, size=info.get("size"))


def _places(system: Any, path: str, name: str) -> list[tuple[str, dict[str, Any]]]:
    """Return what a URL names, or what matches its pattern, with the paths to show."""
    try:
        return [(path, system.info(name))]
    except FileNotFoundError:
        if not _PATTERN.search(path):
            raise
    found = sorted(system.glob(name, detail=True).items())
    if not found:
        raise FileNotFoundError(ENOENT, "no file matches it")
    return [(system.unstrip_protocol(one), info) for one, info in found]


def _walk_folder(
    system: Any, path: str, name: str, left_out: Counter[str]
) -> Iterator[Remote | UsageError]:
    way = [(path, _entries(system, path, name))]
    while way:
        path, entries = way[-1]
        info = next(entries, None)
        if info is None:
            way.pop()
        elif isinstance(info, UsageError):
            yield info
        else:
            own = info["name"].rstrip("/").rpartition("/")[2]
            below = f"{path.rstrip('/')}/{own}"
            if own.startswith("."):
                left_out["hidden"] += 1
            elif info["type"] == "directory":
                way.append((below, _entries(system, below, info["name"])))
            else:
                yield Remote(below, is_named=False, size=info.get("size"))


def _entries(system: Any, path: str, name: str) -> Iterator[dict[str, Any] | UsageError]:
    """Yield the entries of a folder by name, without the marker that some stores keep for it."""
    try:
        with _as_os_error():
            found = system.ls(name, detail=True)
    except OSError as error:
        yield unreadable(path, error)
        return
    own = name.strip("/")
    yield from sorted(
        (info for info in found if info["name"].strip("/") != own),
        key=lambda info: info["name"].rstrip("/"),
    )


def _found(path: str) -> tuple[Any, str]:
    """Return the filesystem of a URL, and the path in it; UsageError for an unknown scheme."""
    scheme = _REMOTE.match(path)
    kind = scheme[1].lower() if scheme else ""
    if "::" in path:
        raise UsageError("is a chain of URLs, which is not supported")
    try:
        import fsspec
    except ImportError:
        package = " ".join(dict.fromkeys(["fsspec", _PACKAGES.get(kind, "fsspec")]))
        raise UsageError("needs fsspec", hint=f"pip install {package}") from None
    try:
        system, name = fsspec.core.url_to_fs(path)
    except ImportError as error:
        package = _PACKAGES.get(kind, "")
        raise UsageError(
            f"needs {package or f'a package for {kind}://'}",
            hint=f"pip install {package}" if package else str(error),
        ) from None
    except ValueError as error:
        raise UsageError(f"is not an address that fsspec knows: {error}") from None
    return system, str(name)


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Convert any failure in the block to an OSError: each filesystem has its own exceptions."""
    try:
        yield
    except UsageError:
        raise
    except FileNotFoundError as error:
        raise FileNotFoundError(ENOENT, error.strerror or os.strerror(ENOENT)) from error
    except OSError:
        raise
    except Exception as error:
        lines = str(error).splitlines()
        raise OSError(None, lines[0] if lines else type(error).__name__) from error
