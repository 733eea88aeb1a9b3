"""Counting files: each as its whole text, what is at fault by name, the rest all the same."""

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openai_cli import reading
from openai_cli.errors import UsageError
from openai_cli.tokens import bulk, corpus, count, cutting, lines, spans, tasks, walking
from openai_cli.tokens.corpus import FileCount, LeftOut, count_files
from openai_cli.tokens.jsonl import Field
from tests.tokens.test_encoding import CODE, FRAGMENTS, SCRIPTS, TEXTS

ENCODING = "o200k_base"

# In o200k_base: The| quick| brown| fox.
FOX = "The quick brown fox"


def told(*paths: str | Path, **world: Any) -> list[FileCount | LeftOut | str]:
    """The counts, and the problems as their text."""
    world = {"encoding": ENCODING, "left_out": Counter(), **world}
    found = count_files(map(str, paths), **world)
    return [one.problem if isinstance(one, UsageError) else one for one in found]


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@contextmanager
def blocks(size: int) -> Iterator[None]:
    """Read files in blocks of this size, even short ones."""
    with patch.object(spans, "BLOCK", size), patch.object(spans, "_SHORT", 0):
        yield


def test_files_and_folders_in_order(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    z = write(tmp_path / "z", FOX)
    b = write(tmp_path / "d" / "b", FOX + "\n")
    a = write(tmp_path / "d" / "a", "")
    assert told(z, tmp_path / "d", z) == [
        FileCount(z, 4),
        FileCount(a, 0),
        FileCount(b, 5),
        FileCount(z, 4),
    ]


def test_no_paths() -> None:
    assert told() == []


@settings(max_examples=60)
@given(text=TEXTS, block=st.integers(1, 30))
@example(text="".join(FRAGMENTS), block=1)
@example(text="👍é中" * 9, block=2)
@example(text="\r\na\r\n", block=1)
def test_a_file_in_blocks_has_the_count_of_its_whole(
    text: str, block: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Though characters, line ends and words lie across the ends of blocks."""
    path = write(tmp_path_factory.mktemp("corpus") / "file", text)
    with blocks(block), patch.object(tasks, "BATCH", 3 * block):
        assert told(path) == [FileCount(path, count(text, encoding=ENCODING))]


@pytest.mark.parametrize("engine", ["gigatoken", "tiktoken"])
def test_many_files_are_counted_by_what_counts_much(engine: str, tmp_path: Path) -> None:
    texts = [*SCRIPTS, CODE, "", "\n".join(SCRIPTS), "last"] * 3
    expected = []
    for number, text in enumerate(texts):
        path = write(tmp_path / f"{number:03}", text)
        expected.append(FileCount(path, count(text, encoding=ENCODING)))
    with (
        patch.object(bulk.Counter, "name", engine),
        patch.object(bulk, "LITTLE", 500),
        blocks(1000),
        patch.object(tasks, "BATCH", 2000),
    ):
        assert told(tmp_path) == expected


def test_special_tokens_are_ordinary_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a", "<|endoftext|>")
    assert told(path) == [FileCount(path, 7)]


def test_the_encoding(tmp_path: Path) -> None:
    path = write(tmp_path / "a", "    x = 1")
    assert [told(path, encoding=name) for name in ("gpt2", "p50k_base")] == [
        [FileCount(path, 6)],
        [FileCount(path, 4)],
    ]
    with pytest.raises(UsageError, match="there is no encoding 'x'"):
        told(path, encoding="x")


@pytest.mark.parametrize("short", [0, 2**16])
def test_what_is_no_text_is_left_out_of_folders(short: int, tmp_path: Path) -> None:
    nul = write(tmp_path / "a", b"\0" + FOX.encode())
    far = write(tmp_path / "b", b"x" * 8191 + b"\0")
    late = write(tmp_path / "c", b"x" * 8192 + b"y\0")
    long = write(tmp_path / "d", b"x " * 100_000 + b"\xff")
    cut = write(tmp_path / "e", b"caf\xc3")
    wide = write(tmp_path / "e2", FOX.encode("utf-16"))
    write(tmp_path / ".f", FOX)
    last = write(tmp_path / "g", FOX)
    left_out: Counter[str] = Counter()
    expected = count("x" * 8192 + "y\0", encoding=ENCODING)
    with blocks(8192), patch.object(spans, "_SHORT", short):
        assert told(tmp_path, left_out=left_out) == [
            LeftOut(nul, "binary"),
            LeftOut(far, "binary"),
            FileCount(late, expected),
            *(LeftOut(path, spans.ANOTHER_ENCODING) for path in (long, cut, wide)),
            FileCount(last, 4),
        ]
    assert left_out == {"binary": 2, spans.ANOTHER_ENCODING: 3, "hidden": 1}


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "latin-1", "cp1252", "shift_jis"])
def test_a_text_in_another_encoding(name: str, tmp_path: Path) -> None:
    text = "日本語 " * 9 if name == "shift_jis" else "Café au lait, très chaud. " * 9
    (tmp_path / "d").mkdir()
    path = write(tmp_path / "d" / "a", text.encode(name))
    for block in (7, 8192):
        with blocks(block):
            found = told(path, tmp_path / "d", input_encoding=name)
        assert found == [FileCount(path, count(text, encoding=ENCODING))] * 2


def test_a_text_that_is_not_in_the_encoding_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"\x81 and more")
    assert told(path, input_encoding="cp1252") == [f"'{path}' is not cp1252: byte 0x81 at offset 0"]
    odd = write(tmp_path / "b", "ab".encode("utf-16") + b"c")
    assert told(odd, input_encoding="utf-16") == [f"'{odd}' is not utf-16: byte 0x63 at offset 6"]


@pytest.mark.parametrize("short", [0, 2**16])
def test_what_is_no_text_is_named_where_its_path_was(short: int, tmp_path: Path) -> None:
    nul = write(tmp_path / "a", b"\0")
    cut = write(tmp_path / "b", b"caf\xc3")
    bad = write(tmp_path / "c", "é".encode() * 50 + b"\xff ")
    last = write(tmp_path / "d", FOX)
    with blocks(7), patch.object(spans, "_SHORT", short):
        assert told(nul, cut, bad, last) == [
            FileCount(nul, 1),
            f"'{cut}' is not UTF-8: byte 0xc3 at offset 3",
            f"'{bad}' is not UTF-8: byte 0xff at offset 100",
            FileCount(last, 4),
        ]


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    first, last = write(tmp_path / "a", FOX), write(tmp_path / "z", FOX)
    none = tmp_path / "none"
    assert told(first, none, last) == [
        FileCount(first, 4),
        f"cannot read '{none}': No such file or directory",
        FileCount(last, 4),
    ]


def test_a_file_that_goes_while_it_is_walked(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, FOX) for name in "ab"]

    def walk(*arguments: Any) -> Any:
        found = list(walking.walk(*arguments))
        Path(paths[0]).unlink()
        return found

    with patch.object(corpus, "walk", walk):
        assert told(tmp_path) == [
            f"cannot read '{paths[0]}': No such file or directory",
            FileCount(paths[1], 4),
        ]


@pytest.mark.parametrize("now", [FOX * 5000, FOX, ""])
def test_a_file_that_changes_while_it_is_walked(now: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a", f"{FOX} {FOX}")

    def walk(*arguments: Any) -> Any:
        found = list(walking.walk(*arguments))
        write(Path(path), now)
        return found

    with patch.object(corpus, "walk", walk):
        assert told(tmp_path) == [FileCount(path, count(now, encoding=ENCODING))]


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are refused from 150,000 characters on: what they cost grows as their square."""
    for module in (cutting, lines):
        monkeypatch.setattr(module, "LONGEST_RUN", 150_000)


def test_too_many_with_no_place_to_cut(tmp_path: Path) -> None:
    """tiktoken's engine cannot split them: the file is at fault."""
    path = write(tmp_path / "a", "é\n" + "/" * 900_000 + "x")
    problem = (
        f"'{path}' has 900,000 or more characters with no place to cut, from byte 2 on: "
        "too many to count their tokens"
    )
    assert told(path) == [problem]


@pytest.mark.usefixtures("short_runs")
def test_what_cannot_be_cut_stops_no_other_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a", "é\n" + "/" * 150_000 + "x")
    last = write(tmp_path / "b", FOX)
    problem = (
        f"'{path}' has 150,000 or more characters with no place to cut, from byte 2 on: "
        "too many to count their tokens"
    )
    assert told(path, last) == [problem, FileCount(last, 4)]
    assert told(tmp_path) == [problem, FileCount(last, 4)]


@pytest.mark.usefixtures("short_runs")
def test_a_long_run_is_refused_before_all_of_it_is_read(tmp_path: Path) -> None:
    read: list[int] = []
    path = write(tmp_path / "a", "\n" + "/" * (bulk.LITTLE - 1000))
    (found,) = count_files([path], encoding=ENCODING, left_out=Counter(), on_read=read.append)
    assert isinstance(found, UsageError)
    assert sum(read) < bulk.LITTLE / 2


def test_a_fifo_that_nobody_writes_to_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_PATIENCE", 0.01)
    os.mkfifo(tmp_path / "fifo")
    for field in (None, "text"):
        (found,) = told(tmp_path / "fifo", field=field)
        assert "a FIFO without a writer" in str(found)


@pytest.mark.parametrize("named", ["/dev/fd/{}", "/proc/self/fd/{}", "{}.link"])
def test_a_large_file_that_this_process_has_open_is_read_by_it(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `openai-cli tokens --files /dev/stdin < file` names one: a worker has another there."""
    monkeypatch.chdir(tmp_path)
    with Path(write(Path("text"), "one two three\n" * 200_000)).open() as file:
        path = named.format(file.fileno())
        Path(f"{file.fileno()}.link").symlink_to(f"/dev/fd/{file.fileno()}")
        assert told(path) == [FileCount(path, 800_000)]


def test_a_pipe_that_is_named_is_read(tmp_path: Path) -> None:
    """As `openai-cli tokens --files <(git diff)` names one."""
    receiver, sender = os.pipe()
    os.write(sender, FOX.encode())
    os.close(sender)
    assert told(f"/dev/fd/{receiver}") == [FileCount(f"/dev/fd/{receiver}", 4)]
    os.close(receiver)


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    write(Path(path), FOX)
    assert told(tmp_path) == [FileCount(path, 4)]


def test_what_is_read_is_told(tmp_path: Path) -> None:
    write(tmp_path / "a", FOX * 100)
    packed = write(tmp_path / "b.jsonl.gz", gzip.compress(b'{"text": "hello"}\n' * 1000))
    read: list[int] = []
    told(tmp_path / "a", on_read=read.append)
    assert sum(read) == 1900
    read.clear()
    assert told(packed, field="text", on_read=read.append) == [FileCount(packed, 1000)]
    assert sum(read) == Path(packed).stat().st_size


def test_memory_holds_a_few_batches(tmp_path: Path) -> None:
    """What was read and not yet given back is bounded, however many files there are."""
    for number in range(300):
        write(tmp_path / f"{number:03}", "word " * 10)
    read: list[int] = []
    with patch.object(tasks, "BATCH", 300), patch.object(bulk, "AHEAD", 4):
        found = count_files(
            [str(tmp_path)], encoding=ENCODING, left_out=Counter(), on_read=read.append
        )
        most = max(sum(read) - 50 * given for given, _ in enumerate(found, 1))
    assert most < 50 * 30


# JSONL


def jsonl(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def test_a_field_of_each_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", jsonl({"text": FOX, "x": FOX}, {"text": ""}, {"text": "hi"}))
    assert told(path, field="text") == [FileCount(path, 5)]


@pytest.mark.parametrize(
    ("field", "tokens"), [("a", 1), ("b.c", 2), ("b.d.e", 4), ("x.y", 1), ("x.z", 2), ("", 0)]
)
def test_fields_in_fields(field: str, tokens: int, tmp_path: Path) -> None:
    value = {
        "a": "hi",
        "b": {"c": "hello world", "d": {"e": FOX}},
        "x.y": "hi",
        "x": {"y": FOX, "z": "hello world"},
    }
    path = write(tmp_path / "a", jsonl(value))
    expected = count(jsonl(value).decode(), encoding=ENCODING) if not field else tokens
    assert told(path, field=field) == [FileCount(path, expected)]


@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_packed_or_not(pack: Any, tmp_path: Path) -> None:
    texts = [FOX, "é\n\u2028\0", "👍" * 100, "half \ud83d", "<|endoftext|>"]
    path = write(tmp_path / "a", pack(jsonl(*({"text": text} for text in texts)) + b"\n  \n"))
    expected = sum(count(text, encoding=ENCODING) for text in texts)
    assert told(path, field="text") == [FileCount(path, expected)]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"nonsense", "is not JSON: Expecting value at column 1"),
        (b'"text"', "is not a JSON object"),
        (b'["text"]', "is not a JSON object"),
        (b"{}", "has no field text"),
        (b'{"Text": "a"}', "has no field text"),
        (b'{"text": null}', "has no string in text"),
        (b'{"text": ["a"]}', "has no string in text"),
        (b'{"text": 7}', "has no string in text"),
        (b'{"text": "\xff"}', "is not UTF-8: byte 0xff at offset 10"),
        (
            b'{"text": "' + b"\\n" + b"/" * 150_000 + b'"}',
            "has 150,000 or more characters with no place to cut, from byte 0 on: "
            "too many to count their tokens",
        ),
    ],
)
@pytest.mark.usefixtures("short_runs")
def test_a_line_at_fault_is_named(line: bytes, problem: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a", b'{"text": "hi"}\n\n' + line + b'\n{"text": "hi"}')
    assert told(path, field="text") == [f"line 3 of '{path}' {problem}", FileCount(path, 2)]


def test_a_field_in_what_is_no_object(tmp_path: Path) -> None:
    path = write(tmp_path / "a", jsonl({"a": "text"}, {"a": {"b": "hi"}}))
    assert told(path, field="a.b") == [f"line 1 of '{path}' has no field a.b", FileCount(path, 1)]


@pytest.mark.parametrize(
    ("field", "tokens"),
    [
        ("messages.0.content", 1),
        ("messages.1.content", 4),
        ("messages[1].content", 4),
        ("messages[-1].content", 4),
        ("messages[*].content", 5),
        ("messages[?role=='user'].content", 4),
        ("join(' ', messages[].content)", 5),
        ('"a.b"', 4),
        ("a.b", 4),
    ],
)
def test_a_field_in_a_list(field: str, tokens: int, tmp_path: Path) -> None:
    messages = [{"role": "system", "content": "Hi"}, {"role": "user", "content": FOX}]
    path = write(tmp_path / "a", jsonl({"messages": messages, "a.b": FOX}))
    assert told(path, field=field) == [FileCount(path, tokens)]


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("messages.2.content", "has no field messages.2.content"),
        ("messages.-1.content", "has no field messages.-1.content"),
        ("messages[2].content", "has no field messages[2].content"),
        ("messages[*].role", "has no string in messages[*].role"),
        ("messages[*].none", "has no string in messages[*].none"),
        ("length(@)[0]", "has no field length(@)[0]"),
    ],
)
def test_a_field_that_is_in_no_list(field: str, problem: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a", jsonl({"messages": [{"content": "Hi", "role": 7}] * 2}))
    assert told(path, field=field) == [f"line 1 of '{path}' {problem}", FileCount(path, 0)]


def test_a_function_that_fails_on_a_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a", jsonl({"a": 1}))
    problem, _ = told(path, field="join(' ', a)")
    assert str(problem).startswith(
        f"line 1 of '{path}' has nothing for --jsonl: In function join()"
    )


@pytest.mark.parametrize("field", ["a[", "nope(@)", "[" * 3000, "a | | b"])
def test_what_is_no_expression(field: str) -> None:
    with pytest.raises(UsageError, match=r"--jsonl: .* is neither a field nor JMESPath"):
        told(field=field)


@settings(max_examples=200)
@given(
    st.text(alphabet="ab.0[]*?|@&(){}'\"<>=! ,:sum", max_size=14),
    st.sampled_from(["sum(a)", "abs(a)", "contains(a, '1')", "sort_by(a, &b)", "a[?b > `1`]",
                     "max(a)", "join(',', a)", "to_number(a)", "a[::0]", "a[*].b"]),
    st.sampled_from([1, "x", None, [1, "x"], [{"b": 1}, {"b": "x"}], {"b": [1]}]),
)  # fmt: skip
def test_any_field_of_any_value_has_texts_or_none(typed: str, known: str, value: Any) -> None:
    for field in (typed, known):
        try:
            texts = Field(field or "a").texts({"a": value})
        except UsageError:
            continue
        assert all(isinstance(text, str) for text in texts)


def test_of_many_lines_at_fault_a_few_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"{}\n" * 105 + b'{"text": "hi"}\n')
    assert told(path, field="text") == [
        *(f"line {number} of '{path}' has no field text" for number in range(1, 6)),
        f"'{path}' has 100 more such lines",
        FileCount(path, 1),
    ]


@pytest.mark.parametrize("harm", [lambda data: data[:-9], lambda data: data[:30] + b"\xff" * 30])
def test_a_broken_gzip_file_has_no_count(harm: Any, tmp_path: Path) -> None:
    lines = jsonl(*({"text": f"{number}"} for number in range(2000)))
    path = write(tmp_path / "a", harm(gzip.compress(lines)))
    problem = f"'{path}' cannot be read: its gzip data is broken or not whole"
    assert told(path, field="text") == [problem]


def test_a_gzip_file_with_another_check_sum(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(jsonl({"text": "hi"})))
    packed[-8] ^= 1
    path = write(tmp_path / "a", bytes(packed))
    (problem,) = told(path, field="text")
    assert str(problem).startswith(f"cannot read '{path}': CRC check failed")


def test_in_folders_files_are_jsonl_by_name(tmp_path: Path) -> None:
    line = jsonl({"text": "hi"})
    paths = [write(tmp_path / name, line) for name in ("a.jsonl", "b.ndjson")]
    paths += [write(tmp_path / name, gzip.compress(line)) for name in ("c.jsonl.gz", "d.ndjson.gz")]
    for name in ("e.json", "f", "g.gz", "jsonl"):
        write(tmp_path / name, line)
    left_out: Counter[str] = Counter()
    expected = [FileCount(path, 1) for path in paths]
    assert told(tmp_path, field="text", left_out=left_out) == expected
    assert left_out == {"not JSONL": 4}


def test_a_long_line(tmp_path: Path) -> None:
    text = " ".join(f"word {number}" for number in range(100_000))
    path = write(tmp_path / "a", jsonl({"text": text}, {"text": "hi"}))
    with patch.object(bulk, "LITTLE", 1000):
        assert told(path, field="text") == [FileCount(path, count(text, encoding=ENCODING) + 1)]
