"""What is opened: no wait for nobody, and no file without an end."""

import io
import os
import threading
from pathlib import Path

import pytest

from openai_cli import reading
from openai_cli.errors import UsageError
from openai_cli.reading import bounded_lines, opened, read_whole
from tests.flags.commandline import call, refused


@pytest.fixture
def fifo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A FIFO that nobody writes to."""
    monkeypatch.setattr(reading, "_PATIENCE", 0.01)
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def test_a_fifo_that_nobody_writes_to_is_not_waited_for(fifo: Path) -> None:
    with pytest.raises(OSError, match="without a writer"):
        opened(fifo)


def test_a_fifo_is_read_to_its_end(fifo: Path) -> None:
    def write() -> None:
        with fifo.open("wb") as file:
            is_open.set()
            go_on.wait()
            file.write(b"x" * 200_000)

    is_open, go_on = threading.Event(), threading.Event()
    writer = threading.Thread(target=write)
    keeper = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    writer.start()
    is_open.wait()
    with opened(fifo) as file:  # it has a writer, who is still silent
        os.close(keeper)
        go_on.set()
        assert file.read() == b"x" * 200_000
    writer.join()


def test_commands_do_not_wait(fifo: Path) -> None:
    for arguments in (["--attach", str(fifo)], ["--body", f"@{fifo}"]):
        assert "without a writer" in refused("chat", "hi", *arguments)
    assert "without a writer" in refused("transcribe", str(fifo))
    assert "without a writer" in call("sandbox", "--replies", str(fifo), "--", "true").err
    assert (
        "without a writer" in call("config", "show", environ={"OPENAI_CLI_CONFIG": str(fifo)}).err
    )
    ended = call("key", "show", environ={"OPENAI_CLI_KEYS": str(fifo)})
    assert "without a writer" in ended.err + ended.out.decode()


def test_what_has_no_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST", 1000)
    for arguments in (["--attach", "/dev/zero"], ["--body", "@/dev/zero"]):
        assert "is larger than 0 MB" in refused("chat", "hi", *arguments)
    assert len(read_whole(io.BytesIO(b"x" * 1000), "x")) == 1000


def test_a_line_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 3)
    assert list(bounded_lines(io.BytesIO(b"ab\nabc"))) == [b"ab\n", b"abc"]
    with pytest.raises(UsageError, match="has a line longer than"):
        list(bounded_lines(io.BytesIO(b"ab\nabcd")))
