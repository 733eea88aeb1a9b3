"""Count files on a Dask cluster, with the same tasks as local processes, but larger.

Dask has a smaller overhead than Ray. On one busy machine, in turn, a local cluster of two workers
returned its first result after 23 and 32 s, Ray after 39 and 52; installed they take 50 and 265 MB.
"""

import logging
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any, Self

import openai_cli
from openai_cli.errors import CliError, NetworkError, UsageError
from openai_cli.jsontext import quoted
from openai_cli.records import NamedTuple
from openai_cli.tokens import bulk
from openai_cli.tokens.processors import processors
from openai_cli.tokens.tasks import Part, Task, count_task

# The size of a task in bytes: half a second of processor time, compared to which Dask's is small.
_SIZE = 2**26

# The number of pending tasks, and so of processors that can be busy.
_AHEAD = 1000

# How long a scheduler may take to answer, in seconds.
PATIENCE = 10

# How often a failed task is retried, for example if a counting process was killed.
_RETRIES = 2


class Versions(NamedTuple):
    """The versions that must be the same on all machines, so that the counts are."""

    openai_cli: str
    tiktoken: str


class Answer(NamedTuple):
    """A worker's result for a task."""

    versions: Versions
    parts: list[Part]


@lru_cache
def versions() -> Versions:
    """Return the versions in this process."""
    from importlib.metadata import version

    return Versions(openai_cli.__version__, version("tiktoken"))


def run_task(task: Task) -> Answer:
    """Count a task on a worker; its counter is kept for the next task."""
    counter = _counter(task.wanted.encoding)
    if not counter.reads_files:
        return Answer(versions(), count_task(task, counter.counts))
    try:
        return Answer(versions(), counter.submit_task(task).result())
    except CliError:  # a process died: the next task starts another
        counter.close()
        raise


@lru_cache
def _counter(encoding: str) -> bulk.Counter:
    return bulk.Counter(encoding)


class Cluster:
    """An engine for `corpus`: the cluster of a scheduler, or a local one with `workers`.

    `notice` is called with messages for the user. Raises UsageError if packages are missing here or
    on a worker, or if their versions differ, and NetworkError if the scheduler cannot be reached.
    """

    size = _SIZE
    ahead = _AHEAD

    def __init__(
        self, scheduler: str | None, workers: int | None, notice: Callable[[str], None]
    ) -> None:
        self._place = scheduler or "the local cluster"
        with ExitStack() as opened:
            opened.callback(logging.disable, logging.root.manager.disable)
            logging.disable()  # Dask's problems are reported by exceptions
            with _telling(notice):
                distributed = _distributed()
                at: Any = scheduler
                if scheduler is None:
                    at = _local_cluster(distributed, workers or processors())
                    opened.callback(at.close)
                else:
                    _reach(distributed, scheduler)
                self._client = distributed.Client(at, timeout=PATIENCE, set_as_default=False)
                opened.callback(self._client.close)
            if scheduler is not None:
                self._check(notice)
            self._opened = opened.pop_all()

    def submit_task(self, task: Task) -> "_Parts":
        """Have files counted by a worker, or by another one if that is lost."""
        return _Parts(
            self._client.submit(run_task, task, pure=False, retries=_RETRIES), self._place
        )

    def close(self) -> None:
        """Disconnect from the cluster; a local one is stopped."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, notice: Callable[[str], None]) -> None:
        """Check that the current workers can count, with the same versions."""
        found = self._client.run(versions, on_error="return")
        for worker, theirs in found.items():
            if isinstance(theirs, Exception):
                raise _cannot_count(f"the worker {worker}", theirs)
            _keep_versions(f"the worker {worker}", theirs)
        if not found:
            notice(f"{self._place} has no workers yet: waiting for them")


class _Parts:
    """The pending result of a task on the cluster."""

    def __init__(self, future: Any, place: str) -> None:
        self._future = future
        self._place = place

    def result(self) -> list[Part]:
        """Return the parts of the task's spans, waiting if necessary."""
        from concurrent.futures import CancelledError

        distributed = _distributed()
        lost = (
            CancelledError,
            distributed.client.FutureCancelledError,
            distributed.comm.CommClosedError,
        )
        try:
            answer = self._future.result()
        except distributed.KilledWorker as error:
            raise CliError(
                f"the workers of {self._place} that counted a task were lost, one after the other",
                hint="their logs say why; a worker needs up to 250 MB for each of its threads",
            ) from error
        except lost as error:
            raise NetworkError(f"the scheduler {self._place} was lost") from error
        except ImportError as error:
            raise _cannot_count(f"a worker of {self._place}", error) from error
        _keep_versions(f"a worker of {self._place}", answer.versions)
        parts: list[Part] = answer.parts
        return parts


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise UsageError(
            "--engine dask needs the package distributed", hint="pip install distributed"
        ) from None
    return distributed


def _local_cluster(distributed: Any, workers: int) -> Any:
    from dask import config

    # The profiler would sample each worker a hundred times a second.
    with config.set({"distributed.worker.profile.enabled": False}), _without_interrupts():
        return distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Have processes that start in this block ignore Ctrl-C; this process stops them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _reach(distributed: Any, scheduler: str) -> None:
    """Connect once first, because a Client that cannot connect takes half a minute to close."""
    import asyncio

    async def once() -> None:
        arguments = distributed.Security().get_connection_args("client")
        comm = await distributed.comm.connect(scheduler, timeout=PATIENCE, **arguments)
        await comm.close()

    try:
        asyncio.run(once())
    except ValueError as error:
        raise UsageError(
            f"--scheduler: {quoted(scheduler)} is not an address: {error}",
            hint="for example tcp://10.0.0.1:8786",
        ) from None
    except OSError:
        raise NetworkError(
            f"the scheduler {scheduler} cannot be reached",
            hint=f"there was no answer within {PATIENCE} s; check --scheduler",
        ) from None
    except Exception as error:
        raise NetworkError(
            f"no Dask scheduler answers at {scheduler}", hint="check --scheduler"
        ) from error


def _keep_versions(worker: str, theirs: Versions) -> None:
    for name, own, other in zip(Versions._fields, versions(), theirs, strict=True):
        if own != other:
            raise UsageError(
                f"{worker} has {name} {other}, and here it is {own}: counts may differ",
                hint="install the same version there",
            )


def _cannot_count(worker: str, error: Exception) -> UsageError:
    return UsageError(
        f"{worker} cannot count: {error}", hint="openai-cli must be installed there, too"
    )


@contextmanager
def _telling(notice: Callable[[str], None]) -> Iterator[None]:
    """Turn Dask's warning about different versions into a notice."""
    with warnings.catch_warnings(record=True) as met:
        warnings.simplefilter("always")
        yield
    for warning in met:
        if warning.category.__name__ == "VersionMismatchWarning":
            notice(f"the cluster has other versions: {_rows(str(warning.message))}")


def _rows(table: str) -> str:
    """Describe a table of Dask's in words; each row has a package and its versions."""
    lines = [line.strip("| ").split("|") for line in table.splitlines() if line.startswith("|")]
    return ", ".join(
        f"{package.strip()} ({here.strip()} here, {workers.strip()} on the workers)"
        for package, here, _, workers in lines[1:]
    )
