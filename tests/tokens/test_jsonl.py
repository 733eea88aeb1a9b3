"""Lines of JSON: plain, unpacked, and what is said of those that are none."""

import gzip
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.jsontext import quick_loads
from openai_cli.reading import opened
from openai_cli.tokens.jsonl import BROKEN, open_lines, parsed

LINES = b'{"a": 1}\n\n[2]\r\n"end"'


def ignore(_count: int) -> None:
    """What was read is not asked for."""


def lines_of(path: Path, on_read: Callable[[int], object] = ignore, *span: int) -> list[bytes]:
    with opened(path, buffering=0) as stream:
        return list(open_lines(stream, on_read, *span))


@pytest.fixture(params=["orjson", "json"], autouse=True)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With the library of the extra, and without it."""
    quick_loads.cache_clear()
    if request.param == "json":
        monkeypatch.setitem(sys.modules, "orjson", None)
    assert quick_loads().__module__.partition(".")[0] == request.param
    yield
    quick_loads.cache_clear()


@pytest.mark.parametrize("name", ["plain", "misleading.gz"])
def test_plain_lines(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(LINES)
    read: list[int] = []
    assert lines_of(path, read.append) == [b'{"a": 1}\n', b"\n", b"[2]\r\n", b'"end"']
    assert sum(read) == len(LINES)


@pytest.mark.parametrize("name", ["packed.gz", "packed"])
def test_packed_lines(name: str, tmp_path: Path) -> None:
    """In two members, as gzip files are appended to each other."""
    path = tmp_path / name
    path.write_bytes(gzip.compress(LINES + b"\n") + gzip.compress(b"1" * 1_000_000))
    read: list[int] = []
    assert lines_of(path, read.append) == [
        *(LINES + b"\n").splitlines(keepends=True),
        b"1" * 1_000_000,
    ]
    assert sum(read) == path.stat().st_size


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert lines_of(tmp_path / "a") == []


@pytest.mark.parametrize("harm", [lambda data: data[:-12], lambda data: data[:20] + b"\xff" * 30])
def test_a_broken_gzip_file(harm: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(harm(gzip.compress(bytes(range(256)) * 50)))
    with pytest.raises(BROKEN):
        lines_of(path)


@given(
    st.lists(st.text("ab", max_size=4), max_size=9).map("\n".join).map(str.encode),
    st.integers(1, 9),
)
def test_spans_have_each_line_once(data: bytes, size: int) -> None:
    """A line is of the span that it begins in."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "a")
        path.write_bytes(data)
        starts = [*range(0, len(data), size)]
        spans = [lines_of(path, ignore, start, start + size) for start in starts]
    expected: list[list[bytes]] = [[] for _ in starts]
    begin = 0
    for line in data.splitlines(keepends=True):
        expected[begin // size].append(line)
        begin += len(line)
    assert spans == expected


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b'{"a": [1, null, true]}\n', {"a": [1, None, True]}),
        (b' "\xc3\xa9\\u00e9" \r\n', "éé"),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\ud83d"', "\ud83d"),
        (b"[1e400]", [float("inf")]),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_values(line: bytes, value: Any) -> None:
    assert parsed(line) == value


def test_a_value_that_is_no_number_in_json_is_read_all_the_same() -> None:
    assert str(parsed(b'{"a": NaN}')["a"]) == "nan"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{'a': 1}", "is not JSON: Expecting property name enclosed in double quotes at column 2"),
        (b'{"a": 1', "is not JSON: Expecting ',' delimiter at column 8"),
        (b'{"a": 1} {', "is not JSON: Extra data at column 10"),
        (b'"caf\xe9"', "is not UTF-8: byte 0xe9 at offset 4"),
        (b"\x1f\x8b\x08\x00", "is not UTF-8: byte 0x8b at offset 1"),
        (b"1" * 5000, "is not JSON that can be read: an integer has too many digits"),
        (b"[" * 100_000, "is not JSON that can be read: it nests too deep"),
    ],
)
def test_what_is_no_json(line: bytes, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        parsed(line)
    assert caught.value.problem == problem


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_json_writes_is_read(value: Any) -> None:
    text = json.dumps(value)
    assert json.dumps(parsed(text.encode())) == text
