"""Where a name leads: through links of the user's own, and not through those that others put."""

import errno
import os
from pathlib import Path

import pytest

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.output.links import _may_follow, followed
from openai_cli.output.sink import Log, check_writable, open_sink
from tests.conftest import Run
from tests.flags.commandline import call

STRANGER = 12345
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link away")


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that anybody may write, as /tmp is."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


@pytest.fixture
def trap(shared: Path, tmp_path: Path) -> Path:
    """Another user's link in such a folder, to a file of ours."""
    mine = tmp_path / "mine"
    mine.write_bytes(b"precious")
    link = shared / "link"
    link.symlink_to(mine)
    os.chown(link, STRANGER, -1, follow_symlinks=False)
    return link


@pytest.mark.parametrize(
    "name",
    ["file", "folder/file", "new", "link", "there/file", "there/new", "there/../file", "./folder//",
     "up", "chain", "there/back/file"],
)  # fmt: skip
def test_links_are_followed_as_the_system_does(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").touch()
    Path("folder/file").touch()
    Path("link").symlink_to("file")
    Path("there").symlink_to(tmp_path / "folder")
    Path("up").symlink_to("folder/../there/file")
    Path("chain").symlink_to("link")
    Path("folder/back").symlink_to("..")
    assert followed(name) == Path(os.path.realpath(name))
    assert followed(tmp_path / name) == Path(os.path.realpath(name))


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        followed(tmp_path / "a")


@pytest.mark.parametrize(
    ("link", "folder", "mode", "may"),
    [
        (1, 0, 0o1777, False),
        (1, 0, 0o777, False),
        (1, 1, 0o1777, True),
        (7, 0, 0o1777, True),
        (0, 0, 0o1777, True),
        (1, 0, 0o755, True),
        (1, 0, 0o775, True),
    ],
)
def test_whose_link_it_is(link: int, folder: int, mode: int, may: bool) -> None:
    def found(owner: int, mode: int) -> os.stat_result:
        return os.stat_result((mode, 0, 0, 1, owner, 0, 0, 0, 0, 0))

    assert _may_follow(found(link, 0o777), found(folder, mode), 7) is may


@AS_ROOT
def test_what_is_written_does_not_go_through_anothers_link(trap: Path, tmp_path: Path) -> None:
    for act in (
        lambda: open_sink(Context.test(), str(trap)),
        lambda: check_writable(Context.test(), str(trap)),
    ):
        with pytest.raises(UsageError, match="another user's link"):
            act()
    with pytest.raises(PermissionError, match="another user's link"):
        Log(str(trap))
    assert (tmp_path / "mine").read_bytes() == b"precious"


@AS_ROOT
def test_commands_say_whose_link_it_is(trap: Path, run: Run, tmp_path: Path) -> None:
    (trap.parent / "chat.history.jsonl").symlink_to(tmp_path / "mine")
    os.chown(trap.parent / "chat.history.jsonl", STRANGER, -1, follow_symlinks=False)
    folder = trap.parent / "folder"
    folder.symlink_to(tmp_path)
    os.chown(folder, STRANGER, -1, follow_symlinks=False)
    world = {"OPENAI_API_KEY": "sk-made-up-for-tests", "OPENAI_BASE_URL": "http://127.0.0.1:9"}
    for arguments in (
        ["chat", "a", "-o", str(trap)],
        ["chat", "a", "--usage-file", str(trap)],
        ["chat", "a", "-c", str(trap)],
        ["chat", "a", "-c", str(trap.parent / "chat")],
        ["image", "generate", "a", "-o", str(trap)],
        ["tokens", "a b", "--split", "1", "--output-dir", str(folder)],
    ):
        ended = call(*arguments, environ=world)
        assert ended.code == 2, arguments
        assert "another user's link" in ended.err
    assert (tmp_path / "mine").read_bytes() == b"precious"


@AS_ROOT
def test_a_history_of_another_user_is_not_written(tmp_path: Path) -> None:
    history = tmp_path / "chat.history.jsonl"
    history.write_bytes(b"")
    os.chown(history, STRANGER, -1)
    world = {"OPENAI_API_KEY": "sk-made-up-for-tests", "OPENAI_BASE_URL": "http://127.0.0.1:9"}
    ended = call("chat", "a", "-c", str(tmp_path / "chat"), environ=world)
    assert ended.code == 2
    assert "has a history that belongs to another user" in ended.err
