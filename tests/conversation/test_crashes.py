"""A conversation's file among many processes, and those that are killed at any step."""

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, NoReturn, TextIO

import pytest

from openai_cli.conversation.file import ConversationFile, opened, read
from openai_cli.errors import ENDING, CliError, OutputError, Terminated
from openai_cli.messages import Messages

# A child that forks off a process of many threads must not wait for one of them; ours do not.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

Body = dict[str, Any]

FIRST, SECOND, QUESTION, REPLY = (
    {"role": role, "content": content}
    for role, content in (
        ("user", "one"),
        ("assistant", "two"),
        ("user", "three"),
        ("assistant", "four"),
    )
)
OLD: Body = {"messages": [FIRST, SECOND]}
NEW: Body = {"messages": [QUESTION, REPLY]}
LEFT = [FIRST, SECOND]


def locked(
    path: Path, sleep: Callable[[float], None] = time.sleep, stderr: TextIO | None = None
) -> AbstractContextManager[ConversationFile]:
    """The conversation in a file, as a command has it."""
    return opened(str(path), Messages(stderr, environ={}), now=time.time, sleep=sleep)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A conversation, alone in its folder."""
    folder = tmp_path / "conversations"
    folder.mkdir()
    path = folder / "trip.json"
    path.write_text(json.dumps(OLD))
    return path


def history(path: Path) -> list[Any]:
    """The messages in the history."""
    file = path.with_name("trip.json.history.jsonl")
    lines = file.read_text().splitlines() if file.exists() else []
    return [json.loads(line)["message"] for line in lines]


def names(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir())


class Child:
    """A process that does this work; it waits for `go`."""

    def __init__(self, work: Callable[[], object]) -> None:
        ready, self._go = os.pipe()
        self._said, says = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(60)  # a child that hangs ends by it
            os.close(self._go)
            os.read(ready, 1)
            _end(work, says)
        os.close(ready)
        os.close(says)

    def go(self) -> None:
        os.write(self._go, b"!")  # its end would not do: later children have this pipe too
        os.close(self._go)

    def wait(self) -> tuple[int, str]:
        """Its exit code, the signal below zero, and the error that it ended with."""
        with os.fdopen(self._said) as pipe:
            said = pipe.read()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), said


def _end(work: Callable[[], object], says: int) -> NoReturn:
    code = 1
    try:
        work()
        code = 0
    except CliError as error:
        code = error.exit_code
        os.write(says, f"{error.problem}; {error.hint}".encode())
    except KeyboardInterrupt:
        code = 130
    except Terminated as ended:
        code = ended.exit_code
    except BaseException:  # noqa: BLE001 - no exception of a child is the parent's
        traceback.print_exc()
    finally:
        os._exit(code)


def run(work: Callable[[], object]) -> tuple[int, str]:
    child = Child(work)
    child.go()
    return child.wait()


def run_all(works: Sequence[Callable[[], object]]) -> list[int]:
    """The exit codes of processes that do these works at once."""
    children = [Child(work) for work in works]
    for child in children:
        child.go()
    return [child.wait()[0] for child in children]


# Many processes


def add_turn(path: Path, name: str, sleep: Callable[[float], None] = time.sleep) -> None:
    """Add a turn; of more than three the oldest leaves."""
    with locked(path, sleep) as conversation:
        messages = conversation.body.get("messages", [])
        asked = {"role": "user", "content": f"question of {name}"}
        told = {"role": "assistant", "content": f"reply to {name}"}
        left, stays = (messages[:2], messages[2:]) if len(messages) > 4 else ([], messages)
        conversation.save({"messages": [*stays, asked, told]}, left)


def no_pause(_seconds: float) -> None:
    """Then a child has tried all the times that it tries, and waits in the kernel."""


@pytest.mark.parametrize("sleep", [time.sleep, no_pause])
@pytest.mark.parametrize("linked", [False, True])
def test_of_twenty_processes_at_once_none_loses_a_turn(
    linked: bool, sleep: Callable[[float], None], path: Path, tmp_path: Path
) -> None:
    path.unlink()
    link = tmp_path / "link.json"
    link.symlink_to(path)
    paths = [link if linked and number % 2 else path for number in range(20)]
    for turn in range(3):
        works = [
            partial(add_turn, path, f"{number} in {turn}", sleep)
            for number, path in enumerate(paths)
        ]
        assert run_all(works) == [0] * 20
    said = [message["content"] for message in history(path) + read(str(path))["messages"]]
    questions, replies = said[::2], said[1::2]
    assert Counter(questions) == Counter(
        f"question of {number} in {turn}" for number in range(20) for turn in range(3)
    )
    assert replies == [question.replace("question of", "reply to") for question in questions]
    assert names(path) == ["trip.json", "trip.json.history.jsonl"]


def test_a_process_that_is_killed_holds_nobody_up(path: Path) -> None:
    def die_with_the_lock() -> None:
        with locked(path):
            os.kill(os.getpid(), signal.SIGKILL)

    path.unlink()
    works = [
        die_with_the_lock if number % 2 else partial(add_turn, path, str(number))
        for number in range(20)
    ]
    assert run_all(works) == [0, -signal.SIGKILL] * 10
    said = [message["content"] for message in history(path) + read(str(path))["messages"]]
    assert Counter(said[::2]) == Counter(f"question of {number}" for number in range(0, 20, 2))


def test_ctrl_c_ends_the_wait_for_another_process(path: Path) -> None:
    """It waits in the kernel when the signal comes, or is about to."""
    waits, told = os.pipe()

    def wait() -> None:
        with locked(path, no_pause, os.fdopen(told, "w")):
            pass

    with locked(path):
        child = Child(wait)
        child.go()
        os.close(told)
        with os.fdopen(waits) as pipe:
            assert "waiting for another process" in pipe.readline()
            os.kill(child.pid, signal.SIGINT)
            assert child.wait() == (130, "")
    assert names(path) == ["trip.json"]


# A save that does not come to its end

OURS = ("openai_cli",)


def save_and(act: Callable[[], None], path: Path, step: int) -> None:
    """Save, and do this before the line of that number which the save runs, from 0."""
    with locked(path) as conversation:
        left = step

        def trace(frame: FrameType, event: str, _argument: object) -> Any:
            nonlocal left
            if not any(name in frame.f_code.co_filename for name in OURS):
                return None
            if event == "line":
                if not left:
                    act()
                left -= 1
            return trace

        sys.settrace(trace)
        try:
            conversation.save(NEW, LEFT)
        finally:
            sys.settrace(None)


def each_step(
    path: Path, act: Callable[[], None], *, ends: int
) -> Iterator[tuple[int, bytes, list[Any]]]:
    """For each step of a save that `act` is done at: its number, what is in file and history."""
    old = path.read_bytes()
    for step in range(10_000):
        for file in path.parent.iterdir():
            file.unlink()
        path.write_bytes(old)
        path.chmod(0o600)
        code, said = run(partial(save_and, act, path, step))
        if code == 0:
            return
        assert code == ends, said
        yield step, path.read_bytes(), history(path)


NEW_TEXT = b"""{
  "messages": [
    {
      "role": "user",
      "content": "three"
    },
    {
      "role": "assistant",
      "content": "four"
    }
  ]
}
"""


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_kill_at_any_step_of_a_save_loses_nothing(path: Path) -> None:
    old = path.read_bytes()
    seen = []
    for _, text, gone in each_step(path, kill, ends=-signal.SIGKILL):
        assert text in (old, NEW_TEXT)
        assert gone in ([], LEFT)
        assert text == old or gone == LEFT, "what is not in the file is in the history"
        seen.append((text == NEW_TEXT, gone == LEFT))
        strange = set(names(path)) - {"trip.json", "trip.json.lock", "trip.json.history.jsonl"}
        assert all(name.startswith(".openai-cli-") for name in strange)
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
        with locked(path) as conversation:
            conversation.save({"messages": [REPLY]}, [QUESTION])
        assert read(str(path)) == {"messages": [REPLY]}
        assert history(path) == [*gone, QUESTION]
    assert set(seen) == {(False, False), (False, True), (True, True)}
    assert seen == sorted(seen)
    assert len(seen) > 50


def terminated(number: int, _frame: object) -> NoReturn:
    raise Terminated(number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), *ENDING.items()])
def test_a_signal_at_any_step_leaves_all_or_nothing(
    number: signal.Signals, code: int, path: Path
) -> None:
    before = {each: signal.signal(each, terminated) for each in ENDING}
    try:
        seen = []
        for step, text, gone in each_step(path, lambda: signal.raise_signal(number), ends=code):
            saved = text == NEW_TEXT
            assert gone == (LEFT if saved else []), step
            extra = ["trip.json.history.jsonl"] if saved else []
            assert names(path) == ["trip.json", *extra], step
            seen.append(saved)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert seen == sorted(seen)
    assert set(seen) == {True, False}


def half(then: Callable[[], None]) -> Callable[[BinaryIO, bytes], None]:
    """A write that comes to its half, and no further."""

    def write(stream: BinaryIO, data: bytes) -> None:
        stream.write(data[: len(data) // 2])
        then()

    return write


@pytest.mark.parametrize("module", ["conversation.file", "output.sink"])
def test_a_kill_in_the_middle_of_a_write_loses_nothing(
    module: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`conversation.file` writes the history, `output.sink` the temporary file."""

    def save_half() -> None:
        monkeypatch.setattr(f"openai_cli.{module}.write_all", half(kill))
        save(path)

    assert run(save_half) == (-signal.SIGKILL, "")
    assert read(str(path)) == OLD
    text = path.with_name("trip.json.history.jsonl").read_text()
    assert text.endswith("\n") == (module == "output.sink")
    save(path)
    assert read(str(path)) == NEW
    after = path.with_name("trip.json.history.jsonl").read_text().removeprefix(text).lstrip("\n")
    assert [json.loads(line)["message"] for line in after.splitlines()] == LEFT


def save(path: Path, body: Body = NEW, left: list[Any] = LEFT) -> None:
    with locked(path) as conversation:
        conversation.save(body, left)


# Disks that are full, and folders that may not be written

LONG = {"role": "user", "content": "long " * 20_000}


@pytest.mark.parametrize(
    ("body", "left", "then"),
    [
        ({"messages": [LONG]}, LEFT, "nor could the turn be kept: File too large"),
        ({"messages": [REPLY]}, [*LEFT, LONG], "the conversation with it is kept in "),
    ],
)
def test_a_file_that_may_not_grow_is_as_it_was(
    body: Body, left: list[Any], then: str, path: Path, tmp_path: Path
) -> None:
    """A write beyond the limit writes a part, up to it, and so does a full disk."""

    def save_limited() -> None:
        tempfile.tempdir = str(tmp_path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        save(path, body, left)

    save(path, OLD, [QUESTION])
    before = contents(path)
    code, said = run(save_limited)
    assert code == 10
    assert said.startswith(f"the turn could not be saved in '{path}': File too large; {then}")
    assert contents(path) == before


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root mounts a file system, and not everywhere")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    ("body", "left"), [({"messages": [LONG]}, LEFT), ({"messages": [REPLY]}, [*LEFT, LONG])]
)
def test_a_full_disk_changes_nothing_and_the_turn_is_kept(
    body: Body, left: list[Any], small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = small_disk / "trip.json"
    save(path, OLD, [QUESTION])
    before = contents(path)
    with pytest.raises(OutputError, match="No space left on device") as caught:
        save(path, body, left)
    assert contents(path) == before
    kept = Path((caught.value.hint or "").removeprefix("the conversation with it is kept in "))
    assert json.loads(kept.read_text()) == body
    save(path, NEW, LEFT)
    assert read(str(path)) == NEW


NOBODY = 65534


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder of mode 0500 that all can reach; it is nobody's where this process is root's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "closed"
        Path(name).chmod(0o755)
        folder.mkdir()
        yield folder
        folder.chmod(0o700)


@pytest.mark.parametrize("left_behind", [[], ["trip.json"], ["trip.json", "trip.json.lock"]])
def test_a_read_only_folder_is_refused_before_anything_is_sent(
    left_behind: list[str], closed_folder: Path
) -> None:
    path = closed_folder / "trip.json"
    for name in left_behind:
        path.with_name(name).write_text(json.dumps(OLD) if name == "trip.json" else "")
    if os.geteuid() == 0:
        for file in [*closed_folder.iterdir(), closed_folder]:
            os.chown(file, NOBODY, NOBODY)
    closed_folder.chmod(0o500)

    def open_as_nobody() -> None:
        if os.geteuid() == 0:
            os.setuid(NOBODY)
        save(path)

    assert run(open_as_nobody) == (
        2,
        f"the conversation '{path}' is in a folder that may not be written: '{closed_folder}'; "
        "name a file in another folder",
    )
    assert names(path) == left_behind
