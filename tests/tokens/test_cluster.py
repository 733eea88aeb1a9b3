"""Counting on a Dask cluster: as this machine does, and what becomes of workers that are lost."""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest

import openai_cli
from openai_cli import tokens
from openai_cli.errors import CliError, NetworkError, UsageError
from openai_cli.tokens import cluster
from openai_cli.tokens.cluster import Answer, Cluster, _Parts, _rows, run_task, versions
from openai_cli.tokens.corpus import FileCount
from openai_cli.tokens.spans import Span, Wanted
from openai_cli.tokens.tasks import Task
from openai_cli.tokens.walking import Found
from tests.conftest import Run
from tests.tokens.test_corpus import FOX, jsonl, told
from tests.tokens.test_encoding import CODE, SCRIPTS

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    """A cluster of two workers, each a process."""
    with (
        pytest.MonkeyPatch.context() as patch,
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", memory_limit=0
        ) as made,
    ):
        patch.setattr(Cluster, "size", 4000)
        yield made


@pytest.fixture
def tree(folder: Path) -> Path:
    """Files of all kinds, long and short, some at fault."""
    made = folder / "texts"
    made.mkdir()
    (made / "a.txt").write_text("\n".join([*SCRIPTS, CODE] * 8))
    (made / "b.bin").write_bytes(b"\0")
    (made / "c.jsonl").write_bytes(jsonl(*({"text": FOX, "n": n} for n in range(300)), {}))
    (made / "d.txt").write_text(FOX)
    return made


@pytest.mark.parametrize(
    "arguments", [(), ("--json",), ("--jsonl", "text"), ("--max", "9", "--max-each", "5")], ids=str
)
def test_the_output_is_that_of_this_machine(
    arguments: tuple[str, ...], workers: Any, tree: Path, run: Run
) -> None:
    line = ["tokens", "--files", "texts", "none", "texts/a.txt", "texts/b.bin", *arguments]
    here = run(*line)
    there = run(*line, "--engine", "dask", "--scheduler", workers.scheduler_address)
    assert (there.code, there.text, there.err) == (here.code, here.text, here.err)
    assert here.code == (8 if "--max" in arguments else 2)


def test_a_pipe_is_read_here(workers: Any, run: Run) -> None:
    receiver, sender = os.pipe()
    os.write(sender, FOX.encode())
    os.close(sender)
    address = workers.scheduler_address
    done = run("tokens", "--files", f"/dev/fd/{receiver}", "--engine", "dask", "--scheduler",
               address)  # fmt: skip
    os.close(receiver)
    assert done.text == f"       4 /dev/fd/{receiver}\n"


def test_a_worker_that_is_lost_costs_its_tasks_again_and_nothing_else(
    workers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n".join([*SCRIPTS, CODE]) * 20
    for number in range(8):
        (tmp_path / f"{number}").write_text(text)
    submitted = 0
    submit = Cluster.submit_task

    def submit_task(self: Cluster, task: Task) -> Any:
        nonlocal submitted
        submitted += 1
        parts = submit(self, task)
        if submitted == 9:
            parts.result()
            os.kill(next(iter(workers.workers.values())).pid, signal.SIGKILL)
        return parts

    monkeypatch.setattr(Cluster, "submit_task", submit_task)
    read: list[int] = []
    notices: list[str] = []
    muted = logging.root.manager.disable
    with Cluster(workers.scheduler_address, None, notices.append) as engine:
        found = told(tmp_path, engine=engine, on_read=read.append)
    assert submitted > 20
    size, count = len(text.encode()), tokens.count(text)
    assert found == [FileCount(str(tmp_path / f"{number}"), count) for number in range(8)]
    assert (sum(read), notices) == (8 * size, [])
    assert logging.root.manager.disable == muted


def test_a_counter_counts_in_the_processes_of_workers(workers: Any) -> None:
    with distributed.Client(workers, set_as_default=False) as client:
        counter = tokens.Counter(encoding="gpt2", workers=1)
        found = client.map(counter.count_texts, [["hamburger"], ["hamburger " * 300_000]])
        assert client.gather(found) == [[3], tokens.count_texts(["hamburger " * 300_000],
                                                               encoding="gpt2")]  # fmt: skip
        submitted = client.submit(tokens.count_texts, ["hamburger"], model="gpt-4o")
        assert submitted.result() == [2]


def test_other_versions_on_the_workers_are_named(
    workers: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions.cache_clear()
    monkeypatch.setattr(openai_cli, "__version__", "0.0.1")
    done = run("tokens", "--files", ".", "--engine", "dask", "--scheduler",
               workers.scheduler_address)  # fmt: skip
    versions.cache_clear()
    assert (done.code, done.out) == (2, b"")
    assert "the worker tcp://127.0.0.1:" in done.err
    assert "and here it is 0.0.1: counts may differ" in done.err
    assert workers.scheduler.clients.keys() <= {"fire-and-forget"}
    assert logging.root.manager.disable == logging.NOTSET


def test_a_local_cluster(installed: Run, folder: Path) -> None:
    (folder / "a").write_text(FOX)
    done = installed("tokens", "--files", "a", "--engine", "dask", "--workers", "1")
    assert (done.code, done.text, done.err) == (0, "       4 a\n", "")


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("127.0.0.1:9", 7, "the scheduler 127.0.0.1:9 cannot be reached"),
        ("nowhere", 2, "--scheduler: 'nowhere' is not an address"),
    ],
)
def test_a_scheduler_that_there_is_not(
    address: str, code: int, said: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.1)
    done = run("tokens", "--files", ".", "--engine", "dask", "--scheduler", address)
    assert (done.code, done.out) == (code, b"")
    assert said in done.err


def test_without_the_extra(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = run("tokens", "--files", ".", "--engine", "dask")
    assert done.code == 2
    assert "--engine dask needs the package distributed; pip install distributed" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--engine", "ray"], "--engine must be local or dask, not 'ray'"),
        (["--scheduler", "a:1"], "--scheduler goes only with --engine dask"),
        (["--engine", "dask", "--scheduler", "a:1", "--workers", "2"], "has its own workers"),
        (["--workers", "0"], "--workers must be an integer of at least 1"),
    ],
)
def test_flags_that_do_not_go_together(arguments: list[str], said: str, run: Run) -> None:
    done = run("tokens", "--files", ".", *arguments)
    assert done.code == 2
    assert said in done.err


def failing(error: BaseException) -> _Parts:
    """The parts of a task that ends so."""

    class Future:
        def result(self) -> Any:
            raise error

    return _Parts(Future(), "tcp://a:1")


def test_how_a_task_may_end() -> None:
    lost = distributed.KilledWorker("task", "tcp://a:2", 3)
    with pytest.raises(CliError, match="the workers of tcp://a:1 that counted a task were lost"):
        failing(lost).result()
    for error in (CancelledError(), distributed.comm.CommClosedError("gone")):
        with pytest.raises(NetworkError, match="the scheduler tcp://a:1 was lost"):
            failing(error).result()
    with pytest.raises(UsageError, match="a worker of tcp://a:1 cannot count: no openai_cli"):
        failing(ImportError("no openai_cli")).result()


def test_versions_that_a_late_worker_has() -> None:
    class Future:
        def result(self) -> Answer:
            return Answer(versions()._replace(tiktoken="0"), [])

    with pytest.raises(UsageError, match="a worker of a has tiktoken 0, and here it is"):
        _Parts(Future(), "a").result()


def test_a_task_whose_process_ends_is_tried_with_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text(FOX)
    task = Task((Span(Found("a", is_named=True)),), Wanted("gpt2"), str(tmp_path), 20)
    assert run_task(task).parts[0].tokens == 4
    counter = cluster._counter("gpt2")
    counter._team._processes[0]._process.kill()  # type: ignore[union-attr]
    with pytest.raises(CliError, match="was killed"):
        run_task(task)
    assert run_task(task).parts[0].tokens == 4
    counter.close()
    monkeypatch.setattr(counter, "name", "tiktoken")
    assert run_task(task).parts[0].tokens == 4


def test_a_table_of_versions() -> None:
    table = """Mismatched versions found

+---------+--------+-----------+---------+
| Package | Client | Scheduler | Workers |
+---------+--------+-----------+---------+
| python  | 3.11.1 | 3.12.2    | 3.12.2  |
+---------+--------+-----------+---------+"""
    assert _rows(table) == "python (3.11.1 here, 3.12.2 on the workers)"
