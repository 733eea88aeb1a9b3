"""Find the line of each key in a TOML text, which tomllib does not report."""

from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]

# The longest statement, in lines: each of its lines is tried as its last one.
_LONGEST = 200


def key_lines(text: str) -> dict[Path, int]:
    """Return the line, from 1, where each key or table first occurs; the text must be TOML.

    A key whose line is not certain is left out, and so are keys within arrays.
    """
    found: dict[Path, int] = {}
    table: Path = ()
    for line, source, value in _statements(text.replace("\r\n", "\n")):
        paths = list(_paths(value, source))
        if source.lstrip(" \t").startswith("["):
            table = paths[-1]
        else:
            paths = [(*table, *path) for path in paths]
        for path in paths:
            found.setdefault(path, line)
    return found


def _statements(text: str) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Yield each statement: its first line, its text and its value.

    A statement ends with the first line that makes it valid TOML: until then, a string, an array or
    a table in it is still open. So tomllib itself decides what is a key.
    """
    import tomllib

    lines = text.split("\n")
    start = 0
    for end in range(1, len(lines) + 1):
        source = "\n".join(lines[start:end])
        try:
            value = tomllib.loads(source)
        except tomllib.TOMLDecodeError:
            if end - start == _LONGEST:
                return
            continue
        if value:
            yield start + 1, source, value
        start = end


def _paths(value: Mapping[str, Any], source: str) -> Iterator[Path]:
    """Yield the keys on the first line of a statement, outer ones first."""
    first_line, newline, _ = source.partition("\n")
    # With a multi-line value, the keys of an inline table may be on any line.
    is_plain = not newline or "{" not in first_line
    for key, inner in value.items():
        yield (key,)
        if isinstance(inner, dict) and is_plain:
            yield from ((key, *path) for path in _paths(inner, source))
