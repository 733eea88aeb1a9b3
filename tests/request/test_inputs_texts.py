"""The text of a call and of its prompts: what reads a file, and what only looks like one."""

import os
from pathlib import Path
from typing import Any

import pytest

from openai_cli.context import Context
from openai_cli.records import replace
from tests.flags.commandline import Ended, body, call, execute, refused, user_text

TEXT_FLAGS = [
    ("chat", "--system", lambda sent: sent["messages"][0]["content"]),
    ("chat", "--developer", lambda sent: sent["messages"][0]["content"]),
    ("respond", "--instructions", lambda sent: sent["instructions"]),
    ("complete", "--suffix", lambda sent: sent["suffix"]),
]


@pytest.mark.parametrize(("command", "flag", "found"), TEXT_FLAGS)
def test_a_text_flag_reads_a_file_stdin_and_a_text_that_begins_with_at(
    command: str, flag: str, found: Any, tmp_path: Path
) -> None:
    path = tmp_path / "text.md"
    path.write_bytes(b"Be brief.\n")
    assert found(body(command, "Q", flag, f"@{path}")) == "Be brief.\n"
    assert found(body(command, "Q", flag, "@-", stdin=b"Be brief.\n")) == "Be brief."
    assert found(body(command, "Q", flag, "@@ana")) == "@ana"
    assert f"{flag}: cannot read '{path}x'" in refused(command, "Q", flag, f"@{path}x")


@pytest.mark.parametrize(
    ("command", "flag", "name"),
    [
        ("complete", "--prompt", "prompt"),
        ("respond", "--input", "input"),
        ("embed", "--input", "input"),
        ("moderate", "--input", "input"),
        ("speak --voice alloy", "--input", "input"),
        ("image generate", "--prompt", "prompt"),
    ],
)
def test_the_text_of_a_call_as_a_flag_reads_a_file_and_stdin(
    command: str, flag: str, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "text.md"
    path.write_bytes(b"Some text\n")
    assert body(command, flag, f"@{path}")[name] == "Some text\n"
    assert body(command, flag, "@-", stdin=b"Some text\n")[name] == "Some text"
    assert body(command, flag, "-", stdin=b"Some text\n")[name] == "Some text"
    assert body(command, flag, "@@ana")[name] == "@ana"


def test_each_message_reads_its_own_file(tmp_path: Path) -> None:
    path = tmp_path / "text.md"
    path.write_bytes(b"a: b\n")
    typed = [f"--message=user:@{path}", "--message=assistant:@@a", "--message=user:@-"]
    messages = body("chat", "Q", *typed, stdin=b"piped\n")["messages"]
    assert [message["content"] for message in messages] == ["a: b\n", "@a", "piped", "Q"]


def test_stdin_that_a_system_message_took_goes_not_before_the_argument() -> None:
    for more in ((), ("--continue", "none.json")):
        messages = body("chat", "Q", "--system", "@-", *more, stdin=b"piped\n")["messages"]
        assert [message["content"] for message in messages] == ["piped", "Q"]
    assert "stdin is read by --system" in refused(
        "chat", "Q", "--system", "@-", "--developer", "@-", stdin=b"piped\n"
    )


def test_the_argument_and_stdin_are_texts_whatever_they_begin_with() -> None:
    assert user_text("@f") == "@f"
    assert user_text("@@f") == "@@f"
    assert user_text(stdin=b"@f\n") == "@f"


def test_a_text_that_is_no_utf_8_is_refused_under_its_flag(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"a\xff")
    assert "error: --system is not UTF-8: byte 0xff at offset 1" in refused(
        "chat", "Q", "--system", f"@{tmp_path}/f"
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a command runs in, with a file, one of an odd name, and a folder."""
    (tmp_path / "notes.md").write_text("What is in it\n")
    (tmp_path / "two words.md").write_text("What is in it\n")
    (tmp_path / "prompts").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("chat", "notes.md"), "'notes.md' is taken as text, but a file has this name; < notes"),
        (("chat", "@notes.md"), "'@notes.md' is taken as text, but a file has this name; < notes"),
        (("complete", "two words.md"), "a file has this name; < 'two words.md' reads the file"),
        (("chat", "./notes.md"), "a file has this name; < ./notes.md reads the file"),
        (("respond", "prompts"), "'prompts' is taken as text, but a folder has this name\n"),
        (("embed", "notes.md"), "'notes.md' is taken as text, but a file has this name; < notes"),
        (("moderate", "notes.md"), "a file has this name; < notes.md reads the file"),
        (("speak", "notes.md", "--voice", "alloy"), "has this name; < notes.md reads the file"),
        (("image", "generate", "notes.md"), "a file has this name; < notes.md reads the file"),
        (("chat", "Q", "--system", "notes.md"), "--system 'notes.md' is taken as text, but a "
         "file has this name; @notes.md reads the file"),
        (("chat", "Q", "--developer", "notes.md"), "--developer 'notes.md' is taken as text"),
        (("chat", "Q", "--message", "user:notes.md"), "--message 'notes.md' is taken as text"),
        (("respond", "Q", "--instructions", "notes.md"), "--instructions 'notes.md' is taken as"),
        (("respond", "--input", "notes.md"), "--input 'notes.md' is taken as text, but a "
         "file has this name; @notes.md reads the file"),
        (("complete", "Q", "--suffix", "notes.md"), "--suffix 'notes.md' is taken as text"),
        (("complete", "--prompt", "a", "--prompt", "notes.md"), "--prompt 'notes.md' is taken as"),
        (("chat", "Q", "--system", "prompts"), "--system 'prompts' is taken as text, but a "
         "folder has this name\n"),
    ],
)  # fmt: skip
def test_a_text_that_is_the_name_of_what_exists_stays_text_and_is_told_of(
    typed: tuple[str, ...], said: str
) -> None:
    ended = call(*typed, "--dry-run")
    assert ended.code == 0
    assert ended.err.startswith("openai-cli: notice: ")
    assert said in ended.err
    assert ended.err.count(" is taken as text") == 1
    assert "What is in it" not in ended.out.decode()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", ["tokens", "cost"])
@pytest.mark.parametrize(
    ("typed", "noun"),
    [(["notes.md"], "file"), (["@notes.md"], "file"), (["prompts"], "folder"),
     (["notes.md", "prompts"], "file")],
)  # fmt: skip
def test_what_counts_says_that_files_are_counted_by_files(
    command: str, typed: list[str], noun: str
) -> None:
    ended = call(command, *typed)
    assert ended.code == 0
    name = "prompts" if noun == "folder" else "notes.md"
    assert f"a {noun} has this name; --files {name} reads the {noun}" in ended.err
    assert call(command, *typed, "--quiet").err == ""


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "typed",
    [("chat", "none.md"), ("chat", "@none.md"), ("chat", ""), ("chat", "x" * 5000),
     ("chat", "Q", "--system", "@notes.md"), ("chat", "Q", "--system", "@@notes.md"),
     ("tokens", "see", "notes.md"), ("tokens", "--files", "notes.md")],
)  # fmt: skip
def test_no_other_text_is_told_of(typed: tuple[str, ...]) -> None:
    more = () if typed[0] == "tokens" else ("--dry-run",)
    ended = call(*typed, *more)
    assert ended.code == 0
    assert "is taken as text" not in ended.err


@pytest.mark.usefixtures("folder")
def test_what_comes_by_stdin_is_no_name() -> None:
    assert call("chat", "--dry-run", stdin=b"notes.md\n").err == ""


def from_pipe(content: bytes, *arguments: str) -> Ended:
    """How a command line ends whose stdin is a real pipe with this in it, and an end."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    with os.fdopen(reading, "rb") as stdin:
        return execute(replace(Context.test(stdin=b""), stdin=stdin), *arguments)


ASKING = ["chat", "complete", "respond"]


@pytest.mark.parametrize("command", ASKING)
def test_an_empty_pipe_beside_an_argument_is_told_of(command: str) -> None:
    for content in (b"", b"\n"):
        ended = from_pipe(content, command, "Q", "--dry-run", "-m", "m")
        assert ended.code == 0
        assert ended.err == "openai-cli: notice: stdin is empty: the argument alone is sent\n"
    assert from_pipe(b"x", command, "Q", "--dry-run", "-m", "m").err == ""
    assert from_pipe(b"", command, "Q", "--dry-run", "-m", "m", "--no-stdin").err == ""
    with Path(os.devnull).open("rb") as stdin:
        nobody = replace(Context.test(stdin=b""), stdin=stdin)
        assert execute(nobody, command, "Q", "--dry-run", "-m", "m").err == ""


@pytest.mark.parametrize("command", ASKING)
def test_an_input_that_is_required(command: str) -> None:
    empty = "error: stdin is empty, and --require-input demands something\n"
    for content in (b"", b"\n"):
        assert empty in refused(command, "Q", "--require-input", stdin=content)
        assert empty in refused(command, "-", "--require-input", stdin=content)
    unread = "error: stdin is not read, and --require-input demands it\n"
    assert unread in refused(command, "Q", "--require-input")
    assert unread in refused(command, "Q", "--require-input", "--no-stdin", stdin=b"x")
    assert body(command, "Q", "--require-input", stdin=b"x") == body(command, "Q", stdin=b"x")
