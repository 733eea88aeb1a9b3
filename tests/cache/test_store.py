"""The folder of answers: who may use it, what goes first, and what a crash leaves."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openai_cli.cache.entry import Entry
from openai_cli.cache.store import LARGEST, MAX, Store, UnusableError, largest_of, location
from openai_cli.context import Context
from openai_cli.errors import UsageError

KEYS = [f"{digit:x}" * 64 for digit in range(16)]
NOW = 1_000_000.0


def entry(body: bytes = b"an answer", *, asked: float = NOW, lasts: float = 3600) -> Entry:
    return Entry(asked, asked + lasts, "text/plain", body)


@pytest.fixture
def clock() -> list[float]:
    return [NOW]


@pytest.fixture
def store(clock: list[float]) -> Store:
    return Store.opened(lambda: clock[0], LARGEST)


def names(store: Store) -> list[str]:
    return sorted(path.name for path in store.path.iterdir())


def test_an_answer_is_there_until_it_expires(store: Store, clock: list[float]) -> None:
    store.put(KEYS[1], entry())
    assert store.get(KEYS[1], 3600) == entry()
    assert store.get(KEYS[2], 3600) is None
    clock[0] = NOW + 3599
    assert store.get(KEYS[1], 3600) == entry()
    clock[0] = NOW + 3600
    assert store.get(KEYS[1], 99999) is None


def test_whoever_wants_a_newer_one_does_not_get_it(store: Store, clock: list[float]) -> None:
    store.put(KEYS[1], entry())
    clock[0] = NOW + 61
    assert store.get(KEYS[1], 60) is None
    assert store.get(KEYS[1], 61) == entry()


def test_an_answer_from_the_future_is_not_served(store: Store, clock: list[float]) -> None:
    store.put(KEYS[1], entry())
    clock[0] = NOW - 1
    assert store.get(KEYS[1], 3600) is None


def test_the_folder_and_its_files_are_for_their_user_alone(store: Store, tmp_path: Path) -> None:
    assert store.path == tmp_path / "home/.cache/openai-cli/answers"
    store.put(KEYS[1], entry())
    store.salt(lambda _seconds: None)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in store.path.iterdir()} == {0o600}


def test_the_cache_is_where_xdg_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert location() == tmp_path / "elsewhere/openai-cli/answers"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the standard has ignored
    assert location().is_absolute()


@pytest.mark.parametrize("mode", [0o755, 0o710, 0o701, 0o777, 0o720, 0o1777])
def test_a_folder_that_others_can_enter_is_not_used(store: Store, mode: int) -> None:
    store.path.chmod(mode)
    with pytest.raises(UnusableError, match=r"others can enter .*chmod 700"):
        Store.opened(lambda: NOW, LARGEST)


def test_a_folder_of_another_user_is_not_used(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UnusableError, match="belongs to another user"):
        Store.opened(lambda: NOW, LARGEST)


def test_what_is_no_folder_is_not_used(tmp_path: Path) -> None:
    location().parent.mkdir(parents=True)
    location().write_text("a file")
    with pytest.raises(UnusableError, match="cannot be used: File exists"):
        Store.opened(lambda: NOW, LARGEST)


def test_the_salt_stays_and_one_that_is_broken_is_made_anew(store: Store) -> None:
    salt = store.salt(lambda _seconds: None)
    assert len(salt) == 32
    assert store.salt(lambda _seconds: None) == salt
    (store.path / "salt").write_bytes(salt[:31])
    anew = store.salt(lambda _seconds: None)
    assert len(anew) == 32
    assert anew != salt
    assert names(store) == ["salt"]


def put_all(store: Store, clock: list[float], body: bytes, **more: Any) -> None:
    for key in KEYS:
        clock[0] += 1
        store.put(key, entry(body, asked=clock[0], **more))


def test_what_was_served_the_longest_ago_goes_first(store: Store, clock: list[float]) -> None:
    put_all(store, clock, b"x" * 1000)
    clock[0] += 1
    assert store.get(KEYS[3], 3600) is not None
    size = sum(found.size for found in store.entries())
    small = Store(store.path, store.now, size * 4 // 16)
    small.sweep()
    kept = {found.path.name[0] for found in store.entries()}
    assert kept == {"3", "d", "e", "f"}


def test_the_size_is_looked_at_as_answers_come(store: Store, clock: list[float]) -> None:
    small = Store(store.path, store.now, 20_000)
    put_all(small, clock, b"x" * 4000)
    assert sum(found.size for found in store.entries()) <= 20_000
    assert KEYS[15] in {found.path.stem for found in store.entries()}


def test_an_answer_above_a_quarter_of_it_all_is_not_kept(store: Store) -> None:
    small = Store(store.path, store.now, 20_000)
    small.put(KEYS[1], entry(b"x" * 5000))
    assert names(store) == []


def test_what_has_expired_goes(store: Store, clock: list[float]) -> None:
    put_all(store, clock, b"old", lasts=10)
    clock[0] += 100
    store.put(KEYS[0], entry(asked=clock[0]))  # one in sixteen, by its key, has all looked at
    assert names(store) == [f"{KEYS[0]}.answer"]


def test_what_a_kill_left_behind_goes_after_a_day(store: Store, clock: list[float]) -> None:
    for name in (f"{KEYS[1]}.answer.1.ab.half", f"{KEYS[1]}.lock", "salt", "notes.txt"):
        (store.path / name).write_bytes(b"")
        os.utime(store.path / name, (NOW, NOW))
    clock[0] = NOW + 24 * 3600
    store.sweep()
    assert len(names(store)) == 4
    clock[0] += 1
    store.sweep()
    assert names(store) == ["notes.txt", "salt"]


def test_all_of_it_is_cleared_but_the_salt(store: Store, clock: list[float]) -> None:
    put_all(store, clock, b"x")
    store.salt(lambda _seconds: None)
    assert store.clear() == 16
    assert names(store) == ["salt"]


@pytest.mark.parametrize("raw", ["-1", "x", "nan", "inf", "1_0", " ", "2GB"])
def test_a_size_that_is_none_is_told_of(raw: str) -> None:
    with pytest.raises(UsageError, match=f"{MAX} must be"):
        largest_of(Context.test(environ={MAX: raw}))


def test_a_size_is_in_megabytes() -> None:
    assert largest_of(Context.test(environ={MAX: "0.5"})) == 512 * 1024
    assert largest_of(Context.test(environ={MAX: ""})) == LARGEST
    assert largest_of(Context.test()) == LARGEST


# A crash at each step of writing. What fails there is an error of the disk, or the process's end.

STEPS = ["open", "fdopen", "write half", "written", "utime", "replace", "replaced"]


def failing(step: str, fail: Callable[[], None], patch: pytest.MonkeyPatch) -> None:
    """Have the step of writing fail."""
    real_fdopen, real_replace = os.fdopen, Path.replace

    def stop(*_given: Any, **_named: Any) -> Any:
        fail()

    def fdopen(handle: int, mode: str) -> Any:
        file = real_fdopen(handle, mode, buffering=0)

        class Half:
            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_error: object) -> None:
                file.close()

            def write(self, data: bytes) -> None:
                file.write(data if step == "written" else data[: len(data) // 2])
                fail()

        return Half()

    def replaced(self: Path, target: Path) -> None:
        real_replace(self, target)
        fail()

    if step in ("open", "fdopen", "utime"):
        patch.setattr(os, step, stop)
    elif step == "replace":
        patch.setattr(Path, "replace", stop)
    elif step == "replaced":
        patch.setattr(Path, "replace", replaced)
    else:
        patch.setattr(os, "fdopen", fdopen)


@pytest.mark.parametrize("before", [None, entry(b"the one before")], ids=["new", "again"])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_a_whole_answer_or_none(
    store: Store, step: str, before: Entry | None
) -> None:
    if before is not None:
        store.put(KEYS[1], before)
    child = os.fork()
    if not child:
        with pytest.MonkeyPatch.context() as patch:
            failing(step, lambda: os._exit(9), patch)
            store.put(KEYS[1], entry(b"new" * 100_000))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    after = entry(b"new" * 100_000) if step == "replaced" else before
    assert store.get(KEYS[1], 3600) == after


@pytest.mark.parametrize("step", STEPS[:-1])
def test_a_disk_that_fails_at_any_step_leaves_nothing(store: Store, step: str) -> None:
    def fail() -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        failing(step, fail, patch)
        with pytest.raises(OSError, match="No space left"):
            store.put(KEYS[1], entry())
    assert store.get(KEYS[1], 3600) is None
    assert names(store) == []
