"""`batch run --via batch`: each line is answered once and accounted for, whatever happens."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletion

from openai_cli.batches import collect, cut
from openai_cli.batches.batch_api import BatchApi
from openai_cli.batches.progress import RunProgress
from openai_cli.batches.schema import AnswerRow, Stage
from openai_cli.batches.state import State
from openai_cli.errors import CredentialError, NetworkError
from tests.batches.queue import Api, Killed, api, objects, request, requests, wired
from tests.conftest import Result, Run

Batch = Callable[..., Result]


@pytest.fixture
def batch(run: Run, folder: Path) -> Batch:
    """Run `batch run in.jsonl -o out.jsonl --via batch` at a server."""

    def start(server: Api, *flags: str, data: bytes | None = None) -> Result:
        if data is not None:
            (folder / "in.jsonl").write_bytes(data)
        base = ["batch", "run", "in.jsonl", "-o", "out.jsonl", "--via", "batch"]
        return run(*base, *flags, base_url=server.base_url)

    return start


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts have at most 3 lines."""
    monkeypatch.setattr(cut.Limits, "__init__", _three_lines)


def _three_lines(self: Any, tokens: int | None = None, *_: int) -> None:
    self.tokens, self.lines, self.size, self.inputs = tokens, 3, 10_000, 4


def done(folder: Path) -> list[str]:
    return [one["custom_id"] for one in objects(folder / "out.jsonl")]


def failed(folder: Path) -> dict[str, str]:
    """The codes of the lines that have failed."""
    return {one["custom_id"]: one["error"]["code"] for one in objects(folder / "out.failed.jsonl")}


# What is written


def test_each_line_has_its_answer_in_the_order_of_the_input(batch: Batch, folder: Path) -> None:
    with api() as server:
        assert batch(server, data=requests(5)).code == 0
        assert server.lines.batches == 1
        assert server.files() == {}, "those of the batch are deleted"
    rows = objects(folder / "out.jsonl")
    assert [one["custom_id"] for one in rows] == ["r1", "r2", "r3", "r4", "r5"]
    texts = [one["response"]["body"]["choices"][0]["message"]["content"] for one in rows]
    assert texts == ["1", "2", "3", "4", "5"]
    assert all(one["id"].startswith("batch_req_") for one in rows)
    for one in rows:
        ChatCompletion.model_validate(one["response"]["body"], strict=True)


def test_a_body_is_written_as_it_came(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, download = (
        b'"object":  "chat.completion", "odd": [1.50, 1e2, "\\u00e9"],',
        BatchApi.download,
    )

    def downloaded(self: BatchApi, file_id: str, path: Path) -> None:
        download(self, file_id, path)
        path.write_bytes(path.read_bytes().replace(b'"object": "chat.completion",', odd))

    monkeypatch.setattr(BatchApi, "download", downloaded)
    with api() as server:
        assert batch(server, data=requests(2)).code == 0
    assert (folder / "out.jsonl").read_bytes().count(odd) == 2


def test_the_same_command_again_sends_nothing(batch: Batch, folder: Path) -> None:
    with api() as server:
        batch(server, data=requests(2))
        with wired() as wire:
            assert batch(server, "--text").code == 0
    assert wire.asked == []
    assert (folder / "out.jsonl").read_text() == "1\n2\n"


def test_files_can_be_kept(batch: Batch) -> None:
    with api("error-line,every=2") as server:
        assert batch(server, "--keep-files", data=requests(2)).code == 11
        assert server.files() == {"batch": 1, "batch_output": 2}


def test_what_it_took_is_told_once_at_the_tier_of_batches(
    batch: Batch, run: Run, folder: Path
) -> None:
    with api() as server:
        for _ in range(2):
            assert batch(server, "--usage-file", "usage.jsonl", data=requests(3)).code == 0
    rows = objects(folder / "usage.jsonl")
    assert [one["service_tier"] for one in rows] == ["batch"] * 3
    # USD 0.075 and 0.30 for a million: half of what a live run costs.
    usd = sum(one["input_tokens"] * 0.075e-6 + one["output_tokens"] * 0.30e-6 for one in rows)
    assert sum(one["usd"] for one in rows) == pytest.approx(usd)
    costs = run("cost", "--response", "out.jsonl", "--json")
    assert costs.code == 0
    assert float(json.loads(costs.out)["total"]) == pytest.approx(usd)


# Parts


def test_parts_have_so_many_lines(batch: Batch, folder: Path, small_parts: None) -> None:
    with api() as server:
        assert batch(server, data=requests(8)).code == 0
        sizes = [one.request_counts.total for one in server.batches()]
    assert sorted(sizes) == [2, 3, 3]
    assert done(folder) == [f"r{n}" for n in range(1, 9)]


def test_parts_have_so_many_bytes(batch: Batch, folder: Path, small_parts: None) -> None:
    data = request("a", "x" * 6_000) + request("b", "x" * 6_000) + request("c", "Say c")
    with api() as server:
        assert batch(server, data=data).code == 0
        assert sorted(one.request_counts.total for one in server.batches()) == [1, 2]
    assert done(folder) == ["a", "b", "c"]


def test_parts_have_so_many_inputs_of_embeddings(
    batch: Batch, folder: Path, small_parts: None
) -> None:
    bodies = [{"model": "text-embedding-3-small", "input": [str(n)] * 3} for n in range(2)]
    data = b"".join(json.dumps(body).encode() + b"\n" for body in bodies)
    with api() as server:
        assert batch(server, data=data).code == 0
        assert server.lines.batches == 2
    assert done(folder) == ["1", "2"]


def test_a_part_is_of_one_model(batch: Batch, folder: Path) -> None:
    data = b"".join(
        request(f"r{n}", "Say x", model=["gpt-4o-mini", "gpt-4o"][n % 2]) for n in range(4)
    )
    with api() as server:
        assert batch(server, data=data).code == 0
        assert server.lines.batches == 2
    assert done(folder) == ["r0", "r1", "r2", "r3"]


def test_no_more_tokens_are_under_way_than_may_be(batch: Batch, folder: Path) -> None:
    # Each line has 9 tokens.
    with api() as server, wired() as wire:
        assert batch(server, "--queue-tokens", "20", data=requests(5)).code == 0
    made = [one for one in wire.asked if one == "POST /batches" or one.endswith("/content")]
    assert [one[:4] for one in made] == ["POST", "GET ", "POST", "GET ", "POST", "GET "]
    assert done(folder) == [f"r{n}" for n in range(1, 6)]


def test_a_queue_that_is_full_is_waited_for_and_parts_are_halved(
    batch: Batch, folder: Path
) -> None:
    size = -(-len(request("r1", "Say 1").rstrip()) // 4)
    with api(f"queue-full={3 * size}") as server:
        ended = batch(server, data=requests(8))
    assert ended.code == 0
    assert "the queue has no room for 8 lines: trying 4 at once" in ended.err
    assert done(folder) == [f"r{n}" for n in range(1, 9)]
    assert server.lines.answered == 8


def test_a_line_that_no_queue_has_room_for_ends_the_run(batch: Batch, folder: Path) -> None:
    with api("queue-full=1") as server:
        ended = batch(server, data=requests(2))
        assert ended.code == 5
        assert "token_limit_exceeded" in ended.err
        assert server.files() == {}
    assert (done(folder), failed(folder)) == ([], {})


@pytest.mark.parametrize("limit", [" Limit: 90,000 enqueued tokens.", ""])
def test_a_queue_that_others_fill_is_waited_for(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    from openai_cli.sandbox import batches

    full, sizes = [{"code": "token_limit_exceeded", "message": f"Full.{limit}"}], []

    def errors(_request: Any, _mark: Any, _batch: Any, lines: Any) -> Any:
        sizes.append(len(lines))
        return full if len(sizes) < 12 else []

    monkeypatch.setattr(batches, "_queue_errors", errors)
    with api() as server:
        ended = batch(server, data=requests(9))
        assert server.lines.answered == 9
    assert ended.code == 0
    assert ended.err.count("the queue is full of batches of other runs") == 1
    assert done(folder) == [f"r{n}" for n in range(1, 10)]
    assert 1 in sizes[:12]
    assert max(sizes[12:]) > 1, "parts grow again"
    assert all(later <= 2 * before for before, later in pairwise(sizes[11:])), "step by step"


def test_a_budget_holds_by_parts(batch: Batch, folder: Path) -> None:
    # A line can cost 10 * 0.075e-6 + 10 * 0.30e-6 = 0.00000375 USD, and does cost 0.00000105.
    data = requests(5, max_completion_tokens=10)
    with api() as server:
        ended = batch(server, "--max-cost", "0.000005", data=data)
        assert ended.code == 8
        assert server.lines.answered == 2
        assert "2 of 5 lines are done, and the same command with a higher --max-cost" in ended.err
        assert batch(server, "--max-cost", "1").code == 0
        assert server.lines.answered == 5
    assert done(folder) == [f"r{n}" for n in range(1, 6)]


# What fails


def test_a_line_that_is_missing_has_failed_and_goes_again(batch: Batch, folder: Path) -> None:
    with api("drop-line,first=1") as server:
        assert batch(server, data=requests(3)).code == 11
        assert done(folder) == ["r2", "r3"]
        assert failed(folder) == {"r1": "batch_missing"}
        assert batch(server).code == 11
        assert server.lines.answered == 3
        assert batch(server, "--retry-failed").code == 0
    assert done(folder) == ["r1", "r2", "r3"]
    assert failed(folder) == {}


def test_a_line_that_failed_has_its_reason(batch: Batch, folder: Path) -> None:
    with api("error-line,first=1") as server:
        assert batch(server, data=requests(3)).code == 11
    (row,) = objects(folder / "out.failed.jsonl")
    assert row["error"]["status_code"] == 500
    assert row["error"]["request_id"].startswith("req_")
    assert row["attempts"] == 1


def test_a_batch_with_failures_alone_has_no_output_file(batch: Batch, folder: Path) -> None:
    with api("error-line") as server:
        assert batch(server, data=requests(2)).code == 11
    assert (done(folder), list(failed(folder))) == ([], ["r1", "r2"])


def test_a_batch_with_nothing_at_all_has_no_file(batch: Batch, folder: Path) -> None:
    with api("drop-line") as server:
        assert batch(server, data=requests(2)).code == 11
    assert failed(folder) == {"r1": "batch_missing", "r2": "batch_missing"}


def test_what_has_expired_goes_again(batch: Batch, folder: Path) -> None:
    with api("expire,first=1") as server:
        assert batch(server, data=requests(4)).code == 11
        assert done(folder) == ["r1", "r2"]
        assert failed(folder) == {"r3": "batch_expired", "r4": "batch_expired"}
        assert batch(server, "--retry-failed").code == 0
        assert server.lines.answered == 4
    assert done(folder) == ["r1", "r2", "r3", "r4"]


def test_a_batch_that_someone_else_has_cancelled(batch: Batch, folder: Path) -> None:
    with api() as server, wired() as wire:
        wire.dies_at, wire.after = 3, True
        with pytest.raises(Killed):
            batch(server, data=requests(4))
        server.client.batches.cancel(server.batches()[0].id)
        assert batch(server).code == 11
    assert done(folder) == ["r1", "r2"]
    assert failed(folder) == {"r3": "batch_cancelled", "r4": "batch_cancelled"}


def test_lines_that_the_api_refuses_fail_and_the_others_go_again(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openai_cli.sandbox import batch_lines, batches

    real = batch_lines.errors_of

    def errors_of(lines: Any, endpoint: str) -> Any:
        yield from real(lines, endpoint)
        for line in lines:
            if line.custom_id == "r2":
                yield {"code": "invalid_value", "message": "Not this.", "line": line.number}

    monkeypatch.setattr(batches, "errors_of", errors_of)
    with api() as server:
        assert batch(server, data=requests(3)).code == 11
        assert server.lines.answered == 2
    assert done(folder) == ["r1", "r3"]
    assert failed(folder) == {"r2": "invalid_value"}


def test_a_batch_that_is_refused_ends_the_run_and_no_line_has_failed(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openai_cli.sandbox import batches

    def errors_of(*_: Any) -> Any:
        yield {"code": "model_not_found", "message": "No such model.", "line": 1}

    with api() as server:
        with monkeypatch.context() as patch:
            patch.setattr(batches, "errors_of", errors_of)
            ended = batch(server, data=requests(3))
        assert ended.code == 4
        assert "No such model. (model_not_found)" in ended.err
        assert failed(folder) == {}
        assert batch(server).code == 0
    assert len(done(folder)) == 3


# Ends from outside, and steps whose outcome nobody knows

# A run of one part: upload, batch, four looks, an output, an error, three deletions.
STEPS = range(1, 12)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_request_loses_nothing_and_repeats_nothing(
    step: int, after: bool, batch: Batch, folder: Path
) -> None:
    with api("error-line,every=3") as server:
        with wired(dies_at=step, after=after), pytest.raises(Killed):
            batch(server, "--usage-file", "usage.jsonl", data=requests(4))
        assert batch(server, "--usage-file", "usage.jsonl").code == 11
        assert server.lines.batches == 1
        assert server.lines.answered == 4
        assert server.files() == {}
    assert done(folder) == ["r1", "r2", "r4"]
    assert list(failed(folder)) == ["r3"]
    assert len(objects(folder / "usage.jsonl")) == 4


def test_the_steps_are_all_that_there_are(batch: Batch) -> None:
    with api("error-line,every=3") as server, wired() as wire:
        batch(server, data=requests(4))
    assert len(wire.asked) == len(STEPS)


def test_kill_after_kill(batch: Batch, folder: Path, small_parts: None) -> None:
    """Each run of the same command dies a few requests further on."""
    with api("drop-line,every=4") as server:
        (folder / "in.jsonl").write_bytes(requests(8))
        with wired() as wire:
            for turn in range(60):
                wire.dies_at, wire.after = len(wire.asked) + 2 + turn % 4, turn % 2 == 1
                try:
                    code = batch(server, "--usage-file", "usage.jsonl").code
                    break
                except Killed:
                    pass
        assert turn > 5
        assert code == 11
        assert server.lines.batches == 3
        assert server.lines.answered == 8
        assert server.files() == {}
    assert done(folder) == ["r1", "r2", "r3", "r5", "r6", "r7"]
    assert list(failed(folder)) == ["r4", "r8"]
    assert len(objects(folder / "usage.jsonl")) == 6


@pytest.mark.parametrize("fault", ["lost,first=1", "lost,every=2", "status=500,first=2"])
def test_a_request_without_an_answer_is_looked_for_before_it_is_repeated(
    fault: str, batch: Batch, folder: Path
) -> None:
    with api(fault) as server:
        assert batch(server, data=requests(2)).code == 0
        assert server.lines.batches == 1
    assert done(folder) == ["r1", "r2"]


def test_a_storm_of_429_is_waited_out(batch: Batch, folder: Path) -> None:
    with api("status=429,retry-after=0.001,first=30") as server:
        assert batch(server, data=requests(2)).code == 0
        assert server.lines.batches == 1
    assert done(folder) == ["r1", "r2"]


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_part_is_tried_again_so_many_times(batch: Batch, retries: int) -> None:
    with api("status=500") as server, wired() as wire:
        ended = batch(server, "--max-retries", str(retries), data=requests(2))
    assert ended.code == 6
    # What the first try may have uploaded is looked for before it is uploaded again.
    assert [one.partition("?")[0] for one in wire.asked] == [
        "POST /files",
        *["GET /files"] * retries,
    ]


def test_spent_quota_ends_it(batch: Batch) -> None:
    with api("status=429,code=insufficient_quota") as server:
        assert batch(server, data=requests(2)).code == 5
        assert server.lines.batches == 0


def test_a_batch_that_nobody_hears_of_ends_the_run(batch: Batch, folder: Path) -> None:
    with api() as server:
        with wired(dies_at=3), pytest.raises(Killed):
            batch(server, data=requests(2))
        with server.lines.broken():
            ended = batch(server, "--max-retries", "0")
        assert ended.code == 6
        assert "20 checks of the batches in a row failed" in ended.err
        assert batch(server).code == 0
        assert server.lines.batches == 1
    assert done(folder) == ["r1", "r2"]


# Ways


def test_a_run_that_is_under_way_goes_on_as_it_was_begun(
    batch: Batch, run: Run, folder: Path
) -> None:
    with api() as server, api() as other:
        with wired(dies_at=3), pytest.raises(Killed):
            batch(server, data=requests(2))
        live = run("batch", "run", "in.jsonl", "-o", "out.jsonl", base_url=server.base_url)
        assert live.code == 2
        assert "batch wait out.jsonl collects their answers" in live.err
        elsewhere = batch(other)
        assert elsewhere.code == 2
        assert f"the batches of this run are at {server.base_url}" in elsewhere.err


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--via", "batch", "--rpm", "3"], "--rpm is for --via live"),
        (["--via", "batch", "--service-tier", "flex"], "--service-tier is for --via live"),
        (["--queue-tokens", "3"], "--queue-tokens is for --via batch"),
        (["--keep-files"], "--keep-files is for --via batch"),
        (["--via", "pigeon"], "--via must be live or batch, not 'pigeon'"),
    ],
)
def test_flags_of_the_other_way_are_wrong(
    flags: list[str], problem: str, run: Run, folder: Path
) -> None:
    (folder / "in.jsonl").write_bytes(requests(1))
    found = run("batch", "run", "in.jsonl", "-o", "out.jsonl", *flags)
    assert found.code == 2
    assert problem in found.err


# wait and cancel


def test_wait_goes_on_with_the_flags_of_the_run(
    batch: Batch, run: Run, folder: Path, small_parts: None
) -> None:
    with api() as server:
        with wired(dies_at=6), pytest.raises(Killed):
            batch(server, "--text", data=requests(7))
        status = json.loads(run("batch", "status", "out.jsonl", "--json").out)
        assert (status["in_batches"], status["waiting"]) == (7, 0)
        steps = [one["status"] for one in status["batches"]]
        assert steps == ["validating", "validating", "uploaded"]
        assert run("batch", "wait", "out.jsonl", base_url=server.base_url).code == 0
        assert server.lines.answered == 7
    assert (folder / "out.jsonl").read_text() == "1\n2\n3\n4\n5\n6\n7\n"


def test_wait_is_for_runs_on_the_batch_api(run: Run, folder: Path) -> None:
    none = run("batch", "wait", "out.jsonl")
    assert none.code == 2
    assert "there is no run of 'out.jsonl'" in none.err


def test_cancel_collects_what_was_done(batch: Batch, run: Run, folder: Path) -> None:
    with api() as server:
        # At the second look half of the lines are answered.
        with wired(dies_at=4, after=True), pytest.raises(Killed):
            batch(server, data=requests(4))
        found = run("batch", "cancel", "out.jsonl", base_url=server.base_url)
        assert found.code == 0
        assert "2 of 4 lines failed" in found.err
        assert done(folder) == ["r1", "r2"]
        assert failed(folder) == {"r3": "batch_cancelled", "r4": "batch_cancelled"}
        assert server.files() == {}
        assert batch(server, "--retry-failed").code == 0
        assert server.lines.answered == 4
    assert done(folder) == ["r1", "r2", "r3", "r4"]


def test_cancel_comes_too_late_for_what_has_ended(batch: Batch, run: Run, folder: Path) -> None:
    with api() as server:
        with wired(dies_at=6, after=True), pytest.raises(Killed):
            batch(server, data=requests(2))
        assert run("batch", "cancel", "out.jsonl", base_url=server.base_url).code == 0
    assert done(folder) == ["r1", "r2"]


@pytest.mark.parametrize(("step", "made"), [(1, 0), (2, 0), (3, 1)])
def test_cancel_makes_no_batch_of_what_was_meant_to_be_one(
    step: int, made: int, batch: Batch, run: Run, folder: Path
) -> None:
    with api() as server:
        with wired(dies_at=step), pytest.raises(Killed):
            batch(server, data=requests(2))
        assert run("batch", "cancel", "out.jsonl", base_url=server.base_url).code == 0
        assert server.lines.batches == made
        assert server.lines.answered == 0
        assert server.files() == {}
        assert batch(server, "--retry-failed").code == 0
    assert done(folder) == ["r1", "r2"]


def test_a_file_that_cannot_be_deleted_is_told_of_and_goes_later(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise CredentialError("This key may delete nothing.", status=403)

    with api() as server:
        with monkeypatch.context() as patch:
            patch.setattr(BatchApi, "delete", refuse)
            ended = batch(server, data=requests(2))
        assert ended.code == 0
        assert "is left at the API: This key may delete nothing." in ended.err
        assert server.files() == {"batch": 1, "batch_output": 1}
        assert batch(server).code == 0
        assert server.files() == {}
    assert done(folder) == ["r1", "r2"]


def test_a_download_that_breaks_is_made_again(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, broken = BatchApi.download, [True, True]

    def download(self: BatchApi, file_id: str, path: Path) -> None:
        real(self, file_id, path)
        if broken:
            broken.pop()
            raise NetworkError("the connection broke")

    monkeypatch.setattr(BatchApi, "download", download)
    with api() as server:
        assert batch(server, data=requests(2)).code == 0
    assert done(folder) == ["r1", "r2"]


def test_what_is_answered_and_not_here_yet_is_counted(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(RunProgress, "tick", lambda self, _going: seen.append(self.answered))
    with api() as server:
        assert batch(server, data=requests(4)).code == 0
    # Before each look: half of them after the second, all after the third.
    assert sorted(set(seen)) == [0, 2, 4]


# What goes on in between


@pytest.mark.parametrize("after", [False, True])
def test_a_batch_whose_making_fails_is_made_once(batch: Batch, after: bool) -> None:
    with api() as server, wired(dies_at=2, after=after, cause=lambda: NetworkError("cut")) as wire:
        done = batch(server, data=requests(2))
        assert wire.asked[1] == "POST /batches"
        assert (done.code, server.lines.batches) == (0, 1)
        assert "cut; trying again" in done.err


def test_answers_are_settled_a_few_at_a_time(
    batch: Batch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all of a batch, which may have 50,000, would be in memory."""
    settled: list[int] = []
    settle = State.settle

    def seen(state: State, stage: Stage, rows: list[AnswerRow]) -> None:
        settled.append(len(rows))
        settle(state, stage, rows)

    monkeypatch.setattr(collect, "_AT_ONCE", 2)
    monkeypatch.setattr(State, "settle", seen)
    with api("error-line,every=2") as server:
        assert batch(server, data=requests(8)).code == 11
    assert settled == [2] * 4
    assert (len(done(folder)), len(failed(folder))) == (4, 4)
