"""Files beyond the disk, by the filesystem of fsspec that is in memory: as those of the disk."""

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import fsspec
import pytest

from openai_cli.tokens.corpus import FileCount, LeftOut
from openai_cli.tokens.remote_paths import is_remote
from tests.conftest import Run
from tests.tokens.test_corpus import FOX, jsonl, told


@pytest.fixture
def store() -> Iterator[Any]:
    """A store in memory with a folder `d`."""
    system = fsspec.filesystem("memory")
    files = {
        "/d/b.txt": FOX.encode(),
        "/d/a/z.jsonl": jsonl({"text": FOX}, {}),
        "/d/.hidden": b"x",
        "/d/.git/config": b"x",
        "/d/.gitignore": b"*.txt\n",
        "/d/c.bin": b"\0\1",
        "/other.txt": b"hello",
    }
    for path, content in files.items():
        system.pipe(path, content)
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def test_what_is_an_address() -> None:
    assert all(map(is_remote, ["s3://b/x", "gs://b", "hf://datasets/x/y", "abfs://c@a/x"]))
    assert not any(map(is_remote, ["a", "/a://b", "./s3://b", "s3:/b", "://", "3s://b", "a b://c"]))


def test_a_folder_is_walked_as_one_of_the_disk(store: Any) -> None:
    left_out = Counter[str]()
    assert told("memory://d", left_out=left_out) == [
        FileCount("memory://d/a/z.jsonl", 10),
        FileCount("memory://d/b.txt", 4),
        LeftOut("memory://d/c.bin", "binary"),
    ]
    assert left_out == {"hidden": 3, "binary": 1}


def test_what_is_named_is_taken_whatever_it_is(store: Any) -> None:
    paths = ["memory://other.txt", "memory://d/.hidden", "memory://d/c.bin", "memory://d/b.txt"]
    assert told(*paths) == [
        FileCount(path, count) for path, count in zip(paths, [1, 1, 2, 4], strict=True)
    ]


def test_a_pattern(store: Any) -> None:
    store.pipe("/e/b[1].txt", FOX.encode())
    store.pipe("/e/b1.txt", b"hello")
    assert told("memory://e/b?.txt") == [FileCount("memory:///e/b1.txt", 1)]
    assert told("memory://e/b[1].txt") == [FileCount("memory://e/b[1].txt", 4)]
    assert told("memory://d/*.txt", "memory://*") == [
        FileCount("memory:///d/b.txt", 4),
        *told("memory:///d", "memory:///e"),
        FileCount("memory:///other.txt", 1),
    ]
    assert told("memory://d/*.none") == ["cannot read 'memory://d/*.none': no file matches it"]


def test_a_field_of_jsonl(store: Any) -> None:
    left_out = Counter[str]()
    assert told("memory://d", field="text", left_out=left_out) == [
        "line 2 of 'memory://d/a/z.jsonl' has no field text",
        FileCount("memory://d/a/z.jsonl", 4),
    ]
    assert left_out == {"hidden": 3, "not JSONL": 2}


def test_a_large_file_is_read_in_spans(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store.pipe("/large", FOX.encode() * 500)
    monkeypatch.setattr("openai_cli.tokens.bulk.TASK", 1000)
    monkeypatch.setattr("openai_cli.tokens.bulk.Counter.size", 1000)
    monkeypatch.setattr("openai_cli.tokens.bulk.LITTLE", 3000)
    whole = told("memory://large")
    monkeypatch.undo()
    assert whole == told("memory://large")


def test_what_cannot_be_read_is_named(store: Any) -> None:
    expected = [
        "cannot read 'memory://none': No such file or directory",
        FileCount("memory://other.txt", 1),
    ]
    assert told("memory://none", "memory://other.txt") == expected
    unknown, chain = told("nope://x", "zip://a::memory://b")
    assert str(unknown).startswith("'nope://x' is not an address that fsspec knows")
    assert chain == "'zip://a::memory://b' is a chain of URLs, which is not supported"


def test_a_failure_of_any_kind_while_it_is_read(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StrangeError(Exception):
        """What a package of a filesystem raises."""

    def fail(*_: Any, **__: Any) -> Any:
        raise StrangeError("the token is too old\nand more")

    monkeypatch.setattr(type(store), "open", fail)
    assert told("memory://other.txt") == ["cannot read 'memory://other.txt': the token is too old"]
    monkeypatch.setattr(type(store), "ls", fail)
    assert told("memory://d") == ["cannot read 'memory://d': the token is too old"]
    monkeypatch.setattr(type(store), "info", fail)
    assert told("memory://d") == ["cannot read 'memory://d': the token is too old"]


@pytest.mark.parametrize(
    ("missing", "path", "said"),
    [
        ("fsspec", "s3://b/x", "'s3://b/x' needs fsspec; pip install fsspec s3fs"),
        ("fsspec", "memory://x", "'memory://x' needs fsspec; pip install fsspec"),
        ("s3fs", "s3://b/x", "'s3://b/x' needs s3fs; pip install s3fs"),
        ("gcsfs", "gs://b/x", "'gs://b/x' needs gcsfs; pip install gcsfs"),
        ("huggingface_hub", "hf://datasets/a/b", "needs huggingface_hub; pip install hugging"),
    ],
)
def test_what_is_not_installed_is_named(
    missing: str, path: str, said: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    done = run("tokens", "--files", path)
    assert done.code == 2
    assert said in done.err


def test_commands_take_addresses(run: Run, store: Any) -> None:
    done = run("tokens", "--files", "memory://d/b.txt", "memory://other.txt")
    assert done.text == "       4 memory://d/b.txt\n       1 memory://other.txt\n       5 total\n"
    listed = run("tokens", "--files-from", "-", stdin=b"memory://other.txt\n")
    assert listed.text == "       1 memory://other.txt\n"
    priced = run("cost", "--files", "memory://d/b.txt", "--output-tokens", "1", "--csv")
    assert priced.code == 0
    assert "memory://d/b.txt" in priced.text
