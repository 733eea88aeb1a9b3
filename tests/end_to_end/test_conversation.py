"""`chat -c FILE`: what goes to the server, what is in the file, and that nothing is lost."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from openai_cli.sandbox import Sandbox
from openai_cli.tokens.encoding import count_all
from tests.conftest import COMMAND, MADE_UP_KEY, Run
from tests.servers import Server, chat, delta, events, reply, stream

TALK = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": "two"},
        {"role": "assistant", "content": "2"},
    ],
}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str | None) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def written(path: Path, body: Any = TALK) -> Path:
    path.write_text(body if isinstance(body, str) else json.dumps(body))
    return path


def load(path: Path) -> Any:
    return json.loads(path.read_text())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# What is sent, and what is kept


def test_a_conversation_is_begun_and_gone_on_with(run: Run, folder: Path) -> None:
    file = folder / "trip.json"
    replies = [reply(chat("Beijing")), reply(chat("Taipei"))]
    with Server(replies) as server:
        first = run("chat", "-c", "trip.json", "Capital of China?", base_url=server.base_url)
        assert (first.code, first.text, first.err) == (0, "Beijing\n", "")
        assert load(file) == {
            "model": "gpt-6-luna",
            "messages": [user("Capital of China?"), assistant("Beijing")],
        }
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        second = run("chat", "--continue", "trip.json", "And Taiwan?", base_url=server.base_url)
        assert (second.code, second.text) == (0, "Taipei\n")
    assert server.received[1].json == {
        "model": "gpt-6-luna",
        "messages": [user("Capital of China?"), assistant("Beijing"), user("And Taiwan?")],
    }
    assert load(file)["messages"][2:] == [user("And Taiwan?"), assistant("Taipei")]
    assert names(folder) == ["trip.json"], "no lock and no temporary file is left"


def test_the_file_is_a_body_for_the_other_commands(run: Run, folder: Path) -> None:
    written(folder / "t.json", {**TALK, "model": "gpt-4o"})
    shown = run("chat", "--body", "@t.json", "--dry-run")
    assert json.loads(shown.out) == {**TALK, "model": "gpt-4o"}
    assert run("tokens", "--request", "t.json").text == "28\n"
    assert run("cost", "--request", "t.json").code == 0


def test_model_and_system_at_its_making_are_kept(run: Run, folder: Path) -> None:
    with Server([reply(chat("a")), reply(chat("b"))]) as server:
        asked = ["-c", "t.json", "--temperature", "0.5"]
        run("chat", *asked, "-m", "m1", "--system", "S", "--developer", "D", "one",
            base_url=server.base_url)  # fmt: skip
        run("chat", *asked, "two", base_url=server.base_url, env={"OPENAI_MODEL": "other"})
    standing = [{"role": "system", "content": "S"}, {"role": "developer", "content": "D"}]
    said = [user("one"), assistant("a"), user("two")]
    first, second = (received.json for received in server.received)
    assert first == {"model": "m1", "messages": [*standing, user("one")], "temperature": 0.5}
    assert second == {"model": "m1", "messages": [*standing, *said], "temperature": 0.5}
    assert load(folder / "t.json") == {
        "model": "m1",
        "messages": [*standing, *said, assistant("b")],
    }


def test_later_flags_win_for_their_call_alone(run: Run, folder: Path) -> None:
    body = {**TALK, "temperature": 0.25, "x": {"deep": [1.5, None]}}
    file = written(folder / "t.json", body)
    with Server([reply(chat("3"))]) as server:
        run("chat", "-c", "t.json", "three", "-m", "m2", "--system", "T", "--developer", "D",
            "--temperature", "1", "--param", "y=1", base_url=server.base_url)  # fmt: skip
    (received,) = server.received
    assert received.json == {
        "model": "m2",
        "messages": [
            {"role": "developer", "content": "D"},
            {"role": "system", "content": "T"},
            *TALK["messages"][1:],
            user("three"),
        ],
        "temperature": 1,
        "x": {"deep": [1.5, None]},
        "y": 1,
    }
    assert load(file) == {
        **body,
        "messages": [*TALK["messages"], user("three"), assistant("3")],
    }


def test_messages_of_flags_and_stdin_are_part_of_the_turn(run: Run, folder: Path) -> None:
    with Server([reply(chat("a"))]) as server:
        run("chat", "-c", "t.json", "--message", "assistant:Hello", "Sum up", stdin=b"a text\n",
            base_url=server.base_url)  # fmt: skip
    said = [assistant("Hello"), user("a text\n\nSum up")]
    assert server.received[0].json["messages"] == said
    assert load(folder / "t.json")["messages"] == [*said, assistant("a")]


def test_a_tool_call_is_kept_and_its_answer_goes_behind_it(run: Run, folder: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    called = chat(None, finish="tool_calls")
    called["choices"][0]["message"]["tool_calls"] = [call]
    with Server([reply(called), reply(chat("done"))]) as server:
        assert run("chat", "-c", "t.json", "go", base_url=server.base_url).code == 0
        answer = {"role": "tool", "tool_call_id": "c1", "content": "42"}
        again = run("chat", "-c", "t.json", "--messages", json.dumps([answer]),
                    base_url=server.base_url)  # fmt: skip
        assert again.text == "done\n"
    said = [user("go"), {**assistant(None), "tool_calls": [call]}, answer]
    assert server.received[1].json["messages"] == said
    assert load(folder / "t.json")["messages"] == [*said, assistant("done")]


def test_a_streamed_call_of_an_older_function_is_kept(run: Run, folder: Path) -> None:
    parts = [
        delta(function_call={"name": "f", "arguments": '{"a"'}),
        delta(function_call={"arguments": ": 1}"}),
        delta(finish="function_call"),
    ]
    with Server([stream(*parts)]) as server:
        assert run("chat", "-c", "t.json", "go", "--stream", base_url=server.base_url).code == 0
    call = {"name": "f", "arguments": '{"a": 1}'}
    assert load(folder / "t.json")["messages"][1] == {**assistant(None), "function_call": call}


def test_a_refusal_is_kept_as_one(run: Run, folder: Path) -> None:
    refused = chat(None)
    refused["choices"][0]["message"]["refusal"] = "No."
    with Server([reply(refused)]) as server:
        assert run("chat", "-c", "t.json", "go", base_url=server.base_url).code == 0
    assert load(folder / "t.json")["messages"][1] == {**assistant(None), "refusal": "No."}


def test_of_several_choices_the_first_is_kept(run: Run, folder: Path) -> None:
    with Server([reply(chat("a", "b"))]) as server:
        done = run("chat", "-c", "t.json", "go", "--n", "2", base_url=server.base_url)
    assert (done.code, done.text) == (0, "a\n\nb\n")
    assert "of several choices, the first goes into the conversation" in done.err
    assert load(folder / "t.json")["messages"] == [user("go"), assistant("a")]


@pytest.mark.parametrize("form", [["--json"], ["--query", "model"], ["-o", "out"]])
def test_other_forms_of_output(form: list[str], run: Run, folder: Path) -> None:
    with Server([reply(chat("a"))]) as server:
        assert run("chat", "-c", "t.json", "go", *form, base_url=server.base_url).code == 0
    assert load(folder / "t.json")["messages"] == [user("go"), assistant("a")]


@pytest.mark.parametrize("form", [["--dry-run"], ["--curl"], ["--batch-line", "1"]])
def test_a_preview_has_the_whole_and_changes_nothing(
    form: list[str], run: Run, folder: Path
) -> None:
    file = written(folder / "t.json")
    before = file.read_bytes(), file.stat().st_ino
    shown = run("chat", "-c", "t.json", "three", *form, key=None)
    assert shown.code == 0
    assert '{"role": "assistant", "content": "2"}, {"role": "user", "content": "three"}' in (
        shown.text
    )
    assert (file.read_bytes(), file.stat().st_ino) == before
    assert run("chat", "-c", "new.json", "one", *form, key=None).code == 0
    assert names(folder) == ["t.json"]


def test_a_body_beside_it_is_refused(run: Run, folder: Path) -> None:
    done = run("chat", "-c", "t.json", "--body", "{}", "go")
    assert (done.code, names(folder)) == (2, [])
    assert "give one of them" in done.err


def test_nothing_to_say(run: Run, folder: Path) -> None:
    done = run("chat", "-c", "t.json")
    assert (done.code, names(folder)) == (2, [])
    assert "there is no message to send" in done.err


def test_what_is_no_conversation_is_left_alone(run: Run, folder: Path) -> None:
    file = written(folder / "t.json", "[1]")
    with Server([]) as server:
        done = run("chat", "-c", "t.json", "go", base_url=server.base_url)
    assert (done.code, file.read_text(), names(folder)) == (2, "[1]", ["t.json"])
    assert "the conversation 't.json' must be a JSON object" in done.err


# Failures

CUT = stream(delta("Hel"), delta("lo"), done=False)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (reply({"error": {"message": "no"}}, status="400 Bad Request"), 4),
        (reply({"error": {"message": "no"}}, status="401 Unauthorized"), 3),
        (reply("<html>", content_type="text/html"), 6),
        (CUT, 7),
    ],
)
def test_on_a_failure_the_file_is_as_it_was(
    answer: bytes, code: int, run: Run, folder: Path
) -> None:
    file = written(folder / "t.json")
    before = file.read_bytes(), file.stat().st_ino
    with Server([answer]) as server:
        done = run("chat", "-c", "t.json", "go", "--max-retries", "0", base_url=server.base_url)
    assert done.code == code
    assert done.err.rstrip().endswith("'t.json' is unchanged")
    assert (file.read_bytes(), file.stat().st_ino) == before
    with Server([answer]) as server:
        done = run("chat", "-c", "new.json", "go", "--max-retries", "0", base_url=server.base_url)
    assert done.err.rstrip().endswith("'new.json' was not made")
    assert names(folder) == ["t.json"]


def test_an_incomplete_reply_that_was_to_be_whole_is_a_failure(run: Run, folder: Path) -> None:
    asked = ["chat", "-c", "t.json", "go"]
    with Server([reply(chat("Hel", finish="length"))] * 2) as server:
        done = run(*asked, "--require-complete", base_url=server.base_url)
        assert (done.code, names(folder)) == (9, [])
        assert "'t.json' was not made" in done.err
        assert run(*asked, base_url=server.base_url).code == 0
    assert load(folder / "t.json")["messages"] == [user("go"), assistant("Hel")]


def test_too_costly_a_turn_is_not_sent(run: Run, folder: Path) -> None:
    written(folder / "t.json", {**TALK, "model": "gpt-4o"})
    with Server([]) as server:
        done = run("chat", "-c", "t.json", "go", "--max-cost", "0", base_url=server.base_url)
    assert done.code == 8
    assert "'t.json' is unchanged" in done.err


def test_a_reply_that_was_cut_off_is_kept_if_that_is_wanted(run: Run, folder: Path) -> None:
    file = written(folder / "t.json")
    with Server([CUT]) as server:
        done = run("chat", "-c", "t.json", "go", "--keep-partial", base_url=server.base_url)
    assert (done.code, done.text) == (7, "Hello")
    assert "the part of the reply that arrived is kept in 't.json'" in done.err
    assert load(file)["messages"] == [*TALK["messages"], user("go"), assistant("Hello")]


def test_half_a_tool_call_is_not_kept(run: Run, folder: Path) -> None:
    piece = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f"}}
    answers = [
        stream(delta("Wait"), delta(tool_calls=[piece]), done=False),
        stream(delta(tool_calls=[piece]), done=False),
    ]
    with Server(answers) as server:
        for name in ("a.json", "b.json"):
            done = run("chat", "-c", name, "go", "--keep-partial", "--max-retries", "0",
                       base_url=server.base_url)  # fmt: skip
            assert done.code == 7
    assert names(folder) == ["a.json"], "of the second nothing had come that could be kept"
    assert load(folder / "a.json")["messages"] == [user("go"), assistant("Wait")]


@pytest.mark.parametrize(
    ("flags", "messages", "said"),
    [
        ([], TALK["messages"], "'t.json' is unchanged"),
        (
            ["--keep-partial"],
            [*TALK["messages"], user("go"), assistant("Hello")],
            "the part of the reply that arrived is kept in 't.json'",
        ),
    ],
)
def test_ctrl_c_in_mid_reply(
    flags: list[str], messages: list[Any], said: str, tmp_path: Path
) -> None:
    file = written(tmp_path / "t.json")

    def stall(connection: socket.socket) -> None:
        connection.sendall(CUT)
        connection.recv(1)  # until the client goes away

    with Server([stall]) as server:
        process = subprocess.Popen(
            [COMMAND, "chat", "-c", "t.json", "go", "--stream", *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env={**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY},
        )
        assert process.stdout is not None
        seen = b""
        while seen != b"Hello":
            seen += os.read(process.stdout.fileno(), 5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said in err.decode()
    assert load(file)["messages"] == messages


def test_turns_of_many_processes_are_all_kept(process: Run, folder: Path) -> None:
    with Sandbox() as sandbox, ThreadPoolExecutor(8) as pool:
        asked = [f"Say {number}" for number in range(20)]
        done = list(
            pool.map(
                lambda text: process(
                    "chat", "-c", "t.json", text, base_url=sandbox.base_url, key=sandbox.key
                ),
                asked,
            )
        )
    assert [result.code for result in done] == [0] * 20
    messages = load(folder / "t.json")["messages"]
    turns = [tuple(one["content"] for one in messages[at : at + 2]) for at in range(0, 40, 2)]
    assert sorted(turns) == sorted((f"Say {number}", f"{number}") for number in range(20))
    assert names(folder) == ["t.json"]


# When it grows too long


def table(folder: Path, window: int) -> list[str]:
    """Flags that make m a model with that window, counted as gpt-4o is."""
    model = {"context_window": window, "encoding": "o200k_base", "input": 1, "output": 1}
    (folder / "prices.json").write_text(json.dumps({"models": {"gpt-4o": model}}))
    return ["--prices", "prices.json"]


# In o200k_base each text is one token: 4 a message, 3 for the reply.
LONG = {
    "model": "gpt-4o",
    "messages": [
        {"role": "system", "content": "S"},
        *[message for n in "1234" for message in (user(n), assistant("a"))],
    ],
}
LONG_TOKENS = 9 * 5 + 3
QUESTION = 5


def kept(folder: Path) -> Any:
    return load(folder / "t.json")["messages"]


def history(folder: Path) -> list[Any]:
    lines = (folder / "t.json.history.jsonl").read_text().splitlines()
    return [json.loads(line)["message"] for line in lines]


@pytest.mark.parametrize(("limit", "code"), [(LONG_TOKENS + QUESTION, 0), (52, 8), (1, 8)])
def test_the_limit_is_exact(limit: int, code: int, run: Run, folder: Path) -> None:
    file = written(folder / "t.json", LONG)
    before = file.read_bytes()
    with Server([reply(chat("b"))] * (code == 0)) as server:
        done = run("chat", "-c", "t.json", "5", "--context-limit", str(limit),
                   base_url=server.base_url)  # fmt: skip
    assert done.code == code
    if code:
        assert f"the prompt is too long: 53 tokens, but the limit is {limit}" in done.err
        assert "--when-full drop" in done.err
        assert file.read_bytes() == before


@pytest.mark.parametrize(("limit", "code"), [("8", 0), ("7", 8)])
def test_the_limit_of_a_call_that_is_no_conversation(limit: str, code: int, run: Run) -> None:
    with Server([reply(chat("b"))] * (code == 0)) as server:
        done = run("chat", "hello", "-m", "gpt-4o", "--context-limit", limit,
                   base_url=server.base_url)  # fmt: skip
        assert done.code == code
        assert run("chat", "hello", "--context-limit", "1", "--dry-run").code == 0
    if code:
        assert "the prompt is too long: 8 tokens, but the limit is 7" in done.err


@pytest.mark.parametrize(
    ("window", "flags", "code"),
    [
        (53, [], 0),
        (52, [], 8),
        (63, ["--max-completion-tokens", "10"], 0),
        (62, ["--max-completion-tokens", "10"], 8),
        (62, ["--max-tokens", "10"], 8),
    ],
)
def test_without_one_it_is_what_the_window_leaves(
    window: int, flags: list[str], code: int, run: Run, folder: Path
) -> None:
    written(folder / "t.json", LONG)
    with Server([reply(chat("b"))] * (code == 0)) as server:
        done = run("chat", "-c", "t.json", "5", *flags, *table(folder, window),
                   base_url=server.base_url)  # fmt: skip
    assert done.code == code, done.err


def test_a_model_that_nobody_knows_has_no_limit_but_the_users(run: Run, folder: Path) -> None:
    written(folder / "t.json", {**LONG, "model": "llama3"})
    with Server([reply(chat("b"))]) as server:
        assert run("chat", "-c", "t.json", "5", base_url=server.base_url).code == 0
        done = run("chat", "-c", "t.json", "6", "--context-limit", "53", base_url=server.base_url)
    assert done.code == 8


@pytest.mark.parametrize(
    ("limit", "turns"), [(53, 0), (52, 1), (43, 1), (42, 2), (33, 2), (23, 3), (13, 4)]
)
def test_the_oldest_turns_are_dropped(limit: int, turns: int, run: Run, folder: Path) -> None:
    written(folder / "t.json", LONG)
    with Server([reply(chat("b"))]) as server:
        done = run("chat", "-c", "t.json", "5", "--context-limit", str(limit), "--when-full",
                   "drop", base_url=server.base_url)  # fmt: skip
    assert done.code == 0
    messages = LONG["messages"]
    rest = [messages[0], *messages[1 + 2 * turns :], user("5")]
    assert server.received[0].json["messages"] == rest
    assert kept(folder) == [*rest, assistant("b")]
    if turns:
        assert history(folder) == messages[1 : 1 + 2 * turns]
        mode = (folder / "t.json.history.jsonl").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
        what = "the oldest turn" if turns == 1 else f"the oldest {turns} turns"
        assert f"notice: {what} left the conversation for 't.json.history.jsonl'" in done.err
    else:
        assert names(folder) == ["t.json"]


def test_each_message_is_counted_once(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that stayed was counted again for each number of turns that was tried."""
    counted = list[str]()

    def counting(texts: Sequence[str], **named: Any) -> list[int]:
        counted.extend(texts)
        return count_all(texts, **named)

    monkeypatch.setattr("openai_cli.tokens.stream.count_all", counting)
    turns = [message for n in range(50) for message in (user(f"u{n}"), assistant(f"a{n}"))]
    written(folder / "t.json", {"model": "gpt-4o", "messages": turns})
    with Server([reply(chat("b"))]) as server:
        done = run("chat", "-c", "t.json", "q", "--context-limit", "300", "--when-full", "drop",
                   base_url=server.base_url)  # fmt: skip
    assert done.code == 0
    assert "left the conversation" in done.err
    assert sorted(counted) == sorted([*(turn["content"] for turn in turns), "q"])


def test_the_question_itself_is_never_dropped(run: Run, folder: Path) -> None:
    file = written(folder / "t.json", LONG)
    before = file.read_bytes()
    with Server([]) as server:
        done = run("chat", "-c", "t.json", "5", "--context-limit", "12", "--when-full", "drop",
                   base_url=server.base_url)  # fmt: skip
    assert done.code == 8
    assert "13 tokens, but the limit is 12; shorten the message" in done.err
    assert (file.read_bytes(), names(folder)) == (before, ["t.json"])


def test_a_call_and_its_answer_leave_together(run: Run, folder: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    called = [user("1"), {**assistant(None), "tool_calls": [call]}]
    answer = {"role": "tool", "tool_call_id": "c1", "content": "42"}
    written(folder / "t.json", {"model": "gpt-4o", "messages": [*called, answer, assistant("a")]})
    written(folder / "u.json", {"model": "gpt-4o", "messages": called})
    flags = ["--context-limit", "9", "--when-full", "drop"]
    with Server([reply(chat("b"))]) as server:
        done = run("chat", "-c", "t.json", "5", *flags, base_url=server.base_url)
        assert done.code == 0, done.err
        # Here the answer is what is said: its turn cannot leave.
        done = run("chat", "-c", "u.json", "--messages", json.dumps([answer]), *flags,
                   base_url=server.base_url)  # fmt: skip
        assert done.code == 8
    assert server.received[0].json["messages"] == [user("5")]
    assert history(folder) == [*called, answer, assistant("a")]


def test_when_a_call_fails_nothing_has_left(run: Run, folder: Path) -> None:
    file = written(folder / "t.json", LONG)
    before = file.read_bytes()
    with Server([reply({"error": {"message": "no"}}, status="400 Bad Request")]) as server:
        done = run("chat", "-c", "t.json", "5", "--context-limit", "20", "--when-full", "drop",
                   base_url=server.base_url)  # fmt: skip
    assert (done.code, file.read_bytes(), names(folder)) == (4, before, ["t.json"])
    assert "left the conversation" not in done.err


def summarize(run: Run, server: Server, *flags: str, limit: int = 50) -> Any:
    return run("chat", "-c", "t.json", "5", "--context-limit", str(limit), "--when-full",
               "summarize", *flags, base_url=server.base_url)  # fmt: skip


def test_older_turns_are_summed_up(run: Run, folder: Path) -> None:
    written(folder / "t.json", LONG)
    with Server([reply(chat("brief")), reply(chat("b"))]) as server:
        done = summarize(run, server, "--usage", "--usage-file", "usage.jsonl")
    assert (done.code, done.text) == (0, "b\n")
    asked, sent = (received.json for received in server.received)
    assert asked["model"] == "gpt-4o"
    assert asked["messages"][1]["content"] == (
        "user: 1\n\nassistant: a\n\nuser: 2\n\nassistant: a\n\nuser: 3\n\nassistant: a"
    )
    messages = LONG["messages"]
    turn = [user("Summarize our conversation so far."), assistant("brief")]
    rest = [messages[0], *turn, *messages[7:], user("5")]
    assert sent["messages"] == rest
    assert kept(folder) == [*rest, assistant("b")]
    assert history(folder) == messages[1:7]
    assert done.err.count("usage: 3 input, 5 output tokens") == 2
    assert len((folder / "usage.jsonl").read_text().splitlines()) == 2
    assert "the oldest 3 turns left the conversation for 't.json.history.jsonl'; a summary" in (
        done.err
    )


def test_a_model_of_its_own_for_the_summary(run: Run, folder: Path) -> None:
    written(folder / "t.json", LONG)
    with Server([reply(chat("brief")), reply(chat("b"))]) as server:
        assert summarize(run, server, "--summary-model", "small", "--temperature", "0").code == 0
    asked, sent = (received.json for received in server.received)
    assert (asked["model"], sorted(asked)) == ("small", ["messages", "model"])
    assert (sent["model"], sent["temperature"]) == ("gpt-4o", 0)


BAD_SUMMARIES: Sequence[tuple[bytes, int, str]] = [
    (reply({"error": {"message": "no"}}, status="400 Bad Request"), 4, "no"),
    (reply(chat("")), 6, "the model gave no summary of the older turns"),
    (reply(chat("word " * 60)), 8, "the prompt is too long"),
]


@pytest.mark.parametrize(("answer", "code", "problem"), BAD_SUMMARIES)
def test_a_summary_that_fails(
    answer: bytes, code: int, problem: str, run: Run, folder: Path
) -> None:
    file = written(folder / "t.json", LONG)
    before = file.read_bytes()
    with Server([answer]) as server:
        done = summarize(run, server)
    assert (done.code, file.read_bytes(), names(folder)) == (code, before, ["t.json"])
    assert problem in done.err
    assert "'t.json' is unchanged" in done.err


def test_a_summary_is_summed_up_again_with_what_came_after_it(run: Run, folder: Path) -> None:
    written(folder / "t.json", LONG)
    answers = [reply(chat(text)) for text in ("brief", "b", "briefer", "c")]
    with Server(answers) as server:
        assert summarize(run, server).code == 0
        assert summarize(run, server, limit=40).code == 0
    assert (
        server.received[2]
        .json["messages"][1]["content"]
        .startswith("user: Summarize our conversation so far.\n\nassistant: brief\n\nuser: 4")
    )
    assert kept(folder)[1:3] == [
        user("Summarize our conversation so far."),
        assistant("briefer"),
    ]


@pytest.mark.parametrize("flags", [(), ("-c", "t.json"), ("-i",)])
def test_a_way_that_there_is_not(run: Run, flags: tuple[str, ...]) -> None:
    done = run("chat", *flags, "5", "--when-full", "forget", "--dry-run")
    assert done.code == 2
    assert "--when-full must be error, drop or summarize, not 'forget'" in done.err


def test_events_are_shown_as_they_come(run: Run, folder: Path) -> None:
    """As without a conversation: what is streamed is whole JSON lines with --json."""
    parts = [delta("a"), delta("b"), delta(finish="stop")]
    with Server([stream(*parts)]) as server:
        done = run("chat", "-c", "t.json", "go", "--stream", "--json", base_url=server.base_url)
    assert done.out == events(*parts, done=False).replace(b"data: ", b"").replace(b"\n\n", b"\n")
    assert kept(folder) == [user("go"), assistant("ab")]


# When the server's window is smaller than we know

NUMBERED = [
    {"error": {"message": "This model's maximum context length is {window} tokens. However, your "
     "messages resulted in {asked} tokens.", "code": "context_length_exceeded"}},
    {"error": {"code": 400, "message": "the request exceeds the available context size",
     "type": "exceed_context_size_error", "n_prompt_tokens": "{asked}", "n_ctx": "{window}"}},
    {"object": "error", "message": "Requested tokens ({asked}) exceed context window of {window}"},
    {"detail": "prompt is too long: {asked} tokens > {window} maximum"},
]  # fmt: skip
PLAIN = [
    {"error": {"message": "context_length_exceeded"}},
    {"error": {"message": "Please reduce the length of the messages."}},
    {"message": "Input is too long for requested model."},
]


@contextmanager
def with_window(window: int, refusal: Any, calls: int) -> Iterator[Server]:
    """A server that counts 10 tokens a message, and refuses what is above its window."""
    server = Server([])

    def answer(connection: socket.socket) -> None:
        asked = 10 * len(server.received[-1].json["messages"])
        if asked <= window:
            connection.sendall(reply(chat("b")))
            return
        text = json.dumps(refusal).replace("{window}", f"{window}").replace("{asked}", f"{asked}")
        connection.sendall(reply(text, status="400 Bad Request"))

    server.replies = [answer] * calls
    with server:
        yield server


@pytest.mark.parametrize("refusal", NUMBERED, ids=lambda body: next(iter(body)))
@pytest.mark.parametrize("model", ["gpt-4o", "llama3"])
def test_what_the_server_refuses_as_too_long_is_shortened_by_its_numbers(
    run: Run, folder: Path, refusal: Any, model: str
) -> None:
    written(folder / "t.json", {**LONG, "model": model})
    with with_window(60, refusal, 2) as server:
        done = run("chat", "-c", "t.json", "5", "--when-full", "drop", base_url=server.base_url)
    assert (done.code, done.out) == (0, b"b\n")
    messages, gone = LONG["messages"], history(folder)
    rest = [messages[0], *messages[1 + len(gone) :], user("5")]
    assert server.received[1].json["messages"] == rest
    assert kept(folder) == [*rest, assistant("b")]
    assert gone in (messages[1:5], messages[1:7])
    assert f"asking again without the oldest {len(gone) // 2} turns" in done.err
    assert ("the window of llama3 is not known" in done.err) is (model == "llama3")


@pytest.mark.parametrize("refusal", PLAIN, ids=str)
def test_without_numbers_it_is_shortened_step_by_step(run: Run, folder: Path, refusal: Any) -> None:
    written(folder / "t.json", LONG)
    with with_window(40, refusal, 3) as server:
        done = run("chat", "-c", "t.json", "5", "--when-full", "drop", base_url=server.base_url)
    assert done.code == 0, done.err
    sizes = [len(request.json["messages"]) for request in server.received]
    assert sizes == sorted(sizes, reverse=True)
    assert len(kept(folder)) == sizes[-1] + 1
    assert sizes[-1] <= 4


def test_what_cannot_be_shortened_is_refused_in_the_servers_words(run: Run, folder: Path) -> None:
    file = written(folder / "t.json", LONG)
    before = file.read_bytes()
    with with_window(10, PLAIN[0], 4) as server:
        done = run("chat", "-c", "t.json", "5", "--when-full", "drop", base_url=server.base_url)
    assert done.code == 4
    assert "context_length_exceeded (HTTP 400)" in done.err
    assert "shorten the message" in done.err
    assert (file.read_bytes(), names(folder)) == (before, ["t.json"])


def test_the_default_tells_of_the_others(run: Run, folder: Path) -> None:
    written(folder / "t.json", LONG)
    with with_window(60, NUMBERED[0], 1) as server:
        done = run("chat", "-c", "t.json", "5", base_url=server.base_url)
    assert done.code == 4
    assert "--when-full drop leaves out its oldest turns" in done.err


def test_a_summary_stands_for_what_the_server_did_not_take(run: Run, folder: Path) -> None:
    written(folder / "t.json", LONG)
    with with_window(60, NUMBERED[0], 3) as server:
        done = run("chat", "-c", "t.json", "5", "--when-full", "summarize",
                   base_url=server.base_url)  # fmt: skip
    assert done.code == 0, done.err
    _, summary, last = (request.json["messages"] for request in server.received)
    assert summary[0]["content"].startswith("Summarize the conversation")
    assert {"role": "assistant", "content": "b"} in last
    assert len(last) <= 6
    assert last[-1] == user("5")


def test_a_history_too_long_to_be_summed_up_at_once_is_summed_up_in_parts(
    run: Run, folder: Path
) -> None:
    written(folder / "t.json", LONG)
    server = Server([])

    def answer(connection: socket.socket) -> None:
        messages = server.received[-1].json["messages"]
        is_summary = messages[0]["content"].startswith("Summarize")
        lines = messages[1]["content"].count("\n\n") if is_summary else len(messages)
        is_long = lines > (3 if is_summary else 6)
        refused = reply(PLAIN[0], status="400 Bad Request")
        connection.sendall(refused if is_long else reply(chat("sum" if is_summary else "b")))

    server.replies = [answer] * 5
    with server:
        done = run("chat", "-c", "t.json", "5", "--when-full", "summarize",
                   base_url=server.base_url)  # fmt: skip
    assert done.code == 0, done.err
    assert assistant("sum\nsum") in kept(folder)


def test_another_refusal_is_not_taken_for_one(run: Run, folder: Path) -> None:
    written(folder / "t.json", LONG)
    other = reply({"error": {"message": "Unknown parameter: 'top'."}}, status="400 Bad Request")
    with Server([other]) as server:
        done = run("chat", "-c", "t.json", "5", "--when-full", "drop", base_url=server.base_url)
    assert done.code == 4


def test_our_own_count_of_another_vendors_model_is_about_right(run: Run, folder: Path) -> None:
    written(folder / "t.json", {**LONG, "model": "llama3"})
    done = run("chat", "-c", "t.json", "5", "--context-limit", "20", base_url="http://127.0.0.1:9")
    assert done.code == 8
    assert re.search(r"the prompt is too long: about \d+ tokens, but the limit is 20", done.err)
