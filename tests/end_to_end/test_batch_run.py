"""`batch run`: every line is answered once and accounted for, whatever happens."""

import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletion

from tests.batches.crowd import (
    Crowd,
    completion,
    echo,
    error,
    line,
    lines,
    objects,
    says,
    text_of,
)
from tests.conftest import COMMAND, MADE_UP_KEY, Result, Run
from tests.servers import Received


@pytest.fixture
def batch(run: Run, folder: Path) -> Callable[..., Result]:
    """Run `batch run in.jsonl -o out.jsonl` at a server."""

    def start(server: Crowd, *flags: str, data: bytes | None = None) -> Result:
        if data is not None:
            (folder / "in.jsonl").write_bytes(data)
        base = ["batch", "run", "in.jsonl", "-o", "out.jsonl"]
        return run(*base, *flags, base_url=server.base_url)

    return start


Batch = Callable[..., Result]


def out(folder: Path, name: str = "out.jsonl") -> list[Any]:
    return objects((folder / name).read_bytes())


def texts(folder: Path) -> list[str]:
    return [one["response"]["body"]["choices"][0]["message"]["content"] for one in out(folder)]


# What is written


def test_each_line_has_its_answer_in_the_order_of_the_input(batch: Batch, folder: Path) -> None:
    def mixed(received: Received) -> bytes:
        """The earlier lines are answered later."""
        if text_of(received) == "text 1":
            late.wait(10)
        if text_of(received) == "text 20":
            late.set()
        return echo(received)

    late = threading.Event()
    with Crowd(mixed) as server:
        done = batch(server, data=lines(20))
    assert done.code == 0
    assert [one["custom_id"] for one in out(folder)] == [f"r{n}" for n in range(1, 21)]
    assert texts(folder) == [f"re: text {n}" for n in range(1, 21)]
    assert set(server.asked.values()) == {1}


def test_a_line_has_the_shape_of_the_batch_api_and_the_body_as_it_came(
    batch: Batch, folder: Path
) -> None:
    choice = '{"index": 0, "message": {"content": "a\\nb"}, "finish_reason": "stop"}'
    body = f'{{\n  "choices": [ {choice}],\r\n "x": 1.50}}'
    with Crowd(lambda _received: says(body, headers=["x-request-id: req_7"])) as server:
        assert batch(server, data=lines(1)).code == 0
    raw = (folder / "out.jsonl").read_bytes()
    assert raw == (
        b'{"id": "live_req_000000000001", "custom_id": "r1", "response": {"status_code": 200, '
        b'"request_id": "req_7", "body": {   "choices": [ {"index": 0, "message": {"content": '
        b'"a\\nb"}, "finish_reason": "stop"}],   "x": 1.50}}, "error": null}\n'
    )


def test_bodies_alone_have_the_number_of_their_line(batch: Batch, folder: Path) -> None:
    bodies = [json.loads(one)["body"] for one in lines(2).splitlines()]
    data = f"{json.dumps(bodies[0])}\n\n{json.dumps(bodies[1])}\n".encode()
    with Crowd() as server:
        assert batch(server, data=data).code == 0
    assert [one["custom_id"] for one in out(folder)] == ["1", "3"]


def test_what_is_sent_is_the_body_and_nothing_else(batch: Batch) -> None:
    with Crowd() as server:
        assert batch(server, data=line("a", "ä", temperature=0.50)).code == 0
    (received,) = server.received
    assert received.line == "POST /v1/chat/completions HTTP/1.1"
    assert received.headers["authorization"] == f"Bearer {MADE_UP_KEY}"
    assert received.json == {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "ä"}],
        "temperature": 0.5,
    }


def test_the_service_tier_is_of_all_requests(batch: Batch) -> None:
    with Crowd() as server:
        assert batch(server, "--service-tier", "flex", data=lines(1)).code == 0
    assert server.received[0].json["service_tier"] == "flex"


def test_texts_and_queries_are_written_instead(batch: Batch, folder: Path) -> None:
    with Crowd() as server:
        assert batch(server, "--text", data=lines(2)).code == 0
        assert (folder / "out.jsonl").read_text() == "re: text 1\nre: text 2\n"
        # The same command with another form writes the same answers anew, and sends nothing.
        assert batch(server, "--query", "usage.total_tokens").code == 0
        assert (folder / "out.jsonl").read_text() == "15\n15\n"
        assert batch(server, "--text", "-0").code == 0
        assert (folder / "out.jsonl").read_bytes() == b"re: text 1\0re: text 2\0"
    assert server.asked.total() == 2


def test_rows_get_a_column_of_answers(batch: Batch, run: Run, folder: Path) -> None:
    (folder / "rows.csv").write_text('id,text\nb,"one, two"\na,three\nc,bad\n')
    make = ["batch", "make", "chat", "--csv", "rows.csv", "--template", "{text}", "--id", "id"]
    assert run(*make, "-m", "gpt-4o-mini", "-o", "in.jsonl").code == 0

    def some(received: Received) -> bytes:
        is_bad = text_of(received) == "bad"
        return error("400 Bad Request", "bad", "Not this.") if is_bad else echo(received)

    with Crowd(some) as server:
        assert batch(server, "--csv", "rows.csv", "--id", "id").code == 11
    assert (folder / "out.jsonl").read_text() == (
        'id,text,answer,error\nb,"one, two","re: one, two",\na,three,re: three,\nc,bad,,Not this.\n'
    )


def test_debug_shows_each_attempt(batch: Batch) -> None:
    def first_not(received: Received) -> bytes:
        is_first = server.asked.total() == 1
        return error("500 No", "x", "Broken.") if is_first else echo(received)

    with Crowd(first_not) as server:
        done = batch(server, "--debug", data=lines(1))
    found = re.sub(r"[0-9.]+ s", "N s", done.err)
    assert "debug: line 1: HTTP 500 after N s, Broken.; 1 in flight, at most 8" in found
    assert "debug: line 1: HTTP 200 after N s; 1 in flight, at most 4" in found
    assert MADE_UP_KEY not in done.err


# What fails


def test_a_line_that_is_refused_fails_alone(batch: Batch, folder: Path) -> None:
    def some(received: Received) -> bytes:
        if text_of(received) == "text 2":
            return error("400 Bad Request", "invalid_value", "Not this.", ["x-request-id: req_2"])
        return echo(received)

    with Crowd(some) as server:
        done = batch(server, data=lines(3))
        assert done.code == 11
        assert "1 of 3 lines failed; 'out.failed.jsonl' has the reasons" in done.err
        assert [one["custom_id"] for one in out(folder)] == ["r1", "r3"]
        (failed,) = out(folder, "out.failed.jsonl")
        assert failed == {
            **json.loads(line("r2", "text 2")),
            "error": {
                "code": "invalid_value",
                "message": "Not this.",
                "status_code": 400,
                "request_id": "req_2",
            },
            "attempts": 1,
        }
        # The same command sends nothing, and says the same.
        assert batch(server).code == 11
        assert server.asked["text 2"] == 1
        server.answer = echo
        assert batch(server, "--retry-failed").code == 0
    assert [one["custom_id"] for one in out(folder)] == ["r1", "r2", "r3"]
    assert not (folder / "out.failed.jsonl").exists()


def test_what_has_failed_is_an_input_again(run: Run, batch: Batch, folder: Path) -> None:
    with Crowd(lambda _received: error("400 Bad Request", "no")) as server:
        assert batch(server, data=lines(2)).code == 11
        server.answer = echo
        done = run(
            "batch", "run", "out.failed.jsonl", "-o", "again.jsonl", base_url=server.base_url
        )
    assert done.code == 0
    assert [one["custom_id"] for one in out(folder, "again.jsonl")] == ["r1", "r2"]


@pytest.mark.parametrize("status", ["500 No", "503 No", "408 No", "409 No"])
def test_a_server_that_fails_is_asked_again(status: str, batch: Batch) -> None:
    def first_not(received: Received) -> bytes:
        is_first = server.asked[text_of(received)] == 1
        return error(status, "made_up") if is_first else echo(received)

    with Crowd(first_not) as server:
        assert batch(server, data=lines(3)).code == 0
    assert set(server.asked.values()) == {2}


def test_a_connection_that_breaks_is_made_again(batch: Batch) -> None:
    def first_not(received: Received) -> bytes:
        return b"" if server.asked[text_of(received)] == 1 else echo(received)

    with Crowd(first_not) as server:
        assert batch(server, data=lines(3)).code == 0
    assert set(server.asked.values()) == {2}


def test_a_line_is_tried_as_often_as_a_request_is(batch: Batch, folder: Path) -> None:
    def never(received: Received) -> bytes:
        return error("500 No", "x", "Broken.") if text_of(received) == "text 1" else echo(received)

    with Crowd(never) as server:
        assert batch(server, "--max-retries", "1", data=lines(2)).code == 11
    assert server.asked == {"text 1": 2, "text 2": 1}
    (failed,) = out(folder, "out.failed.jsonl")
    assert (failed["attempts"], failed["error"]["message"]) == (2, "Broken.")


def test_too_many_requests_are_no_failure_of_a_line(batch: Batch, folder: Path) -> None:
    busy = error("429 Too Many Requests", "rate_limit_exceeded", headers=["retry-after-ms: 1"])

    def storm(received: Received) -> bytes:
        return busy if server.asked[text_of(received)] <= 4 else echo(received)

    with Crowd(storm) as server:
        assert batch(server, "--max-retries", "0", data=lines(5)).code == 0
    assert set(server.asked.values()) == {5}
    assert len(out(folder)) == 5


ENDINGS = [
    ("401 No", "invalid_api_key", 3),
    ("403 No", "permission", 3),
    ("429 No", "insufficient_quota", 5),
    ("404 No", "model_not_found", 4),
]


@pytest.mark.parametrize(("status", "code", "exit_code"), ENDINGS)
def test_what_would_fail_with_every_line_ends_the_run(
    status: str, code: str, exit_code: int, batch: Batch, folder: Path
) -> None:
    def after_three(received: Received) -> bytes:
        return echo(received) if server.asked.total() <= 3 else error(status, code)

    with Crowd(after_three) as server:
        done = batch(server, "--concurrency", "1", data=lines(50))
        assert done.code == exit_code
        assert "3 of 50 lines are done, and the same command resumes" in done.err
        assert server.asked.total() == 4
        assert len(out(folder)) == 3
        server.answer = echo
        assert batch(server).code == 0
    assert len(out(folder)) == 50
    assert server.asked.total() == 51


def test_a_server_that_is_away_ends_the_run_and_no_line_has_failed(
    batch: Batch, folder: Path
) -> None:
    with Crowd(lambda _received: b"") as server:
        done = batch(server, "--max-retries", "0", data=lines(40))
        assert done.code == 7
        assert "0 of 40 lines are done" in done.err
        server.answer = echo
        assert batch(server).code == 0
    assert len(out(folder)) == 40


def test_incomplete_answers_are_told_of(batch: Batch) -> None:
    body = completion("a")
    body["choices"][0]["finish_reason"] = "length"
    with Crowd(lambda _received: says(body)) as server:
        done = batch(server, data=lines(2))
        assert done.code == 0
        assert "2 of 2 answers are not complete" in done.err
        assert batch(server, "--require-complete").code == 9


# The input


def test_a_line_that_has_changed_since_ends_it(batch: Batch, folder: Path) -> None:
    with Crowd() as server:
        assert batch(server, "--limit", "1", data=lines(3)).code == 0
        done = batch(server, data=lines(2) + line("r3", "other"))
        assert done.code == 2
        assert "'in.jsonl': line 3 has changed since the run began" in done.err
        done = batch(server, data=lines(2))
        assert done.code == 2
        assert "line 3, which the run has, is gone" in done.err
        # White space is no change; lines that came to it are taken in.
        spaced = lines(4).replace(b": ", b":  ", 3)
        assert batch(server, data=spaced).code == 0
    assert len(out(folder)) == 4
    assert set(server.asked.values()) == {1}


def test_a_fault_of_the_input_is_told_with_its_line_and_nothing_is_sent(
    batch: Batch, folder: Path
) -> None:
    with Crowd() as server:
        done = batch(server, data=lines(2) + b"{\n" + line("r1", "x"))
    assert done.code == 2
    assert "'in.jsonl': line 3: it is not JSON" in done.err
    assert "batch check names 1 more" in done.err
    assert not server.received
    assert [path.name for path in folder.iterdir()] == ["in.jsonl"]


def test_a_pipe_is_an_input_too(run: Run, folder: Path) -> None:
    with Crowd() as server:
        done = run("batch", "run", "-", "-o", "o", stdin=lines(3), base_url=server.base_url)
        assert done.code == 0
        assert (
            run("batch", "run", "-", "-o", "o", stdin=lines(3), base_url=server.base_url).code == 0
        )
    assert len(objects((folder / "o").read_bytes())) == 3
    assert server.asked.total() == 3


def test_a_sample_first(batch: Batch, folder: Path) -> None:
    with Crowd() as server:
        done = batch(server, "--limit", "2", data=lines(5))
        assert (done.code, len(out(folder))) == (0, 2)
        assert "2 of 5 lines are done; without --limit the same command resumes" in done.err
        assert batch(server, "--limit", "2").code == 0
        assert server.asked.total() == 2
        assert batch(server).code == 0
    assert set(server.asked.values()) == {1}


WRONG = [
    (("-o", "in.jsonl"), "'in.jsonl' is the input, and would be overwritten"),
    (("-o", "out.jsonl", "--query", "id", "--text"), "--query and --text: give one of them"),
    (("-o", "out.jsonl", "--query", "]"), "--query is"),
    (("-o", "out.jsonl", "--id", "x"), "--id is for --csv"),
    (("-o", "out.jsonl", "--csv", "nowhere.csv"), "--csv: cannot read 'nowhere.csv'"),
    (("-o", "out.jsonl", "--csv", "rows.csv", "--id", "x"), "--id: there is no column 'x'"),
    (("-o", "out.jsonl", "--csv", "rows.csv"), "the rows have a column 'answer' already"),
    (("-o", "nowhere/out.jsonl"), "there is no folder 'nowhere'"),
    (("-o", "."), "'.' is a folder"),
    (("-o", "out.jsonl", "--shard", "3/2"), "--shard must be I/N"),
    (("-o", "out.jsonl", "--concurrency", "0"), "--concurrency must be"),
    (("-o", "out.jsonl", "--via", "mail"), "--via must be"),
]


@pytest.mark.parametrize(("flags", "said"), WRONG)
def test_what_is_wrong_is_told_before_anything_is_made(
    flags: tuple[str, ...], said: str, run: Run, folder: Path
) -> None:
    (folder / "in.jsonl").write_bytes(lines(1))
    (folder / "rows.csv").write_text("id,answer\na,b\n")
    done = run("batch", "run", "in.jsonl", *flags)
    assert (done.code, said in done.err) == (2, True), done.err
    assert sorted(path.name for path in folder.iterdir()) == ["in.jsonl", "rows.csv"]


def test_it_needs_a_file_for_its_state(run: Run) -> None:
    done = run("batch", "run", "in.jsonl")
    assert done.code == 2
    assert "batch run needs -o FILE" in done.err


def test_a_key_that_is_missing_is_told_of_before_anything_is_made(run: Run, folder: Path) -> None:
    (folder / "in.jsonl").write_bytes(lines(1))
    done = run("batch", "run", "in.jsonl", "-o", "out.jsonl", key=None)
    assert done.code == 3
    assert [path.name for path in folder.iterdir()] == ["in.jsonl"]


# The state


def test_the_state_is_for_its_owner_alone_and_no_database_of_another(
    batch: Batch, folder: Path
) -> None:
    with Crowd() as server:
        assert batch(server, data=lines(1)).code == 0
        assert (folder / "out.jsonl.run").stat().st_mode & 0o777 == 0o600
        (folder / "out.jsonl.run").write_text("a text that is no state of anything" * 100)
        done = batch(server)
    assert done.code == 2
    assert "'out.jsonl.run' is not the state of a run" in done.err


def test_two_processes_are_not_at_one_run(batch: Batch, run: Run, folder: Path) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(received: Received) -> bytes:
        begun.set()
        go.wait(30)
        return echo(received)

    (folder / "in.jsonl").write_bytes(lines(1))
    with Crowd(slow) as server:
        environ = {**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        first = subprocess.Popen(
            [COMMAND, "batch", "run", "in.jsonl", "-o", "out.jsonl", "-q"],
            cwd=folder, env=environ,
        )  # fmt: skip
        assert begun.wait(30)
        second = batch(server)
        status = run("batch", "status", "out.jsonl", "--json")
        go.set()
        assert first.wait(30) == 0
    assert second.code == 2
    assert "another process is working on this run" in second.err
    assert json.loads(status.out)["in_flight"] == 1
    assert server.asked.total() == 1


# Ends from outside


def started(folder: Path, server: Crowd, *flags: str) -> "subprocess.Popen[bytes]":
    environ = {**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
    return subprocess.Popen(
        [COMMAND, "batch", "run", "in.jsonl", "-o", "out.jsonl", *flags],
        cwd=folder, env=environ, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize("after", [1, 9, 60, 150])
def test_a_kill_loses_nothing_and_repeats_what_was_in_flight_alone(
    after: int, batch: Batch, folder: Path
) -> None:
    killed = threading.Event()

    def kill_then(received: Received) -> bytes:
        with server.lock:
            if server.asked.total() >= after and not killed.is_set():
                process.kill()
                process.wait()
                killed.set()
        return echo(received)

    (folder / "in.jsonl").write_bytes(lines(200))
    with Crowd(kill_then) as server:
        process = started(folder, server, "--concurrency", "8")
        _, stderr = process.communicate(timeout=60)
        assert killed.is_set(), stderr
        assert batch(server).code == 0
    assert texts(folder) == [f"re: text {n}" for n in range(1, 201)]
    assert max(server.asked.values()) <= 2
    assert sum(count == 2 for count in server.asked.values()) <= 8


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_a_signal_has_what_is_in_flight_finished_and_the_same_command_goes_on(
    number: int, code: int, batch: Batch, folder: Path
) -> None:
    sent = threading.Event()

    def signal_then(received: Received) -> bytes:
        with server.lock:
            if server.asked.total() == 20:
                process.send_signal(number)
                sent.set()
        if server.asked.total() >= 20:
            sent.wait(30)
        return echo(received)

    (folder / "in.jsonl").write_bytes(lines(200))
    with Crowd(signal_then) as server:
        process = started(folder, server, "--concurrency", "4")
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == code
        done = len(out(folder))
        assert f"{done} of 200 lines are done; the same command resumes" in stderr.decode()
        assert 20 <= done == server.asked.total() < 200
        assert batch(server).code == 0
    assert len(out(folder)) == 200
    assert set(server.asked.values()) == {1}


def test_a_second_ctrl_c_stops_at_once(batch: Batch, folder: Path) -> None:
    asked, go = threading.Event(), threading.Event()

    def silent(received: Received) -> bytes:
        asked.set()
        go.wait(30)
        return echo(received)

    (folder / "in.jsonl").write_bytes(lines(3))
    with Crowd(silent) as server:
        process = started(folder, server)
        assert asked.wait(30)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while b"stopped sending; waiting for" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
        go.set()
        server.answer = echo
        assert batch(server).code == 0
    assert len(out(folder)) == 3


# Money


def test_the_bound_of_all_is_told_before_anything_is_sent(batch: Batch) -> None:
    with Crowd() as server:
        done = batch(server, data=lines(2, max_completion_tokens=100))
    assert "notice: 2 requests, 20 input tokens, at most 0.000123 USD" in done.err


def test_max_cost_is_never_above_and_a_higher_one_goes_on(batch: Batch, folder: Path) -> None:
    # A line can cost 10 x 0.15 + 100 x 0.60 USD of a million: 0.0000615; it does 0.0000045.
    with Crowd() as server:
        done = batch(server, "--max-cost", "0.00008", data=lines(10, max_completion_tokens=100))
        assert done.code == 8
        assert "the next line can cost 0.0000615 USD" in done.err
        assert "lines are done, and the same command with a higher --max-cost resumes" in done.err
        before = len(out(folder))
        assert before * 0.0000045 + 0.0000615 > 0.00008
        assert server.most == 1
        assert batch(server, "--max-cost", "1").code == 0
    assert len(out(folder)) == 10
    assert set(server.asked.values()) == {1}


def test_another_tier_has_other_bounds(batch: Batch) -> None:
    # 0.75 and 4.50 USD a million, and twice that as priority.
    data = lines(2, model="gpt-5.4-mini", max_completion_tokens=100)
    with Crowd() as server:
        first = batch(server, "--limit", "1", data=data)
        second = batch(server, "--limit", "1", "--service-tier", "priority")
    at_most = [float(done.err.split("at most ")[1].split(" USD")[0]) for done in (first, second)]
    assert at_most[1] == pytest.approx(2 * at_most[0])


@pytest.mark.parametrize("status", ["205 Reset Content", "206 Partial Content"])
def test_an_answer_that_is_no_whole_one_is_none(status: str, batch: Batch, folder: Path) -> None:
    with Crowd(lambda _: says(completion("hi"), status=status)) as server:
        assert batch(server, data=lines(1)).code == 11
    assert "the server sent" in out(folder, "out.failed.jsonl")[0]["error"]["message"]


@pytest.mark.parametrize("status", ["301 Moved Permanently", "407 Proxy Authentication Required"])
def test_what_stands_in_the_way_of_one_line_does_so_of_all(status: str, batch: Batch) -> None:
    with Crowd(lambda _: says({}, status=status, headers=["Location: /x"])) as server:
        assert batch(server, "--concurrency", "1", data=lines(9)).code == 4
    assert len(server.received) == 1


def test_max_time_is_for_the_whole_run(batch: Batch, folder: Path) -> None:
    done_by = threading.Event()

    def slow(received: Received) -> bytes:
        done_by.wait(0.3)
        return echo(received)

    with Crowd(slow) as server:
        done = batch(server, "--max-time", "0.2", "--concurrency", "2", data=lines(9))
        assert done.code == 7
        assert "--max-time SECONDS waits longer" in done.err
        assert 2 <= len(out(folder)) < 9
        assert batch(server).code == 0
    assert set(server.asked.values()) == {1}


def test_max_cost_refuses_what_has_no_bound_before_anything_is_sent(batch: Batch) -> None:
    with Crowd() as server:
        done = batch(server, "--max-cost", "1", data=lines(2, model="made-up"))
    assert done.code == 8
    assert "line 1" in done.err
    assert not server.received


def test_the_usage_file_has_each_request_once(batch: Batch, folder: Path) -> None:
    with Crowd() as server:
        for _ in range(2):
            assert batch(server, "--usage-file", "usage", data=lines(3)).code == 0
    found = objects((folder / "usage").read_bytes())
    assert [one["usd"] for one in found] == [4.5e-06] * 3
    assert {one["command"] for one in found} == {"batch run"}


def test_a_usage_line_that_a_kill_left_unmarked_is_not_written_twice(
    batch: Batch, folder: Path
) -> None:
    with Crowd() as server:
        one_by_one = ("--usage-file", "usage", "--concurrency", "1")
        assert batch(server, *one_by_one, data=lines(3)).code == 0
        with sqlite3.connect(folder / "out.jsonl.run") as database:
            database.execute("UPDATE answers SET is_told = 0 WHERE number > 1")
        database.close()
        rows = (folder / "usage").read_text().splitlines()
        (folder / "usage").write_text("".join(f"{row}\n" for row in rows[:2]))
        assert batch(server, "--usage-file", "usage").code == 0
    assert (folder / "usage").read_text().splitlines() == rows


# Machines


def test_shards_are_merged_in_the_order_of_the_input(batch: Batch, run: Run, folder: Path) -> None:
    def some(received: Received) -> bytes:
        is_bad = text_of(received) in ("text 3", "text 4", "text 7")
        return error("400 Bad Request", "bad") if is_bad else echo(received)

    with Crowd(some) as server:
        assert batch(server, "--shard", "1/3", data=lines(8)).code == 11
        missing = run("batch", "merge", "out.jsonl")
        assert batch(server, "--shard", "2/3").code == 0
        batch(server, "--shard", "3/3", "--limit", "1")
        waiting = run("batch", "merge", "out.jsonl")
        assert batch(server, "--shard", "3/3").code == 11
    assert (missing.code, waiting.code) == (2, 2)
    assert "lines of 'out.3-of-3.jsonl' have no answer yet; run that shard to" in waiting.err
    assert "the shard 'out.2-of-3.jsonl' is missing" in missing.err
    assert run("batch", "merge", "out.jsonl").code == 11
    assert [one["custom_id"] for one in out(folder)] == ["r1", "r2", "r5", "r6", "r8"]
    failed = out(folder, "out.failed.jsonl")
    assert [one["custom_id"] for one in failed] == ["r3", "r4", "r7"]
    assert set(server.asked.values()) == {1}


def test_a_run_is_told_in_figures(batch: Batch, run: Run, folder: Path) -> None:
    with Crowd() as server:
        assert batch(server, "--limit", "2", data=lines(5)).code == 0
    assert run("batch", "status", "out.jsonl").text == (
        "lines: 5\ndone: 2\nfailed: 0\nin_flight: 0\nwaiting: 3\nincomplete: 0\ntokens: 30\n"
        "usd: 0.000009\nwithout_price: 0\nmay_have_cost_usd: 0\n"
    )
    assert not [*folder.glob("*-wal"), *folder.glob("*-shm")], "to look at it leaves nothing"
    missing = run("batch", "status", "other.jsonl")
    assert (missing.code, "there is no run" in missing.err) == (2, True)


def test_a_full_disk_ends_it_and_the_same_command_goes_on(batch: Batch, folder: Path) -> None:
    (folder / "in.jsonl").write_bytes(lines(200))
    with Crowd() as server:
        environ = {**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        full = subprocess.run(
            [COMMAND, "batch", "run", "in.jsonl", "-o", "out.jsonl", "--concurrency", "8"],
            cwd=folder,
            env=environ,
            stderr=subprocess.PIPE,
            check=False,
            # What a file may have is what a disk may have left.
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000)),
        )
        assert full.returncode == 10, full.stderr
        assert b"once the disk has room, the same command resumes" in full.stderr
        assert b"Traceback" not in full.stderr
        assert batch(server).code == 0
    assert texts(folder) == [f"re: text {n}" for n in range(1, 201)]
    assert sum(count == 2 for count in server.asked.values()) <= 8


def test_the_official_client_reads_each_body(batch: Batch, folder: Path) -> None:
    with Crowd() as server:
        assert batch(server, data=lines(2)).code == 0
    for one in out(folder):
        ChatCompletion.model_validate(one["response"]["body"])
        assert one.keys() == {"id", "custom_id", "response", "error"}
        assert one["response"].keys() == {"status_code", "request_id", "body"}
