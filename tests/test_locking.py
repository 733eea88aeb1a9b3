"""A lock between processes: who waits, who is told, and what becomes of its file."""

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from openai_cli.errors import NetworkError, UsageError
from openai_cli.locking import locked


def nothing(_seconds: float = 0.0) -> None:
    pass


def must_not(_seconds: float = 0.0) -> None:
    pytest.fail("nobody has the lock")


def lock(
    path: Path,
    waits: Callable[[], None] = must_not,
    sleep: Callable[[float], None] = must_not,
) -> AbstractContextManager[None]:
    return locked(path, waits=waits, sleep=sleep)


@contextmanager
def another(path: Path) -> Iterator[Callable[[], None]]:
    """Another holder of the lock, who leaves its file there; gives what makes them let go."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield lambda: fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.lock"


def test_its_file_is_private_and_goes_with_it(path: Path) -> None:
    with lock(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_its_file_goes_while_it_is_held(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One who got it before the file goes would hold a lock that others cannot see."""
    unlink = os.unlink

    def unlink_if_held(name: Path) -> None:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unlink(name)

    monkeypatch.setattr(os, "unlink", unlink_if_held)
    with lock(path):
        other = os.open(path, os.O_RDWR)
    os.close(other)
    assert not path.exists()


def test_a_failure_lets_go_of_it(path: Path) -> None:
    with suppress(KeyError), lock(path):
        raise KeyError
    assert not path.exists()
    with lock(path):
        pass


def test_it_keeps_others_out(path: Path) -> None:
    with lock(path), pytest.raises(KeyboardInterrupt):
        lock(path, sleep=interrupt).__enter__()
    assert not path.exists()


def interrupt(_seconds: float = 0.0) -> None:
    raise KeyboardInterrupt


def test_a_file_that_a_killed_process_left_keeps_nobody_out(path: Path) -> None:
    path.touch()
    with lock(path):
        pass
    assert not path.exists()


def test_who_gets_it_soon_is_told_nothing(path: Path) -> None:
    slept: list[float] = []
    with another(path) as let_go:

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if sum(slept) > 1.9:
                let_go()

        with lock(path, sleep=sleep):
            assert 1.9 < sum(slept) < 2


def test_who_waits_two_seconds_is_told_once(path: Path) -> None:
    slept: list[float] = []
    told: list[float] = []
    with another(path) as let_go:

        def waits() -> None:
            told.append(sum(slept))
            let_go()

        with lock(path, waits, slept.append):
            assert told == [pytest.approx(2)]


def test_a_file_that_was_removed_meanwhile_is_no_lock(path: Path) -> None:
    """The one before removed it as it let go, and the next made another and holds that."""
    slept: list[float] = []
    told: list[str] = []
    with another(path) as first_lets_go:
        held = path.stat().st_ino
        path.rename(path.with_name("removed"))
        with another(path) as second_lets_go:
            assert path.stat().st_ino != held
            path.rename(path.with_name("second"))
            path.with_name("removed").rename(path)

            def sleep(seconds: float) -> None:
                slept.append(seconds)
                if len(slept) == 1:
                    path.with_name("second").rename(path)
                    first_lets_go()
                elif len(slept) == 2:
                    assert path.stat().st_ino != held
                    second_lets_go()

            with lock(path, lambda: told.append("told"), sleep):
                assert len(slept) == 2, "it waits for the second too"
    assert told == []


def test_of_two_waits_one_is_told(path: Path) -> None:
    told: list[str] = []
    with another(path) as let_go:

        def waits() -> None:
            told.append("told")
            path.unlink()
            let_go()

        with lock(path, waits, nothing):
            assert path.exists(), "a lock on a file that is gone is none"
    assert told == ["told"]


@pytest.mark.parametrize("kind", ["file", "fifo", "link", "folder"])
def test_what_is_no_lock_is_left_alone(kind: str, path: Path) -> None:
    """`chat -c poetry` must not take poetry.lock for its own, and remove it."""
    if kind == "file":
        path.write_text("[[package]]")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("elsewhere")
    else:
        path.mkdir()
    before = path.lstat()
    with pytest.raises(UsageError, match=r"x\.lock") as caught:
        lock(path).__enter__()
    assert caught.value.hint
    assert os.path.samestat(path.lstat(), before)
    names = {file.name for file in path.parent.iterdir()}
    assert names - {"home", "tmp"} == {"x.lock"}


def test_a_lock_that_cannot_be_made_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing/x\.lock' cannot be created: No such file"):
        lock(tmp_path / "missing" / "x.lock").__enter__()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_wrong_usage(
    number: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_handle: int, _operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(UsageError, match=f"cannot be locked: {os.strerror(number)}") as caught:
        lock(path).__enter__()
    assert "flock" in (caught.value.hint or "")


def test_a_wait_that_is_bounded_ends_with_what_its_sleep_raises(path: Path) -> None:
    waits: list[float] = []
    told: list[str] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 100:
            raise NetworkError("it is over")

    lock = locked(path, waits=lambda: told.append("told"), sleep=sleep, is_bounded=True)
    with another(path), pytest.raises(NetworkError), lock:
        pytest.fail("nobody let go of it")
    assert told == ["told"]
    assert set(waits) == {0.05}
