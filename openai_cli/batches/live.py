"""Run a file live: many requests in flight, their answers stored as they arrive.

A slot in flight is freed only once its answer is committed, so a kill loses only the answers of
requests in flight.
"""

import heapq
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from openai_cli.answer.base import Answer
from openai_cli.answer.parts import read
from openai_cli.batches.readers import reader_of
from openai_cli.batches.reserve import Reserve
from openai_cli.batches.schema import AnswerRow, Stage, Waiting
from openai_cli.batches.signals import Stopping
from openai_cli.batches.verdict import Verdict, is_busy, verdict_of
from openai_cli.errors import CliError, RateLimitError, UnreachableError
from openai_cli.http import retry
from openai_cli.http.pace import Pace
from openai_cli.http.whole import WHOLE, WholeResponse
from openai_cli.records import NamedTuple

if TYPE_CHECKING:
    from openai_cli.batches.job import Job
    from openai_cli.http.direct import Direct
    from openai_cli.http.flights import Flights, Landed

# Seconds between two checks while nothing arrives.
_TICK = 0.25
# Seconds during which nothing but 429 may arrive.
PATIENCE = 900.0
# How many lines in a row may fail, by the server or the network, before the run ends.
_MOST_IN_A_ROW = 20
_SUCCESSES = range(200, 300)


class Task(NamedTuple):
    """An attempt at a line, after `tries` counted attempts.

    `sent` is when it was sent, by the monotonic clock, and `began` in seconds since the epoch.
    """

    line: Waiting
    body: Mapping[str, Any]
    data: bytes
    tries: int = 0
    waits: int = 0
    sent: float = 0.0
    began: float = 0.0

    @property
    def tokens(self) -> int:
        """The tokens that the request counts for against a token limit."""
        return (self.line.tokens or 0) + (self.line.output or 0)

    @property
    def bound(self) -> int:
        """The most that it can cost, in units; 0 if unknown."""
        return self.line.bound or 0


class Outcome(NamedTuple):
    """The result of an attempt: a complete answer, or an error."""

    task: Task
    answer: Answer
    response: WholeResponse | None = None
    error: CliError | None = None


@dataclass(eq=False)
class Live:
    """A run on the endpoint itself.

    `more` yields the lines to send. `ended_by` is why the run ended early.
    """

    job: "Job"
    pace: Pace
    reserve: Reserve
    more: Iterator[Waiting]
    stopping: Stopping
    ended_by: CliError | None = None
    _flying: dict[int, Task] = field(default_factory=dict)
    _later: list[tuple[float, int, Task]] = field(default_factory=list)
    _next: Task | None = None
    _is_all_read: bool = False
    _is_short: bool = False
    _is_told: bool = False
    _answered: int = 0
    _in_a_row: list[int] = field(default_factory=list)
    _heard: float = 0.0
    _direct: "Direct" = field(init=False)
    _flights: "Flights[int]" = field(init=False)

    @property
    def in_flight(self) -> int:
        """The number of requests in flight."""
        return len(self._flying)

    def run(self) -> None:
        """Send until all lines are answered or something ends the run, then await those in flight.

        Raises OutputError if the state cannot be written.
        """
        from openai_cli.http.flights import Flights

        self._direct = self.job.session.client.direct(self.job.path)
        self._flights = Flights(self._direct)
        self._heard = time.monotonic()
        self._answered = self.job.state.sums().done
        try:
            while self._go_on():
                outcomes = self._arrived()
                with self.job.state.transaction():
                    for outcome in outcomes:
                        self._settle(outcome)
                    going = self._chosen()
                    self.job.state.mark_sent(task.line.number for task in going)
                self.job.books.tell()
                for outcome in outcomes:
                    self._landed(outcome.task)
                self._send(going)
                self.job.progress.tick(self)
                self._tell_end()
            with self.job.state.transaction():
                self.job.state.wait_again(task.line.number for _, _, task in self._later)
        finally:
            self._flights.close()

    def _go_on(self) -> bool:
        """Whether anything is left to send or await."""
        try:
            self.job.session.deadline.check()
        except UnreachableError as error:
            self.ended_by = self.ended_by or error
        if self._flying:
            return True
        return not self._is_over and (bool(self._later) or self._peek() is not None)

    @property
    def _is_over(self) -> bool:
        """Whether sending has stopped."""
        return self.ended_by is not None or self.stopping.is_asked

    def _tell_end(self) -> None:
        """Say once that sending has stopped, and how many requests are awaited."""
        if self._is_over and self._flying and not self._is_told:
            self._is_told = True
            self.job.progress.close()
            more = "; a second signal stops at once" if self.stopping.is_asked else ""
            self.job.session.context.messages.notice(
                f"stopped sending; waiting for {len(self._flying)} in flight{more}"
            )

    # Sending.

    def _peek(self) -> Task | None:
        """The next line that was not sent yet."""
        if self._next is None and not self._is_all_read:
            line = next(self.more, None)
            self._is_all_read = line is None
            self._next = None if line is None else self._task(line)
        return self._next

    def _task(self, line: Waiting) -> Task:
        return Task(line, *self.job.request(line))

    def _chosen(self) -> list[Task]:
        """The tasks that can be sent now."""
        going: list[Task] = []
        now = time.monotonic()
        self._is_short = False
        while not self._is_over and (task := self._candidate(now)) is not None:
            if self.pace.wait(now, len(self._flying) + len(going), task.tokens) > 0:
                break
            if not self._affords(task, len(self._flying) + len(going)):
                break
            self._taken(task)
            going.append(task._replace(sent=now, began=self.job.session.context.now()))
            self.pace.sent(now, task.tokens)
        return going

    def _candidate(self, now: float) -> Task | None:
        """A task that is due for a retry, else the next line."""
        if self._later and self._later[0][0] <= now:
            return self._later[0][2]
        # Without this limit, a server that refuses everything would fill memory with the input.
        return self._peek() if len(self._later) < self.pace.most else None

    def _taken(self, task: Task) -> None:
        if self._later and self._later[0][2] is task:
            heapq.heappop(self._later)
        else:
            self._next = None

    def _affords(self, task: Task, in_flight: int) -> bool:
        """Reserve the task's bound; if there is no room and nothing is in flight, the run ends."""
        if self.reserve.take(task.bound):
            return True
        self._is_short = True
        if not in_flight:
            self.ended_by = self.reserve.error(task.bound)
        return False

    def _send(self, going: list[Task]) -> None:
        for task in going:
            self._flying[task.line.number] = task
            patience = self.job.patience_for(task.body)
            self._flights.send(task.line.number, task.data, read_timeout=patience)

    # Receiving.

    def _arrived(self) -> list[Outcome]:
        """Wait for outcomes, or until something can be sent; return those that have arrived."""
        return [self._outcome(one) for one in self._flights.landed(self._pause())]

    def _outcome(self, landed: "Landed[int]") -> Outcome:
        """Read what arrived, with the reader for the endpoint."""
        if landed.fault is not None:
            raise landed.fault
        task, response = self._flying[landed.key], landed.response
        answer = reader_of(self.job.path, task.body)
        answer.asked_model, answer.began = task.body.get("model"), task.began
        if response is None:
            return Outcome(task, answer, error=landed.error)
        answer.request_id = response.request_id
        try:
            if response.status not in WHOLE:
                return Outcome(task, answer, response, self._direct.failure(response))
            for _ in read(response, answer):
                pass
        except CliError as error:
            return Outcome(task, answer, response, error)
        return Outcome(task, answer, response)

    def _pause(self) -> float:
        """Seconds until something can be sent, unless an answer arrives first."""
        now = time.monotonic()
        if self._is_over or self._is_short:
            return _TICK
        waits = [_TICK]
        if (task := self._candidate(now)) is not None:
            waits.append(self.pace.wait(now, len(self._flying), task.tokens))
        elif self._later:
            waits.append(self._later[0][0] - now)
        return max(0.0, min(waits))

    def _landed(self, task: Task) -> None:
        self._flying.pop(task.line.number, None)

    def _settle(self, outcome: Outcome) -> None:
        now = time.monotonic()
        if self.job.debug_on:
            self._show(outcome, now)
        if outcome.response is not None:
            self.pace.heed(now, outcome.response.headers)
        if outcome.error is None and outcome.response is not None:
            self._done(outcome, outcome.response)
        elif outcome.error is not None:
            self._failed(outcome, outcome.error, now)

    def _show(self, outcome: Outcome, now: float) -> None:
        task, response, error = outcome.task, outcome.response, outcome.error
        status = f"HTTP {response.status}" if response else "no answer"
        problem = f", {error.problem}" if error else ""
        self.job.session.context.messages.debug(
            f"line {task.line.number}: {status} after {now - task.sent:.2f} s{problem}; "
            f"{len(self._flying)} in flight, at most {int(self.pace.window)}"
        )

    def _done(self, outcome: Outcome, response: WholeResponse) -> None:
        task = outcome.task
        self.pace.went_well()
        self._heard = time.monotonic()
        self._answered += 1
        self._in_a_row.clear()
        receipt = self.job.books.of(outcome.answer)
        self.reserve.settle(task.bound, receipt.usd)
        self.job.progress.count(receipt.tokens, receipt.usd)
        row = AnswerRow(
            task.line.number,
            response.status,
            response.request_id,
            response.body,
            incomplete="; ".join(self.job.shortfalls(outcome.answer)) or None,
            usd=receipt.usd,
            tokens=receipt.tokens,
            record=receipt.record,
        )
        self.job.state.settle(Stage.DONE, [row])

    def _failed(self, outcome: Outcome, error: CliError, now: float) -> None:
        task, response = outcome.task, outcome.response
        verdict = verdict_of(error, response, is_first=not self._answered)
        asked = retry.asked_delay(response.headers, time.time()) if response else None
        if is_busy(verdict, error):
            self.pace.too_much(now, task.sent, asked)
        self._account(outcome, error)
        if verdict is Verdict.WAIT:
            if now - self._heard > PATIENCE:
                self._end(task, error)
            else:
                self._again(task._replace(waits=task.waits + 1), now, task.waits, asked)
            return
        self._heard = now
        if verdict is Verdict.END:
            self._end(task, error)
        elif verdict is Verdict.RETRY and task.tries < self.job.retries:
            self._again(task._replace(tries=task.tries + 1), now, task.tries, asked)
        else:
            self._fail(outcome, error, is_of_server=verdict is Verdict.RETRY)

    def _account(self, outcome: Outcome, error: CliError) -> None:
        """Release the task's reservation; an attempt without an answer may have been billed."""
        may_be_paid = not isinstance(error, RateLimitError) and (
            outcome.response is None or outcome.response.status >= 500
            or outcome.response.status in _SUCCESSES
        )  # fmt: skip
        bound = outcome.task.bound
        self.reserve.settle(bound, bound if may_be_paid else 0)
        if may_be_paid and bound:
            self.job.state.lose([(bound, outcome.task.line.number)])

    def _again(self, task: Task, now: float, before: int, asked: float | None) -> None:
        """Schedule a retry, after the delay that the server asked for, or a growing one."""
        if self._is_over:
            self.job.state.wait_again([task.line.number])
            return
        due = now + retry.delay(before, asked, self.job.session.context.chance())
        heapq.heappush(self._later, (due, task.line.number, task))

    def _end(self, task: Task, error: CliError) -> None:
        """End the run; the line is left waiting."""
        self.job.state.wait_again([task.line.number])
        self.ended_by = self.ended_by or error

    def _fail(self, outcome: Outcome, error: CliError, *, is_of_server: bool) -> None:
        task, response = outcome.task, outcome.response
        self.job.progress.fail()
        record = self.job.books.of(outcome.answer, error).record
        row = AnswerRow(
            task.line.number,
            response.status if response else None,
            error.request_id or (response.request_id if response else None),
            response.body if response else None,
            reason=error.problem,
            code=self.job.code_of(error, response),
            record=record,
        )
        self.job.state.settle(Stage.FAILED, [row])
        if not is_of_server:
            self._in_a_row.clear()
            return
        self._in_a_row.append(task.line.number)
        if len(self._in_a_row) >= _MOST_IN_A_ROW:
            self.job.state.wait_again(self._in_a_row)
            error.add_hint(f"{len(self._in_a_row)} requests in a row failed this way")
            self.ended_by = self.ended_by or error
            self._in_a_row.clear()
