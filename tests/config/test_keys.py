"""Where a key may come from: the order, the file, the command; and what can be a key."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.config import keycommand
from openai_cli.config.keys import Source, checked, first_key, masked, sources
from openai_cli.context import Context
from openai_cli.errors import CliError, CredentialError
from openai_cli.records import replace
from openai_cli.request.inputs import Inputs
from openai_cli.settings import Settings

if TYPE_CHECKING:
    import io

KEY = "sk-made-up-for-tests"
OTHER = "sk-also-made-up"
OPENAI = "https://api.openai.com/v1"


def context(*command: str, **environ: str) -> Context:
    """A context whose profile has this command for its key."""
    settings = Settings(api_key_command=command)
    return replace(Context.test(stdin=b"", environ=environ), settings=settings)


def key_of(here: Context, api_key_file: Path | str | None = None) -> str | None:
    path = None if api_key_file is None else str(api_key_file)
    return first_key(here, sources(here, Inputs(here), OPENAI, path))


def failure_of(call: Callable[[], object]) -> CliError:
    with pytest.raises(CliError) as caught:
        call()
    return caught.value


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text(KEY)
    file.chmod(0o600)
    return file


# The order


def source(key: str | None) -> Source:
    return Source("here", "not here", lambda: key is not None, lambda: key or "")


def must_not_be_asked() -> Source:
    return Source("there", "", lambda: pytest.fail("it is asked"), lambda: pytest.fail("read"))


def test_the_first_that_has_a_key_is_read_and_no_other_asked() -> None:
    order = [source(None), source(KEY), must_not_be_asked()]
    assert first_key(Context.test(), order) == KEY
    assert first_key(Context.test(), [source(None)]) is None


def test_the_order_of_the_sources(key_file: Path, tmp_path: Path) -> None:
    store = tmp_path / "keys.json"
    store.write_text(f'{{"keys": [{{"base_url": "{OPENAI}", "key": "sk-made-up-stored"}}]}}')
    store.chmod(0o600)
    environ = {"OPENAI_CLI_KEYS": str(store)}
    command = ("/bin/echo", "sk-made-up-by-command")
    all_four = context(*command, OPENAI_API_KEY=OTHER, **environ)
    assert key_of(all_four, key_file) == KEY
    assert key_of(all_four) == OTHER
    assert key_of(context(*command, **environ)) == "sk-made-up-by-command"
    assert key_of(context(**environ)) == "sk-made-up-stored"
    assert key_of(context(OPENAI_CLI_KEYS=str(tmp_path / "none.json"))) is None


QUICK = """
import sys
import openai_cli.config.destination
from openai_cli.config.destination import destination, demand_key
from openai_cli.context import Context
from openai_cli.flags.server import Connection
from openai_cli.request.inputs import Inputs
options = Connection(api_key_file=sys.argv[1] if sys.argv[1:] else None)
context = Context.test(environ={} if sys.argv[1:] else {"OPENAI_API_KEY": "sk-made-up"})
demand_key(destination(context, options, Inputs(context)))
print(*sys.modules)
"""


@pytest.mark.parametrize("by_file", [False, True])
def test_a_key_that_is_given_loads_nothing_slow(by_file: bool, key_file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUICK, *([str(key_file)] if by_file else [])],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    slow = {"keyring", "platformdirs", "openai_cli.config.keycommand"}
    assert not slow & set(done.stdout.split())


# What can be a key


@given(st.text(st.characters(codec="ascii")) | st.text())
def test_a_key_is_visible_ascii_and_nothing_else_is(text: str) -> None:
    wanted = text.strip()
    if wanted and all("!" <= character <= "~" for character in wanted):
        assert checked(Context.test(), "here", text) == wanted
    else:
        with pytest.raises(CredentialError, match="here: "):
            checked(Context.test(), "here", text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        # Never what it has, for a part of it may be a key.
        ("", "here: there is no key in it"),
        (" \n", "here: there is no key in it"),
        (f"{KEY}\n{OTHER}", "here: the key must be one line"),
        (f"{KEY}\r{OTHER}", "here: the key must be one line"),
        (f"{KEY} {OTHER}", "here: the key has a character that no key can have"),
    ],
)
def test_what_is_no_key(text: str, problem: str) -> None:
    assert failure_of(lambda: checked(Context.test(), "here", text)).problem == problem


def test_a_key_is_masked_in_messages() -> None:
    here = Context.test()
    checked(here, "here", f" {KEY}\n")
    here.messages.notice(f"it is {KEY}")
    assert KEY not in cast("io.StringIO", here.messages.stream).getvalue()


@pytest.mark.parametrize(
    ("key", "shown"),
    [("sk-made-up-abcd", "…abcd"), ("123456789012", "…9012"), ("12345678901", "…"), ("x", "…")],
)
def test_a_key_by_its_last_four_characters(key: str, shown: str) -> None:
    assert masked(key) == shown


# The file of --api-key-file


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_of_ones_own_is_read(mode: int, key_file: Path) -> None:
    key_file.chmod(mode)
    assert key_of(context(), key_file) == KEY


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o4640])
def test_a_file_that_others_may_use_is_refused_with_the_line_that_mends_it(
    mode: int, tmp_path: Path
) -> None:
    file = tmp_path / "it's a key"
    file.write_text(KEY)
    file.chmod(mode)
    error = failure_of(lambda: key_of(context(OPENAI_API_KEY=OTHER), file))
    assert type(error) is CredentialError
    assert error.problem == f"others may access the key in '{file}', whose mode is {mode:04o}"
    _, _, line = (error.hint or "").partition(" with ")
    subprocess.run(["sh", "-c", line], check=True, timeout=30)
    assert file.stat().st_mode & 0o777 == 0o600
    assert key_of(context(), file) == KEY


def test_a_link_is_mended_where_it_leads(key_file: Path, tmp_path: Path) -> None:
    key_file.chmod(0o644)
    link = tmp_path / "link"
    link.symlink_to(key_file)
    assert (failure_of(lambda: key_of(context(), link)).hint or "").endswith(str(key_file))


def test_a_file_of_somebody_else_is_read_whatever_its_mode(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The secrets of Docker and Kubernetes are root's, with mode 0444."""
    key_file.chmod(0o444)
    owner = key_file.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert key_of(context(), key_file) == KEY


def test_a_file_on_a_read_only_file_system_is_read_whatever_its_mode(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There nobody could mend it: in many a container, root reads root's secrets."""
    key_file.chmod(0o444)
    usual = os.fstatvfs

    def read_only(handle: int) -> os.statvfs_result:
        values = list(usual(handle))
        values[8] |= os.ST_RDONLY  # f_flag
        return os.statvfs_result(values)

    monkeypatch.setattr(os, "fstatvfs", read_only)
    assert key_of(context(), key_file) == KEY


def test_a_pipe_is_read_whatever_its_mode(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo, 0o644)
    with subprocess.Popen(["sh", "-c", f"echo {KEY} > '{fifo}'"]):
        assert key_of(context(), fifo) == KEY


# The command


def test_of_what_a_command_prints_the_first_line_is_the_key() -> None:
    text = f"{KEY}\\nlogin: me\\nurl: x\\n"
    assert key_of(context("/usr/bin/printf", text)) == KEY
    assert key_of(context("/usr/bin/printf", f"  {KEY}")) == KEY


def test_a_command_is_found_on_the_path_of_the_context(tmp_path: Path) -> None:
    program = tmp_path / "made-up-manager"
    program.write_text(f"#!/bin/sh\necho {KEY}-$1-$WHO\n")
    program.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "WHO": "me"}
    assert key_of(context("made-up-manager", "show", **environ)) == f"{KEY}-show-me"


def test_no_shell_runs_a_command() -> None:
    assert key_of(context("/bin/echo", "sk-$HOME;id")) == "sk-$HOME;id"


def test_a_command_finds_stdin_empty() -> None:
    error = failure_of(lambda: key_of(context("/bin/cat")))
    assert error.problem == "api_key_command: '/bin/cat' printed no key on its first line"


FAILING = [
    (("made-up-nosuch", "hush"), "'made-up-nosuch' was not found"),
    (("/etc/passwd", "hush"), "'/etc/passwd' cannot be run: Permission denied"),
    (("/bin/echo", "hush\0"), "'/bin/echo' cannot be run: a word of the command contains NUL"),
    (("/bin/sh", "-c", "exit 7", "hush"), "'/bin/sh' ended with exit code 7"),
    (("/bin/sh", "-c", "kill -9 $$", "hush"), "'/bin/sh' was ended by signal 9"),
    (("/bin/sh", "-c", ":", "hush"), "'/bin/sh' printed no key on its first line"),
    (("/usr/bin/printf", "\\nhush"), "'/usr/bin/printf' printed no key on its first line"),
    (("/usr/bin/printf", "\\377"), "the key is not text"),
    (("/bin/echo", "two words"), "the key has a character that no key can have"),
]


@pytest.mark.parametrize(("command", "problem"), FAILING)
def test_a_command_that_gives_no_key_is_named_without_its_arguments(
    command: tuple[str, ...], problem: str
) -> None:
    error = failure_of(lambda: key_of(context(*command)))
    assert type(error) is CredentialError
    assert error.problem == f"api_key_command: {problem}"
    assert "hush" not in f"{error.problem} {error.hint}"


def test_a_command_that_never_ends_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keycommand, "LONGEST", 0.05)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    error = failure_of(lambda: key_of(context("/bin/cat", str(fifo))))
    assert error.problem == "api_key_command: '/bin/cat' gave no key in 0 s"


@pytest.mark.parametrize(
    ("named", "asked", "is_run"),
    [
        (None, OPENAI, True),
        (None, "http://127.0.0.1:1/v1", False),
        ("http://127.0.0.1:1/v1/", "http://127.0.0.1:1/v1", True),
        ("http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1", False),
        ("http://127.0.0.1:1/v1", OPENAI, False),
        ("https://h.test/v1", "http://h.test/v1", False),
        ("https://H.test:443/v1", "https://h.test/v1", True),
        ("https://[h.test", "https://h.test/v1", False),
    ],
)
def test_a_command_is_run_for_the_server_of_its_file_alone(
    named: str | None, asked: str, is_run: bool
) -> None:
    settings = Settings(api_key_command=("/bin/echo", KEY), api_key_url=named)
    here = replace(Context.test(), settings=settings)
    command = sources(here, Inputs(here), asked)[2]
    assert command.has_one() is is_run
    assert is_run or command.lacking == f"is for {named or OPENAI}"
