"""Counting files on a Dask cluster: the tasks that processes of this machine take, but larger.

Dask and not Ray, for what it takes beside the counting. On one busy machine, in turn, a local
cluster of two workers gave its first answer after 23 and 32 s, Ray after 39 and 52; installed they
have 50 and 265 MB.
"""

import logging
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple, Self

import openai_cli
from openai_cli.errors import CliError, NetworkError, UsageError
from openai_cli.jsontext import quoted
from openai_cli.tokens import bulk
from openai_cli.tokens.processors import processors
from openai_cli.tokens.tasks import Part, Task, count_task

# In bytes, of a task: half a second of a processor, beside which what Dask does is little.
_SIZE = 2**26

# How many tasks are under way at once: so many processors may be at work.
_AHEAD = 1000

# In seconds: how long a scheduler may take to answer.
PATIENCE = 10

# How often a task is tried again that failed, as where a process that counts was killed.
_RETRIES = 2


class Versions(NamedTuple):
    """The versions of what must be the same on all machines, so that counts are."""

    openai_cli: str
    tiktoken: str


class Answer(NamedTuple):
    """What a worker gives of a task."""

    versions: Versions
    parts: list[Part]


@lru_cache
def versions() -> Versions:
    """Those of this process."""
    from importlib.metadata import version

    return Versions(openai_cli.__version__, version("tiktoken"))


def run_task(task: Task) -> Answer:
    """Count a task, on a worker; what counts there is kept for the next."""
    counter = _counter(task.wanted.encoding)
    if not counter.reads_files:
        return Answer(versions(), count_task(task, counter.counts))
    try:
        return Answer(versions(), counter.submit_task(task).result())
    except CliError:  # of a process that ended: the next task has another
        counter.close()
        raise


@lru_cache
def _counter(encoding: str) -> bulk.Counter:
    return bulk.Counter(encoding)


class Cluster:
    """An engine of `corpus`: the cluster of a scheduler, or one of this machine.

    `workers` is how many a local one has. `notice` is told what a person should know. Raises
    UsageError where the packages are missing here or on a worker, or are others there, and
    NetworkError for a scheduler that cannot be reached.
    """

    size = _SIZE
    ahead = _AHEAD

    def __init__(
        self, scheduler: str | None, workers: int | None, notice: Callable[[str], None]
    ) -> None:
        self._place = scheduler or "the local cluster"
        self._local: Any = None
        self._disabled = logging.root.manager.disable
        logging.disable()  # what Dask has to say is said by exceptions
        with _telling(notice):
            distributed = _distributed()
            if scheduler is None:
                self._local = _local_cluster(distributed, workers or processors())
            else:
                _reach(distributed, scheduler)
            self._client = distributed.Client(
                self._local or scheduler, timeout=PATIENCE, set_as_default=False
            )
        if scheduler is not None:
            self._check(notice)

    def submit_task(self, task: Task) -> "_Parts":
        """Have files counted by a worker, by another one if that is lost."""
        return _Parts(
            self._client.submit(run_task, task, pure=False, retries=_RETRIES), self._place
        )

    def close(self) -> None:
        """Leave the cluster; a local one ends."""
        self._client.close()
        if self._local is not None:
            self._local.close()
        logging.disable(self._disabled)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, notice: Callable[[str], None]) -> None:
        """Of each worker that there is by now that it can count, and as we do."""
        found = self._client.run(versions, on_error="return")
        for worker, theirs in found.items():
            if isinstance(theirs, Exception):
                raise _cannot_count(f"the worker {worker}", theirs)
            _keep_versions(f"the worker {worker}", theirs)
        if not found:
            notice(f"{self._place} has no workers yet: waiting for them")


class _Parts:
    """What becomes of a task on the cluster."""

    def __init__(self, future: Any, place: str) -> None:
        self._future = future
        self._place = place

    def result(self) -> list[Part]:
        """The parts of its spans; waits until they are known."""
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
                hint="their logs tell why; a worker has up to 250 MB for each of its threads",
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

    # The profile looks a hundred times a second at what each worker does.
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
    """What begins here leaves Ctrl-C to this process, which then ends it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _reach(distributed: Any, scheduler: str) -> None:
    """Connect once: a Client that fails to takes half a minute more to go."""
    import asyncio

    async def once() -> None:
        arguments = distributed.Security().get_connection_args("client")
        comm = await distributed.comm.connect(scheduler, timeout=PATIENCE, **arguments)
        await comm.close()

    try:
        asyncio.run(once())
    except ValueError as error:
        raise UsageError(
            f"--scheduler: {quoted(scheduler)} is no address: {error}",
            hint="for example tcp://10.0.0.1:8786",
        ) from None
    except OSError:
        raise NetworkError(
            f"the scheduler {scheduler} cannot be reached",
            hint=f"it was waited for up to {PATIENCE} s; check --scheduler",
        ) from None
    except Exception as error:
        raise NetworkError(
            f"no scheduler of Dask answers at {scheduler}", hint="check --scheduler"
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
    """Have Dask's warning of other versions as a notice."""
    with warnings.catch_warnings(record=True) as met:
        warnings.simplefilter("always")
        yield
    for warning in met:
        if warning.category.__name__ == "VersionMismatchWarning":
            notice(f"the cluster has other versions: {_rows(str(warning.message))}")


def _rows(table: str) -> str:
    """What a table of Dask says, in words: its rows have a package and the versions of it."""
    lines = [line.strip("| ").split("|") for line in table.splitlines() if line.startswith("|")]
    return ", ".join(
        f"{package.strip()} ({here.strip()} here, {workers.strip()} on the workers)"
        for package, here, _, workers in lines[1:]
    )
