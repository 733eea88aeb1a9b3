"""A conversation's file: what is one, what a save leaves behind, and what failed."""

import errno
import fcntl
import io
import json
import os
import stat
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openai_cli.conversation.file import ConversationFile, opened, read
from openai_cli.errors import OutputError, UsageError
from openai_cli.messages import Messages

QUESTION = {"role": "user", "content": "What about Taiwan?"}
REPLY = {"role": "assistant", "content": "Go in autumn."}
OLD = {"model": "m", "messages": [QUESTION]}
NEW = {"model": "m", "messages": [QUESTION, REPLY]}

# 2026-11-23, 00:00:07 in UTC.
NOW = 1795392007.0


pytestmark = pytest.mark.usefixtures("kept")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to be, alone in its folder."""
    folder = tmp_path / "conversations"
    folder.mkdir()
    return folder / "trip.json"


def must_not_wait(_seconds: float) -> None:
    pytest.fail("nobody has the lock")


def conversation(
    path: Path | str,
    *,
    stderr: TextIO | None = None,
    sleep: Callable[[float], None] = must_not_wait,
) -> AbstractContextManager[ConversationFile]:
    return opened(str(path), Messages(stderr, environ={}), now=lambda: NOW, sleep=sleep)


def save(path: Path | str, body: Mapping[str, Any], left: Sequence[Mapping[str, Any]] = ()) -> None:
    with conversation(path) as found:
        found.save(body, left)


def history(path: Path) -> Path:
    return path.with_name("trip.json.history.jsonl")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


# What is saved


def test_a_missing_file_is_a_new_conversation(path: Path) -> None:
    with conversation(path) as found:
        assert (found.path, found.body, found.is_new) == (str(path), {}, True)
    assert contents(path.parent) == {}, "what is not saved makes no file"


def test_a_file_is_made_for_people_to_read(path: Path) -> None:
    save(path, {"model": "m", "messages": [{"role": "user", "content": "Bā \u2028 台灣"}], "n": []})
    assert contents(path.parent) == {
        "trip.json": b"""{
  "model": "m",
  "messages": [
    {
      "role": "user",
      "content": "B\xc4\x81 \xe2\x80\xa8 \xe5\x8f\xb0\xe7\x81\xa3"
    }
  ],
  "n": []
}
"""
    }


def test_what_was_saved_is_there_at_once_and_the_next_time(path: Path) -> None:
    with conversation(path) as found:
        found.save(OLD)
        assert (found.body, found.is_new) == (OLD, False)
        found.save(NEW)
    with conversation(path) as found:
        assert (found.body, found.is_new) == (NEW, False)
    assert read(str(path)) == NEW


BODY = b"""{
  "zeta": 0.30000000000000004,
  "messages": [
    {
      "name": "Zo\xc3\xab",
      "role": "user",
      "content": "",
      "new of tomorrow": [
        -0.0,
        1.0,
        1e-07,
        true,
        null
      ]
    }
  ],
  "alpha": 123456789012345678901234567890,
  "model": "m"
}
"""


def test_numbers_order_and_unknown_properties_survive(path: Path) -> None:
    path.write_bytes(BODY)
    with conversation(path) as found:
        assert found.body["alpha"] == 123456789012345678901234567890
        found.save(found.body)
    assert path.read_bytes() == BODY


def test_of_a_key_that_is_there_twice_the_last_counts(path: Path) -> None:
    path.write_text('{"messages": [], "n": 1, "n": 2}')
    assert read(str(path)) == {"messages": [], "n": 2}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
messages = st.builds(
    lambda message, role: {**message, "role": role},
    st.dictionaries(st.text(), json_values, max_size=3),
    st.text(),
)
bodies = st.builds(
    lambda body, messages: {**body, "messages": messages},
    st.dictionaries(st.text(), json_values, max_size=4),
    st.lists(messages, max_size=4),
)


@given(bodies)
@example({"messages": [], "lone": "\ud800", "\udfff": "é"})
@example({"messages": [], "float": 5e-324, "int": 10**4000})
def test_what_is_saved_is_what_is_loaded(body: dict[str, Any]) -> None:
    """Compared as text: Python takes 1, 1.0 and true for the same, and looks at no order."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trip.json"
        save(path, body)
        text = path.read_bytes()
        with conversation(path) as found:
            assert repr(found.body) == repr(body)
            found.save(found.body)
        assert path.read_bytes() == text


@pytest.mark.parametrize("before", [0o644, 0o666, 0o700])
def test_a_conversation_is_private(before: int, path: Path) -> None:
    path.write_text(json.dumps(OLD))
    path.chmod(before)
    history(path).touch()
    history(path).chmod(before)
    save(path, NEW, [QUESTION])
    assert (mode(path), mode(history(path))) == (0o600, 0o600)


def test_a_new_one_is_private_too(path: Path) -> None:
    save(path, OLD, [QUESTION])
    assert (mode(path), mode(history(path))) == (0o600, 0o600)


def test_a_byte_order_mark_is_passed_over(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbf{"messages": []}')
    assert read(str(path)) == {"messages": []}


# Names


def test_a_link_is_followed_and_stays(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to("conversations/trip.json")
    with conversation(link) as found:
        assert found.is_new, "a link to a file that is not there yet"
        assert (path.parent / "trip.json.lock").exists(), "two names of a file have one lock"
        found.save(OLD, [REPLY])
    assert link.is_symlink()
    assert sorted(contents(path.parent)) == ["trip.json", "trip.json.history.jsonl"]
    assert read(str(link)) == read(str(path)) == OLD


def test_a_name_without_a_folder_is_in_the_current_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    save("trip.json", OLD)
    assert (read("trip.json"), read(str(path))) == (OLD, OLD)


def test_read_makes_nothing_and_waits_for_nobody(path: Path) -> None:
    assert read(str(path)) == read(str(path / "no" / "folder")) == {}
    assert contents(path.parent) == {}
    path.write_text(json.dumps(OLD))
    with conversation(path) as found:
        assert read(str(path)) == OLD
        found.save(NEW)
        assert read(str(path)) == NEW


# What is no conversation

NONE = [
    (b"", "is empty"),
    (b" \n", "is empty"),
    (b"\xef\xbb\xbf", "is not JSON: Expecting value at line 1, column 1"),
    (b'{"messages": [\xff]}', "is not UTF-8: byte 0xff at offset 14"),
    (b"{\n 'messages': []\n}", "is not JSON: Expecting property name enclosed in double quotes"),
    (b'{\n "messages": [,]}', "is not JSON: Expecting value at line 2, column 15"),
    (b'{"messages": []}\n{"messages": []}\n', "is not JSON: Extra data at line 2, column 1"),
    (b'{"messages": [], "seed": NaN}', "is not JSON: NaN is not a JSON number"),
    (b'{"messages": [], "seed": 1e400}', "has a number too large to send: '1e400'"),
    (b'{"messages": [], "seed": 1' + b"0" * 5000 + b"}", "has a number of 5001 digits"),
    (b'{"messages": ' + b"[" * 100_000, "has JSON that nests too deep"),
    (b'[{"role": "user", "content": "Hi"}]', "must be a JSON object"),
    (b'"Hi"', "must be a JSON object"),
    (b'{"prompt": "Hi"}', "must have an array at messages"),
    (b'{"messages": {"role": "user"}}', "must have an array at messages"),
    (b'{"messages": [{"role": "user"}, "Hi"]}', "must have an object at messages[1]"),
    (b'{"messages": [{"content": "Hi"}]}', "must have a string at messages[0].role"),
    (b'{"messages": [{"role": 1}]}', "must have a string at messages[0].role"),
]


@pytest.mark.parametrize(("data", "why"), NONE, ids=[why for _, why in NONE])
def test_what_is_no_conversation_is_refused_and_left_alone(
    data: bytes, why: str, path: Path
) -> None:
    path.write_bytes(data)
    path.chmod(0o644)
    for use in (read, enter):
        with pytest.raises(UsageError) as caught:
            use(str(path))
        assert f"the conversation '{path}' {why}" in caught.value.problem
        assert '{"messages": [{"role": "user", "content": "Hi"}]}' in (caught.value.hint or "")
    assert contents(path.parent) == {"trip.json": data}
    assert mode(path) == 0o644


def enter(path: str) -> None:
    with conversation(path):
        pytest.fail("it must not be opened")


def make(kind: str, path: Path) -> str:
    """What stands at the path, or near it; gives the name to try."""
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to("trip.json")
    elif kind == "device":
        path.symlink_to("/dev/null")
    elif kind == "nul":
        return "trip\0.json"
    elif kind == "long":
        return str(path.with_name("n" * 300))
    elif kind == "history":
        history(path).mkdir()
    elif kind == "long history":
        return str(path.with_name("n" * 250))
    return str(path)


UNUSABLE = [
    ("folder", "cannot be used: '.*trip.json' is a folder"),
    ("fifo", "cannot be used: '.*trip.json' is not a regular file"),
    ("device", "cannot be used: '/dev/null' is not a regular file"),
    ("loop", "cannot be used: Too many levels of symbolic links"),
    ("nul", "has a name that no file can have"),
    ("long", "cannot be used: File name too long"),
    ("history", r"cannot be used: '.*trip.json\.history\.jsonl' is a folder"),
    ("long history", "cannot be used: File name too long"),
]


@pytest.mark.parametrize(("kind", "why"), UNUSABLE, ids=[kind for kind, _ in UNUSABLE])
def test_what_cannot_hold_a_conversation_is_refused(kind: str, why: str, path: Path) -> None:
    name = make(kind, path)
    before = sorted(file.name for file in path.parent.iterdir())
    with pytest.raises(UsageError, match=f"^the conversation '.*' {why}$") as caught:
        enter(name)
    assert caught.value.hint == "name another file"
    assert sorted(file.name for file in path.parent.iterdir()) == before


@pytest.mark.parametrize("name", ["no/trip.json", "file/trip.json", "link.json"])
def test_a_missing_folder_is_refused(name: str, path: Path) -> None:
    (path.parent / "file").touch()
    (path.parent / "link.json").symlink_to("no/trip.json")
    with pytest.raises(UsageError, match=r"has no folder: there is no '.*/(no|file)'$") as caught:
        enter(str(path.parent / name))
    assert caught.value.hint == "make it, or name another"


@pytest.mark.parametrize("protected", ["trip.json", "trip.json.history.jsonl"])
def test_a_protected_file_is_refused(protected: str, path: Path) -> None:
    """Root too: a rename would replace it, whatever its mode."""
    path.write_text(json.dumps(OLD))
    file = path.with_name(protected)
    file.touch()
    file.chmod(0o400)
    with pytest.raises(UsageError, match=f"is protected: '{file}' may not be written") as caught:
        enter(str(path))
    assert f"--body '@{path}'" in (caught.value.hint or "")
    assert (read(str(path)), mode(file)) == (OLD, 0o400)


def test_a_file_of_another_use_is_not_taken_for_the_lock(path: Path) -> None:
    lock = path.with_name("trip.json.lock")
    lock.write_text("[[package]]")
    with pytest.raises(UsageError, match=r"trip\.json\.lock"):
        enter(str(path))
    assert lock.read_text() == "[[package]]"


# The lock


def test_who_has_waited_for_long_is_told_for_what(path: Path) -> None:
    lock = os.open(path.with_name("trip.json.lock"), os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    stderr = Stderr(then=lambda: fcntl.flock(lock, fcntl.LOCK_UN))
    slept: list[float] = []
    with conversation(path, stderr=stderr, sleep=slept.append):
        assert sum(slept) == pytest.approx(2)
    os.close(lock)
    assert stderr.getvalue() == (
        f"openai-cli: notice: waiting for another process that is using the conversation '{path}'\n"
    )


class Stderr(io.StringIO):
    """A stderr that does this when something is written."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self.then = then

    def write(self, text: str) -> int:
        self.then()
        return super().write(text)


def test_it_is_loaded_under_the_lock(path: Path) -> None:
    """What another process saves while this one waits is what this one gets."""
    lock = os.open(path.with_name("trip.json.lock"), os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)

    def sleep(_seconds: float) -> None:
        path.write_text(json.dumps(NEW))
        fcntl.flock(lock, fcntl.LOCK_UN)

    with conversation(path, sleep=sleep) as found:
        assert (found.body, found.is_new) == (NEW, False)
    os.close(lock)


# The history


def test_what_leaves_is_appended_to_the_history(path: Path) -> None:
    save(path, NEW, [QUESTION, {"role": "user", "content": "台灣\u2028\n"}])
    save(path, NEW, [REPLY])
    save(path, NEW)
    assert history(path).read_text(encoding="utf-8") == (
        '{"left": "2026-11-23T00:00:07+00:00", "message": '
        '{"role": "user", "content": "What about Taiwan?"}}\n'
        '{"left": "2026-11-23T00:00:07+00:00", "message": '
        '{"role": "user", "content": "台灣\u2028\\n"}}\n'
        '{"left": "2026-11-23T00:00:07+00:00", "message": '
        '{"role": "assistant", "content": "Go in autumn."}}\n'
    )


def test_what_stays_makes_no_history(path: Path) -> None:
    save(path, NEW, [])
    assert not history(path).exists()


def test_a_line_that_was_cut_off_spoils_no_other(path: Path) -> None:
    history(path).write_text('{"left": "2026-01-01T00:00:00+00:00", "messa')
    save(path, NEW, [QUESTION])
    cut, whole, end = history(path).read_text().split("\n")
    assert cut == '{"left": "2026-01-01T00:00:00+00:00", "messa'
    assert json.loads(whole)["message"] == QUESTION
    assert end == ""


# Saves that fail

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fail(*_arguments: Any, **_keywords: Any) -> None:
    raise FULL


def write_a_part(stream: Any, data: bytes) -> None:
    stream.write(data[: len(data) // 2])
    raise FULL


class Fault(NamedTuple):
    """What fails in a save that takes these messages out of the file."""

    name: str
    failing: Callable[..., None]
    left: list[dict[str, str]]


FAULTS = [
    Fault("os.open", fail, [QUESTION]),
    Fault("openai_cli.conversation.file.write_all", write_a_part, [QUESTION]),
    Fault("os.fsync", fail, [QUESTION]),
    Fault("os.fsync", fail, []),
    Fault("openai_cli.output.sink._beside", fail, [QUESTION]),
    Fault("openai_cli.output.sink.write_all", write_a_part, [QUESTION]),
    Fault("os.replace", fail, [QUESTION]),
    Fault("os.replace", fail, []),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.name}-{len(fault.left)}")
@pytest.mark.parametrize("had_history", [True, False])
def test_a_save_that_fails_changes_nothing(
    fault: Fault, had_history: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(json.dumps(OLD))
    if had_history:
        history(path).write_text("{}\n")
    with conversation(path) as found:
        before = contents(path.parent)
        with monkeypatch.context() as patch:
            patch.setattr(fault.name, fault.failing)
            with pytest.raises(OutputError) as caught:
                found.save(NEW, fault.left)
        assert contents(path.parent) == before
        assert (found.body, found.is_new) == (OLD, False)
        assert caught.value.exit_code == 10
        assert caught.value.problem.startswith(
            f"the turn could not be saved in '{path}': No space left on device"
        )
        found.save(NEW, fault.left)
    assert read(str(path)) == NEW


def test_a_turn_that_could_not_be_saved_is_kept(
    path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with conversation(path) as found:
        monkeypatch.setattr(os, "replace", fail)
        with pytest.raises(OutputError) as caught:
            found.save(NEW)
    (file,) = kept.iterdir()
    assert caught.value.hint == f"the conversation with it is kept in {file}"
    assert json.loads(file.read_text()) == NEW
    assert mode(file) == 0o600


def test_a_turn_that_cannot_be_kept_either_is_told_of(
    path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with conversation(path) as found:
        monkeypatch.setattr("openai_cli.output.sink.write_all", write_a_part)
        with pytest.raises(OutputError) as caught:
            found.save(NEW)
    assert caught.value.problem.endswith("; nor could the turn be kept: No space left on device")
    assert list(kept.iterdir()) == list(path.parent.iterdir()) == []


def test_a_folder_that_cannot_be_synced_is_no_failure(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rename is done by then."""
    sync = os.fsync

    def refuse_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        sync(handle)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    save(path, NEW, [QUESTION])
    assert read(str(path)) == NEW


def test_all_of_a_save_is_on_the_disk_when_it_is_done(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The history before the rename, and the rename after the new file's content."""
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def note_sync(handle: int) -> None:
        files = [path.parent, *path.parent.iterdir()]
        (name,) = [file.name for file in files if os.path.samestat(file.stat(), os.fstat(handle))]
        done.append(f"sync {'temporary' if name.startswith('.openai-cli-') else name}")
        sync(handle)

    def note_replace(*names: Any) -> None:
        done.append("replace")
        replace(*names)

    save(path, OLD)
    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    save(path, NEW, [QUESTION])
    assert done == [
        "sync trip.json.history.jsonl",
        "sync conversations",
        "sync temporary",
        "replace",
        "sync conversations",
    ]


# What another program does meanwhile


@pytest.mark.parametrize(
    "other", [json.dumps({"messages": [REPLY]}).encode(), b"", b"no JSON", None], ids=repr
)
@pytest.mark.parametrize("begins", [True, False], ids=["old", "new"])
def test_what_another_program_wrote_meanwhile_stays(
    path: Path, kept: Path, begins: bool, other: bytes | None
) -> None:
    if begins:
        save(path, OLD)
    elif other is None:
        return  # there is nothing to take away
    with conversation(path) as found:
        path.unlink(missing_ok=True)
        if other is not None:
            path.write_bytes(other)
        with pytest.raises(OutputError, match="another program has changed it meanwhile") as caught:
            found.save(NEW, [QUESTION])
    assert contents(path.parent) == ({} if other is None else {"trip.json": other})
    (saved,) = kept.iterdir()
    assert str(saved) in str(caught.value.hint)
    assert json.loads(saved.read_bytes()) == NEW


def test_what_it_did_not_change_is_no_change(path: Path) -> None:
    save(path, OLD)
    with conversation(path) as found:
        path.write_bytes(path.read_bytes())
        found.save(NEW)
        found.save(OLD)
    assert read(str(path)) == OLD
