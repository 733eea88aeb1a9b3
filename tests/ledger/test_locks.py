"""The locks of the ledger, between processes."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import StringIO
from pathlib import Path

import pytest

from openai_cli.ledger import locks
from openai_cli.ledger.book import Book
from openai_cli.ledger.locks import Locks
from openai_cli.ledger.store import Store
from tests.ledger.test_book import context_of
from tests.ledger.test_recent import call, calls

HOLDER = """
import sys
from pathlib import Path
from openai_cli.ledger.locks import Locks
locks = Locks(Path(sys.argv[1]))
print(*[locks.hold(int(number)) for number in sys.argv[2:]], flush=True)
sys.stdin.read()
"""


@contextmanager
def held(path: Path, *numbers: int) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds these bytes."""
    command = [sys.executable, "-c", HOLDER, str(path), *map(str, numbers)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline().split() == ["True"] * len(numbers)
        yield process
        process.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def test_a_byte_has_one_holder(path: Path) -> None:
    with closing(Locks(path)) as ours:
        with held(path, 3):
            assert [ours.hold(number) for number in (2, 3, 4)] == [True, False, True]
        assert ours.hold(3)
        with held(path, 5), pytest.raises(AssertionError), held(path, 4):
            pass
        ours.release(4)
        with held(path, 4):
            pass


@pytest.mark.parametrize("is_begun", [False, True])
def test_nobody_writes_while_another_process_is_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch, is_begun: bool
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.01)
    Store(path).close()
    if is_begun:
        call(path)
    context = context_of(path)
    with held(path, 0), closing(Book(context)) as book:
        book.keep("{}", "{}", "2026-11-28")
    assert isinstance(context.messages.stream, StringIO)
    told = context.messages.stream.getvalue()
    assert f"'{path}': another process keeps it locked" in told
    assert len(calls(path)) == is_begun


def test_what_was_locked_goes_on_when_it_is_free(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Locks(path)) as ours, held(path, 0) as process:

        def end(_seconds: float) -> None:
            process.kill()
            process.wait()

        monkeypatch.setattr(time, "sleep", end)
        with ours.alone():
            assert process.returncode
