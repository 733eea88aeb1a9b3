"""`batch run --via batch`: ends from outside, in processes, and files that are spoiled."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openai_cli.batches.signals import Stopping
from openai_cli.batches.spans import Span
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.flags.server import ServerOptions
from openai_cli.sandbox import batches
from tests.batches.queue import Api, api, objects, requests
from tests.conftest import COMMAND, MADE_UP_KEY, Run

VIA = ("--via", "batch")


def started(folder: Path, server: Api, *words: str) -> "subprocess.Popen[bytes]":
    environ = {**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
    return subprocess.Popen(
        [COMMAND, "batch", *words], cwd=folder, env=environ, stderr=subprocess.PIPE
    )


def until_asked(server: Api, count: int) -> None:
    """Wait until a sandbox was asked so many requests."""
    while server.lines.asked < count:
        time.sleep(0.01)


def ids(folder: Path, name: str = "out.jsonl") -> list[str]:
    return [one["custom_id"] for one in objects(folder / name)]


@pytest.mark.parametrize("requests_before", [1, 2, 5, 7])
def test_a_process_that_is_killed_loses_nothing(
    requests_before: int, run: Run, folder: Path
) -> None:
    (folder / "in.jsonl").write_bytes(requests(6))
    words = ("run", "in.jsonl", "-o", "out.jsonl", *VIA)
    with api("drop-line,every=6", "error-line,every=5") as server:
        process = started(folder, server, *words)
        until_asked(server, requests_before)
        process.kill()
        process.communicate()
        assert run("batch", *words, base_url=server.base_url).code == 11
        assert (server.lines.batches, server.lines.answered) == (1, 6)
    assert ids(folder) == ["r1", "r2", "r3", "r4"]
    assert ids(folder, "out.failed.jsonl") == ["r5", "r6"]


def test_ctrl_c_ends_the_waiting_and_says_how_to_go_on(run: Run, folder: Path) -> None:
    (folder / "in.jsonl").write_bytes(requests(2))
    with api() as server:
        # Looks that find nothing new: the process waits until it is told to end.
        with server.lines.held():
            process = started(folder, server, "run", "in.jsonl", "-o", "out.jsonl", *VIA)
            until_asked(server, 4)
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=60)
        assert process.returncode == 130
        assert b"openai-cli batch wait collects the answers, and batch cancel" in stderr
        assert run("batch", "wait", "out.jsonl", base_url=server.base_url).code == 0
        assert server.lines.batches == 1
    assert ids(folder) == ["r1", "r2"]


def test_cancel_beside_a_process_that_waits_has_that_one_collect(run: Run, folder: Path) -> None:
    (folder / "in.jsonl").write_bytes(requests(2))
    with api() as server:
        with server.lines.held():
            process = started(folder, server, "run", "in.jsonl", "-o", "out.jsonl", *VIA)
            until_asked(server, 4)
            cancelled = run("batch", "cancel", "out.jsonl", base_url=server.base_url)
        process.communicate(timeout=60)
    assert cancelled.code == 0
    assert (
        "1 of 1 batches are cancelled; the process that waits for them collects the answers"
        in cancelled.err
    )
    assert process.returncode == 11
    assert len(ids(folder)) + len(ids(folder, "out.failed.jsonl")) == 2


# Files that are not as they should be


@pytest.fixture
def spoiled(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Lines that come before those of each file of a batch."""
    more: list[bytes] = []
    real = batches._jsonl

    def spoil(rows: Any) -> Iterator[bytes]:
        yield from more
        yield from real(rows)

    monkeypatch.setattr(batches, "_jsonl", spoil)
    return more


def row(name: str, body: Any, status: int = 200) -> bytes:
    response = {"status_code": status, "request_id": "req_1", "body": body}
    told = {"id": "batch_req_1", "custom_id": name, "response": response, "error": None}
    return json.dumps(told).encode() + b"\n"


@pytest.mark.parametrize(
    ("line", "failed"),
    [
        (b"{\n", {}),
        (b"[]\n", {}),
        (b'{"custom_id": 7}\n', {}),
        (row("stranger", {}), {}),
        (row("r2", {}), {"r2": "bad_answer"}),
        (row("r2", None), {"r2": "bad_answer"}),
        (row("r2", {"error": {"message": "No.", "code": "no"}}, 400), {"r2": "no"}),
        (b'{"custom_id": "r2", "response": null, "error": null}\n', {"r2": "batch_missing"}),
        (b'{"custom_id": "r2", "error": {"code": "x", "message": "X."}}\n', {"r2": "x"}),
        (b'{"custom_id": "r2", "response": {"status_code": "no"}}\n', {"r2": "http_500"}),
    ],
)
def test_each_line_is_accounted_for_whatever_is_in_the_files(
    line: bytes, failed: dict[str, str], spoiled: list[bytes], run: Run, folder: Path
) -> None:
    spoiled.append(line)
    (folder / "in.jsonl").write_bytes(requests(3))
    with api() as server:
        found = run("batch", "run", "in.jsonl", "-o", "out.jsonl", *VIA, base_url=server.base_url)
    assert found.code == (11 if failed else 0)
    # The first line of a name stands: the one behind it, and what is of no request, is told of.
    assert "1 lines of its files belong to no request" in found.err
    codes = {one["custom_id"]: one["error"]["code"] for one in objects(folder / "out.failed.jsonl")}
    assert codes == failed
    assert ids(folder) == [name for name in ("r1", "r2", "r3") if name not in failed]


def test_a_file_that_is_gone_is_missing(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openai_cli.batches.batch_api import BatchApi

    real = BatchApi.download

    def download(self: BatchApi, file_id: str, path: Path) -> None:
        real(self, "file-gone", path)

    monkeypatch.setattr(BatchApi, "download", download)
    (folder / "in.jsonl").write_bytes(requests(2))
    with api() as server:
        found = run("batch", "run", "in.jsonl", "-o", "out.jsonl", *VIA, base_url=server.base_url)
    assert found.code == 11
    assert ids(folder, "out.failed.jsonl") == ["r1", "r2"]


# Waiting


def spans(naps: list[float], clock: Iterator[float]) -> Span:
    """Spans by a clock, whose naps are written down."""
    context = Context.test(sleep=naps.append, environ={"OPENAI_API_KEY": MADE_UP_KEY})
    vars(context)["now"] = lambda: next(clock)
    return Span(Session(context, ServerOptions()), Stopping(), lambda: None)


def test_spans_double_up_to_a_minute() -> None:
    naps: list[float] = []
    span = spans(naps, iter(lambda: 0.0, 1.0))
    sums = []
    for _ in range(12):
        span.wait()
        sums.append(round(sum(naps), 1))
        naps.clear()
    assert sums == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60.0, 60.0]


def test_a_machine_that_slept_waits_no_more() -> None:
    naps: list[float] = []
    # An hour goes by in the first nap of the second span.
    span = spans(naps, iter([0.0, 0.0, 1.0, 1.0, 3601.0]))
    span.wait()
    span.first, span._next = 60.0, 60.0
    naps.clear()
    span.wait()
    assert naps == [0.25]
