"""What is printed: the grammar's section of that name, rule by rule."""

import json
import os
import select
import signal
import socket
import stat
import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from openai_cli import __version__
from tests.conftest import COMMAND, MADE_UP_KEY, Run
from tests.servers import Server, chat, delta, events, reply, stream
from tests.terminal import Terminal

SIX = reply(chat("one", "two\n", "three"))


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        ((), b"one\n\ntwo\n\nthree\n"),
        (("--separator", "---"), b"one\n---\ntwo\n---\nthree\n"),
        (("--separator", "--\n"), b"one\n--\ntwo\n--\nthree\n"),
        (("--separator", ""), b"one\ntwo\nthree\n"),
        (("-0",), b"one\0two\n\0three\0"),
        (("--null",), b"one\0two\n\0three\0"),
    ],
)
def test_choices_are_separated(run: Run, arguments: tuple[str, ...], out: bytes) -> None:
    with Server([SIX]) as server:
        result = run("chat", "hi", *arguments, base_url=server.base_url)
    assert (result.code, result.out, result.err) == (0, out, "")


def test_interleaved_choices_of_a_stream_come_in_order(run: Run) -> None:
    data = [
        delta("a"),
        delta("x", index=1),
        delta("b"),
        delta("y", index=1, finish="stop"),
        delta("c", finish="stop"),
    ]
    with Server([stream(*data)]) as server:
        result = run("chat", "hi", "-n", "2", "--stream", base_url=server.base_url)
    assert (result.code, result.out) == (0, b"abc\n\nxy\n")


def test_json_is_the_body_exactly_as_it_came(run: Run) -> None:
    body = (
        '{ "choices" : [{"message": {"content": "\\u00e9"}, "finish_reason":"stop"}],\r\n "a":1.0}'
    )
    with Server([reply(body)]) as server:
        result = run("chat", "hi", "--json", base_url=server.base_url)
    assert (result.code, result.out) == (0, body.encode())


def test_json_of_a_stream_is_a_line_for_every_event(run: Run) -> None:
    data = [delta("a"), delta(finish="stop")]
    with Server([stream(*data)]) as server:
        result = run("chat", "hi", "--json", "--stream", base_url=server.base_url)
    assert result.code == 0
    assert [json.loads(line) for line in result.out.splitlines()] == data


@pytest.mark.parametrize(
    ("expression", "out", "notice"),
    [
        ("choices[0].message.content", b"one\n", ""),
        ("usage", b'{"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}\n', ""),
        ("choices[].index", b"[0, 1, 2]\n", ""),
        ("nothing.here", b"", "openai-cli: notice: --query found nothing: nothing.here\n"),
    ],
)
def test_query(run: Run, expression: str, out: bytes, notice: str) -> None:
    with Server([SIX]) as server:
        result = run("chat", "hi", "--query", expression, base_url=server.base_url)
    assert (result.code, result.out, result.err) == (0, out, notice)


def test_what_a_query_finds_may_end_with_nul(run: Run) -> None:
    with Server([SIX]) as server:
        flags = ("--query", "choices[1].message.content", "-0")
        result = run("chat", "hi", *flags, base_url=server.base_url)
    assert result.out == b"two\n\0"


def test_a_query_that_cannot_be_is_refused_before_anything_is_sent(run: Run) -> None:
    with Server([]) as server:
        result = run("chat", "hi", "--query", "a[", base_url=server.base_url)
    assert (result.code, result.out) == (2, b"")
    assert "JMESPath" in result.err


def test_a_refusal_goes_to_stderr(run: Run) -> None:
    body = chat(None)
    body["choices"][0]["message"]["refusal"] = "I will not."
    with Server([reply(body), reply(body)]) as server:
        result = run("chat", "hi", base_url=server.base_url)
        required = run("chat", "hi", "--require-complete", base_url=server.base_url)
    assert (result.code, result.out) == (0, b"")
    assert "I will not." in result.err
    assert required.code == 9


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_an_incomplete_answer_has_a_notice_or_a_code(run: Run, reason: str) -> None:
    answer = reply(chat("part", finish=reason))
    with Server([answer, answer]) as server:
        result = run("chat", "hi", base_url=server.base_url)
        required = run("chat", "hi", "--require-complete", base_url=server.base_url)
    assert (result.code, result.out) == (0, b"part\n")
    assert reason in result.err
    assert (required.code, required.out) == (9, b"part\n")


CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}


def test_a_tool_call_is_a_line_of_json(run: Run) -> None:
    body = chat("text first", finish="tool_calls")
    body["choices"][0]["message"]["tool_calls"] = [CALL, CALL]
    with Server([reply(body)]) as server:
        result = run("chat", "hi", base_url=server.base_url)
    first, second, third = result.text.splitlines()
    assert first == "text first"
    assert json.loads(second) == json.loads(third) == CALL


def test_tool_calls_of_a_stream_are_put_together(run: Run) -> None:
    pieces: list[list[dict[str, Any]]] = [
        [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}],
        [{"index": 0, "function": {"arguments": '{"a'}}],
        [{"index": 0, "function": {"arguments": '": 1}'}}],
    ]
    data = [*(delta(tool_calls=piece) for piece in pieces), delta(finish="tool_calls")]
    with Server([stream(*data)]) as server:
        result = run("chat", "hi", "--stream", base_url=server.base_url)
    assert (result.code, json.loads(result.out)) == (0, CALL)


USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 22,
    "total_tokens": 33,
    "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
    "completion_tokens_details": {"reasoning_tokens": 6},
}
RECORD = {
    "model": "m",
    "service_tier": "flex",
    "input_tokens": 11,
    "cached_tokens": 4,
    "cache_write_tokens": 2,
    "output_tokens": 22,
    "reasoning_tokens": 6,
    "usd": None,
    "request_id": "req_7",
    "command": "chat",
    "host": "127.0.0.1",
    "profile": None,
    "label": None,
    "asked_model": "gpt-6-luna",
    "exit_code": 0,
}


def test_usage_of_an_answer(run: Run, folder: Path) -> None:
    answer = reply(chat("hi", usage=USAGE, service_tier="flex"), headers=["x-request-id: req_7"])
    with Server([answer, answer]) as server:
        result = run("chat", "hi", "--usage", "--usage-file", "u", base_url=server.base_url)
        run("chat", "hi", "--usage-file", "u", base_url=server.base_url)
    assert result.out == b"hi\n"
    assert result.err.count("\n") == 1
    for part in ("11 input", "4 cached", "22 output", "6 reasoning", "flex"):
        assert part in result.err
    lines = (folder / "u").read_text().splitlines()
    for record in map(json.loads, lines):
        assert datetime.fromisoformat(record.pop("time")).tzinfo == UTC
        assert record.pop("duration") >= 0
        assert record == RECORD


def test_usage_of_a_stream_is_asked_for(run: Run) -> None:
    last = {**delta(), "choices": [], "usage": USAGE}
    with Server([stream(delta("hi", finish="stop"), last)]) as server:
        result = run("chat", "hi", "--stream", "--usage", base_url=server.base_url)
    assert server.received[0].json["stream_options"] == {"include_usage": True}
    assert "22 output" in result.err


@pytest.mark.parametrize("status", ["400 Bad Request", "422 Unprocessable Content"])
def test_a_server_that_refuses_to_be_asked_is_asked_once_more_without(
    run: Run, status: str
) -> None:
    no = reply({"error": {"message": "unknown: stream_options"}}, status=status)
    with Server([no, stream(delta("hi", finish="stop"))]) as server:
        result = run("chat", "hi", "--stream", "--usage", base_url=server.base_url)
    first, second = (request.json for request in server.received)
    assert "stream_options" in first
    assert second == {key: value for key, value in first.items() if key != "stream_options"}
    assert (result.code, result.out) == (0, b"hi\n")
    assert "reported no tokens" in result.err


def test_a_server_that_refuses_for_another_reason_is_not_asked_again(run: Run) -> None:
    with Server([reply({"error": {"message": "no such model"}}, status="404 No")]) as server:
        result = run("chat", "hi", "--stream", "--usage", base_url=server.base_url)
    assert (result.code, result.out) == (4, b"")
    assert "no such model" in result.err


def test_own_stream_options_are_sent_as_they_are(run: Run) -> None:
    own = ("--stream-options", "include_obfuscation=false")
    with Server([stream(delta("hi", finish="stop"))]) as server:
        run("chat", "hi", "--stream", "--usage", *own, base_url=server.base_url)
    assert server.received[0].json["stream_options"] == {"include_obfuscation": False}


def test_output_is_written_whole_or_not_at_all(run: Run, folder: Path) -> None:
    target = folder / "answer"
    target.write_text("old")
    target.chmod(0o640)
    cut = stream(delta("new"), done=False)
    with Server([cut, reply(chat("new"))]) as server:
        failed = run("chat", "hi", "-o", "answer", "--stream", base_url=server.base_url)
        assert (failed.code, failed.out, target.read_text()) == (7, b"", "old")
        done = run("chat", "hi", "-o", "answer", base_url=server.base_url)
    assert (done.code, done.out, done.err) == (0, b"", "")
    assert target.read_text() == "new\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    kept = Path(failed.err.rpartition("kept in ")[2].strip())
    assert kept.read_text() == "new"
    kept.unlink()
    assert [path.name for path in folder.iterdir()] == ["answer"]


@pytest.mark.parametrize("path", ["missing/answer", ".", "\0"])
def test_an_output_that_cannot_be_is_refused_before_anything_is_sent(run: Run, path: str) -> None:
    if path == "\0":
        path = "x" * 300
    with Server([]) as server:
        result = run("chat", "hi", "-o", path, base_url=server.base_url)
    assert result.code == 2
    assert "--output" in result.err


def test_what_cannot_be_written_is_kept(run: Run) -> None:
    environment = {**os.environ, "OPENAI_API_KEY": MADE_UP_KEY}
    with Server([reply(chat("dear"))]) as server, Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [str(COMMAND), "chat", "hi"],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            env={**environment, "OPENAI_BASE_URL": server.base_url},
            check=False,
            timeout=60,
        )
    error = done.stderr.decode()
    assert done.returncode == 10
    kept = Path(error.rpartition("kept in ")[2].strip())
    assert kept.read_text() == "dear\n"
    kept.unlink()


def test_a_reader_that_went_away_ends_it_quietly(run: Run, tmp_path: Path) -> None:
    line = f"'{COMMAND}' chat hi; echo $? >code"
    environment = {**os.environ, "OPENAI_API_KEY": MADE_UP_KEY}
    with Server([reply(chat("x" * 1_000_000))]) as server:
        done = subprocess.run(
            ["sh", "-c", f"({line}) | head -c 1"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**environment, "OPENAI_BASE_URL": server.base_url},
            cwd=tmp_path,
            check=True,
            timeout=60,
        )
    assert (done.stdout, done.stderr) == (b"x", b"")
    assert (tmp_path / "code").read_text() == "141\n"


def test_help_into_a_closed_pipe_is_quiet_too() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [str(COMMAND), "chat", "--help"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_ends_it_with_its_code(run: Run, number: signal.Signals, code: int) -> None:
    ended = threading.Event()

    def hang(connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
            + events(delta("part"), done=False)
        )
        ended.wait()

    with Server([hang]) as server:
        environment = {**os.environ, "OPENAI_BASE_URL": server.base_url}
        process = subprocess.Popen(
            [str(COMMAND), "chat", "hi", "--stream"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment, "OPENAI_API_KEY": MADE_UP_KEY},
        )
        assert process.stdout is not None
        with process:
            flushed = select.select([process.stdout], [], [], 30)[0]
            process.send_signal(number)
            out, error = process.communicate(timeout=60)
        ended.set()
    assert flushed, "what arrived was not shown before more came"
    assert out == b"part"
    assert (process.returncode, error) == (code, b"")


HEAD_OF_STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
HEAD_OF_ERROR = b"HTTP/1.1 500 Oh\r\nContent-Type: application/json\r\n\r\n"
ENDINGS = [(signal.SIGHUP, 129), (signal.SIGTERM, 143), (signal.SIGXCPU, 152)]


@pytest.mark.parametrize(("number", "code"), ENDINGS, ids=["SIGHUP", "SIGTERM", "SIGXCPU"])
@pytest.mark.parametrize("begin", [HEAD_OF_STREAM, HEAD_OF_ERROR], ids=["answer", "error body"])
def test_a_signal_that_asks_for_an_end_leaves_nothing_and_asks_no_more(
    folder: Path, begin: bytes, number: signal.Signals, code: int
) -> None:
    ended, begun = threading.Event(), threading.Event()

    def hang(connection: socket.socket) -> None:
        connection.sendall(begin + b": part")
        begun.set()
        ended.wait()

    with Server([hang]) as server:
        with subprocess.Popen(
            [str(COMMAND), "chat", "hi", "--stream", "-o", "f"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY},
        ) as process:
            assert begun.wait(60)
            process.send_signal(number)
            _, error = process.communicate()
        ended.set()
    assert (process.returncode, error, list(folder.iterdir())) == (code, b"", [])


def test_a_signal_that_is_ignored_stays_so(folder: Path) -> None:
    begun = threading.Event()
    proceed = threading.Event()

    def wait(connection: socket.socket) -> None:
        begun.set()
        proceed.wait()
        connection.sendall(reply(chat("done")))

    with (
        Server([wait]) as server,
        subprocess.Popen(
            ["nohup", str(COMMAND), "chat", "hi"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY},
        ) as process,
    ):
        assert begun.wait(60)
        process.send_signal(signal.SIGHUP)
        proceed.set()
        out, _ = process.communicate()
    assert (process.returncode, out) == (0, b"done\n")


def test_a_terminal_gets_a_stream_and_a_pipe_does_not(run: Run, folder: Path) -> None:
    with Server([stream(delta("hello", finish="stop")), reply(chat("hello"))]) as server:
        shown = Terminal("chat", "hi", base_url=server.base_url, cwd=folder).read_all()
        run("chat", "hi", base_url=server.base_url)
    assert shown == b"hello\n"
    at_terminal, in_pipe = (request.json for request in server.received)
    assert at_terminal["stream"] is True
    assert "stream" not in in_pipe


@pytest.mark.parametrize(
    "arguments", [("--json",), ("--query", "model"), ("-o", "f"), ("--no-stream",)]
)
def test_no_stream_is_chosen_for(folder: Path, arguments: tuple[str, ...]) -> None:
    with Server([reply(chat("hello"))]) as server:
        Terminal("chat", "hi", *arguments, base_url=server.base_url, cwd=folder).read_all()
    assert server.received[0].json.get("stream", False) is False
    assert ("stream" in server.received[0].json) == (arguments == ("--no-stream",))


EVIL = "a\x1b]0;owned\x07b\x9bc\r\td\x7f"


def test_a_terminal_shows_control_characters_and_a_pipe_passes_them(run: Run, folder: Path) -> None:
    with Server([stream(delta(EVIL, finish="stop")), reply(chat(EVIL))]) as server:
        shown = Terminal("chat", "hi", base_url=server.base_url, cwd=folder).read_all()
        piped = run("chat", "hi", base_url=server.base_url)
    assert shown == b"a^[]0;owned^Gb\\x9bc^M\td^?\n"
    assert piped.out == EVIL.encode() + b"\n"


def test_an_error_after_text_at_a_terminal_has_a_line_of_its_own(folder: Path) -> None:
    with Server([stream(delta("part"), done=False)]) as server:
        shown = Terminal("chat", "hi", base_url=server.base_url, cwd=folder).read_all()
    assert shown.startswith(b"part\n")


@pytest.mark.parametrize(
    ("arguments", "env", "colored"),
    [
        ((), {}, True),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"TERM": "dumb"}, False),
        (("--color", "never"), {}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
    ],
)
def test_color_at_a_terminal(
    folder: Path, arguments: tuple[str, ...], env: dict[str, str], colored: bool
) -> None:
    terminal = Terminal(
        "chat",
        "hi",
        "--message",
        "x",
        *arguments,
        base_url="http://127.0.0.1:9",
        cwd=folder,
        env=env,
    )
    shown = terminal.read_all()
    assert b"error:" in shown
    assert (b"\x1b[" in shown) == colored


def test_color_never_goes_into_a_pipe_but_where_it_is_asked_for(run: Run) -> None:
    assert "\x1b" not in run("chat", "hi", "--message", "x").err
    assert "\x1b" in run("chat", "hi", "--message", "x", "--color", "always").err


def test_help_and_version(run: Run) -> None:
    for arguments in (("--help",), ("-h",), ("chat", "--help"), ("complete", "-h")):
        shown = run(*arguments, key=None)
        assert (shown.code, shown.err) == (0, "")
        assert shown.text.startswith("Usage: openai-cli")
        assert max(map(len, shown.text.splitlines())) <= 80
    assert run("--version").out == f"openai-cli {__version__}\n".encode()
    groups = ["Arguments:", "Options:", "API parameters:", "Input:", "Output:", "Connection:"]
    lines = run("chat", "--help").text.splitlines()
    assert [line for line in lines if line in groups] == groups


@pytest.mark.parametrize("group", [(), ("models",), ("config",), ("image",)])
def test_alone_it_prints_its_help(group: tuple[str, ...], run: Run) -> None:
    alone = run(*group)
    assert (alone.code, alone.err) == (0, "")
    assert alone.out == run(*group, "--help").out


def test_a_mistyped_command(run: Run) -> None:
    result = run("chatt", "hi")
    assert (result.code, result.out) == (2, b"")
    assert "did you mean chat?" in result.err


def test_no_key_is_exit_3_with_the_ways_to_give_one(run: Run) -> None:
    result = run("chat", "hi", key=None)
    assert (result.code, result.out) == (3, b"")
    for way in ("OPENAI_API_KEY", "--api-key-file", "--sandbox"):
        assert way in result.err


def test_another_server_needs_no_key_and_is_sent_none(run: Run) -> None:
    with Server([reply(chat("hello"))]) as server:
        result = run("chat", "hi", base_url=server.base_url, key=None)
    assert result.code == 0
    assert "authorization" not in server.received[0].headers


def test_debug_shows_the_call_and_masks_the_key(run: Run) -> None:
    with Server([reply(chat("hello"))]) as server:
        result = run("chat", "hi", "--debug", "--header", "X-Own: secret", base_url=server.base_url)
    assert result.out == b"hello\n"
    assert "POST" in result.err
    assert "HTTP 200" in result.err
    assert "secret" not in result.err
    assert MADE_UP_KEY not in result.err


def test_closed_streams(folder: Path) -> None:
    with Server([reply(chat("hello"))]) as server:
        environment = {**os.environ, "OPENAI_BASE_URL": server.base_url}
        line = (
            f"'{COMMAND}' chat hi -o f <&- 2>&- && cat f;"
            f"'{COMMAND}' chat hi </dev/null >&-; echo $?"
        )
        done = subprocess.run(
            ["sh", "-c", line],
            capture_output=True,
            env=environment,
            cwd=folder,
            check=True,
            timeout=60,
        )
    assert done.stdout == b"hello\n2\n"
    assert b"stdout is closed" in done.stderr


def test_a_fault_of_ours_is_exit_1_and_no_trace(installed: Run, folder: Path) -> None:
    """A package that breaks on import stands for any fault."""
    (folder / "jmespath.py").write_text("raise RuntimeError('boom')")
    env = {"PYTHONPATH": str(folder)}
    plain = installed("chat", "hi", "--query", "a", "--sandbox", env=env)
    assert plain.code == 1
    assert plain.err.count("\n") == 1
    assert "report" in plain.err
    traced = installed("chat", "hi", "--query", "a", "--sandbox", "--debug", env=env)
    assert "Traceback" in traced.err


def test_usage_of_a_call_that_failed_is_kept_where_it_is_known(run: Run, folder: Path) -> None:
    known = {**delta("part"), "usage": USAGE}
    with Server([stream(known, done=False), stream(delta("part"), done=False)]) as server:
        for _ in range(2):
            result = run("chat", "hi", "--stream", "--usage-file", "u", base_url=server.base_url)
            assert result.code == 7
    cut, unknown = map(json.loads, (folder / "u").read_text().splitlines())
    assert (cut["output_tokens"], cut["exit_code"]) == (22, 7)
    assert (unknown["output_tokens"], unknown["usd"], unknown["exit_code"]) == (None, None, 7)


def test_a_call_that_was_refused_costs_nothing(run: Run, folder: Path) -> None:
    refused = reply({"error": {"message": "no"}}, status="400 Bad Request")
    with Server([refused]) as server:
        result = run("chat", "hi", "--usage", "--usage-file", "u", base_url=server.base_url)
    assert (result.code, result.err.count("usage")) == (4, 0)
    record = json.loads((folder / "u").read_text())
    assert (record["usd"], record["exit_code"], record["model"]) == (0, 4, "gpt-6-luna")


def test_what_was_not_sent_has_no_line(run: Run, folder: Path) -> None:
    assert run("chat", "hi", "--usage-file", "u", "--max-cost", "0").code == 8
    assert run("chat", "hi", "--usage-file", "u", key=None).code == 3
    assert not (folder / "u").exists() or (folder / "u").read_text() == ""


def test_debug_tells_how_the_count_differs_from_the_bill(run: Run) -> None:
    line = ("chat", "hello", "-m", "gpt-4o", "--debug")
    for billed, told in ((8, "billed 8: exact"), (9, "billed 9: 1 too few")):
        usage = {"prompt_tokens": billed, "completion_tokens": 1, "total_tokens": billed + 1}
        answer = reply(chat("hi", usage=usage, model="gpt-4o-2024-08-06"))
        with Server([answer, answer]) as server:
            done = run(*line, "--usage", base_url=server.base_url)
            plain = run(*line, base_url=server.base_url)
        assert f"debug: input tokens: counted 8, {told}\n" in done.err
        assert "input tokens" not in plain.err
