"""`chat -i` at a pseudo-terminal: typing, commands, Ctrl-C, and what is kept."""

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from openai_cli.sandbox import Sandbox
from tests.conftest import Run
from tests.interactive.typist import (
    ALT_ENTER,
    BACKSPACE,
    CTRL_C,
    CTRL_D,
    CTRL_J,
    CTRL_R,
    ENTER,
    HOME,
    LEFT,
    PROMPT,
    TAB,
    UP,
    Typist,
    pasted,
)
from tests.servers import Reply, Server, chat, delta, reply, stream
from tests.terminal import Terminal

TALK = {
    "model": "gpt-4o",
    "messages": [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "first question"},
        {"role": "assistant", "content": "first answer"},
    ],
}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str | None) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def written(path: Path, body: Any = TALK) -> Path:
    path.write_text(json.dumps(body))
    return path


def messages_in(path: Path) -> Any:
    return json.loads(path.read_text())["messages"]


def history_of(path: Path) -> list[Any]:
    lines = Path(f"{path}.history.jsonl").read_text().splitlines()
    return [json.loads(line)["message"] for line in lines]


def said(text: str) -> bytes:
    """A reply as a terminal asks for it: in events."""
    return stream(delta(text), delta(finish="stop"))


def stalled(connection: socket.socket) -> None:
    """Begin a reply, and send no more until the client goes away."""
    connection.sendall(stream(delta("Once upon"), done=False))
    connection.recv(1)


def questions(server: Server) -> list[str]:
    """The last message of each request."""
    return [received.json["messages"][-1]["content"] for received in server.received]


@contextmanager
def talk(
    folder: Path, *arguments: str, replies: list[Reply], **given: Any
) -> Iterator[tuple[Typist, Server]]:
    """A conversation at its first prompt, which is ended with Ctrl-D and must end well."""
    with (
        Server(replies) as server,
        Typist(*arguments, base_url=server.base_url, cwd=folder, **given) as typist,
    ):
        typist.see_prompt()
        yield typist, server
        if typist.process.poll() is None:
            typist.type(CTRL_D, CTRL_D)  # the second where the conversation is in no file
        assert typist.end() == 0


# Typing


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (("Helxo", LEFT, BACKSPACE, "l"), "Hello"),
        (("ello", HOME, "H"), "Hello"),
        (("one", ALT_ENTER, "two", CTRL_J, "three"), "one\ntwo\nthree"),
        ((pasted("def f():\r\n    return 1\r\n\r\nf()"),), "def f():\n    return 1\n\nf()"),
        ((pasted("a\tb\rc"), " d"), "a\tb\nc d"),
        (("//etc/hosts?",), "/etc/hosts?"),
        ((pasted("/etc/hosts\nis a file"),), "/etc/hosts\nis a file"),
        (("Grüße, 世界 🙂",), "Grüße, 世界 🙂"),
        (("wrong", CTRL_C, "right"), "right"),
    ],
)
def test_what_is_typed_is_sent(keys: tuple[str, ...], text: str, tmp_path: Path) -> None:
    with talk(tmp_path, replies=[said("Yes.")]) as (typist, server):
        assert typist.ask(*keys).endswith(b"Yes.\n")
    assert questions(server) == [text]


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_ctrl_d_asks_before_a_conversation_is_lost(term: str, tmp_path: Path) -> None:
    prompt = PROMPT if term == "xterm" else b"> "
    with (
        Server([said("Yes.")]) as server,
        Typist(base_url=server.base_url, cwd=tmp_path, env={"TERM": term}) as typist,
    ):
        assert b"gpt-6-luna; /help shows commands" in typist.see(prompt)
        typist.type("one\n" if term == "dumb" else "one\r")
        typist.see(prompt)
        typist.type(CTRL_D)
        assert b"/save FILE keeps it, Ctrl-D again ends it" in typist.see(prompt)
        typist.type(CTRL_D)
        assert typist.end() == 0


@pytest.mark.parametrize(("term", "prompt"), [("xterm", PROMPT), ("dumb", b"> ")])
def test_what_is_no_utf8_is_not_sent(term: str, prompt: bytes, tmp_path: Path) -> None:
    with (
        Server([]) as server,
        Typist(base_url=server.base_url, cwd=tmp_path, env={"TERM": term}) as typist,
    ):
        typist.see(prompt)
        typist.type("a\udcff\udcfe", ENTER)
        typist.see("not UTF-8")
        typist.type(CTRL_D)
        assert typist.end() == 0


def test_a_pasted_block_waits_for_enter(tmp_path: Path) -> None:
    with talk(tmp_path, replies=[said("Yes.")]) as (typist, server):
        typist.type(pasted("one\ntwo\nthree"))
        typist.see("three")
        assert server.received == []
        typist.ask()
    assert questions(server) == ["one\ntwo\nthree"]


def test_what_was_said_comes_back(tmp_path: Path) -> None:
    written(tmp_path / "t.json")
    replies: list[Reply] = [said("Yes.")] * 3
    with talk(tmp_path, "-c", "t.json", replies=replies) as (typist, server):
        typist.ask(UP)
        typist.ask("second")
        typist.ask(CTRL_R, "first", ENTER)
    assert questions(server) == ["first question", "second", "first question"]


def test_tab_completes(tmp_path: Path) -> None:
    with talk(tmp_path, replies=[said("Yes.")]) as (typist, server):
        typist.ask("/model llama3")
        assert b"the limit is not known" in typist.ask("/tok", TAB)
        typist.ask("/set tempe", TAB, " 0.5")
        typist.ask("/model gpt-4.1-na", TAB)
        assert b"/system" in typist.ask("/", TAB, BACKSPACE)
        typist.ask("a question", TAB)
    (received,) = server.received
    assert received.json["temperature"] == 0.5
    assert received.json["model"] == "gpt-4.1-nano"
    assert questions(server) == ["a question"]


def test_more_words_than_fit_are_counted(tmp_path: Path) -> None:
    """prompt_toolkit would ask whether to show them, and end with a trace when Ctrl-C answers."""
    with talk(tmp_path, replies=[said("Yes.")]) as (typist, server):
        typist.type("/model ", TAB)
        assert b"gpt-6-luna" in typist.see(" more match: type more of the word")
        typist.type(CTRL_C)
        typist.see_prompt()
        shown = typist.ask("a question")
        typist.type(CTRL_D, CTRL_D)
        assert typist.end() == 0
        assert b"Traceback" not in shown + typist.rest()
    assert questions(server) == ["a question"]


def test_what_is_typed_during_a_reply_is_the_next_question(tmp_path: Path) -> None:
    def slow(connection: socket.socket) -> None:
        connection.sendall(stream(delta("Once"), done=False))
        typed.wait()
        connection.sendall(b'data: {"choices": [{"index": 0, "delta": {"content": " upon"},')
        connection.sendall(b' "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n')

    typed = threading.Event()
    with talk(tmp_path, replies=[slow, said("Two.")]) as (typist, server):
        typist.type("one", ENTER)
        typist.see("Once")
        typist.type("two", ENTER)
        typed.set()
        assert typist.see_prompt() == b" upon\n"
        assert typist.see_prompt().endswith(b"Two.\n")
    assert questions(server) == ["one", "two"]


@pytest.mark.parametrize("end", [CTRL_D, f"/exit{ENTER}", f"/quit{ENTER}"])
def test_the_end(end: str, tmp_path: Path) -> None:
    with talk(tmp_path, replies=[]) as (typist, _):
        typist.type(end)
        assert typist.end() == 0
        assert typist.modes_now() == typist.modes


def test_ctrl_c_at_an_empty_prompt_says_how_to_end(tmp_path: Path) -> None:
    with talk(tmp_path, replies=[]) as (typist, _):
        typist.type(CTRL_C)
        assert b"Ctrl-D or /exit ends the conversation" in typist.see_prompt()


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_can_do_nothing(term: str, tmp_path: Path) -> None:
    replies: list[Reply] = [said("Yes."), said("Yes.")]
    with (
        Server(replies) as server,
        Typist(base_url=server.base_url, cwd=tmp_path, env={"TERM": term}) as typist,
    ):
        typist.see("> ")
        typist.type("one\n")
        typist.see("Yes.\r\n> ")
        typist.type("dropped", CTRL_C)
        typist.see("ends the conversation\r\n> ")
        typist.type("/model gpt-4o\n")
        typist.see("gpt-4o\r\n")
        typist.type("two\n")
        typist.see("Yes.\r\n> ")
        typist.type("/exit\n")
        assert typist.end() == 0
        assert b"\x1b" not in typist.rest()
    assert questions(server) == ["one", "two"]


# Replies


def test_stdout_has_the_replies_and_nothing_else(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        replies: list[Reply] = [reply(chat("One.")), reply(chat("Two."))]
        with talk(tmp_path, replies=replies, stdout=out) as (typist, server):
            typist.ask("a")
            typist.ask("/tokens")
            typist.ask("b")
    assert (tmp_path / "out").read_text() == "One.\nTwo.\n"
    assert "stream" not in server.received[0].json


def test_a_control_sequence_is_shown_and_not_executed(tmp_path: Path) -> None:
    with talk(tmp_path, replies=[said("\x1b]0;title\x07 \x9b31m")]) as (typist, _):
        assert typist.ask("a").endswith(b"^[]0;title^G \\x9b31m\n")


def test_usage_after_each_reply(tmp_path: Path) -> None:
    used = {**delta("a", finish="stop"), "model": "gpt-4o",
            "usage": {"prompt_tokens": 10, "completion_tokens": 2}}  # fmt: skip
    with talk(tmp_path, "--usage", replies=[stream(used)] * 2) as (typist, _):
        for _turn in range(2):
            assert typist.ask("a").endswith(b"usage: 10 input, 2 output tokens; "
                                            b"0.000045 USD (gpt-4o)\n")  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "answer", "notice"),
    [
        ([], [], "'t.json' was not made"),
        (
            ["--keep-partial"],
            [user("stop"), assistant("Once upon")],
            "the part of the reply that arrived is kept in 't.json'",
        ),
    ],
)
def test_ctrl_c_stops_the_reply_and_not_the_conversation(
    flags: list[str], answer: list[Any], notice: str, tmp_path: Path
) -> None:
    replies: list[Reply] = [stalled, said("Yes."), said("Again.")]
    with talk(tmp_path, "-c", "t.json", *flags, replies=replies) as (typist, server):
        typist.type("stop", ENTER)
        typist.see("Once upon")
        typist.type(CTRL_C)
        assert typist.see_prompt().decode().endswith(f"{notice}\n")
        typist.ask("go on")
        typist.ask(UP, UP)
    assert questions(server) == ["stop", "go on", "stop"]
    kept = [user("go on"), assistant("Yes."), user("stop"), assistant("Again.")]
    assert messages_in(tmp_path / "t.json") == [*answer, *kept]


def test_ctrl_c_without_a_file(tmp_path: Path) -> None:
    with talk(tmp_path, replies=[stalled, said("Yes.")]) as (typist, server):
        typist.type("stop", ENTER)
        typist.see("Once upon")
        typist.type(CTRL_C)
        assert typist.see_prompt().endswith(b"the conversation is unchanged\n")
        typist.ask("go on")
    assert server.received[1].json["messages"] == [user("go on")]
    assert list(tmp_path.glob("*.json*")) == []


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (reply({"error": {"message": "bad"}}, status="400 Bad Request"), b"bad"),
        (reply({"error": {"message": "slow down"}}, status="429 Too Many Requests"), b"slow down"),
        (stream(delta("Hel"), done=False), b"before the answer was whole"),
    ],
)
def test_after_an_error_the_conversation_goes_on(
    failure: bytes, message: bytes, tmp_path: Path
) -> None:
    replies: list[Reply] = [failure, said("Yes.")]
    flags = ("-c", "t.json", "--max-retries", "0", "--no-stream")
    with talk(tmp_path, *flags, replies=replies) as (typist, server):
        told = typist.ask("one")
        assert message in told
        assert told.endswith(b"'t.json' was not made\n")
        typist.ask("two")
    assert messages_in(tmp_path / "t.json") == [user("two"), assistant("Yes.")]
    assert server.received[1].json["messages"] == [user("two")]


def test_the_first_turn_may_be_in_the_arguments(tmp_path: Path) -> None:
    with (
        Server([said("A."), said("B.")]) as server,
        Typist("--system", "S", "one", base_url=server.base_url, cwd=tmp_path) as typist,
    ):
        assert typist.see_prompt().endswith(b"A.\n")
        typist.ask("two")
        typist.type(CTRL_D, CTRL_D)
        assert typist.end() == 0
    system = {"role": "system", "content": "S"}
    assert server.received[1].json["messages"] == [
        system,
        user("one"),
        assistant("A."),
        user("two"),
    ]


def test_another_process_may_add_a_turn(run: Run, folder: Path) -> None:
    with talk(folder, "-c", "t.json", replies=[said("A."), reply(chat("B.")), said("C.")]) as (
        typist,
        server,
    ):
        typist.ask("one")
        assert run("chat", "-c", "t.json", "two", base_url=server.base_url).code == 0
        typist.ask("three")
    assert [one["content"] for one in messages_in(folder / "t.json")] == [
        "one", "A.", "two", "B.", "three", "C.",
    ]  # fmt: skip


# Commands


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLED = [
    user("The weather?"),
    {**assistant(None), "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "rain"},
    assistant("It rains."),
]


def test_undo_takes_a_turn_with_its_tool_calls(tmp_path: Path) -> None:
    file = written(tmp_path / "t.json", {**TALK, "messages": [*TALK["messages"], *CALLED]})
    with talk(tmp_path, "-c", "t.json", replies=[said("Yes.")]) as (typist, server):
        assert b"removed 4 messages: The weather?" in typist.ask("/undo")
        assert messages_in(file) == TALK["messages"]
        assert history_of(file) == CALLED
        typist.ask("and then?")
        typist.ask("/undo")
        assert b"removed 2 messages: first question" in typist.ask("/undo")
        assert b"there is no turn to undo" in typist.ask("/undo")
    assert server.received[0].json["messages"] == [*TALK["messages"], user("and then?")]
    assert messages_in(file) == TALK["messages"][:1]
    assert len(history_of(file)) == 8


def test_retry_gets_another_reply(tmp_path: Path) -> None:
    file = written(tmp_path / "t.json")
    failure = reply({"error": {"message": "no"}}, status="400 Bad Request")
    replies: list[Reply] = [failure, failure, stalled, said("better")]
    with talk(tmp_path, "-c", "t.json", "--keep-partial", replies=replies) as (typist, server):
        typist.ask("/retry")
        assert messages_in(file) == TALK["messages"]
        typist.type("/retry", ENTER)
        typist.see("Once upon")
        typist.type(CTRL_C)
        assert typist.see_prompt().endswith(b"'t.json' is unchanged\n")
        assert messages_in(file) == TALK["messages"], "half a reply is none"
        assert not Path(f"{file}.history.jsonl").exists()
        typist.ask("/retry")
    assert questions(server) == ["first question"] * 4
    assert messages_in(file) == [*TALK["messages"][:2], assistant("better")]
    assert history_of(file) == [assistant("first answer")]


def test_retry_after_a_tools_answer(tmp_path: Path) -> None:
    file = written(tmp_path / "t.json", {"model": "m", "messages": CALLED})
    with talk(tmp_path, "-c", "t.json", replies=[said("It pours.")]) as (typist, server):
        typist.ask("/retry")
    assert server.received[0].json["messages"] == CALLED[:3]
    assert messages_in(file) == [*CALLED[:3], assistant("It pours.")]


def test_set(tmp_path: Path) -> None:
    with talk(tmp_path, "--seed", "7", replies=[said("a"), said("b")]) as (typist, server):
        assert b"; did you mean /set response_format type=text?" in typist.ask(
            "/set response_format text"
        )
        assert b"no such parameter: temprature; did you mean temperature?" in typist.ask(
            "/set temprature 1"
        )
        assert b"temperature must be a number from 0 to 2" in typist.ask("/set temperature 3")
        assert b"/model NAME sets it" in typist.ask("/set model gpt-4o")
        assert b"/set does not take messages" in typist.ask("/set messages []")
        typist.ask("/set temperature 0.5")
        typist.ask("/set max-completion-tokens 9")
        typist.ask('/set stop [".", "!"]')
        typist.ask("/set metadata team=ci")
        typist.ask("/set store true")
        assert b"seed 7\n" in typist.ask("/set")
        typist.ask("one")
        typist.ask("/set stop STOP")
        assert b"temperature is no longer set" in typist.ask("/set temperature")
        typist.ask("/set store")
        typist.ask("/set stream false")
        typist.ask("two")
    first, second = ({**received.json} for received in server.received)
    for body in (first, second):
        del body["messages"]
    common = {"model": "gpt-6-luna", "seed": 7, "metadata": {"team": "ci"}}
    streamed = {"stream": True, "stream_options": {"include_usage": True}}
    assert first == {
        **common, **streamed,
        "temperature": 0.5, "max_completion_tokens": 9, "stop": [".", "!"], "store": True,
    }  # fmt: skip
    assert second == {**common, "max_completion_tokens": 9, "stop": ["STOP"], "stream": False}


def test_model_and_system_are_kept(tmp_path: Path) -> None:
    file = written(tmp_path / "t.json")
    flags = ("-c", "t.json", "-m", "gpt-4o-mini")
    with talk(tmp_path, *flags, replies=[said("a")]) as (typist, server):
        assert typist.ask("/model").endswith(b"gpt-4o-mini\n")
        typist.ask("/model gpt-4.1")
        assert typist.ask("/system").endswith(b"S\n")
        typist.ask("/system", ALT_ENTER, "Be", ALT_ENTER, "brief")
        typist.ask("one")
    body = json.loads(file.read_text())
    assert body["model"] == "gpt-4.1"
    assert body["messages"][0] == {"role": "system", "content": "Be\nbrief"}
    assert server.received[0].json["model"] == "gpt-4.1"


def test_model_and_system_before_the_file_is_made(tmp_path: Path) -> None:
    with talk(tmp_path, "-c", "t.json", replies=[said("a")]) as (typist, _):
        assert b"there is no system message" in typist.ask("/system")
        typist.ask("/model gpt-4.1")
        typist.ask("/system Be brief")
        assert list(tmp_path.glob("*.json")) == []
        typist.ask("one")
    assert json.loads((tmp_path / "t.json").read_text()) == {
        "model": "gpt-4.1",
        "messages": [{"role": "system", "content": "Be brief"}, user("one"), assistant("a")],
    }


def test_tokens_and_cost(tmp_path: Path) -> None:
    written(tmp_path / "t.json")
    used = {**delta("a", finish="stop"), "model": "gpt-4o",
            "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}  # fmt: skip
    unpriced = {**used, "model": "llama3"}
    replies: list[Reply] = [stream(used), stream(used), stream(unpriced)]
    with talk(tmp_path, "-c", "t.json", "--max-completion-tokens", "1000", replies=replies) as (
        typist,
        _,
    ):
        # Three messages of 4 tokens and 1, 2 and 2 of their texts, 3 for the reply; the window is
        # 128,000 tokens.
        assert typist.ask("/tokens").endswith(b"20 tokens, 126980 of 127000 left\n")
        assert b"no call so far\n" in typist.ask("/cost")
        typist.ask("one")
        typist.ask("/undo")
        typist.ask("two")
        typist.ask("/undo")
        # 2.5 and 10 USD for a million.
        assert typist.ask("/cost").endswith(
            b"0.007 USD for 2 calls, 2000 input and 200 output tokens\n"
            b"the next turn: at least 0.00005 USD for 20 input tokens\n"
        )
        typist.ask("three")
        assert b"; the price of 1 call to\nllama3 is not known\n" in typist.ask("/cost")


def test_unknown_commands_send_nothing(tmp_path: Path) -> None:
    with talk(tmp_path, replies=[]) as (typist, _):
        assert b"no such command: /udno; did you mean /undo" in typist.ask("/udno")
        assert b"//etc/hosts is sent as text" in typist.ask("/etc/hosts")
        assert b"/undo takes no argument" in typist.ask("/undo this")
        assert b"Alt-Enter" in typist.ask("/help")


def test_a_server_that_refuses_to_tell_usage_is_asked_once(tmp_path: Path) -> None:
    refusal = reply({"error": {"message": "stream_options"}}, status="400 Bad Request")
    with talk(tmp_path, replies=[refusal, said("a"), said("b")]) as (typist, server):
        assert b"so the usage of the call is unknown" in typist.ask("one")
        assert b"notice" not in typist.ask("two")
        assert b"USD unknown for 2 calls" in typist.ask("/cost")
    asked = ["stream_options" in received.json for received in server.received]
    assert asked == [True, False, False]


# Signals, and what ends all


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)])
def test_a_signal_at_the_prompt(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with Server([]) as server, Typist(base_url=server.base_url, cwd=tmp_path) as typist:
        typist.see_prompt()
        assert typist.modes_now() != typist.modes
        typist.process.send_signal(number)
        assert typist.end() == code
        assert typist.modes_now() == typist.modes
        assert b"\x1b[?2004l" in typist.rest()


def test_a_terminal_that_is_closed_at_the_prompt(tmp_path: Path) -> None:
    with Server([]) as server, Typist(base_url=server.base_url, cwd=tmp_path) as typist:
        typist.see_prompt()
        typist.hang_up()
        assert typist.process.wait() == 129
    assert not list((tmp_path / "tmp").iterdir())


def test_sigterm_in_a_reply(tmp_path: Path) -> None:
    with Server([stalled]) as server, Typist(base_url=server.base_url, cwd=tmp_path) as typist:
        typist.see_prompt()
        typist.type("go", ENTER)
        typist.see("Once upon")
        typist.process.send_signal(signal.SIGTERM)
        assert typist.end() == 143
        assert typist.modes_now() == typist.modes


def test_when_the_reader_of_stdout_is_gone(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with (
        os.fdopen(writer, "wb") as out,
        Server([reply(chat("a"))]) as server,
        Typist(base_url=server.base_url, cwd=tmp_path, stdout=out) as typist,
    ):
        typist.see_prompt()
        typist.type("go", ENTER)
        assert typist.end() == 141
        assert b"error" not in typist.rest()


@pytest.mark.parametrize(
    "flags", [["--dry-run"], ["--curl"], ["--batch-line", "1"], ["-o", "out"], ["--body", "{}"]]
)
def test_what_makes_no_sense_here(flags: list[str], run: Run, folder: Path) -> None:
    done = run("chat", "-i", *flags)
    assert done.code == 2
    assert {"-o": "--output"}.get(flags[0], flags[0]) in done.err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "mode", "problem"),
    [([1], 0o600, b"must be a JSON object"), (TALK, 0o400, b"may not be written")],
)
def test_a_file_that_cannot_be_used(body: Any, mode: int, problem: bytes, tmp_path: Path) -> None:
    written(tmp_path / "t.json", body).chmod(mode)
    with (
        Server([]) as server,
        Typist("-c", "t.json", base_url=server.base_url, cwd=tmp_path) as typist,
    ):
        assert typist.end() == 2
        assert problem in typist.rest()


# --render

MARKDOWN = "# Top\n\nSome **bold** and `code`.\n\n- one\n- two\n\x1b[31m[red]x[/red]"


def test_render(tmp_path: Path) -> None:
    pieces = [delta(character) for character in MARKDOWN]
    with talk(tmp_path, "--render", replies=[stream(*pieces, delta(finish="stop"))]) as (typist, _):
        shown = typist.ask("a")
    assert b"Some \x1b[1mbold\x1b[0m and" in shown
    assert b"**" not in shown.rpartition(b"\x1b[J")[2]
    assert b"^[[31m[red]x[/red]\n" in shown


def test_render_without_colour(tmp_path: Path) -> None:
    given = {"env": {"NO_COLOR": "1"}}
    with talk(tmp_path, "--render", replies=[said("`code` **b**")], **given) as (typist, _):
        shown = typist.ask("a")
    assert b"\x1b[1mb\x1b[0m" in shown
    assert not any(b"\x1b[%dm" % color in shown for color in range(30, 50))


@pytest.mark.parametrize(("term", "shown"), [("xterm", b"\x1b[1mb\x1b[0m\n"), ("dumb", b"**b**\n")])
def test_render_of_one_shot(term: str, shown: bytes, tmp_path: Path) -> None:
    with Server([said("**b**")]) as server:
        terminal = Terminal(
            "chat", "--render", "a", base_url=server.base_url, cwd=tmp_path, env={"TERM": term}
        )
        assert terminal.read_all().endswith(shown)


def test_render_of_one_shot_into_a_pipe_is_plain(run: Run) -> None:
    with Server([reply(chat("# Top\n**b**"))]) as server:
        done = run("chat", "--render", "a", base_url=server.base_url)
    assert done.text == "# Top\n**b**\n"


# A script


def test_a_line_a_turn(run: Run, folder: Path) -> None:
    script = b"Say one\n\n  \nSay two\r\n/system Be brief\n//help\n/undo\nSay last"
    with Sandbox() as sandbox:
        done = run("chat", "-i", "-c", "t.json", stdin=script, base_url=sandbox.base_url,
                   key=sandbox.key)  # fmt: skip
    slash = 'This is a sandbox, not a model; your text was "/help".\n'
    assert (done.code, done.text) == (0, f"one\ntwo\r\n{slash}last\n")
    assert done.err == "Be brief\nremoved 2 messages: /help\n"
    assert messages_in(folder / "t.json") == [
        {"role": "system", "content": "Be brief"},
        *[user("Say one"), assistant("one"), user("Say two\r"), assistant("two\r")],
        *[user("Say last"), assistant("last")],
    ]


def scripted(run: Run, *lines: str, flags: tuple[str, ...] = ()) -> Any:
    """A conversation of a line a turn, each answered by `a`; what was sent is in `sent`."""
    text = "".join(f"{line}\n" for line in lines).encode()
    with Server([reply(chat("a"))] * sum(not line.startswith("/") for line in lines)) as server:
        done = run("chat", "-i", *flags, stdin=text, base_url=server.base_url)
    return done, [received.json["messages"] for received in server.received]


def test_what_was_in_memory_is_saved_and_goes_on_there(run: Run, folder: Path) -> None:
    done, sent = scripted(run, "one", "/save t.json", "two", flags=("--system", "s"))
    assert (done.code, done.out) == (0, b"a\na\n")
    assert "kept in t.json" in done.err
    kept = json.loads((folder / "t.json").read_text())["messages"]
    assert kept == [*sent[1], {"role": "assistant", "content": "a"}]
    assert [message["content"] for message in sent[1]] == ["s", "one", "a", "two"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["/save t.json"], "there is no turn to keep yet"),
        (["one", "/save"], "/save needs a FILE"),
        (["one", "/save there.json"], "'there.json' has a conversation already"),
    ],
)
def test_what_cannot_be_saved(run: Run, folder: Path, lines: list[str], told: str) -> None:
    before = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}]})
    (folder / "there.json").write_text(before)
    done, _ = scripted(run, *lines)
    assert done.code == 2
    assert told in done.err
    assert (folder / "there.json").read_text() == before


@pytest.mark.parametrize("flags", [(), ("-c", "t.json")])
def test_a_conversation_begins_anew(run: Run, folder: Path, flags: tuple[str, ...]) -> None:
    done, sent = scripted(run, "one", "/clear", "two", "/clear", "/clear",
                      flags=("--system", "s", *flags))  # fmt: skip
    assert done.code == 0
    assert [message["content"] for message in sent[1]] == ["s", "two"]
    assert done.err.count("removed 2 messages") == 2
    assert "removed 0 messages" in done.err
    if flags:
        assert len((folder / "t.json.history.jsonl").read_text().splitlines()) == 4


def test_a_script_may_end_at_once(run: Run) -> None:
    with Server([]) as server:
        assert run("chat", "-i", stdin=b"", base_url=server.base_url).code == 0
        done = run("chat", "-i", stdin=b"/exit\nhello\n", base_url=server.base_url)
    assert (done.code, done.out, done.err) == (0, b"", "")


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (b"\xff", 2, "stdin: line 2 is not UTF-8: byte 0xff at offset 0"),
        (b"a\xe2\x82", 2, "stdin: line 2 is not UTF-8: byte 0xe2 at offset 1"),
        (b"/udno", 2, "no such command: /udno"),
        (b"/set temperature 3", 2, "temperature must be a number from 0 to 2"),
        (b"/retry now", 2, "/retry takes no argument"),
    ],
)
def test_an_error_ends_a_script(
    line: bytes, code: int, message: str, run: Run, folder: Path
) -> None:
    with Sandbox() as sandbox:
        done = run("chat", "-i", "-c", "t.json", stdin=b"Say one\n" + line + b"\nSay two\n",
                   base_url=sandbox.base_url, key=sandbox.key)  # fmt: skip
    assert (done.code, done.text) == (code, "one\n")
    assert message in done.err
    assert messages_in(folder / "t.json") == [user("Say one"), assistant("one")]


@pytest.mark.parametrize(("status", "code"), [("400 Bad", 4), ("401 No", 3), ("429 Wait", 5)])
def test_a_refusal_ends_a_script(status: str, code: int, run: Run) -> None:
    failure = reply({"error": {"message": "no"}}, status=status)
    with Server([reply(chat("a")), failure]) as server:
        done = run("chat", "-i", "--max-retries", "0", stdin=b"1\n2\n3\n", base_url=server.base_url)
    assert (done.code, done.text) == (code, "a\n")


def test_json_and_query_go_turn_by_turn(run: Run) -> None:
    with Server([reply(chat("a")), reply(chat("b"))]) as server:
        done = run("chat", "-i", "--query", "choices[0].message.content", stdin=b"1\n2\n",
                   base_url=server.base_url)  # fmt: skip
    assert (done.code, done.text) == (0, "a\nb\n")


def test_stdin_is_the_conversation_and_nothing_else(run: Run) -> None:
    with Server([]) as server:
        for flags in (["--no-stdin"], ["-"], ["--api-key-file", "-"]):
            done = run("chat", "-i", *flags, stdin=b"hello\n", base_url=server.base_url)
            assert done.code == 2, flags
