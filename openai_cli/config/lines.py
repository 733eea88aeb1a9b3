"""On which line of a TOML text each key stands, which tomllib does not say."""

from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]

# In lines: a statement of more is given up, for each of its lines is tried as its last.
_LONGEST = 200


def key_lines(text: str) -> dict[Path, int]:
    """The line, from 1, where each key or table is first named; the text must be TOML.

    A key whose line cannot be told for sure is left out. Elements of arrays have no keys here.
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
    """Each statement: the line that it starts on, its text, and its value by itself.

    A statement ends with the first line that makes it TOML: until then a string, an array or a
    table in it is open. So tomllib itself is the judge of what is a key.
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
    """The keys that stand on the first line of a statement, outer ones first."""
    first_line, newline, _ = source.partition("\n")
    # The keys of an inline table may stand on any line where a value in it has several.
    is_plain = not newline or "{" not in first_line
    for key, inner in value.items():
        yield (key,)
        if isinstance(inner, dict) and is_plain:
            yield from ((key, *path) for path in _paths(inner, source))
