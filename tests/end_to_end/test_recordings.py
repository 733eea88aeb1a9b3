"""`openai-cli sandbox --upstream` as a process: a script recorded, and played back with no key."""

import json
import signal
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import COMMAND, MADE_UP_KEY, Result, Run
from tests.end_to_end.test_sandbox import started
from tests.servers import Server, delta, events, reply
from tests.servers import chat as answer

RECORD = ("--record-replies", "r.jsonl", "--")
REPLAY = ("sandbox", "--replies", "r.jsonl", "--strict")
SCRIPT = f"""
set -e
'{COMMAND}' chat --stream "Say one two"
'{COMMAND}' speak "Good morning" --voice coral --response-format wav -o monday.wav
'{COMMAND}' transcribe monday.wav
"""


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "r.jsonl").read_text().splitlines()]


def test_a_script_is_played_back_with_no_key(installed: Run, folder: Path, sandbox: str) -> None:
    recorded = installed("sandbox", "--upstream", sandbox, *RECORD, "sh", "-c", SCRIPT)
    sound = (folder / "monday.wav").read_bytes()
    assert (recorded.code, recorded.err) == (0, "")
    assert stat.S_IMODE((folder / "r.jsonl").stat().st_mode) == 0o600
    assert MADE_UP_KEY not in (folder / "r.jsonl").read_text()
    replayed = installed(*REPLAY, "--", "sh", "-c", SCRIPT, key=None)
    assert replayed == recorded
    assert recorded.text.startswith("one two\n")
    assert (folder / "monday.wav").read_bytes() == sound


def lines(folder: Path, *texts: str, recorded: str = "2026-11-20T00:00:00Z") -> None:
    """Recordings of chats that say these texts."""
    made = [
        {
            "recorded": recorded,
            "method": "POST",
            "path": "/chat/completions",
            "request": {"model": "m", "messages": [{"role": "user", "content": text}]},
            "status": 200,
            "content": json.dumps({"choices": [{"index": 0, "message": {"content": text},
                                                "finish_reason": "stop"}]}),
        }
        for text in texts
    ]  # fmt: skip
    (folder / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made))


def chat(text: str, *more: str) -> tuple[str, ...]:
    return ("--", str(COMMAND), "chat", "-m", "m", text, *more)


def test_a_request_without_a_recording(installed: Run, folder: Path) -> None:
    lines(folder, "one", "two three")
    done = installed(*REPLAY, *chat("two four"), key=None)
    told = (
        "no line of 'r.jsonl' matches POST /v1/chat/completions; the nearest is line 2: "
        'messages[0].content is "two four", recorded "two three"'
    )
    first, unused, last = done.err.splitlines()
    assert (done.code, done.out) == (8, b"")
    assert unused.endswith("notice: --strict: no request matched lines 1, 2 of 'r.jsonl'")
    assert first.startswith(f"openai-cli: error: The sandbox is strict: {told} (HTTP 400, ")
    assert last == f"openai-cli: error: --strict: a request was refused: {told}"


def started_on_a_port_in_use(run: Run, *flags: str) -> Result:
    """What is told before anything is served, and so in the test's own process."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("sandbox", *flags, "--port", str(taken.getsockname()[1]), "--", "true")
    assert (done.code, done.out) == (2, b"")
    assert done.err.splitlines()[-1].startswith("openai-cli: error: cannot listen on port")
    return done


@pytest.mark.parametrize(
    ("flags", "day", "age"),
    [
        ((), "2026-10-24T00:00:00Z", None),
        ((), "2026-10-23T23:59:59.000001Z", "31 days old (--stale-after 30)"),
        (("--stale-after", "2"), "2026-11-20T00:00:00Z", "3 days old (--stale-after 2)"),
        (("--stale-after", "90"), "2026-10-01T00:00:00Z", None),
    ],
)
def test_recordings_that_are_old(
    run: Run, folder: Path, flags: tuple[str, ...], day: str, age: str | None
) -> None:
    """Today is 2026-11-23."""
    lines(folder, "one", recorded=day)
    done = started_on_a_port_in_use(run, "--replies", "r.jsonl", *flags)
    notice = (
        f"openai-cli: notice: the oldest recording in 'r.jsonl' is {age}: "
        "the API may answer differently today\n"
    )
    assert done.err.startswith(notice) if age else "oldest" not in done.err


def test_a_recording_of_no_day(run: Run, folder: Path) -> None:
    lines(folder, "one", recorded="2026-13-45T00:00:00Z")
    done = run("sandbox", "--replies", "r.jsonl", "--", "true")
    assert done.code == 2
    assert "--replies: 'r.jsonl' has a recording with an invalid date: 2026-13-45T" in done.err


def test_what_is_missing_is_added(installed: Run, folder: Path) -> None:
    lines(folder, "one")
    script = "; ".join(f"'{COMMAND}' chat -m m {text}" for text in ("one", "two"))
    flags = ("--replies", "r.jsonl", *RECORD, "sh", "-c", script)
    with Server([reply(answer("new"))]) as server:
        done = installed("sandbox", "--upstream", server.base_url, *flags)
    assert (done.code, done.text, done.err) == (0, "one\nnew\n", "")
    assert [row["request"]["messages"][0]["content"] for row in rows(folder)] == ["one", "two"]


@pytest.mark.parametrize(
    ("before", "notice"),
    [
        (b"", "'r.jsonl' has no lines"),
        (
            b'{"text": "a"}\n{"recorded": "2026-1',
            "line 2 of 'r.jsonl' is incomplete and is ignored: its recording was interrupted",
        ),
    ],
)
def test_a_file_that_is_not_all_that_it_could_be(
    run: Run, folder: Path, before: bytes, notice: str
) -> None:
    (folder / "r.jsonl").write_bytes(before)
    done = started_on_a_port_in_use(run, "--replies", "r.jsonl")
    assert done.err.startswith(f"openai-cli: notice: {notice}\n")


def test_an_expression_that_shows_what_it_hides(run: Run) -> None:
    flags = ("--upstream", "http://127.0.0.1:9/v1", *RECORD[:2], "--redact", "Jane Doe")
    done = started_on_a_port_in_use(run, *flags, "--redact", r"J\w+ D")
    told = [line for line in done.err.splitlines() if "--redact" in line]
    assert told == [
        "openai-cli: notice: --redact 'Jane Doe' is in 'r.jsonl' as typed; a pattern that "
        "describes the text would not reveal it"
    ]


def test_an_upstream_that_is_not_there(installed: Run, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    flags = ("--upstream", f"http://127.0.0.1:{port}/v1", *RECORD)
    done = installed("sandbox", *flags, *chat("one", "--max-retries", "0")[1:])
    assert (done.code, done.out) == (6, b"")
    first, second, last = done.err.splitlines()
    why = f"the server refuses the connection to 127.0.0.1:{port}"
    assert first.endswith(f"notice: the upstream gave no answer to POST /chat/completions: {why}")
    assert f"error: The sandbox got no answer from its upstream: {why} (HTTP 502" in second
    assert last == "openai-cli: notice: no answer was recorded"
    assert (folder / "r.jsonl").read_bytes() == b""


def test_what_is_under_way_at_a_signal_is_not_recorded(folder: Path) -> None:
    end = threading.Event()

    def stall(connection: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        connection.sendall(head + events(delta("two"), done=False))
        assert end.wait(60)

    with Server([reply(answer("one")), stall]) as server:
        script = f"'{COMMAND}' chat -m m a; exec '{COMMAND}' chat -m m --stream b"
        flags = ("--upstream", server.base_url, *RECORD, "sh", "-c", script)
        with started(*flags, cwd=folder) as process:
            assert process.stdout is not None
            assert process.stdout.read(7) == b"one\ntwo"
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=60)
        end.set()
    assert process.returncode == 143
    told = b"an answer was still arriving at the end; it is not recorded\n"
    assert err.endswith(told)
    assert [row["request"]["messages"][0]["content"] for row in rows(folder)] == ["a"]


def test_what_was_recorded_outlives_a_kill(installed: Run, folder: Path, sandbox: str) -> None:
    script = f"'{COMMAND}' chat -m m a; kill -KILL $PPID; sleep 60"
    done = installed("sandbox", "--upstream", sandbox, *RECORD, "sh", "-c", script)
    assert done.code == -signal.SIGKILL
    assert [row["request"]["messages"][0]["content"] for row in rows(folder)] == ["a"]


def test_the_key_of_a_file(installed: Run, folder: Path) -> None:
    (folder / "key").touch(0o600)
    (folder / "key").write_text("sk-made-up-of-a-file\n")
    with Server([reply({"data": []})]) as server:
        flags = ("--upstream", server.base_url, "--api-key-file", "key", "--")
        done = installed("sandbox", *flags, str(COMMAND), "models", "list", "--json")
    assert (done.code, done.text) == (0, '{"data": []}')
    assert server.received[0].headers["authorization"] == "Bearer sk-made-up-of-a-file"
