"""Spans of a file: what they have adds up to what the file has, wherever they begin."""

import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openai_cli.tokens import bulk, corpus, count, spans
from openai_cli.tokens.bulk import Counter as TextCounter
from openai_cli.tokens.corpus import FileCount, LeftOut
from openai_cli.tokens.spans import Lines, Span, Wanted, spans_of, texts_of
from openai_cli.tokens.tasks import Task
from openai_cli.tokens.walking import Found
from tests.tokens.test_corpus import ENCODING, FOX, jsonl, told
from tests.tokens.test_encoding import CODE, FRAGMENTS, SCRIPTS, TEXTS


def texts(path: Path, start: int, end: int | None, field: str | None = None) -> list[str]:
    span = Span(Found(str(path), is_named=True), start, end)
    found = texts_of(span, Wanted(ENCODING, field), "", Lines(), lambda _size: None)
    return [text for text in found if isinstance(text, str)]


@settings(max_examples=150)
@given(text=TEXTS, size=st.integers(1, 40))
@example(text="".join(FRAGMENTS), size=1)
@example(text="\u3000 \u3000 é\u3000 é \n\n//\n x", size=1)
@example(text="中" * 50, size=7)
@example(text="a" * 5000 + " b", size=1000)
def test_spans_of_a_text(text: str, size: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("spans") / "file"
    data = text.encode()
    path.write_bytes(data)
    starts = range(0, max(len(data), 1), size)
    with patch.object(spans, "_WINDOW", 5):
        found = [
            texts(path, start, None if start == starts[-1] else start + size) for start in starts
        ]
    assert "".join("".join(span) for span in found) == text
    counts = [count("".join(span), encoding=ENCODING) for span in found]
    assert sum(counts) == count(text, encoding=ENCODING)


def test_a_task_is_the_same_elsewhere() -> None:
    spans = (Span(Found("a", is_named=False, size=5)), Span(Found("b\udcff", is_named=True), 3, 9))
    task = Task(spans, Wanted(ENCODING, "text"), "/folder", 11)
    told = pickle.loads(pickle.dumps(task))  # noqa: S301 - our own
    assert told == task
    assert (told.spans[1].file.path, told.wanted.field) == ("b\udcff", "text")


@given(data=st.binary(max_size=60), size=st.integers(1, 20))
@example(data=b"a b\xff c d", size=3)
@example(data=b"ab \xe4\xb8 x", size=2)
@example(data=b"\x80" * 9 + b" a b", size=3)
def test_what_is_no_text_is_told_as_of_the_whole(
    data: bytes, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("spans") / "file"
    path.write_bytes(data)
    whole = told(path)
    parts = [
        Span(Found(str(path), is_named=True), start, start + size)
        for start in range(0, len(data), size)
    ]
    parts = [*parts[:-1], Span(Found(str(path), is_named=True), parts[-1].start)] if parts else []
    with patch.object(corpus, "spans_of", lambda *_: iter(parts)):
        assert told(path) == whole or not parts


def test_a_large_file_is_read_in_spans_of_about_a_size(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("word " * 210)
    file = Found(str(path), is_named=True, size=1050)
    found = [(span.start, span.end) for span in spans_of(file, 100, Wanted(ENCODING))]
    assert found == [(100 * n, 100 * n + 100) for n in range(9)] + [(900, None)]


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"\0" * 999, Wanted(ENCODING)),
        (b"\xff" * 999, Wanted(ENCODING)),
        (b"ab" * 500, Wanted(ENCODING, None, "utf-16")),
        (b"\x1f\x8b" * 500, Wanted(ENCODING, "text")),
    ],
)
def test_what_cannot_be_read_from_anywhere_is_read_whole(
    data: bytes, wanted: Wanted, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    file = Found(str(path), is_named=False, size=len(data))
    assert list(spans_of(file, 100, wanted)) == [Span(file)]


# In processes


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Have all counted in two processes, in small tasks; gives how many tasks there were."""
    tasks = 0
    submit = TextCounter.submit_task

    def submit_task(self: TextCounter, task: Any) -> Any:
        nonlocal tasks
        tasks += 1
        return submit(self, task)

    monkeypatch.setattr(TextCounter, "submit_task", submit_task)
    monkeypatch.setattr(TextCounter, "size", 3000)
    monkeypatch.setattr(bulk, "LITTLE", 0)
    monkeypatch.setattr("openai_cli.tokens.team.ENOUGH", 1)
    return lambda: tasks


def write_all(folder: Path) -> None:
    """Texts of all kinds, long and short, some at fault."""
    files = {
        "a": "",
        "b": FOX,
        "c": "\n".join([*SCRIPTS, CODE] * 20),
        "d": "é中" * 4000 + "\udcff x",
        "e": "\0",
        "f": "long " * 3000 + "\udcc3",
        "g": "the \u088f's " * 50 + CODE,
        "h": FOX,
    }
    for name, text in files.items():
        (folder / name).write_bytes(text.encode(errors="surrogateescape"))


def test_files_that_processes_read_are_as_those_read_here(
    apart: Callable[[], int], tmp_path: Path
) -> None:
    """Relative to this folder; in their order, with what is at fault in its place."""
    write_all(tmp_path)
    paths: list[str | Path] = [
        tmp_path,
        *(tmp_path / name for name in ("none", "f", "d", "h")),
        f"file://{tmp_path}",
    ]
    here, apart_left_out = Counter[str](), Counter[str]()
    read: list[int] = []
    found = told(*paths, left_out=apart_left_out, workers=2, on_read=read.append)
    assert apart() > 10
    with patch.object(TextCounter, "name", "tiktoken"):
        assert found == told(*paths, left_out=here)
    assert apart_left_out == here
    assert sum(read) > (tmp_path / "c").stat().st_size
    assert LeftOut(str(tmp_path / "e"), "binary") in found


def test_lines_that_processes_read_have_the_numbers_of_the_file(
    apart: Callable[[], int], tmp_path: Path
) -> None:
    lines = [{"text": f"{FOX} {number}"} for number in range(500)]
    data = jsonl(*lines)
    bad = b"".join(line + b"\n" * (n % 3) for n, line in enumerate(data.splitlines(True)))
    (tmp_path / "a.jsonl").write_bytes(data)
    (tmp_path / "b.jsonl").write_bytes(bad.replace(b'{"text": "The quick brown fox 27', b"{"))
    (tmp_path / "c.txt").write_bytes(data)
    found = told(tmp_path, field="text", workers=2)
    assert apart() > 10
    with patch.object(TextCounter, "name", "tiktoken"):
        assert found == told(tmp_path, field="text")
    assert sum("has no field" in str(one) or "is not JSON" in str(one) for one in found) == 5
    assert "6 more such lines" in str(found)
    assert found[0] == FileCount(str(tmp_path / "a.jsonl"), found[0].tokens)  # type: ignore[union-attr]


def test_a_path_is_of_the_folder_in_which_it_was_named(
    apart: Callable[[], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "a").write_text(FOX)
    with TextCounter(ENCODING) as counter:
        for _ in range(2):
            monkeypatch.chdir(tmp_path)
            found = corpus.files_counted(counter, ["a"], Wanted(ENCODING), left_out=Counter())
            first = next(found)
            assert first == FileCount("a", 4)
            monkeypatch.chdir(tmp_path / "d")
    assert apart() == 2
