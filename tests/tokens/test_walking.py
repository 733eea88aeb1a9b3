"""Which files paths name, and what is left out of folders."""

import inspect
import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from openai_cli.errors import UsageError
from openai_cli.tokens.walking import Found, walk


def make(root: Path, *paths: str, **rules: str) -> None:
    """Empty files, and a .gitignore in each folder that is a key; `top` is the root."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    for folder, lines in rules.items():
        (root / ("" if folder == "top" else folder) / ".gitignore").write_text(lines)


def found(*paths: str | Path) -> list[str]:
    """The files that are found, relative to the one folder that is named if it is one."""
    walked = [file for file in walk(map(str, paths), Counter()) if isinstance(file, Found)]
    return [os.path.relpath(file.path, paths[0]) for file in walked]


def left_out(*paths: str | Path) -> dict[str, int]:
    counts: Counter[str] = Counter()
    assert all(isinstance(file, Found) for file in walk(map(str, paths), counts))
    return dict(counts)


def places(paths: Iterable[str]) -> list[Found | UsageError]:
    """What is found, whatever its size."""
    found = walk(paths, Counter())
    return [one._replace(size=None) if isinstance(one, Found) else one for one in found]


def test_the_size_of_files_and_of_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hello")
    os.mkfifo(tmp_path / "pipe")
    paths = [tmp_path, tmp_path / "a", tmp_path / "pipe"]
    sizes = [one.size for one in walk(map(str, paths), Counter()) if isinstance(one, Found)]
    assert sizes == [5, 5, None]


def test_a_folder_is_walked_by_name(tmp_path: Path) -> None:
    make(tmp_path, "b", "a/z", "a/b/c", "c/d", "B", "a.txt")
    assert found(tmp_path) == ["B", "a/b/c", "a/z", "a.txt", "b", "c/d"]


def test_paths_are_kept_as_they_were_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a/b")
    monkeypatch.chdir(tmp_path)
    assert places(["a", "./a", "a/../a/b", "a"]) == [
        Found("a/b", is_named=False),
        Found("./a/b", is_named=False),
        Found("a/../a/b", is_named=True),
        Found("a/b", is_named=False),
    ]


def test_an_empty_folder_has_no_files(tmp_path: Path) -> None:
    assert found(tmp_path) == []
    assert left_out(tmp_path) == {}


def test_what_is_hidden_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, ".a", ".git/config", "b/.c/d", "b/e")
    assert found(tmp_path) == ["b/e"]
    assert left_out(tmp_path) == {"hidden": 3}


def test_links_and_devices_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a/b")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "link").symlink_to(tmp_path / "a" / "b")
    (tmp_path / "a" / "dangling").symlink_to("nothing")
    os.mkfifo(tmp_path / "a" / "pipe")
    assert found(tmp_path) == ["a/b"]
    assert left_out(tmp_path) == {"link": 3, "special": 1}


def test_what_is_named_is_taken_whatever_it_is(tmp_path: Path) -> None:
    make(tmp_path, ".hidden", "x.log", ".folder/a", top="*.log\n")
    (tmp_path / "link").symlink_to("x.log")
    (tmp_path / "folder").symlink_to(".folder", target_is_directory=True)
    os.mkfifo(tmp_path / "pipe")
    named = [tmp_path / name for name in (".hidden", "x.log", "link", "pipe")]
    assert places(map(str, named)) == [Found(str(path), is_named=True) for path in named]
    assert found(tmp_path / "folder") == ["a"]
    assert found(tmp_path / ".folder") == ["a"]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("*.log\n", ["a", "d/a", "d/build/x", "d/e/a", "build/x"]),
        ("*.log", ["a", "d/a", "d/build/x", "d/e/a", "build/x"]),
        ("a\r\n", ["x.log", "d/x.log", "d/build/x", "build/x"]),
        ("\ufeffa\n", ["x.log", "d/x.log", "d/build/x", "build/x"]),
        ("/a\n", ["x.log", "d/a", "d/x.log", "d/build/x", "d/e/a", "build/x"]),
        ("build/\n", ["a", "x.log", "d/a", "d/x.log", "d/e/a"]),
        ("/build\n", ["a", "x.log", "d/a", "d/x.log", "d/build/x", "d/e/a"]),
        ("d/e\n", ["a", "x.log", "d/a", "d/x.log", "d/build/x", "build/x"]),
        ("**/e/*\n", ["a", "x.log", "d/a", "d/x.log", "d/build/x", "build/x"]),
        ("*\n!*/\n!*.log\n", ["x.log", "d/x.log"]),
        ("d/*\n!d/e\n", ["a", "x.log", "d/e/a", "build/x"]),
        ("d/\n!d/e/a\n", ["a", "x.log", "build/x"]),
        ("# a\n\n\\#a\n", ["a", "x.log", "d/a", "d/x.log", "d/build/x", "d/e/a", "build/x"]),
        ("!\n\\\n[z-a]\n[[a]\n*.log\n", ["d/build/x", "build/x"]),
    ],
)
def test_patterns(rules: str, expected: list[str], tmp_path: Path) -> None:
    """As git has them (gitignore(5)); a line that is no pattern is passed over."""
    make(tmp_path, "a", "x.log", "d/a", "d/x.log", "d/build/x", "d/e/a", "build/x", top=rules)
    assert sorted(found(tmp_path)) == sorted(expected)


def test_the_nearest_rules_come_first(tmp_path: Path) -> None:
    make(tmp_path, "x.log", "d/x.log", "d/e/x.log", "d/e/f/x.log", "d/e/f/y", top="*.log\n",
         d="!*.log\n", **{"d/e/f": "x.*\n/y\n"})  # fmt: skip
    assert found(tmp_path) == ["d/e/x.log", "d/x.log"]
    assert left_out(tmp_path) == {"hidden": 3, "ignored": 3}


def test_the_rules_of_the_repository_hold_in_its_folders(tmp_path: Path) -> None:
    make(tmp_path, "r/.git/config", "r/d/e/x.log", "r/d/e/a", "r/d/e/f/a", "r/d/e/b",
         top="*\n", r="*.log\n/d/e/a\n", **{"r/d": "e/b\n"})  # fmt: skip
    assert found(tmp_path / "r" / "d" / "e") == ["f/a"]


def test_outside_of_a_repository_those_above_do_not_hold(tmp_path: Path) -> None:
    make(tmp_path, "d/x.log", "d/e/y.log", top="*.log\n", d="y.log\n")
    assert found(tmp_path / "d") == ["x.log"]


@pytest.mark.parametrize("rule", ["build/", "/build", "bu*", "*"])
def test_a_folder_that_is_named_is_walked_though_it_is_ignored(rule: str, tmp_path: Path) -> None:
    make(tmp_path, ".git/config", "build/a", "build/b/c", "build/b/x.log", top=f"{rule}\n")
    (tmp_path / "build" / ".gitignore").write_text("*.log\n")
    assert found(tmp_path / "build") == ["a", "b/c"]
    assert found(tmp_path / "build" / "b") == ["c", "x.log"]
    assert found(tmp_path) == []


def test_what_cannot_be_read_is_named_and_the_rest_is_walked(tmp_path: Path) -> None:
    make(tmp_path, "a", "z")
    paths = [str(tmp_path / name) for name in ("a", "none", "a/b", "nul\0", "z")]
    walked = places(paths)
    assert [walked[0], walked[4]] == [Found(paths[0], True), Found(paths[4], True)]
    problems = [error.problem for error in walked if isinstance(error, UsageError)]
    assert problems == [
        f"cannot read '{paths[1]}': No such file or directory",
        f"cannot read '{paths[2]}': Not a directory",
        f"'{paths[3]}' is not a file name",
    ]


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a/x", "b/x")
    listed = os.listdir

    def listdir(path: str) -> list[str]:
        if path.endswith("/a"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "listdir", listdir)
    error, file = walk([str(tmp_path)], Counter())
    assert isinstance(error, UsageError)
    assert error.problem == f"cannot read '{tmp_path}/a': Permission denied"
    assert isinstance(file, Found)


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    for name in (b"caf\xe9", b"caf\xe9.log"):
        with open(folder + b"/" + name, "wb"):  # noqa: PTH123 - bytes
            pass
    (tmp_path / ".gitignore").write_bytes(b"caf\xe9.*\n")
    (file,) = [file for file in walk([str(tmp_path)], Counter()) if isinstance(file, Found)]
    assert os.fsencode(file.path) == folder + b"/caf\xe9"


def test_folders_nested_deeper_than_python_calls(tmp_path: Path) -> None:
    make(tmp_path, "d/" * 200 + "a")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        assert [path.count("d/") for path in found(tmp_path)] == [200]
    finally:
        sys.setrecursionlimit(limit)


def test_the_other_files_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By gitignore(5): a .gitignore goes before info/exclude, and that before the user's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    make(tmp_path / "r", ".git/info/exclude", "a", "b", "c", "d/a", "d/e", top="!c\n")
    make(tmp_path, "config/git/ignore", "own")
    (tmp_path / "r" / ".git" / "info" / "exclude").write_text("a\nc\n!e\n")
    (tmp_path / "config" / "git" / "ignore").write_text("b\ne\n")
    assert found(tmp_path / "r") == ["c", "d/e"]
    assert found(tmp_path / "r" / "d") == ["e"]
    (tmp_path / "own").write_text("d\n")
    (tmp_path / "gitconfig").write_text(f"[core]\n\texcludesFile = {tmp_path}/own\n")
    assert found(tmp_path / "r") == ["b", "c"]


def test_a_worktree_has_the_exclude_file_of_its_repository(tmp_path: Path) -> None:
    make(tmp_path, "r/.git/info/exclude", "r/.git/worktrees/w/commondir", "w/a", "w/b")
    (tmp_path / "r" / ".git" / "info" / "exclude").write_text("a\n")
    (tmp_path / "r" / ".git" / "worktrees" / "w" / "commondir").write_text("../..\n")
    (tmp_path / "w" / ".git").write_text(f"gitdir: {tmp_path}/r/.git/worktrees/w\n")
    assert found(tmp_path / "w") == ["b"]


def test_without_git_the_files_of_a_repository_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    make(tmp_path, "r/.git/info/exclude", ".config/git/ignore", "r/a", "r/b", "r/c")
    (tmp_path / "r" / ".git" / "info" / "exclude").write_text("a\n")
    (tmp_path / ".config" / "git" / "ignore").write_text("b\n")
    assert found(tmp_path / "r") == ["c"]


@pytest.mark.parametrize("named", ["r", "r/d", "r/d/e"])
def test_rules_that_cannot_be_read_are_named_and_the_rest_is_walked(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "r/.git/config", "r/d/e/a", "r/d/e/b", top="", r="a\n", **{"r/d": "b\n"})
    refused = tmp_path / "r" / "d" / ".gitignore"
    read = Path.read_bytes

    def read_bytes(self: Path) -> bytes:
        if self == refused:
            raise PermissionError(13, "Permission denied")
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    met = list(walk([str(tmp_path / named)], Counter()))
    files = [file.path for file in met if isinstance(file, Found)]
    assert files == [str(tmp_path / "r" / "d" / "e" / "b")]
    errors = [error.problem for error in met if isinstance(error, UsageError)]
    assert errors == [f"cannot read '{refused}': Permission denied"]
