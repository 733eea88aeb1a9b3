"""Run a file on the Batch API: send its lines in parts, and collect the results of each.

Each step is recorded before it is taken. If its outcome is unknown, after a kill or a time-out, the
API is searched for it before it is repeated, so that no batch is created twice.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openai_cli.batches.batch_api import BatchApi, Found
from openai_cli.batches.collect import Collector
from openai_cli.batches.cut import Limits, next_cut
from openai_cli.batches.files import private
from openai_cli.batches.lines import VERSION
from openai_cli.batches.parts import Part, Parts, Step
from openai_cli.batches.refused import Refused, refused
from openai_cli.batches.reserve import Reserve
from openai_cli.batches.rules import MOST_LINES
from openai_cli.batches.schema import AnswerRow, Stage, Waiting
from openai_cli.batches.signals import Stopping
from openai_cli.batches.spans import Span
from openai_cli.batches.verdict import SPENT
from openai_cli.errors import (
    BadAnswerError,
    CliError,
    NetworkError,
    OutputError,
    RateLimitError,
    RefusedError,
    UnreachableError,
    UsageError,
)
from openai_cli.http.errorbody import detail_of
from openai_cli.jsontext import encode_json

if TYPE_CHECKING:
    from openai_cli.batches.job import Job

# Seconds for which a batch that was requested may not be listed yet.
SETTLING = 10.0
# How many checks in a row may fail before the run ends.
_MOST_IN_A_ROW = 20

_ENDS = ("completed", "expired", "cancelled")
_FILES = ("output_file_id", "error_file_id")


@dataclass(eq=False)
class Queued:
    """A run on the Batch API.

    `more` yields the lines to send, in order, from the start on each call. `queue` is the most
    tokens in all batches under way, or None for as many as the API accepts. With `cancels`, no part
    is begun, and those under way are cancelled.
    """

    job: "Job"
    reserve: Reserve
    more: Callable[[], Iterator[Waiting]]
    stopping: Stopping
    queue: int | None = None
    keeps_files: bool = False
    cancels: bool = False
    ended_by: CliError | None = None
    limits: Limits = field(default_factory=Limits)
    _is_full: bool = False
    _silences: int = 0
    _others: Span | None = None
    _api: BatchApi = field(init=False)
    _parts: Parts = field(init=False)
    _span: Span = field(init=False)

    @property
    def in_flight(self) -> int:
        """The number of lines that are with the Batch API."""
        return sum(part.lines for part in self._parts.on_their_way())

    def run(self) -> None:
        """Send parts and collect their results, until all lines are answered or the run ends.

        Raises OutputError if results cannot be written.
        """
        self._api, self._parts = BatchApi(self.job.session), Parts(self.job.state)
        self._span = Span(self.job.session, self.stopping, lambda: self.job.progress.tick(self))
        self.reserve.hold(self._parts.reserved())
        try:
            for part in self._parts.at(Step.COLLECTED):
                self._clear(part)
            self._go()
        except (OutputError, UsageError):
            raise
        except CliError as error:
            self.ended_by = self.ended_by or error
        if (lines := self.in_flight) and not self.cancels:
            self.job.session.context.messages.notice(
                f"{lines:,} lines are with the Batch API, which keeps working on them: "
                "openai-cli batch wait collects the answers, and batch cancel cancels the batches"
            )

    def _go(self) -> None:
        for part in self._parts.at(Step.INTENDED, Step.UPLOADED):
            if self.cancels and (part.asked is None or not self._adopt(part)):
                self._take_back(part)
            elif not self.cancels and not self.stopping.is_asked:
                self._make(part, is_new=False)
        if self.cancels:
            self._cancel()
        while True:
            self._begin()
            under_way = self._parts.at(Step.OPEN)
            if not under_way or self.stopping.is_asked:
                return
            self._span.wait()
            for part in under_way:
                if not self.stopping.is_asked:
                    self._look(part)

    # Sending.

    def _begin(self) -> None:
        """Begin as many parts as there is room for."""
        while not (self.cancels or self.stopping.is_asked or self.ended_by):
            under_way = self._parts.on_their_way()
            if self._is_full and under_way:
                return
            limits = self._limits(sum(part.tokens for part in under_way))
            cut = next_cut(self.job, self.more(), limits, self.reserve, is_alone=not under_way)
            if not cut.lines:
                if cut.short is not None and not under_way:
                    self.ended_by = self.reserve.error(cut.short)
                return
            with self.job.state.transaction():
                part = self._parts.begin(os.urandom(12).hex(), *cut[:3])
            self._make(part, is_new=True)

    def _limits(self, queued: int) -> Limits:
        """The limits of the next part, with `queued` tokens under way."""
        limits = self.limits
        if self.queue is None:
            return limits
        room = max(self.queue - queued, 0)
        tokens = room if limits.tokens is None else min(limits.tokens, room)
        return Limits(tokens, limits.lines, limits.size, limits.inputs)

    def _make(self, part: Part, *, is_new: bool) -> None:
        """Create the batch of a part, retrying as needed."""
        tries = 0
        span = self._span.anew()
        while True:
            try:
                self._made(part, is_new=is_new and not tries)
            except RefusedError:
                self._take_back(part)
                raise
            except (NetworkError, BadAnswerError, RateLimitError) as error:
                tries += 1
                if not self._may_try(error, tries, span):
                    raise
                self.job.session.context.messages.notice(f"{error.problem}; trying again")
            else:
                return
            span.wait()
            if self.stopping.is_asked:
                return
            part = self._parts.of(part.number)

    def _may_try(self, error: CliError, tries: int, span: Span) -> bool:
        if isinstance(error, RateLimitError):
            is_spent = not SPENT.isdisjoint(detail_of(error.body or b"").names)
            return not is_spent and not span.is_over
        return not isinstance(error, UnreachableError) and tries <= self.job.retries

    def _made(self, part: Part, *, is_new: bool) -> None:
        """Create the batch of a part, unless an earlier attempt did."""
        if part.asked is not None and self._adopt(part):
            return
        if part.file_id is None:
            file_id = None if is_new else self._api.find_file(part.filename)
            part = part._replace(file_id=file_id or self._uploaded(part), step=Step.UPLOADED)
        part = part._replace(asked=self.job.session.context.now())
        self._save(part)
        url = VERSION + self.job.path
        self._put(part, self._api.create(str(part.file_id), url, part.intent))

    def _adopt(self, part: Part) -> bool:
        """Look for a batch that an earlier attempt created; record it if there is one."""
        batch = self._found(part)
        if batch is not None:
            self._put(part, batch)
        return batch is not None

    def _found(self, part: Part) -> Found | None:
        """Find the batch of a part, waiting a little in case it is still being created."""
        if (batch := self._api.find(part.intent)) is not None:
            return batch
        left = (part.asked or 0) + SETTLING - self.job.session.context.now()
        if left <= 0:
            return None
        self._span.anew(left).wait()
        return self._api.find(part.intent)

    def _uploaded(self, part: Part) -> str:
        """Upload the file of a part; return its id."""
        path = self._path("part")
        try:
            with private(path) as file:
                for one in self._parts.lines(part):
                    line, _ = self.job.checked(one)
                    file.write(line.as_input())
        except OSError as error:
            raise OutputError(f"cannot write '{path}': {error.strerror}") from None
        try:
            return self._api.upload(path, part.filename)
        finally:
            path.unlink(missing_ok=True)

    def _path(self, kind: str) -> Path:
        """The path of a temporary file next to the state."""
        return self.job.state.path.with_name(f"{self.job.state.path.name}.{kind}")

    def _save(self, part: Part) -> Part:
        with self.job.state.transaction():
            return self._parts.put(part)

    def _put(self, part: Part, batch: Found) -> Part:
        """Record a batch as the API reported it."""
        return self._save(
            part._replace(step=Step.OPEN, batch_id=str(batch["id"]), batch=encode_json(batch))
        )

    def _take_back(self, part: Part, failed: Sequence[AnswerRow] = ()) -> None:
        """Return a part's unanswered lines to the waiting ones, except those that have failed."""
        part = self._parts.of(part.number)
        self.reserve.settle(self._parts.reserved(part), 0)
        with self.job.state.transaction():
            self.job.state.settle(Stage.FAILED, failed)
            self._parts.give_back(part)
            part = self._parts.put(part._replace(step=Step.COLLECTED))
        for _ in failed:
            self.job.progress.fail()
        self._clear(part)

    def _cancel(self) -> None:
        """Cancel the parts under way; those that have ended meanwhile are collected as usual."""
        for part in self._parts.at(Step.OPEN):
            try:
                self._put(part, self._api.cancel(str(part.batch_id)))
            except RefusedError:
                self._put(part, self._api.show(str(part.batch_id)))

    # Receiving.

    def _look(self, part: Part) -> None:
        """Check a batch, and collect its results once it has ended."""
        try:
            self._looked(part)
        except (NetworkError, BadAnswerError, RateLimitError) as error:
            self.job.session.deadline.check()
            self._silences += 1
            if self._silences >= _MOST_IN_A_ROW:
                error.add_hint(f"{self._silences} checks of the batches in a row failed")
                raise
        else:
            self._silences = 0
            under_way = self._parts.at(Step.OPEN)
            self.job.progress.answered = sum(one.answered for one in under_way)

    def _looked(self, part: Part) -> None:
        part = self._put(part, self._api.show(str(part.batch_id)))
        status = part.told["status"]
        if status in _ENDS:
            self._collect(part)
            self._grow()
        elif status == "failed":
            self._refused(part)
        else:
            return
        self._is_full = self._is_full and status == "failed"
        self._span.restart()

    def _collect(self, part: Part) -> None:
        """Store the results of a batch."""
        paths = []
        for name in _FILES:
            if (file_id := part.told.get(name)) is not None:
                paths.append(self._path(name.removesuffix("_file_id")))
                try:
                    self._api.download(str(file_id), paths[-1])
                except RefusedError as error:
                    if error.status != 404:
                        raise
                    # Its lines are then reported as missing.
                    paths.pop()
        collector = Collector(self.job, self.reserve, part)
        with self.job.state.transaction():
            collector.collect(paths)
            part = self._parts.put(part._replace(step=Step.COLLECTED))
        self.job.books.tell()
        for path in paths:
            path.unlink(missing_ok=True)
        if collector.strangers:
            self.job.session.context.messages.notice(
                f"{part.batch_id}: {collector.strangers:,} lines of its files belong to no request"
            )
        self._clear(part)

    def _refused(self, part: Part) -> None:
        """Handle the errors of a batch that has failed."""
        told: Refused = refused(part.told)
        lines = self._parts.lines(part)
        if told.is_queue_full:
            self._take_back(part)
            self._shrink(part, told)
            return
        failed = list(told.rows(lines))
        self._take_back(part, failed)
        if not failed:
            self.ended_by = self.ended_by or told.error(str(part.batch_id))

    def _shrink(self, part: Part, told: Refused) -> None:
        """The queue has no room: wait for our own parts, or make smaller ones."""
        if self._parts.on_their_way():
            self._is_full = True
        elif part.lines > 1:
            self.limits.lines = max(part.lines // 2, 1)
            self.job.session.context.messages.notice(
                f"the queue has no room for {part.lines:,} lines: "
                f"trying {self.limits.lines:,} at once"
            )
        elif told.may_fit(part.tokens):
            self._wait_for_others()
        else:
            self.ended_by = self.ended_by or told.error(str(part.batch_id))

    def _wait_for_others(self) -> None:
        """Wait, longer each time, for batches of other runs, which alone fill the queue."""
        if self._others is None:
            self._others = self._span.anew()
            self.job.session.context.messages.notice(
                "the queue is full of batches of other runs: retrying until there is room for one "
                "line; Ctrl-C stops, and the same command resumes"
            )
        self._others.wait()

    def _grow(self) -> None:
        """Let parts grow again, once batches of others have made room."""
        if self._others is not None:
            self.limits.lines = min(self.limits.lines * 2, MOST_LINES)

    def _clear(self, part: Part) -> None:
        """Delete the files of a part whose results are stored; failures wait for the next run."""
        if not self.keeps_files:
            for file_id in (part.file_id, *(part.told.get(name) for name in _FILES)):
                try:
                    self._delete(file_id)
                except CliError as error:
                    self.job.session.deadline.check()
                    self.job.session.context.messages.notice(
                        f"the file {file_id} is left at the API: {error.problem}"
                    )
                    return
        self._save(part._replace(step=Step.ENDED))

    def _delete(self, file_id: Any) -> None:
        if file_id is not None:
            with suppress(RefusedError):  # already deleted
                self._api.delete(str(file_id))
