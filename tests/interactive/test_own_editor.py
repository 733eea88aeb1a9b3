"""The user's own editor, for which a shell script stands in."""

import signal
import tempfile
from pathlib import Path

import pytest

from openai_cli.commands.interactive.own_editor import edited
from openai_cli.context import Context
from openai_cli.errors import UsageError


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files are made that last for a while; Python looks for the folder once."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


def script(path: Path, text: str) -> str:
    """A command that does this with its last argument, $1."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return str(path)


def with_editor(command: str) -> Context:
    return Context.test(environ={"EDITOR": command})


def test_what_is_saved_is_the_text(tmp_path: Path, temporary: Path) -> None:
    command = script(tmp_path / "ed", 'cat "$1" >seen; printf "b\\n\\n" >>"$1"')
    context = with_editor(f"env --chdir={tmp_path} {command}")
    assert edited(context, "a") == "a\nb\n"
    assert (tmp_path / "seen").read_text() == "a\n"
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"VISUAL": "one", "EDITOR": "two"}, "one"),
        ({"VISUAL": "", "EDITOR": "two"}, "two"),
        ({"EDITOR": "'of blanks' -x"}, "of blanks"),
        ({}, "editor"),
    ],
)
def test_which_editor(
    environ: dict[str, str], found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("one", "two", "of blanks", "vi", "editor"):
        script(folder / name, f'for file; do :; done; printf "{name}" >"$file"')
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    assert edited(Context.test(environ=environ), "") == found


@pytest.mark.parametrize(
    ("does", "problem"),
    [
        ("exit 3", "ended with exit code 3"),
        ("kill -TERM $$", "was ended by signal 15"),
        (r'printf "\377" >"$1"', "what was written is not UTF-8: byte 0xff at offset 0"),
    ],
)
def test_what_was_written_is_kept_where_the_editor_fails(
    does: str, problem: str, tmp_path: Path, temporary: Path
) -> None:
    context = with_editor(script(tmp_path / "ed", f'printf "precious" >"$1"; {does}'))
    with pytest.raises(UsageError) as raised:
        edited(context, "as it was")
    assert problem in raised.value.problem
    (kept,) = temporary.iterdir()
    assert raised.value.hint == f"nothing was sent; what was written is kept in {kept}"
    assert kept.read_bytes() in (b"precious", b"\xff")


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("/nowhere/ed", "the editor '/nowhere/ed' could not be run: No such file or directory"),
        ("false", "the editor 'false' ended with exit code 1"),
        ("sh -c 'rm \"$0\"; exit 1'", "ended with exit code 1"),
        ("'ed", 'EDITOR is not a command: "\'ed"'),
        (" ", "EDITOR is not a command: ' '"),
    ],
)
def test_where_nothing_was_written_nothing_is_kept(
    command: str, problem: str, temporary: Path
) -> None:
    with pytest.raises(UsageError) as raised:
        edited(with_editor(command), "as it was")
    assert problem in raised.value.problem
    assert list(temporary.iterdir()) == []


def test_what_was_typed_and_is_no_utf8_stays_where_it_is(temporary: Path) -> None:
    with pytest.raises(UsageError, match="what was written is not UTF-8: byte 0xff at offset 1"):
        edited(with_editor("true"), "a\udcff")
    assert list(temporary.iterdir()) == []


def test_where_no_file_can_be_made(temporary: Path) -> None:
    temporary.rmdir()
    with pytest.raises(UsageError, match="no file can be made for the editor: No such file"):
        edited(with_editor("true"), "a")


def test_where_there_is_no_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="there is no editor"):
        edited(Context.test(), "")


def test_ctrl_c_is_the_editors_alone(tmp_path: Path) -> None:
    """It goes to both, and ends neither us nor, by a handler that it inherits, its being heeded."""
    before = signal.getsignal(signal.SIGINT)
    does = "kill -INT $PPID; trap \"printf heeded >'$1'; exit\" INT; kill -INT $$; exit 1"
    assert edited(with_editor(script(tmp_path / "ed", does)), "") == "heeded"
    assert signal.getsignal(signal.SIGINT) == before
