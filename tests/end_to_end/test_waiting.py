"""`--wait`: what ends it, what it prints then, and how to go on after an interrupt."""

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from openai_cli.context import Context
from tests.conftest import MADE_UP_KEY, Run
from tests.flags.commandline import Ended, execute
from tests.forked import forked
from tests.servers import Server, reply

RESPOND = ("respond", "Hi", "--background", "--wait")
SHOW = ("responses", "show", "resp_1", "--wait")
BOTH = pytest.mark.parametrize("line", [RESPOND, SHOW], ids=["respond", "show"])


def body(status: str, text: str | None = None, **more: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text}
    output = [] if text is None else [{"type": "message", "content": [part]}]
    return {"id": "resp_1", "status": status, "model": "gpt-6-luna", "output": output, **more}


QUEUED = reply(body("queued"))
MADE = body("completed", "made")


def call(server: Server, *arguments: str) -> tuple[Ended, list[float]]:
    """A call in this process, and how long it would have waited."""
    waits: list[float] = []
    environ = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
    return execute(Context.test(environ=environ, sleep=waits.append), *arguments), waits


@BOTH
def test_what_is_made_already_is_not_waited_for(line: tuple[str, ...]) -> None:
    with Server([reply(MADE)]) as server:
        done, waits = call(server, *line)
    assert (done.code, done.out, done.err, waits) == (0, b"made\n", "", [])


def test_no_wait_is_longer_than_ten_seconds() -> None:
    with Server([*[QUEUED] * 9, reply(MADE)]) as server:
        done, waits = call(server, *RESPOND)
    assert (done.code, done.out) == (0, b"made\n")
    # Half as long again each time.
    assert waits == [1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10.0, 10.0, 10.0]


@BOTH
@pytest.mark.parametrize(
    ("last", "code", "out", "said"),
    [
        (body("incomplete", "half", incomplete_details={"reason": "max_output_tokens"}), 9,
         b"half\n", "max_output_tokens"),
        (body("completed", "whole"), 0, b"whole\n", ""),
    ],
)  # fmt: skip
def test_an_answer_that_must_be_complete(
    line: tuple[str, ...], last: Any, code: int, out: bytes, said: str
) -> None:
    with Server([QUEUED, reply(last)]) as server:
        done, _ = call(server, *line, "--require-complete")
    assert (done.code, done.out) == (code, out)
    assert said in done.err


@BOTH
def test_what_was_cancelled_is_not_complete(line: tuple[str, ...]) -> None:
    with Server([QUEUED, reply(body("cancelled"))]) as server:
        done, _ = call(server, *line, "--require-complete")
    assert done.code == 9
    assert "the response was cancelled" in done.err


@BOTH
@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "server_error", "message": "It broke."}, 6),
        ({"code": "rate_limit_exceeded", "message": "Too fast."}, 5),
        ({"code": "invalid_prompt", "message": "Not that."}, 4),
    ],
)
def test_a_failure_on_the_way(line: tuple[str, ...], error: dict[str, str], code: int) -> None:
    with Server([QUEUED, reply(body("failed", error=error))]) as server:
        done, _ = call(server, *line)
    assert (done.code, done.out) == (code, b"")
    assert error["message"] in done.err


@BOTH
@pytest.mark.parametrize(
    ("status", "code"),
    [("401 No", 3), ("404 Not Found", 4), ("429 Slow", 5), ("500 Broken", 6)],
)
def test_a_look_that_is_refused(line: tuple[str, ...], status: str, code: int) -> None:
    with Server([QUEUED, reply({"error": {"message": "no"}}, status=status)]) as server:
        done, _ = call(server, *line, "--max-retries", "0")
    assert (done.code, done.out) == (code, b"")
    assert "resp_1 is queued after 0 s" in done.err


def test_what_was_sent_and_whose_end_was_not_seen_has_its_line(run: Run, folder: Path) -> None:
    with Server([QUEUED, reply({"error": {"message": "no"}}, status="404 Not Found")]) as server:
        assert run(*RESPOND, "--usage-file", "u", base_url=server.base_url).code == 4
    record = json.loads((folder / "u").read_text())
    assert (record["exit_code"], record["usd"]) == (4, None)


def test_a_look_is_tried_again(run: Run) -> None:
    busy = reply({"error": {"message": "busy"}}, status="503 Busy", headers=["retry-after: 0"])
    with Server([QUEUED, busy, reply(MADE)]) as server:
        done = run(*RESPOND, base_url=server.base_url)
    assert (done.code, done.out) == (0, b"made\n")
    assert [request.line.split()[0] for request in server.received] == ["POST", "GET", "GET"]


@pytest.mark.parametrize("second", [{}, {"status": "queued"}, [], {"status": "completed"}])
def test_a_look_at_what_is_no_response(second: Any) -> None:
    with Server([QUEUED, reply(second)]) as server:
        done, _ = call(server, *RESPOND)
    assert (done.code, done.out) == (6, b"")
    assert "Traceback" not in done.err


def test_what_was_made_goes_where_it_should(run: Run, folder: Path) -> None:
    with Server([reply(MADE)] * 2) as server:
        whole = run(*RESPOND, "--json", "-o", "a.json", base_url=server.base_url)
        found = run(*SHOW, "--query", "output[0].content[0].text", base_url=server.base_url)
    assert (whole.code, whole.out) == (0, b"")
    assert json.loads((folder / "a.json").read_text()) == MADE
    assert found.text == "made\n"


def test_the_usage_is_that_of_the_last_answer_and_told_once(run: Run, folder: Path) -> None:
    usage = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
    with Server([reply({**MADE, "usage": usage})]) as server:
        done = run(*RESPOND, "--usage", "--usage-file", "usage.jsonl", base_url=server.base_url)
    # gpt-6-luna: 1000 at 0.1 and 100 at 0.5 USD a million.
    assert "1000 input, 100 output tokens; 0.00015 USD (gpt-6-luna)" in done.err
    (record,) = map(json.loads, (folder / "usage.jsonl").read_text().splitlines())
    assert record["asked_model"] == "gpt-6-luna"
    assert (record["input_tokens"], record["output_tokens"]) == (1000, 100)


@BOTH
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_while_it_waits(
    folder: Path, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...], number: int, code: int
) -> None:
    """What is asked for is not cancelled: an interrupt says how to get it."""
    with Server([QUEUED]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", MADE_UP_KEY)
        with subprocess.Popen(
            [str(forked()), *line],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=folder,
        ) as process:
            assert process.stderr is not None
            told = process.stderr.readline()
            process.send_signal(number)
            out, rest = process.communicate(timeout=60)
    assert b"resp_1 is queued after 0 s" in told
    assert (process.returncode, out) == (code, b"")
    hint = b"openai-cli: notice: to continue: openai-cli responses show resp_1 --wait\n"
    assert rest == (hint if number == signal.SIGINT else b"")
