"""A run of a file of requests, for `batch run`, `batch wait` and `batch cancel`."""

from contextlib import ExitStack
from itertools import chain
from secrets import token_hex

from openai_cli.batches.books import Books
from openai_cli.batches.costs import Costs
from openai_cli.batches.costs import Prices as CostPrices
from openai_cli.batches.files import Files
from openai_cli.batches.intake import Intake, Shard
from openai_cli.batches.job import Engine, Job
from openai_cli.batches.live import Live
from openai_cli.batches.parts import Parts
from openai_cli.batches.progress import RunProgress
from openai_cli.batches.queued import Queued
from openai_cli.batches.reserve import Reserve
from openai_cli.batches.results import (
    Wanted,
    answers,
    check_rows,
    failed_line,
    joined,
    output_line,
    write,
)
from openai_cli.batches.rules import Rules
from openai_cli.batches.schema import Stage, Sums
from openai_cli.batches.signals import Stopping
from openai_cli.batches.source import Source
from openai_cli.batches.state import State
from openai_cli.calls.budget import no_bound
from openai_cli.calls.session import Session
from openai_cli.commands.batch_kept import kept_options
from openai_cli.commands.body_rules import Judge
from openai_cli.commands.run_options import WAYS, Options
from openai_cli.context import Context
from openai_cli.errors import IncompleteError, LimitError, LinesFailedError, OutputError, UsageError
from openai_cli.flags.ours import number
from openai_cli.flags.values import Number
from openai_cli.http.address import region_of
from openai_cli.http.pace import Pace
from openai_cli.models.table import tier_of
from openai_cli.output.progress import Progress
from openai_cli.output.sink import check_writable
from openai_cli.output.writers import Query
from openai_cli.prices.money import UNITS, amount, dollars, plain
from openai_cli.request.inputs import Inputs

# Flags that apply to one way of running only.
_OF_LIVE = ("concurrency", "rpm", "tpm", "service_tier")
_OF_BATCH = ("queue_tokens", "keep_files")


def run(context: Context, options: Options, *, cancels: bool = False) -> None:
    """Read the input, send the requests that have no answer yet, and write the answers.

    With `cancels` nothing is sent, and the run's batches on the Batch API are cancelled.
    """
    if options.output in (None, "-"):
        raise UsageError(
            "batch run needs -o FILE, and keeps its progress beside it",
            hint=f"for example: openai-cli batch run {options.file} -o out.jsonl",
        )
    if options.via not in WAYS:
        raise UsageError(f"--via must be {' or '.join(WAYS)}, not '{options.via}'")
    foreign = _OF_LIVE if options.via == "batch" else _OF_BATCH
    if (name := next((one for one in foreign if getattr(options, one)), None)) is not None:
        other = "live" if options.via == "batch" else "batch"
        raise UsageError(f"--{name.replace('_', '-')} is for --via {other}")
    with ExitStack() as stack:
        _Run(context, options, stack, cancels=cancels).run()


class _Run:
    """One command; the `stack` closes what it opens.

    Raises UsageError, LimitError and CredentialError before anything is sent.
    """

    def __init__(
        self, context: Context, options: Options, stack: ExitStack, *, cancels: bool = False
    ) -> None:
        self.context = context
        self.cancels = cancels
        self.is_batch = options.via == "batch"
        # As in the price tables: the Batch API is billed at a tier of its own.
        self.tier = "batch" if self.is_batch else options.service_tier
        self.options = options
        self.shard = Shard() if options.shard is None else Shard.parsed(options.shard)
        self.inputs = Inputs(context)
        self.files = Files.of(str(options.output), self.shard)
        self.files.check(options.file)
        check_writable(context, str(self.files.output))
        self._check_forms()
        self.pace = Pace(
            _whole("--concurrency", options.concurrency) or 64,
            rpm=self._share(_whole("--rpm", options.rpm)),
            tpm=self._share(_whole("--tpm", options.tpm)),
        )
        self.queue = _whole("--queue-tokens", options.queue_tokens)
        self.limit = _whole("--limit", options.limit)
        self.query = None if options.query is None else Query(options.query)
        self.session = stack.enter_context(Session(context, options, self.inputs))
        self.session.connections = self.pace.most
        self.source = stack.enter_context(Source.open(options.file, self.inputs))
        _ = self.session.client  # fails for a missing key before anything is created
        stack.enter_context(self.files.locked())
        self.state = stack.enter_context(State(self.files.state))
        self.books = Books(self.session.receipts, self.state)

    def _check_forms(self) -> None:
        """Raise UsageError for output forms that exclude each other, or that cannot be made."""
        options = self.options
        if options.query is not None and options.text:
            raise UsageError("--query and --text: give one of them")
        if options.csv is not None:
            check_rows(options.csv, options.id, self.inputs)
        elif options.id is not None:
            raise UsageError("--id is for --csv: it names the column of its rows")

    def _share(self, value: int | None) -> float | None:
        """This shard's share of a limit that holds for all shards together."""
        return None if value is None else value / self.shard.of

    def run(self) -> None:
        """Read the input, send what has no answer, write the results, and say how the run ended."""
        self._take_in()
        self.books.recover()
        self.books.tell()
        before = self.state.sums()
        reserve = self._reserve(before)
        self._tell_bound(before)
        with Stopping() as stopping:
            job = self._job(before)
            engine = self._engine(job, reserve, stopping)
            try:
                engine.run()
            finally:
                job.progress.close()
            self._write(job)
            self._end(engine, stopping)

    # Before anything is sent.

    def _take_in(self) -> None:
        """Read the input into the state; if anything is wrong with it, nothing is kept."""
        receipts = self.session.receipts
        prices = CostPrices(
            receipts.table,
            self.context.today(),
            region_of(self.session.server.base_url),
            None if self.tier is None else tier_of(self.tier),
            self.options.allow_unbounded,
        )
        judge = Judge(self.context)
        has_begun = self.state["path"] is not None
        try:
            self._taken(Costs(prices), judge)
        except BaseException:
            if not has_begun:
                self.state.remove()
            raise
        judge.tell_unknown()
        if self.in_flight:
            self.context.messages.notice(
                f"{self.in_flight} requests were in flight when the run was interrupted: they are "
                "sent again"
            )

    def _taken(self, costs: Costs, judge: Judge) -> None:
        """Read the input in one transaction."""
        with (
            Rules(judge) as rules,
            Progress(self.context.messages, self.source.size) as progress,
            self.state.transaction(),
        ):
            self.source.on_read = progress.advance
            shard, tier = f"{self.shard.number}/{self.shard.of}", self.tier or ""
            if self.state["shard"] not in (None, shard):
                raise UsageError(
                    f"the run started with --shard {self.state['shard']}",
                    hint="use that, or start over with another output",
                )
            recounts = self.state["service_tier"] not in (None, tier)
            Intake(self.state, self.source, rules, costs, self.shard, recounts).take()
            self.state["path"], self.state["shard"] = rules.path, shard
            self.state["service_tier"] = tier
            self._check_way()
            self.in_flight = self.state.recover()
            self.state["id"] = self.state["id"] or f"run_{token_hex(12)}"
            self.session.receipts.batch_id = self.state["id"]
            if self.options.retry_failed:
                self.state.retry_failed()

    def _check_way(self) -> None:
        """Record how the requests are sent; UsageError if the run is under way elsewhere."""
        if Parts(self.state).on_their_way():
            if not self.is_batch:
                raise UsageError(
                    "lines of this run are with the Batch API",
                    hint=f"openai-cli batch wait {self.options.output} collects their answers, and "
                    "batch cancel cancels the batches",
                )
            if (began := self.state["base_url"]) != self.session.server.base_url:
                raise UsageError(f"the batches of this run are at {began}")
        if self.is_batch and not self.cancels:
            self.state["base_url"] = self.session.server.base_url
            self.state["options"] = kept_options(self.options)

    def _reserve(self, before: Sums) -> Reserve:
        """What is left of --max-cost; LimitError if a line's cost has no bound."""
        book = self.session.receipts.book
        limit = None
        if self.options.max_cost is not None:
            limit = int(amount("--max-cost", self.options.max_cost) * UNITS) // self.shard.of
        elif book is None or not book.limits:
            return Reserve(used=before.usd + before.lost)
        if (line := self.state.unbounded()) is not None:
            name = "--max-cost" if limit is not None else "[budget]"
            error = no_bound("its price or its tokens are not known", name)
            error.problem = f"line {line}: {error.problem}"
            raise error
        return Reserve(limit, used=before.usd + before.lost, book=book)

    def _tell_bound(self, before: Sums) -> None:
        bound, tokens, unknown = self.state.bounds()
        noun = "request" if before.lines == 1 else "requests"
        told = f"{before.lines:,} {noun}, {tokens:,} input tokens"
        if not unknown:
            told += f", at most {plain(dollars(bound))} USD"
        if before.done or before.failed:
            told += f"; {before.done:,} done, {before.failed:,} failed"
        self.context.messages.notice(told)

    # The run itself.

    def _engine(self, job: Job, reserve: Reserve, stopping: Stopping) -> Engine:
        """What gets the lines answered, according to --via."""
        if self.is_batch:
            return Queued(
                job,
                reserve,
                lambda: self.state.waiting(self.limit),
                stopping,
                queue=self.queue,
                keeps_files=self.options.keep_files,
                cancels=self.cancels,
            )
        return Live(job, self.pace, reserve, self.state.waiting(self.limit), stopping)

    def _job(self, before: Sums) -> Job:
        return Job(
            self.session,
            self.state,
            self.source,
            self.state["path"],
            self.books,
            RunProgress(
                self.context.messages,
                min(before.lines, self.limit or before.lines),
                before.done,
                before.failed,
                before.usd,
            ),
            retries=self.options.patience.retries,
            tier=self.options.service_tier,
            has_own_timeout=self.options.timeout is not None,
            debug_on=self.options.debug,
        )

    # The end of the run.

    def _write(self, job: Job) -> None:
        """Write the answers and the failures; OutputError if they cannot be written."""
        wanted = Wanted(job.path, self.query, self.options.null)
        try:
            if self.options.csv is not None:
                rows = joined(self.state, self.options.csv, self.options.id, wanted, self.inputs)
                write(self.files.output, rows)
            else:
                is_plain = self.query is None and not self.options.text
                shape = output_line if is_plain else wanted
                write(self.files.output, answers(self.state, shape))
            self._write_failed(job)
        except OSError as error:
            raise OutputError(
                f"cannot write '{self.files.output}': {error.strerror}",
                hint="the answers are kept, and the same command writes them",
            ) from None

    def _write_failed(self, job: Job) -> None:
        lines = (failed_line(one, job.line_at(one)) for one in self.state.ended(Stage.FAILED))
        first = next(lines, None)
        if first is None:
            self.files.failed.unlink(missing_ok=True)
        else:
            write(self.files.failed, chain((first,), lines))

    def _end(self, engine: Engine, stopping: Stopping) -> None:
        """Report the progress of the run, and raise what ended it."""
        sums = self.state.sums()
        far = f"{sums.done:,} of {sums.lines:,} lines are done"
        if self.options.usage:
            self.context.messages.usage(
                f"{sums.tokens:,} tokens; {plain(dollars(sums.usd))} USD"
                + (f", and {sums.unpriced} answers without a price" if sums.unpriced else "")
            )
        if stopping.is_asked:
            self.context.messages.notice(f"{far}; the same command resumes")
            stopping.check()
        if engine.ended_by is not None:
            is_short = isinstance(engine.ended_by, LimitError)
            how = " with a higher --max-cost" if is_short else ""
            engine.ended_by.add_hint(f"{far}, and the same command{how} resumes")
            raise engine.ended_by
        if sums.waiting:
            self.context.messages.notice(f"{far}; without --limit the same command resumes")
        if sums.failed:
            raise LinesFailedError(
                f"{sums.failed:,} of {sums.lines:,} lines failed",
                hint=f"'{self.files.failed}' has the reasons; --retry-failed sends them again",
            )
        if sums.incomplete:
            reason = f"{sums.incomplete:,} of {sums.lines:,} answers are not complete"
            if self.session.must_be_complete:
                raise IncompleteError(reason)
            self.context.messages.notice(reason)


def _whole(flag: str, raw: str | None) -> int | None:
    """The value of a flag as an integer of at least 1."""
    value = number(flag, raw, Number(1, integer=True))
    return None if value is None else int(value)
