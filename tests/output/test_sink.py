"""Where results go: files written whole or not at all, devices, pipes that close, full disks."""

import errno
import io
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from openai_cli.app import run
from openai_cli.context import Context
from openai_cli.errors import (
    BadAnswerError,
    NetworkError,
    OutputError,
    ReaderGone,
    UsageError,
)
from openai_cli.output.sink import Log, Sink, open_sink
from openai_cli.output.target import Data, Stream

NOT_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


pytestmark = pytest.mark.usefixtures("kept")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for results."""
    folder = tmp_path / "results"
    folder.mkdir()
    return folder


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def put(sink: Sink, *data: bytes, then: BaseException | None = None) -> None:
    """Use a sink as a command does, and fail at the end of it if asked to."""
    with sink:
        for piece in data:
            sink.write(piece)
            sink.flush()
        if then is not None:
            raise then


def write(path: Path | str, *data: bytes, then: BaseException | None = None) -> None:
    put(open_sink(Context.test(), str(path)), *data, then=then)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Files


def test_a_new_file_is_written(folder: Path) -> None:
    write(folder / "new", b"one", b"", b"two")
    assert (folder / "new").read_bytes() == b"onetwo"
    assert [path.name for path in folder.iterdir()] == ["new"]


def test_an_empty_result_is_an_empty_file(folder: Path) -> None:
    write(folder / "new")
    assert (folder / "new").read_bytes() == b""


@pytest.mark.usefixtures("umask")
def test_a_new_file_has_the_mode_that_the_umask_leaves(folder: Path) -> None:
    write(folder / "new", b"x")
    assert mode(folder / "new") == 0o640
    assert os.umask(0o027) == 0o027, "looking at the umask leaves it as it was"


@pytest.mark.parametrize("bits", [0o600, 0o644, 0o755, 0o666])
@pytest.mark.usefixtures("umask")
def test_an_existing_file_keeps_its_mode(bits: int, folder: Path) -> None:
    path = folder / "old"
    path.write_bytes(b"a longer text than the new one")
    path.chmod(bits)
    write(path, b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", bits)


def test_nothing_of_it_is_seen_before_it_is_whole(folder: Path) -> None:
    path = folder / "old"
    path.write_bytes(b"old")
    with open_sink(Context.test(), str(path)) as sink:
        sink.write(b"new")
        sink.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize(
    "error", [BadAnswerError("no"), NetworkError("no"), KeyboardInterrupt(), ValueError()]
)
def test_a_failure_leaves_what_was_there(error: BaseException, exists: bool, folder: Path) -> None:
    path = folder / "file"
    if exists:
        path.write_bytes(b"old")
    with pytest.raises(type(error)):
        write(path, b"new", then=error)
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == (
        [("file", b"old")] if exists else []
    )


def test_a_link_is_followed_and_stays(folder: Path) -> None:
    target, link = folder / "deep" / "target", folder / "link"
    target.parent.mkdir()
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to("deep/target")
    write(link, b"new")
    assert link.is_symlink()
    assert (target.read_bytes(), mode(target)) == (b"new", 0o640)


def test_a_link_to_nothing_yet_makes_its_target(folder: Path) -> None:
    (folder / "link").symlink_to("target")
    write(folder / "link", b"new")
    assert (folder / "link").is_symlink()
    assert (folder / "target").read_bytes() == b"new"


def test_a_relative_path_is_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    write("new", b"x")
    write("./-", b"y")
    assert ((folder / "new").read_bytes(), (folder / "-").read_bytes()) == (b"x", b"y")


def test_a_name_as_long_as_names_may_be_is_one(folder: Path) -> None:
    name = "n" * os.pathconf(folder, "PC_NAME_MAX")
    (folder / name).write_bytes(b"old")
    write(folder / name, b"new")
    assert (folder / name).read_bytes() == b"new"


UNWRITABLE = ["folder", "missing/file", "file/below", "", "loop", "nul\0", "n" * 5_000]


@pytest.mark.parametrize("name", UNWRITABLE)
def test_what_cannot_be_written_is_wrong_usage_at_once(name: str, folder: Path) -> None:
    (folder / "folder").mkdir()
    (folder / "file").write_bytes(b"")
    (folder / "loop").symlink_to("loop")
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(UsageError, match="--output"):
        open_sink(Context.test(), str(folder / name) if name else "")
    assert sorted(path.name for path in folder.iterdir()) == before


@NOT_ROOT
@pytest.mark.parametrize("name", ["readonly", "closed/file"])
def test_what_may_not_be_written_is_wrong_usage_at_once(name: str, folder: Path) -> None:
    (folder / "readonly").write_bytes(b"")
    (folder / "readonly").chmod(0o400)
    (folder / "closed").mkdir(mode=0o500)
    with pytest.raises(UsageError, match="ermission"):
        open_sink(Context.test(), str(folder / name))


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6711, 0o1644])
def test_a_file_is_not_run_as_somebody_after_it_was_written(folder: Path, mode: int) -> None:
    path = folder / "program"
    path.touch()
    path.chmod(mode)
    write(path, b"x")
    assert stat.S_IMODE(path.stat().st_mode) == mode & 0o777


# Devices


def test_a_device_is_written_directly() -> None:
    write("/dev/null", b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_link_to_a_device_is_written_directly(folder: Path) -> None:
    (folder / "link").symlink_to("/dev/null")
    write(folder / "link", b"x")
    assert (folder / "link").is_symlink()
    assert [path.name for path in folder.iterdir()] == ["link"]


def test_a_fifo_is_written_directly(folder: Path) -> None:
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
    reader.start()
    write(fifo, b"one", b"two" * 100_000)
    reader.join(20)
    assert got == [b"one" + b"two" * 100_000]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


SCRIPT = (
    "from openai_cli.context import Context\nfrom openai_cli.output.sink import open_sink\n"
    "with open_sink(Context.test(), '/dev/stdout') as sink: sink.write(b'hello')"
)


@pytest.mark.parametrize("into", ["pipe", "file"])
def test_dev_stdout_is_stdout(into: str, folder: Path) -> None:
    """A rename over it would take its place in /dev, or leave a file of its name."""
    command = [sys.executable, "-c", SCRIPT]
    if into == "pipe":
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=30)
        assert done.stdout == b"hello"
    else:
        path = folder / "out"
        with path.open("wb") as file:
            subprocess.run(command, stdout=file, check=True, timeout=30)
        assert path.read_bytes() == b"hello"
        assert [path.name for path in folder.iterdir()] == ["out"]


MEMORY = Path("/dev", "shm")


@pytest.mark.skipif(not os.access(MEMORY, os.W_OK), reason="no shared memory")
def test_a_plain_file_below_dev_is_written_whole_too() -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        path = Path(name) / "file"
        path.write_bytes(b"old")
        with pytest.raises(BadAnswerError):
            write(path, b"new", then=BadAnswerError("no"))
        assert path.read_bytes() == b"old"


@pytest.mark.parametrize("output", [None, "-"])
def test_stdout_is_stdout(output: str | None) -> None:
    out = io.BytesIO()
    with open_sink(Context.test(stdout=out, terminal=True), output) as sink:
        assert sink.is_terminal
        sink.write(b"x")
    assert out.getvalue() == b"x"
    assert not out.closed


def test_a_closed_stdout_is_wrong_usage() -> None:
    system = Context.test()
    closed = Context(
        stdin=None,
        stdout=None,
        stdin_is_terminal=False,
        stdout_is_terminal=False,
        environ={},
        messages=system.messages,
    )
    with pytest.raises(UsageError, match="stdout"):
        open_sink(closed, None)


def test_a_terminal_is_told_from_a_file(folder: Path) -> None:
    assert not open_and_close(str(folder / "file"), terminal=True)
    assert not open_and_close("/dev/null", terminal=True)
    main, side = os.openpty()
    assert open_and_close(os.ttyname(side), terminal=False)
    os.close(main)
    os.close(side)


def open_and_close(path: str, *, terminal: bool) -> bool:
    with open_sink(Context.test(terminal=terminal), path) as sink:
        return sink.is_terminal


# Targets that fail


class Failing:
    """A target that fails with this error, at this act, after so many bytes."""

    is_live = True
    is_terminal = False

    def __init__(self, number: int, *, at: str = "write", after: int = 0) -> None:
        self.error = OSError(number, os.strerror(number))
        self.at = at
        self.left = after
        self.ended = ""

    def write(self, data: Data) -> None:
        self.left -= len(data)
        self._act("write")

    def written(self) -> bytes:
        return b""

    def commit(self) -> None:
        self._act("commit")
        self.ended = "commit"

    def discard(self) -> None:
        self.ended = "discard"

    def _act(self, name: str) -> None:
        if name == self.at and self.left < 0:
            raise self.error


@pytest.mark.parametrize("at", ["write", "commit"])
def test_a_reader_that_went_away_is_told_at_once(at: str, kept: Path) -> None:
    target = Failing(errno.EPIPE, at=at)
    with pytest.raises(ReaderGone) as caught:
        put(Sink(target), b"one")
    assert caught.value.exit_code == 141
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("at", ["write", "commit"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("after", [0, 5])
def test_a_full_disk_loses_nothing_of_the_answer(
    at: str, number: int, after: int, kept: Path
) -> None:
    target = Failing(number, at=at, after=after)
    with pytest.raises(OutputError) as caught:
        put(Sink(target), b"one ", b"two ", b"three")
    (file,) = kept.iterdir()
    assert file.read_bytes() == b"one two three"
    assert str(file) in str(caught.value.hint)
    assert os.strerror(number) in caught.value.problem
    assert caught.value.exit_code == 10
    assert mode(file) == 0o600
    assert target.ended == "discard"


def test_when_it_cannot_be_kept_either_both_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    sink = Sink(Failing(errno.ENOSPC))
    with pytest.raises(OutputError) as caught:
        put(sink, b"x")
    assert os.strerror(errno.ENOSPC) in caught.value.problem
    assert os.strerror(errno.ENOENT) in caught.value.problem


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's own")
def test_dev_full_is_full(kept: Path) -> None:
    with pytest.raises(OutputError):
        write("/dev/full", b"the answer")
    (file,) = kept.iterdir()
    assert file.read_bytes() == b"the answer"


def test_a_file_that_cannot_take_its_place_is_kept(folder: Path, kept: Path) -> None:
    path = folder / "file"
    sink = open_sink(Context.test(), str(path))
    path.mkdir()
    with pytest.raises(OutputError):
        put(sink, b"the answer")
    assert [path.name for path in folder.iterdir()] == ["file"]
    (file,) = kept.iterdir()
    assert file.read_bytes() == b"the answer"


@pytest.mark.parametrize("error", [NetworkError("broke"), NetworkError("broke", hint="wait")])
def test_part_of_an_answer_that_broke_off_is_kept(
    error: NetworkError, folder: Path, kept: Path
) -> None:
    path = folder / "file"
    with pytest.raises(NetworkError) as caught:
        write(path, b"half an ans", then=error)
    assert not path.exists()
    (file,) = kept.iterdir()
    assert file.read_bytes() == b"half an ans"
    assert str(file) in str(caught.value.hint)


def test_when_nothing_came_nothing_is_kept(folder: Path, kept: Path) -> None:
    with pytest.raises(NetworkError):
        write(folder / "file", then=NetworkError("broke"))
    assert list(kept.iterdir()) == []
    assert list(folder.iterdir()) == []


def test_part_of_an_answer_on_stdout_stays_there(kept: Path) -> None:
    out = io.BytesIO()
    with pytest.raises(NetworkError):
        put(open_sink(Context.test(stdout=out), None), b"half an ans", then=NetworkError("broke"))
    assert out.getvalue() == b"half an ans"
    assert list(kept.iterdir()) == []


def test_the_size_is_of_what_was_written() -> None:
    with open_sink(Context.test(), None) as sink:
        assert sink.size == 0
        sink.write(b"")
        assert sink.size == 0
        sink.write(b"x")
        assert sink.size == 1


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sink that holds 10 bytes at most."""
    monkeypatch.setattr("openai_cli.output.sink._HELD", 10)


@pytest.mark.usefixtures("held")
def test_a_long_result_goes_on_to_its_file_before_it_is_whole(tmp_path: Path) -> None:
    with open_sink(Context.test(), str(tmp_path / "a")) as sink:
        for _ in range(9):
            sink.write(b"four")
        assert len(sink._taken) <= 10
        assert sink.size == 36
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a").read_bytes() == b"four" * 9


def _break_off(path: Path) -> None:
    with open_sink(Context.test(), str(path)) as sink:
        for _ in range(9):
            sink.write(b"four")
        raise NetworkError("broke")


@pytest.mark.usefixtures("held")
def test_a_long_result_that_breaks_off_is_kept_whole(tmp_path: Path, kept: Path) -> None:
    with pytest.raises(NetworkError):
        _break_off(tmp_path / "a")
    assert list(tmp_path.glob("*a*")) == []
    assert [path.read_bytes() for path in kept.iterdir()] == [b"four" * 9]


class Short(io.RawIOBase):
    """A raw stream that takes a few bytes at a time, as an unbuffered one may."""

    def __init__(self) -> None:
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.taken += bytes(data[:3])
        return len(data[:3])


def test_a_stream_that_takes_little_at_a_time_gets_all() -> None:
    """PYTHONUNBUFFERED makes stdout such a stream."""
    out = Short()
    with Sink(Stream(cast("BinaryIO", out))) as sink:
        sink.write(b"more than three bytes")
    assert out.taken == b"more than three bytes"


def test_a_socket_that_was_closed_is_a_reader_that_went_away() -> None:
    ours, theirs = socket.socketpair()
    with ours, ours.makefile("wb", buffering=0) as out:
        theirs.close()
        with pytest.raises(ReaderGone):
            put(open_sink(Context.test(stdout=out), None), b"x", b"y")


def test_a_full_pipe_that_another_program_made_non_blocking_is_waited_for() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    taken = bytearray()

    def drain() -> None:
        while piece := os.read(read, 65536):
            taken.extend(piece)

    reader = threading.Thread(target=drain)
    with os.fdopen(write, "wb", buffering=0) as out:
        while out.write(b"-" * 4096) is not None:
            pass  # until it is full
        reader.start()
        put(open_sink(Context.test(stdout=out), None), b"x" * 1_000_000)
    reader.join()
    os.close(read)
    assert taken.endswith(b"-" + b"x" * 1_000_000)


# Log


def test_a_log_is_appended_to(folder: Path) -> None:
    path = folder / "usage"
    path.write_bytes(b"zero\n")
    log, other = Log(str(path)), Log(str(path))
    log.add(b"one\n")
    other.add(b"two\n")
    log.add(b"three\n")
    log.close()
    other.close()
    assert path.read_bytes() == b"zero\none\ntwo\nthree\n"


def test_a_log_raises_what_the_system_says(folder: Path) -> None:
    with pytest.raises(OSError, match="Is a directory"):
        Log(str(folder))


def test_a_line_that_does_not_fit_is_taken_back(folder: Path) -> None:
    path = folder / "usage"
    log = Log(str(path))
    log.add(b"one\n")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            log.add(b"twenty\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    log.close()
    assert path.read_bytes() == b"one\n"


def test_a_fifo_takes_lines_of_one_opening(folder: Path) -> None:
    fifo = folder / "pipe"
    os.mkfifo(fifo)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
    reader.start()
    log = Log(str(fifo))
    log.add(b"one\n")
    log.add(b"two\n")
    log.close()
    reader.join(timeout=30)
    assert got == [b"one\ntwo\n"]


def test_help_that_cannot_be_written_is_not_kept(kept: Path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        context = Context.test(stdout=full)
        assert run(context, ["--help"]) == 10
    assert list(kept.iterdir()) == []
    assert isinstance(context.messages.stream, io.StringIO)
    assert "kept" not in context.messages.stream.getvalue()
