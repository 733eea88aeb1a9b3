"""The processes that count with gigatoken: one, or for large amounts one per processor."""

import os
import pickle
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from signal import SIGKILL
from subprocess import DEVNULL, Popen
from tempfile import TemporaryFile
from threading import Condition, Lock
from typing import TYPE_CHECKING

from openai_cli.errors import CliError
from openai_cli.tokens import worker
from openai_cli.tokens.agreement import (
    PRETOKENIZERS,
    SEPARATOR,
    counts_by,
    in_pieces,
    rank_file,
)
from openai_cli.tokens.encoders import rules_of

if TYPE_CHECKING:
    from concurrent.futures import Future

    from openai_cli.tokens.tasks import Part, Task

# The bytes of work per process, because starting one takes half a second of processor time.
ENOUGH = 2**25

# Messages per process: it works on one while the next waits in its pipe.
_EACH = 2


class Team:
    """Counts texts and files in up to `most` processes, which it starts as the work grows."""

    def __init__(self, encoding: str, most: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._encoding = encoding
        self._most = most
        self._processes: list[_Process] = []
        self._size = 0
        self._changed = Condition()
        self._executor = ThreadPoolExecutor(_EACH * most)

    def submit(self, texts: Sequence[str]) -> "Future[list[int]]":
        """Start to count the tokens of each text."""
        # This process, which reads and parses the texts, also needs a processor.
        self._grow(sum(map(len, texts)), max(1, self._most - 1))
        return self._executor.submit(in_pieces, texts, self._count, self._encoding)

    def submit_task(self, task: "Task") -> "Future[list[Part]]":
        """Start to count files, which a process reads."""
        self._grow(task.size, self._most)
        return self._executor.submit(self._count_task, task)

    def close(self) -> None:
        """Kill the processes, even if they are busy."""
        for process in self._processes:
            process.kill()
        self._executor.shutdown(cancel_futures=True)
        for process in self._processes:
            process.close()

    def forget(self) -> None:
        """Leave the processes to the parent, after a fork."""
        for process in self._processes:
            process.forget()

    def _grow(self, size: int, most: int) -> None:
        """Start another process if all are busy and there is enough work for it."""
        with self._changed:
            self._size += size
            count = len(self._processes)
            if not count or (
                count < most
                and self._size > ENOUGH * count
                and all(process.under_way for process in self._processes)
            ):
                self._processes.append(_Process(self._encoding))

    def _count(self, texts: Sequence[str]) -> list[int]:
        def ask(message: bytes) -> list[int]:
            return worker.counts_of(self._ask(message))

        return counts_by(ask, texts, self._encoding)

    def _count_task(self, task: "Task") -> "list[Part]":
        answer = pickle.loads(self._ask(pickle.dumps(task)))  # noqa: S301 - from our own process
        if isinstance(answer, Exception):
            raise answer
        parts: list[Part] = answer
        return parts

    def _ask(self, message: bytes) -> bytes:
        """Send a message to the least busy process, once one has room; return the answer."""
        with self._changed:
            while True:
                process = min(self._processes, key=lambda one: one.under_way)
                if process.under_way < _EACH:
                    break
                self._changed.wait()
            process.under_way += 1
        try:
            return process.ask(message)
        finally:
            with self._changed:
                process.under_way -= 1
                self._changed.notify()


class _Process:
    """A counting process; `under_way` is the number of its pending messages."""

    def __init__(self, encoding: str) -> None:
        rules = rules_of(encoding)
        self.under_way = 0
        self._sending, self._receiving = Lock(), Lock()
        questions, self._questions = os.pipe()
        self._answers, answers = os.pipe()
        _widen(self._questions)
        with TemporaryFile() as file:
            arguments = [
                str(file.fileno()), PRETOKENIZERS[rules.vocabulary], SEPARATOR, str(rules.below)
            ]  # fmt: skip
            self._process = Popen(  # noqa: S603 - this Python, and a file of this package
                [sys.executable, "-P", worker.__file__, *arguments],
                stdin=questions,
                stdout=answers,
                stderr=DEVNULL,
                pass_fds=[file.fileno()],
                process_group=0,  # Ctrl-C goes only to this process, which then ends that one
            )
            os.close(questions)
            os.close(answers)
            # Written while the process starts: it reads this when the first message arrives.
            file.write(_ranks(encoding))
            file.flush()

    def ask(self, message: bytes) -> bytes:
        try:
            with self._sending:
                worker.send(self._questions, message)
                # Acquired inside the other lock, so that answers are read in the order of messages.
                self._receiving.acquire()
            try:
                answer = worker.receive(self._answers)
            finally:
                self._receiving.release()
        except OSError:
            answer = None
        if answer is None:
            raise _ended(self._process.wait())
        return answer

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        os.close(self._questions)
        os.close(self._answers)

    def forget(self) -> None:
        self.close()
        self._process.returncode = 0  # it is not our child, so nobody may wait for it


@lru_cache(1)
def _ranks(encoding: str) -> bytes:
    return rank_file(rules_of(encoding))


def _ended(status: int) -> CliError:
    if status == -SIGKILL:
        return CliError(
            "a process that counts was killed, as Linux does when memory runs out",
            hint="each takes up to 250 MB; tokens --files --workers N starts fewer",
        )
    return CliError(f"the process that counts ended, with status {status}")


def _widen(pipe: int) -> None:
    """Enlarge a pipe to hold a whole message, if possible: filling it took a fifth of the time."""
    import fcntl

    if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 2**20)
