"""What a command reads: its argument, stdin, files; and what it leaves alone."""

import io
import json
import os
import pty
import select
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.records import replace
from openai_cli.request.inputs import Inputs, check_arguments
from tests.conftest import COMMAND, Run
from tests.flags.commandline import body, execute, refused, user_text

NO_STDIN = {"OPENAI_CLI_NO_STDIN": "1"}
MESSAGES = '[{"role": "user", "content": "flagged"}]'


@pytest.mark.parametrize(
    ("typed", "stdin", "text"),
    [
        (("Q",), b"piped\n", "piped\n\nQ"),
        (("Q",), b"piped", "piped\n\nQ"),
        (("Q",), b"piped\n\n", "piped\n\n\nQ"),
        (("Q\n",), b"piped\n", "piped\n\nQ\n"),
        (("Q",), b"", "Q"),
        (("Q",), b"\n", "Q"),
        ((), b"piped\n", "piped"),
        ((), b"a\nb\n\n", "a\nb\n"),
        ((), b" a \n", " a "),
        ((), b"a\r\nb\r\nc", "a\r\nb\r\nc"),
        ((), b"a\r\nb\r\n", "a\r\nb\r"),
        ((), b"a\rb\r", "a\rb\r"),
        ((), b"a\x00b\x1b[31m\n", "a\x00b\x1b[31m"),
        ((), "é\u2028\n".encode(), "é\u2028"),
        ((), b"\xef\xbb\xbfa", "\ufeffa"),
        (("-",), b"piped\n", "piped"),
        ((), b'{"role": "user"}\n', '{"role": "user"}'),
        ((), b"@file\n", "@file"),
        ((), b"-\n", "-"),
        (("Q", "--stdin"), b"piped", "piped\n\nQ"),
        (("Q", "--no-stdin"), b"piped", "Q"),
        (("Q", "--stdin", "--no-stdin"), b"piped", "Q"),
    ],
)
def test_the_text_of_argument_and_stdin(typed: tuple[str, ...], stdin: bytes, text: str) -> None:
    assert user_text(*typed, stdin=stdin) == text
    assert body("complete", *typed, stdin=stdin)["prompt"] == text


@settings(max_examples=30)
@given(st.text(min_size=1).filter(lambda text: text != "\n"))
def test_any_text_of_stdin_is_sent_as_it_is_less_one_final_newline(text: str) -> None:
    sent = text[:-1] if text[-1] == "\n" else text
    assert user_text(stdin=text.encode()) == sent


@pytest.mark.parametrize("text", ["@file", "[1, 2]", '{"a": 1}', "@-", "", "a\r\n", "é", "null"])
def test_an_argument_is_always_text(text: str) -> None:
    assert user_text(text) == text
    assert body("complete", text)["prompt"] == text


@pytest.mark.parametrize(
    ("value", "is_left_alone"),
    [("1", True), ("true", True), ("yes", True), ("0", False), ("false", False), ("", False)],
)
def test_the_variable_that_leaves_stdin_alone(value: str, is_left_alone: bool) -> None:
    environ = {"OPENAI_CLI_NO_STDIN": value}
    text = user_text("Q", stdin=b"piped", environ=environ)
    assert text == ("Q" if is_left_alone else "piped\n\nQ")


def test_the_flag_goes_before_the_variable() -> None:
    assert user_text("Q", "--stdin", stdin=b"piped", environ=NO_STDIN) == "piped\n\nQ"
    environ = {"OPENAI_CLI_NO_STDIN": "0"}
    assert user_text("Q", "--no-stdin", stdin=b"piped", environ=environ) == "Q"


LEFT_ALONE = [
    ("chat", ("--messages", MESSAGES)),
    ("chat", ("--body", f'{{"messages": {MESSAGES}}}')),
    ("chat", ("--param", f"messages={MESSAGES}")),
    ("chat", ("--messages", MESSAGES, "Q")),
    ("complete", ("--prompt", "flagged")),
    ("complete", ("--prompt", "[1212]")),
    ("complete", ("--body", '{"prompt": "flagged"}')),
    ("complete", ("--param", "prompt=flagged")),
    ("complete", ("--body", '{"n": 1}', "Q")),
]


class Untouchable(io.BytesIO):
    """A stdin that nobody may read."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise AssertionError("stdin was read")


@pytest.mark.parametrize(("command", "typed"), LEFT_ALONE)
def test_a_text_flag_leaves_stdin_alone(command: str, typed: tuple[str, ...]) -> None:
    context = replace(Context.test(stdin=b""), stdin=Untouchable())
    assert execute(context, command, "--dry-run", *typed).code == 0


@pytest.mark.parametrize("command", ["chat", "complete"])
def test_no_stdin_leaves_it_alone(command: str) -> None:
    context = replace(Context.test(stdin=b""), stdin=Untouchable())
    assert execute(context, command, "--dry-run", "--no-stdin", "Q").code == 0


@pytest.mark.parametrize(
    ("command", "typed", "stdin", "name", "value"),
    [
        ("complete", ("--prompt", "-"), b"piped\n", "prompt", "piped"),
        ("complete", ("--prompt", "@-"), b"[1212, 318]", "prompt", [1212, 318]),
        ("chat", ("--messages", "@-"), MESSAGES.encode(), "messages",
         [{"role": "user", "content": "flagged"}]),
        ("chat", ("--messages", "-", "Q"), MESSAGES.encode(), "messages",
         [{"role": "user", "content": "flagged"}, {"role": "user", "content": "Q"}]),
        ("chat", ("--messages", MESSAGES, "-"), b"piped\n", "messages",
         [{"role": "user", "content": "flagged"}, {"role": "user", "content": "piped"}]),
        ("chat", ("Q", "--tools", "@-"), b"[{}]", "tools", [{}]),
        ("chat", ("Q", "--metadata", "@-"), b'{"a": "b"}', "metadata", {"a": "b"}),
    ],
)  # fmt: skip
def test_a_flag_that_asks_for_stdin_gets_it(
    command: str, typed: tuple[str, ...], stdin: bytes, name: str, value: Any
) -> None:
    assert body(command, *typed, stdin=stdin)[name] == value


def test_what_another_flag_read_is_not_put_before_the_text() -> None:
    sent = body("chat", "Q", "--tools", "@-", stdin=b"[{}]")
    assert sent["messages"] == [{"role": "user", "content": "Q"}]


TWO_READERS = [
    ("chat Q --messages @- --tools @-", MESSAGES, ("--messages", "--tools")),
    ("chat Q --tools @- --body @-", "[]", ("--tools", "--body")),
    ("chat - --messages @-", MESSAGES, ("--messages", "argument -")),
    ("chat - --attach -", "GIF89a", ("--attach", "argument -")),
    ("chat Q --attach - --attach -", "GIF89a", ("--attach", "--attach")),
    ("complete --prompt - --logit-bias @-", "{}", ("--prompt", "--logit-bias")),
    ("chat Q --metadata @- --metadata @-", "{}", ("--metadata", "--metadata")),
]


@pytest.mark.parametrize(
    ("typed", "stdin", "readers"), TWO_READERS, ids=[row[0] for row in TWO_READERS]
)
def test_stdin_has_one_reader(typed: str, stdin: str, readers: tuple[str, str]) -> None:
    first, second = readers
    message = refused(*typed.split(), stdin=stdin.encode())
    assert message.count(first) >= (2 if first == second else 1)
    assert second in message


@pytest.mark.parametrize(
    ("typed", "reader"),
    [
        (("chat", "-"), "argument -"),
        (("complete", "--prompt", "-"), "--prompt"),
        (("chat", "--messages", "@-"), "--messages"),
        (("chat", "Q", "--attach", "-"), "--attach"),
    ],
)
def test_asking_for_a_stdin_that_is_left_alone_or_closed(
    typed: tuple[str, ...], reader: str
) -> None:
    for environ, flags in ((NO_STDIN, ()), ({}, ("--no-stdin",))):
        message = refused(*typed, *flags, stdin=b"x", environ=environ)
        assert reader in message
        assert "--no-stdin" in message
    closed = replace(Context.test(stdin=b""), stdin=None)
    ended = execute(closed, *typed)
    assert ended.code == 2
    assert reader in ended.err
    assert "stdin is closed" in ended.err


@pytest.mark.parametrize(
    ("typed", "stdin", "offset"),
    [
        (("chat",), b"\xff", 0),
        (("chat", "Q"), "é".encode() + b"\xe9t\xe9", 2),
        (("chat", "-"), b"ab\xed\xa0\x80", 2),
        (("complete", "--prompt", "-"), b"abc\x80", 3),
        (("chat", "--messages", "@-"), b'["\xc3"]', 2),
        (("chat", "Q", "--body", "@-"), b"{}\xff", 2),
    ],
)
def test_stdin_that_is_not_utf8(typed: tuple[str, ...], stdin: bytes, offset: int) -> None:
    message = refused(*typed, stdin=stdin)
    assert "not UTF-8" in message
    assert f"offset {offset}" in message


def test_a_stdin_that_cannot_be_read() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    ended = execute(replace(Context.test(stdin=b""), stdin=Failing()), "chat", "Q")
    assert ended.code == 2
    assert "error: cannot read stdin: Input/output error" in ended.err


@pytest.mark.parametrize(
    ("command", "example"),
    [
        ("chat", "for example: openai-cli chat 'Say hello'"),
        ("complete", "for example: openai-cli complete 'Once upon a time'"),
    ],
)
def test_no_text_is_an_error_with_an_example(command: str, example: str) -> None:
    assert example in refused(command)
    assert example in refused(command, stdin=b"")
    assert example in refused(command, "--no-stdin", stdin=b"piped")
    assert example in refused(command, "--body", '{"n": 1}', stdin=b"piped")


def waiting(ready: bool, seconds: list[float]) -> Context:
    """A world whose stdin has data, though `stdin_ready` says whether it had it in time."""

    def stdin_ready(timeout: float) -> bool:
        seconds.append(timeout)
        return ready

    return replace(Context.test(stdin=b"late\n"), stdin_ready=stdin_ready)


def test_a_silent_stdin_is_told_of_once_and_waited_for() -> None:
    seconds: list[float] = []
    ended = execute(waiting(False, seconds), "chat", "--dry-run", "Q")
    assert seconds == [2.0]
    assert ended.code == 0
    assert json.loads(ended.out)["messages"][0]["content"] == "late\n\nQ"
    [line] = ended.err.splitlines()
    assert line.startswith("openai-cli: notice: ")
    assert "stdin" in line
    assert "--no-stdin" in line


def test_a_stdin_that_speaks_in_time_is_not_told_of() -> None:
    seconds: list[float] = []
    ended = execute(waiting(True, seconds), "chat", "--dry-run", "Q")
    assert (ended.code, ended.err, seconds) == (0, "", [2.0])


def test_a_silent_stdin_is_not_told_of_with_quiet() -> None:
    assert execute(waiting(False, []), "chat", "--dry-run", "--quiet", "Q").err == ""


def test_a_terminal_is_waited_for_without_a_notice() -> None:
    context = replace(waiting(False, []), stdin_is_terminal=True)
    ended = execute(context, "chat", "--dry-run", "-")
    assert json.loads(ended.out)["messages"][0]["content"] == "late"
    assert ended.err == ""


def test_the_notice_names_the_flag_that_waits() -> None:
    context = replace(Context.test(stdin=MESSAGES.encode()), stdin_ready=lambda _seconds: False)
    assert "--messages" in execute(context, "chat", "--dry-run", "--messages", "@-").err


@contextmanager
def started(*arguments: str, **popen: Any) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a process that is still running, with its stderr unbuffered."""
    process = subprocess.Popen(
        [str(COMMAND), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        **popen,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_an_open_silent_pipe() -> None:
    reading, writing = os.pipe()
    with started("chat", "--dry-run", "Q", stdin=reading) as process:
        os.close(reading)
        assert process.stderr is not None
        assert select.select([process.stderr], [], [], 60)[0]
        notice = process.stderr.read(4096).decode()
        assert process.poll() is None
        os.write(writing, b"late\n")
        os.close(writing)
        out, rest = process.communicate(timeout=60)
    assert "notice: waiting for stdin" in notice
    assert "--no-stdin" in notice
    assert rest == b""
    assert json.loads(out)["messages"] == [{"role": "user", "content": "late\n\nQ"}]
    assert process.returncode == 0


def test_an_open_silent_pipe_is_left_alone_on_demand(run: Run) -> None:
    reading, writing = os.pipe()
    with started("chat", "--dry-run", "--no-stdin", "Q", stdin=reading) as process:
        out, err = process.communicate(timeout=60)
    os.close(reading)
    os.close(writing)
    assert json.loads(out)["messages"] == [{"role": "user", "content": "Q"}]
    assert err == b""


def test_a_pipe_and_an_argument_in_a_process(run: Run) -> None:
    result = run("chat", "--dry-run", "Write a message", stdin=b"+ caf\xc3\xa9\r\n\n")
    assert result.code == 0, result.err
    sent = json.loads(result.out)["messages"]
    assert sent == [{"role": "user", "content": "+ café\r\n\n\nWrite a message"}]


@pytest.mark.parametrize(("typed", "code"), [("chat --dry-run Q", 0), ("chat --dry-run", 2)])
def test_a_closed_stdin_is_no_stdin(typed: str, code: int) -> None:
    shell = f"exec {shlex.quote(str(COMMAND))} {typed} <&-"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, timeout=60, check=False)
    assert done.returncode == code
    if code == 0:
        assert json.loads(done.stdout)["messages"] == [{"role": "user", "content": "Q"}]
        assert done.stderr == b""
    else:
        assert b"there is no message to send; for example: " in done.stderr


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A pseudo-terminal: the end of its user, and that of the program."""
    user, program = pty.openpty()
    yield user, program
    os.close(user)
    os.close(program)


def test_no_text_at_a_terminal(terminal: tuple[int, int]) -> None:
    with started("chat", stdin=terminal[1]) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, b"")
    assert err == (
        b"openai-cli: error: there is no message to send; "
        b"for example: openai-cli chat 'Say hello'\n"
    )


def test_a_dash_at_a_terminal_reads_to_the_end_of_file(terminal: tuple[int, int]) -> None:
    user, program = terminal
    os.write(user, b"typed\nlines\n\x04")
    with started("chat", "--dry-run", "-", stdin=program) as process:
        out, err = process.communicate(timeout=60)
    assert err == b""
    assert json.loads(out)["messages"] == [{"role": "user", "content": "typed\nlines"}]


@pytest.mark.parametrize(
    ("typed", "position", "offset"),
    [
        ((b"chat", b"ab\xff"), 2, 2),
        ((b"chat", b"\xc3\xa9\xe9"), 2, 2),
        ((b"chat", b"hi", b"--user", b"\xf0\x9f\x98"), 4, 0),
    ],
)
def test_an_argument_that_is_not_utf8(
    run: Run, typed: tuple[bytes, ...], position: int, offset: int
) -> None:
    result = run(*typed)
    assert (result.code, result.out) == (2, b"")
    assert f"argument {position} is not UTF-8 at byte offset {offset}" in result.err
    assert result.err.count("\n") == 1


def test_utf8_arguments_pass() -> None:
    check_arguments(["", "é", "\U0001f600", "\x00"])
    with pytest.raises(UsageError, match=r"^argument 2 is not UTF-8 at byte offset 4$"):
        check_arguments(["a", "éé\udcff"])


def test_a_file_is_read_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a\r\n\xff\x00")
    assert Inputs(Context.test()).source("--body", str(path)) == b"a\r\n\xff\x00"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", "--body: cannot read 'missing': No such file or directory"),
        ("/", "--body: cannot read '/': Is a directory"),
        ("a\0b", "is not a file name"),
    ],
)
def test_a_file_that_cannot_be_read(name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Inputs(Context.test()).source("--body", name)
    assert said in caught.value.problem


@pytest.mark.parametrize(
    ("arguments", "stdin", "text"),
    [
        (None, b"hello\n", "hello\n"),
        ([], b"hello\n\n", "hello\n\n"),
        (["-"], b"hello\n", "hello\n"),
        (["a"], b"hello\n", "a"),
        (["a", "b"], b"hello\n", "a b"),
        (["-", "-"], b"hello\n", "- -"),
        (None, b"", ""),
        (None, None, None),
    ],
)
def test_the_text_of_a_command_that_counts(
    arguments: list[str] | None, stdin: bytes | None, text: str | None
) -> None:
    assert Inputs(Context.test(stdin=stdin)).raw_text(arguments) == text


def test_lines_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"a\r\n\n\xff\nlast")
    inputs = Inputs(Context.test(stdin=b"x\ny"))
    assert list(inputs.lines("--request", str(path))) == [b"a\r\n", b"\n", b"\xff\n", b"last"]
    assert list(inputs.lines("--request", "-")) == [b"x\n", b"y"]
    with pytest.raises(UsageError, match="stdin is read by --request"):
        list(inputs.lines("--response", "-"))
    with pytest.raises(UsageError, match=r"--request: cannot read .*: No such file"):
        list(inputs.lines("--request", str(tmp_path / "none")))


def test_an_error_of_the_reader_of_lines_stays_its_own(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"a\nb\n")
    lines = Inputs(Context.test()).lines("--request", str(path))
    with pytest.raises(ValueError, match="invalid literal"):
        [int(line) for line in lines]
