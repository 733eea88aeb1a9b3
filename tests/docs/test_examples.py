"""Every example of the README and the manual, run as it stands against the sandbox."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import COMMAND, MADE_UP_KEY
from tests.docs.pages import (
    PAGES,
    ROOT,
    Example,
    File,
    Other,
    Part,
    parts,
    pieces,
    replies,
    stray_commands,
    without_fences,
)
from tests.end_to_end.conftest import served
from tests.forked import forked

Shell = Callable[[str, int], tuple[str, int]]

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
every_part = pytest.mark.parametrize(
    ("page", "part"),
    [
        pytest.param(page, part, id=f"{page.relative_to(ROOT)} {part.title}".rstrip())
        for page in PAGES
        for part in parts(page.read_text())
    ],
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder that a page's examples run in."""
    folder = tmp_path / "page"
    folder.mkdir()
    return folder


@pytest.fixture
def asked(sandbox: str, page: Path, tmp_path: Path) -> Iterator[str]:
    """The base URL of the sandbox that the page's examples ask."""
    if (lines := replies(page.read_text())) is None:
        yield sandbox
        return
    file = tmp_path / "replies.jsonl"
    file.write_text(lines)
    with served("--replies", str(file)) as base_url:
        yield base_url


@pytest.fixture
def shell(asked: str, folder: Path) -> Shell:
    """Run a command with sh: its output, stderr among it, and its exit code.

    `before` is the exit code that the command finds in `$?`.
    """
    environment = _environment(asked)

    def run(command: str, before: int) -> tuple[str, int]:
        done = subprocess.run(
            ["sh", "-c", f"(exit {before})\n{command}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            timeout=60,
            check=False,
        )
        text = done.stdout.decode()
        return (text if text.endswith("\n") or not text else f"{text}\n"), done.returncode

    return run


def _environment(base_url: str) -> Mapping[str, str]:
    return {
        # A hook of git, which may run these tests, sets variables that name its own repository.
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "PATH": f"{forked().parent}:{COMMAND.parent}:{os.environ['PATH']}",
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": MADE_UP_KEY,
        "GIT_CONFIG_NOSYSTEM": "1",
    }


@every_part
def test_examples_print_what_the_page_says(part: Part, shell: Shell, folder: Path) -> None:
    if missing := [program for program in part.needs if not shutil.which(program)]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    code = 0
    for piece in part.pieces:
        match piece:
            case File():
                path = folder / piece.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(piece.text)
            case Example():
                printed, code = shell(piece.command, code)
                where = f"line {piece.line}: {piece.command}"
                if piece.output is None:
                    assert (printed, code) == ("", 0), where
                else:
                    assert printed == piece.output, where
            case Other():
                pass


@every_page
def test_no_command_stands_where_no_test_runs_it(page: Path) -> None:
    found = list(pieces(page.read_text()))
    others = [piece for piece in found if isinstance(piece, Other)]
    assert [line for other in others for line in stray_commands(other)] == []
    assert stray_commands(Other(1, "", without_fences(page.read_text()))) == []
    commands = [piece.command for piece in found if isinstance(piece, Example)]
    files = [piece for piece in found if isinstance(piece, File)]
    for file in files:
        users = [*commands, *(other.text for other in files if other is not file)]
        assert any(file.name in user for user in users), f"{file.name} is used by nothing"


@every_page
def test_every_fence_is_closed(page: Path) -> None:
    """Else the fence would be no piece, and its examples would run nowhere."""
    fences = sum(line.startswith("```") for line in page.read_text().splitlines())
    shown = sum(line.lstrip().startswith("```") for line in page.read_text().splitlines())
    assert fences % 2 == 0
    assert shown == fences, "a fence must not be indented"
