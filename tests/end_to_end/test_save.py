"""`chat --save FILE`: the exchange of a one-shot, which `-c FILE` goes on with."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.servers import Server, chat, delta, reply, stream


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


ANSWER = {"role": "assistant", "content": "A."}


def test_an_exchange_is_kept_and_gone_on_with(run: Run, folder: Path) -> None:
    with Server([reply(chat("A.")), reply(chat("B."))]) as server:
        first = run("chat", "--save", "t.json", "one", "--system", "S", "--temperature", "0",
                    base_url=server.base_url)  # fmt: skip
        assert (first.code, first.text, first.err) == (0, "A.\n", "")
        assert stat.S_IMODE((folder / "t.json").stat().st_mode) == 0o600
        assert run("chat", "-c", "t.json", "two", base_url=server.base_url).code == 0
    sent, then = (received.json for received in server.received)
    system = {"role": "system", "content": "S"}
    assert sent == {"model": "gpt-6-luna", "messages": [system, user("one")], "temperature": 0}
    assert then == {"model": "gpt-6-luna", "messages": [system, user("one"), ANSWER, user("two")]}


def test_what_is_sent_is_what_is_sent_without_it(run: Run, folder: Path) -> None:
    flags = ("--messages", json.dumps([user("zero")]), "--developer", "D", "--system", "S", "one")
    with Server([reply(chat("A."))] * 2) as server:
        for saved in ((), ("--save", "t.json")):
            assert run("chat", *flags, *saved, base_url=server.base_url).code == 0
    plain, kept = (received.json["messages"] for received in server.received)
    assert kept == plain
    assert json.loads((folder / "t.json").read_text())["messages"] == [*plain, ANSWER]


def test_a_body_is_a_conversation_that_is_gone_on_with(run: Run, folder: Path) -> None:
    body = {"model": "m", "temperature": 1, "messages": [user("zero")]}
    with Server([reply(chat("A."))]) as server:
        flags = ("--body", json.dumps(body), "-m", "other", "--save", "t.json")
        assert run("chat", *flags, base_url=server.base_url).code == 0
    assert server.received[0].json["model"] == "other"
    kept = json.loads((folder / "t.json").read_text())
    assert kept == {**body, "messages": [user("zero"), ANSWER]}


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--save", "t.json"], "'t.json' has a conversation already; -c t.json continues it"),
        (["--save", "new.json", "-c", "t.json"], "--continue and --save: give one of them"),
        (["--save", "new.json", "-i"], "--save and -i: give one of them"),
        (["--save", "-"], "--save takes the name of a file, not '-'"),
        (["--save", ""], "--save takes the name of a file, not ''"),
        (["--save", "nowhere/t.json"], "nowhere"),
        (["--save", "folder"], "is a folder"),
        (["--save", "new.json", "--param", 'messages="x"'], "must have an array at messages"),
        (["--save", "new.json", "--messages", '[{"content": "x"}]'], "string at messages[0].role"),
    ],
)
def test_before_anything_is_sent(run: Run, folder: Path, flags: list[str], told: str) -> None:
    before = json.dumps({"model": "m", "messages": [user("zero")]})
    (folder / "t.json").write_text(before)
    (folder / "folder").mkdir()
    text = [] if "messages" in str(flags) else ["one"]
    with Server([]) as server:
        done = run("chat", *flags, *text, base_url=server.base_url)
    assert done.code == 2
    assert told in done.err
    assert (folder / "t.json").read_text() == before
    assert not (folder / "new.json").exists()


@pytest.mark.parametrize(
    ("answer", "flags", "code"),
    [
        (reply({"error": {"message": "no"}}, status="404 Not Found"), [], 4),
        (stream(delta("Hel"), done=False), ["--stream"], 7),
        (reply(chat("A.", finish="length")), ["--require-complete"], 9),
    ],
)
def test_on_a_failure_no_file_is_made(
    answer: bytes, flags: list[str], code: int, run: Run, folder: Path
) -> None:
    with Server([answer]) as server:
        done = run("chat", "--save", "t.json", *flags, "one", base_url=server.base_url)
    assert done.code == code
    assert "'t.json' was not made" in done.err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("flags", "is_kept"), [([], False), (["--keep-partial"], True)])
def test_a_reply_that_was_cut_off(flags: list[str], is_kept: bool, run: Run, folder: Path) -> None:
    with Server([stream(delta("Hel"), done=False)]) as server:
        done = run("chat", "--save", "t.json", "--stream", *flags, "one", base_url=server.base_url)
    assert done.code == 7
    assert (folder / "t.json").exists() == is_kept


@pytest.mark.parametrize("flag", ["--dry-run", "--curl"])
def test_a_preview_makes_no_file(flag: str, run: Run, folder: Path) -> None:
    assert run("chat", "--save", "t.json", "one", flag).code == 0
    assert list(folder.iterdir()) == []
