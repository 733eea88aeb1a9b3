"""The processes that count with gigatoken: one, and as many as there are processors for much."""

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

# In bytes: so much work for each process, for it takes half a second of a processor to begin.
ENOUGH = 2**25

# Of a process: one is under way, and one waits in its pipe so that it need not.
_EACH = 2


class Team:
    """Counts texts and files in `most` processes at most; a process more where there is much."""

    def __init__(self, encoding: str, most: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._encoding = encoding
        self._most = most
        self._processes: list[_Process] = []
        self._size = 0
        self._changed = Condition()
        self._executor = ThreadPoolExecutor(_EACH * most)

    def submit(self, texts: Sequence[str]) -> "Future[list[int]]":
        """Begin to count the tokens of each text."""
        # Who reads and parses the texts takes a processor, too.
        self._grow(sum(map(len, texts)), max(1, self._most - 1))
        return self._executor.submit(in_pieces, texts, self._count, self._encoding)

    def submit_task(self, task: "Task") -> "Future[list[Part]]":
        """Begin to count files, which the process reads."""
        self._grow(task.size, self._most)
        return self._executor.submit(self._count_task, task)

    def close(self) -> None:
        """End the processes, whatever they are at."""
        for process in self._processes:
            process.kill()
        self._executor.shutdown(cancel_futures=True)
        for process in self._processes:
            process.close()

    def forget(self) -> None:
        """Leave the processes to the process that this one was forked from."""
        for process in self._processes:
            process.forget()

    def _grow(self, size: int, most: int) -> None:
        """Begin one more process where all have something to do, and there is enough for it."""
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
        """The answer of the process that has least to do, once one has room."""
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
    """One of them, and how much of what it was asked is `under_way`."""

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
                process_group=0,  # Ctrl-C is for this process, which then ends that one
            )
            os.close(questions)
            os.close(answers)
            # While it loads what it needs: it reads this when the first message has come.
            file.write(_ranks(encoding))
            file.flush()

    def ask(self, message: bytes) -> bytes:
        try:
            with self._sending:
                worker.send(self._questions, message)
                # Within the other lock, so that the answers are taken in the order of the messages.
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
        self._process.returncode = 0  # of no child of this process, so that nobody waits for it


@lru_cache(1)
def _ranks(encoding: str) -> bytes:
    return rank_file(rules_of(encoding))


def _ended(status: int) -> CliError:
    if status == -SIGKILL:
        return CliError(
            "a process that counts was killed, as Linux does where memory is short",
            hint="each takes up to 250 MB; tokens --files --workers N begins fewer",
        )
    return CliError(f"the process that counts ended, with status {status}")


def _widen(pipe: int) -> None:
    """Let a pipe hold a message, where the system can: it took a fifth of the time to fill it."""
    import fcntl

    if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 2**20)
