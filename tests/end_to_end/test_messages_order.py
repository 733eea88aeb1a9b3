"""The order in which `chat` sends messages, from a process to the socket."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.flags.commandline import body, refused, user_text
from tests.flags.published import CHAT
from tests.servers import Server, chat, reply

PNG = b"\x89PNG\r\n\x1a\nmade up"
GIF_PART = {"type": "image_url", "image_url": {"url": "data:image/gif;base64,R0lGODlh"}}
PNG_PART = {
    "type": "image_url",
    "image_url": {"url": "data:image/png;base64,iVBORw0KGgptYWRlIHVw"},
}


def message(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def sent(run: Run, *arguments: str, stdin: bytes | None = None) -> Any:
    """The messages that a server got; the rest of the body is that of a bare call."""
    with Server([reply(chat("ok"))]) as server:
        result = run("chat", *arguments, stdin=stdin, base_url=server.base_url)
    assert (result.code, result.out, result.err) == (0, b"ok\n", "")
    whole = server.received[0].json
    CHAT.check(whole)
    assert set(whole) == {"model", "messages"}
    return whole["messages"]


def test_the_chat_of_the_tutorial(run: Run) -> None:
    assert sent(
        run,
        "Where was it played?",
        "--system",
        "You are a helpful assistant.",
        "--message",
        "user:Who won the world series in 2020?",
        "--message",
        "assistant:The Los Angeles Dodgers.",
    ) == [
        message("system", "You are a helpful assistant."),
        message("user", "Who won the world series in 2020?"),
        message("assistant", "The Los Angeles Dodgers."),
        message("user", "Where was it played?"),
    ]


def test_the_order_is_fixed_however_it_is_typed(run: Run) -> None:
    assert sent(
        run,
        "--message=user:2",
        "the text",
        "--developer=D",
        "--message=assistant:1",
        "--system=S",
        '--messages=[{"role": "user", "content": "M"}]',
    ) == [
        message("user", "M"),
        message("system", "S"),
        message("developer", "D"),
        message("user", "2"),
        message("assistant", "1"),
        message("user", "the text"),
    ]


def test_the_messages_of_a_body_are_the_base(run: Run) -> None:
    whole = '{"messages": [{"role": "user", "content": "B"}]}'
    assert sent(run, "--body", whole, "--system", "S", "the text", stdin=b"left alone") == [
        message("user", "B"),
        message("system", "S"),
        message("user", "the text"),
    ]


def test_a_pipe_is_part_of_the_last_message(run: Run) -> None:
    assert sent(run, "--system", "S", "Explain", stdin=b"+ x\n") == [
        message("system", "S"),
        message("user", "+ x\n\nExplain"),
    ]


def test_attachments_come_after_the_text_of_the_last_message(run: Run, folder: Path) -> None:
    (folder / "a.png").write_bytes(PNG)
    (folder / "b.mp3").write_bytes(b"ID3\x04")
    (folder / "c.pdf").write_bytes(b"%PDF-1.7\n")
    url = "https://example.com/d.jpg"
    typed = [word for source in ("c.pdf", "a.png", "b.mp3", url) for word in ("--attach", source)]
    assert sent(run, "--message", "assistant:before", *typed, "What are these?") == [
        message("assistant", "before"),
        message(
            "user",
            [
                {"type": "text", "text": "What are these?"},
                {
                    "type": "file",
                    "file": {
                        "filename": "c.pdf",
                        "file_data": "data:application/pdf;base64,JVBERi0xLjcK",
                    },
                },
                PNG_PART,
                {
                    "type": "input_audio",
                    "input_audio": {"data": base64.b64encode(b"ID3\x04").decode(), "format": "mp3"},
                },
                {"type": "image_url", "image_url": {"url": url}},
            ],
        ),
    ]


def test_an_image_from_stdin(run: Run) -> None:
    assert sent(run, "What is it?", "--attach", "-", stdin=PNG) == [
        message("user", [{"type": "text", "text": "What is it?"}, PNG_PART])
    ]


@pytest.mark.parametrize("command", ["chat", "respond"])
def test_texts_are_attached_in_their_order(command: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("eins\n")
    (tmp_path / "b.png").write_bytes(PNG)
    (tmp_path / "c.csv").write_text("x,y")
    typed = [word for name in ("c.csv", "b.png", "a.md") for word in ("--attach", tmp_path / name)]
    found = body(command, "Compare", *map(str, typed))
    [said] = found["messages" if command == "chat" else "input"]
    assert said["role"] == "user"
    assert [part.get("text", "an image") for part in said["content"]] == [
        "Compare", "# c.csv\n\nx,y", "an image", "# a.md\n\neins\n",
    ]  # fmt: skip


def test_a_pipe_goes_before_the_text_of_a_message_with_an_attachment(tmp_path: Path) -> None:
    (tmp_path / "a.gif").write_bytes(b"GIF89a")
    typed = ("Look", "--attach", f"{tmp_path}/a.gif")
    parts = [{"type": "text", "text": "piped\n\nLook"}, GIF_PART]
    assert user_text(*typed, stdin=b"piped\n") == parts


def test_an_attachment_needs_no_text() -> None:
    assert body("chat", "--attach", "-", stdin=b"GIF89a")["messages"] == [
        message("user", [GIF_PART])
    ]


def test_flags_alone_are_enough() -> None:
    assert body("chat", "--system", "S")["messages"] == [message("system", "S")]
    assert body("chat", "--message", "user:hi")["messages"] == [message("user", "hi")]
    assert body("chat", "--body", '{"messages": []}', "--developer", "D")["messages"] == [
        message("developer", "D")
    ]


@pytest.mark.parametrize(
    ("typed", "role", "content"),
    [
        ("user:a:b", "user", "a:b"),
        ("user: a ", "user", " a "),
        ("user:", "user", ""),
        ("assistant:line\r\n", "assistant", "line\r\n"),
        ("developer:x", "developer", "x"),
        ("user:@@file", "user", "@file"),
        ('user:{"a": 1}', "user", '{"a": 1}'),
    ],
)
def test_a_message_is_its_role_and_the_text_after_the_first_colon(
    typed: str, role: str, content: str
) -> None:
    assert body("chat", "--message", typed)["messages"] == [message(role, content)]


@pytest.mark.parametrize("typed", ["", "user", ":text", "no role here"])
def test_a_message_without_role_and_text(typed: str) -> None:
    assert f"--message must be ROLE:TEXT, not '{typed}'" in refused("chat", "--message", typed)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("assistan:foo", "did you mean assistant:?"),
        ("User:foo", "did you mean user:?"),
        ("sys:foo", "did you mean system:?"),
        ("http://a.b", "a user's message is --message user:http://a.b; --messages takes any role"),
        ("Note: hi", "a user's message is --message 'user:Note: hi'; --messages takes any role"),
        ("hi", "a user's message is --message user:hi; --messages takes any role"),
    ],
)
def test_a_message_of_a_role_that_there_is_not(typed: str, says: str) -> None:
    said = refused("chat", "--message", typed)
    assert f"--message must be ROLE:TEXT, not '{typed}'; {says}\n" in said


def test_any_role_is_sent_by_messages_and_by_param() -> None:
    made_up = '[{"role": "made-up", "content": "x"}]'
    assert body("chat", "--messages", made_up)["messages"] == [message("made-up", "x")]
    assert body("chat", "--param", f"messages={made_up}")["messages"] == [message("made-up", "x")]


def test_messages_that_no_message_can_be_added_to() -> None:
    assert "messages must be an array" in refused("chat", "hi", "--param", "messages=no")
    assert "messages must be an array" in refused("chat", "hi", "--body", '{"messages": {}}')


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("missing.png", "No such file or directory"),
        (".", "Is a directory"),
        ("https://example.com/a.pdf", "only images by URL"),
    ],
)
def test_what_cannot_be_attached_stops_the_call(run: Run, source: str, said: str) -> None:
    with Server([]) as server:
        result = run("chat", "hi", "--attach", source, base_url=server.base_url)
    assert (result.code, result.out) == (2, b"")
    assert result.err.startswith("openai-cli: error: --attach")
    assert said in result.err
    assert result.err.count("\n") == 1
