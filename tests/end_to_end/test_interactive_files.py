"""`chat -i`: files that go with a message, and the user's own editor."""

from base64 import b64decode
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.end_to_end.test_interactive import (
    assistant,
    questions,
    said,
    scripted,
    talk,
    user,
)
from tests.interactive.typist import BACKSPACE, CTRL_C, CTRL_D, ENTER, PROMPT, TAB, UP, Typist
from tests.servers import Reply, Server, delta, reply, stream

# An image of one pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="

# Files that go with a message


def test_files_go_with_the_next_message(run: Run, folder: Path) -> None:
    (folder / "my notes.md").write_text("N\n")
    (folder / "p.png").write_bytes(b64decode(PNG))
    lines = ["/attach 'my notes.md'", "/attach p.png https://x.test/a.jpg", "/attach", "one", "two"]
    done, sent = scripted(run, *lines)
    assert done.code == 0
    assert sent[0] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "one"},
                {"type": "text", "text": "# my notes.md\n\nN\n"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
                {"type": "image_url", "image_url": {"url": "https://x.test/a.jpg"}},
            ],
        }
    ]
    assert sent[1] == [*sent[0], assistant("a"), user("two")]
    listed = (
        "text: my notes.md\nimage: p.png\nimage: https://x.test/a.jpg\nsent with the next message"
    )
    assert done.err.count(listed) == 2


@pytest.mark.parametrize("flags", [(), ("-c", "t.json")])
def test_what_could_not_be_sent_waits_on(flags: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "n.md").write_text("N")
    failure = reply({"error": {"message": "no"}}, status="404 Not Found")
    cut_off = stream(delta("a"))
    replies: list[Reply] = [failure, cut_off, said("b"), said("c")]
    with talk(tmp_path, *flags, replies=replies) as (typist, server):
        typist.ask("/attach n.md")
        for text in ("one", "one", "one", "two"):
            typist.ask(text)
    sent = [received.json["messages"][-1]["content"] for received in server.received]
    with_file = [{"type": "text", "text": "one"}, {"type": "text", "text": "# n.md\n\nN"}]
    assert sent == [with_file, with_file, with_file, "two"]


def test_detach(run: Run, folder: Path) -> None:
    (folder / "n.md").write_text("N")
    done, sent = scripted(run, "/attach n.md", "/detach", "/attach", "one")
    assert done.err.count("nothing is attached\n") == 2
    assert sent == [[user("one")]]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/attach n.md gone.md", "/attach: cannot read 'gone.md'"),
        ("/attach -", "/attach: stdin is used by the conversation"),
        ("/attach 'n.md", "an unmatched quote or backslash: 'n.md"),
        ("/attach zeros", "/attach: 'zeros' is not of a kind that the API takes"),
        ("/attach ''", "/attach: cannot read ''"),
    ],
)
def test_what_cannot_be_attached(run: Run, folder: Path, line: str, told: str) -> None:
    (folder / "n.md").write_text("N")
    (folder / "zeros").write_bytes(b"\0\0")
    done, _ = scripted(run, line)
    assert done.code == 2
    assert told in done.err


def test_a_wrong_file_ends_no_conversation(tmp_path: Path) -> None:
    (tmp_path / "n.md").write_text("N")
    with talk(tmp_path, replies=[said("Yes.")]) as (typist, server):
        typist.ask("/attach n.md")
        assert b"cannot read 'gone.md'" in typist.ask("/attach n.md gone.md")
        typist.ask("one")
    (received,) = server.received
    assert len(received.json["messages"][0]["content"]) == 2


def test_what_waits_is_counted(run: Run, folder: Path) -> None:
    (folder / "n.md").write_text("N" * 4000)
    done, _ = scripted(run, "/attach n.md", "/tokens", flags=("-m", "gpt-4o"))
    counted = int(done.err.split("discards them\n")[1].split()[0])
    assert counted > 500


def test_files_of_the_arguments_wait_for_a_message(run: Run, folder: Path) -> None:
    (folder / "n.md").write_text("N")
    _, sent = scripted(run, "one", flags=("--attach", "n.md"))
    part = {"type": "text", "text": "# n.md\n\nN"}
    assert sent == [[{"role": "user", "content": [{"type": "text", "text": "one"}, part]}]]


def test_tab_completes_files(tmp_path: Path) -> None:
    (tmp_path / "my notes.md").write_text("N")
    (tmp_path / "other.md").write_text("O")
    with talk(tmp_path, replies=[said("Yes.")]) as (typist, _):
        typist.type("/attach ", TAB)
        typist.see("my\\ notes.md  other.md")
        typist.see_prompt()
        typist.type(CTRL_C)
        shown = typist.ask("/attach my", TAB, " ot", TAB)
        assert shown.endswith(
            b"text: my notes.md\ntext: other.md\n"
            b"sent with the next message; /detach discards them\n"
        )
        typist.ask("one")


# The user's own editor

CTRL_X_E = "\x18\x05"


def editor(folder: Path, does: str) -> dict[str, str]:
    """The variables that make a shell script the editor; $1 is the file."""
    path = folder / "editor"
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o700)
    return {"EDITOR": str(path)}


def test_edit_sends_what_was_saved(tmp_path: Path) -> None:
    env = editor(tmp_path, 'test -t 1 && printf "/etc/hosts\\n  two\\n" >"$1"')
    replies: list[Reply] = [
        reply({"error": {"message": "no"}}, status="404 Not Found"),
        said("Yes."),
    ]
    with talk(tmp_path, replies=replies, env=env) as (typist, server):
        typist.ask("/edit")
        assert typist.ask(UP).endswith(b"Yes.\n"), "what was written comes back"
    assert questions(server) == ["/etc/hosts\n  two"] * 2


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_edit_goes_on_with_what_could_not_be_sent(term: str, tmp_path: Path) -> None:
    env = {**editor(tmp_path, 'printf "more\\n" >>"$1"'), "TERM": term}
    prompt = PROMPT if term == "xterm" else b"> "
    failure = reply({"error": {"message": "no"}}, status="404 Not Found")
    with (
        Server([failure, said("Yes."), said("Yes.")]) as server,
        Typist(base_url=server.base_url, cwd=tmp_path, env=env) as typist,
    ):
        for _time in range(3):
            typist.see(prompt)
            typist.type("/edit", ENTER)
        typist.see("Yes.")
        typist.see(prompt)
        typist.type(CTRL_D, CTRL_D)
        assert typist.end() == 0
    assert questions(server) == ["more", "more\nmore", "more"]


def test_an_empty_text_is_not_sent(tmp_path: Path) -> None:
    with talk(tmp_path, replies=[], env=editor(tmp_path, 'echo >"$1"')) as (typist, _):
        assert b"nothing was written, so nothing is sent" in typist.ask("/edit")


def test_an_editor_that_fails_ends_no_conversation(tmp_path: Path) -> None:
    env = editor(tmp_path, "exit 3")
    with talk(tmp_path, replies=[said("Yes.")], env=env) as (typist, server):
        assert b"ended with exit code 3; nothing was sent\n" in typist.ask("/edit")
        typist.type("the line", CTRL_X_E)
        assert b"ended with exit code 3" in typist.see_prompt()
        typist.ask()
    assert questions(server) == ["the line"]


def test_ctrl_x_ctrl_e_takes_the_line_into_the_editor(tmp_path: Path) -> None:
    env = editor(tmp_path, 'stty -a <"$1" 2>/dev/null; printf "two\\n" >>"$1"')
    with talk(tmp_path, replies=[said("Yes.")], env=env) as (typist, server):
        typist.type("one", CTRL_X_E)
        typist.see_prompt()
        assert server.received == [], "it waits for Enter"
        typist.ask("!")
    assert questions(server) == ["one\ntwo!"]


def test_an_editor_has_a_terminal_as_it_was(tmp_path: Path) -> None:
    env = editor(tmp_path, 'echo ready; read line; printf "$line" >"$1"')
    with talk(tmp_path, replies=[said("Yes.")], env=env) as (typist, server):
        typist.type("/edit", ENTER)
        typist.see("ready")
        typist.type("a lino", BACKSPACE, "e", ENTER)
        typist.see_prompt()
    assert questions(server) == ["a line"]


def test_a_script_has_no_editor(run: Run) -> None:
    done, _ = scripted(run, "/edit")
    assert (done.code, done.err) == (2, "openai-cli: error: /edit needs a terminal\n")
