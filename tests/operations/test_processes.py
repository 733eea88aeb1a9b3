"""Operations as processes of the installed command, and at a real terminal."""

import os
from pathlib import Path

from tests.conftest import Run
from tests.servers import Server, reply
from tests.terminal import Terminal

STORES = reply({"data": [{"id": "vs_1", "name": "Docs", "created_at": 1}], "has_more": False})


def test_a_list_in_a_process(installed: Run) -> None:
    with Server([STORES]) as server:
        done = installed("vector-stores", "list", base_url=server.base_url)
    assert (done.code, done.text) == (0, "vs_1\tDocs\t\t\t1970-01-01T00:00:01Z\n")
    assert server.received[0].line == "GET /v1/vector_stores HTTP/1.1"


def test_a_list_that_cannot_be_written_is_told_of(installed: Run) -> None:
    with Server([STORES]) as server:
        done = installed("vector-stores", "list", "-o", "/dev/full", base_url=server.base_url)
    assert done.code == 10


def test_a_list_at_a_terminal(folder: Path) -> None:
    with Server([STORES]) as server:
        shown = Terminal("vector-stores", "list", base_url=server.base_url, cwd=folder).read_all()
    first, second = shown.decode().splitlines()
    assert first.split() == ["id", "name", "status", "usage", "bytes", "created", "at"]
    assert second.split() == ["vs_1", "Docs", "1970-01-01T00:00:01Z"]


def test_a_terminal_is_asked_and_answers(folder: Path) -> None:
    words = ("vector-stores", "delete", "vs_1")
    with Server([reply({"id": "vs_1", "deleted": True})]) as server:
        terminal = Terminal(*words, base_url=server.base_url, cwd=folder)
        terminal.read_until(b"[y/N] ")
        os.write(terminal._ours, b"y\n")
        shown = terminal.read_all()
    assert shown.decode().splitlines()[-1] == "vs_1"
    assert terminal.process.returncode == 0


def test_a_terminal_that_is_left_without_an_answer_has_nothing_done(folder: Path) -> None:
    with Server([]) as server:
        terminal = Terminal("models", "delete", "m", base_url=server.base_url, cwd=folder)
        terminal.read_until(b"[y/N] ")
        os.write(terminal._ours, b"\x04")
        shown = terminal.read_all()
    assert b"openai-cli models delete m: nothing was done" in shown
    assert terminal.process.returncode == 2
