"""What the calls of a command took: a line on stderr, one of a file, one of the ledger."""

from dataclasses import field, replace
from typing import TYPE_CHECKING, Self

from openai_cli.context import Context
from openai_cli.errors import (
    CliError,
    ExitCode,
    LimitError,
    OutputError,
    UnreachableError,
    UsageError,
)
from openai_cli.flags.ours import CommonOptions
from openai_cli.flags.output import Completeness, Prices, Spending
from openai_cli.output.sink import Log, utf8_bytes
from openai_cli.records import mutable_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from openai_cli.answer.base import Answer
    from openai_cli.ledger.book import Book
    from openai_cli.models.table import Table
    from openai_cli.prices.occasion import Occasion
    from openai_cli.prices.receipt import Receipt
    from openai_cli.request.body import Request


@mutable_record
class Receipts:
    """What --usage and --usage-file ask for.

    `base_url` gives that of the server, which may be in a region of its own. `kept`, where it is a
    list, gets every receipt. `label` is for the lines of the file, and with `must_be_complete` an
    answer that is not has an exit code of its own there. Where it `compares`, what was billed is
    held against our own count. `is_refused` says that the server does not take
    `stream_options.include_usage`: it is not asked again. `failure` is why a line was not written.
    `book` is the ledger, where one is kept, and with `may_price_later` nobody has a table of prices
    of their own. Where it `has_told_alone`, calls whose answers tell no usage have no line.
    `batch_id` is the id that the calls of a run share.
    """

    context: Context
    table: "Callable[[], Table]"
    base_url: "Callable[[], str]"
    is_shown: bool = False
    path: str | None = None
    label: str | None = None
    must_be_complete: bool = False
    compares: bool = False
    kept: "list[Receipt] | None" = None
    is_refused: bool = False
    failure: OutputError | None = None
    book: "Book | None" = None
    may_price_later: bool = False
    has_told_alone: bool = False
    batch_id: str | None = None
    _log: Log | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        context: Context,
        options: object,
        table: "Callable[[], Table]",
        base_url: "Callable[[], str]",
    ) -> Self:
        """The receipts that the options ask for; options without such flags ask for none."""
        if not isinstance(options, Spending):
            return cls(context, table, base_url)
        label = options.label or context.variable("OPENAI_CLI_LABEL")
        compares = options.usage and isinstance(options, CommonOptions) and options.debug
        return cls(
            context,
            table,
            base_url,
            is_shown=options.usage,
            path=options.usage_file,
            label=label,
            must_be_complete=isinstance(options, Completeness) and options.require_complete,
            compares=compares,
            book=_book(context, label),
            may_price_later=not isinstance(options, Prices) or options.prices is None,
        )

    @property
    def are_wanted(self) -> bool:
        """Whether anybody asks what a call took."""
        return self.are_asked or self.book is not None

    @property
    def are_asked(self) -> bool:
        """Whether the command line asks it: then it is told that nobody knows."""
        return self.is_shown or self.path is not None or self.kept is not None

    @property
    def have_lines(self) -> bool:
        """Whether each call gets its line, in a file or in the ledger."""
        return self.path is not None or self.book is not None

    def open(self) -> None:
        """Open --usage-file, before anything is paid for; UsageError where it cannot be written."""
        if self.path is None or self._log is not None:
            return
        try:
            self._log = Log(self.path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"--usage-file: cannot write '{self.path}': {why}") from None

    def add(
        self, answer: "Answer", failed: BaseException | None = None, *, is_taken: bool = False
    ) -> None:
        """Tell what a call took, as far as it is known, also of one that `failed`.

        `is_taken` is what `Outcome.of` takes.

        A line that cannot be written keeps no answer from being printed: see `check`.
        """
        is_unsent = isinstance(failed, (UsageError, LimitError))
        if not self.are_wanted or is_unsent or self._is_silent(answer, failed):
            return
        if self._is_priced_later(answer, failed):
            self._keep(answer, failed, is_taken=is_taken)
            return
        receipt = self.receipt_of(answer, failed, is_taken=is_taken)
        if self.kept is not None and (failed is None or answer.usage is not None):
            self.kept.append(receipt)
        if self.is_shown and (failed is None or answer.usage is not None):
            self.context.messages.usage(receipt.line())
        if self.have_lines:
            line = self.record_of(answer, receipt)
            self.append(line)
            self._enter(line, receipt, failed)

    def _is_silent(self, answer: "Answer", failed: BaseException | None) -> bool:
        """Whether a call has no line, for nothing says that it took anything."""
        is_silent = self.has_told_alone and answer.usage is None
        if is_silent and failed is None and self.are_asked:
            self.context.messages.notice("the answer tells no usage")
        return is_silent

    def enter(self, answer: "Answer") -> None:
        """Put a call into the ledger that does not tell what it took."""
        if self.book is None:
            return
        if self._is_priced_later(answer):
            self._keep(answer)
        else:
            receipt = self.receipt_of(answer)
            self._enter(self.record_of(answer, receipt), receipt)

    def _is_priced_later(self, answer: "Answer", failed: BaseException | None = None) -> bool:
        """Whether nobody asks for the price of a call now: the ledger then has it without one.

        A budget asks where there may be none: then it is charged the bound of the call.
        """
        if self.book is None or self.are_asked or not self.may_price_later:
            return False
        return not self.book.limits or (failed is None and _has_price(answer))

    def _keep(
        self, answer: "Answer", failed: BaseException | None = None, *, is_taken: bool = False
    ) -> None:
        """Put a call into the ledger without its price."""
        if self.book is None:
            return
        from openai_cli.ledger.unpriced import told
        from openai_cli.prices.occasion import Outcome
        from openai_cli.prices.regions import region_of

        occasion = self._occasion(answer)
        kept, prices = told(
            answer,
            occasion,
            region=region_of(self.base_url()),
            batch_id=self.batch_id,
            exit_code=self._exit_code(answer),
            outcome=None if failed is None else Outcome.of(failed, is_taken=is_taken),
        )
        self.book.keep(kept, prices, occasion.time[:10], bound=self.book.reserved)

    def _exit_code(self, answer: "Answer") -> ExitCode:
        """The exit code of a call that did not fail."""
        is_short = self.must_be_complete and answer.incomplete
        return ExitCode.INCOMPLETE if is_short else ExitCode.DONE

    def enter_line(self, number: int, line: str) -> None:
        """Put the line of one of many calls into the ledger, once; a budget has its cost before."""
        if self.book is not None:
            self.book.add(line, 0 if self.book.limits else None, number=number)

    def _enter(self, line: str, receipt: "Receipt", failed: BaseException | None = None) -> None:
        """Put a line into the ledger, and its cost in the place of what was reserved."""
        if self.book is not None:
            from openai_cli.prices.money import units

            bound = self.book.reserved
            if receipt.usd is not None:
                charged = units(receipt.usd)
            else:
                charged = 0 if failed is not None and _is_free(failed) else self.book.most
            self.book.add(line, charged, bound=bound)

    def receipt_of(
        self, answer: "Answer", failed: BaseException | None = None, *, is_taken: bool = False
    ) -> "Receipt":
        """What a call took, as `add` tells it."""
        from openai_cli.prices.occasion import Outcome
        from openai_cli.prices.receipt import Receipt
        from openai_cli.prices.regions import region_of

        region, on = region_of(self.base_url()), self._sent(answer).date()
        receipt = Receipt.of(answer, self.table(), on, region=region)
        if failed is not None:
            receipt = receipt.of_failed(Outcome.of(failed, is_taken=is_taken))
        else:
            receipt = replace(receipt, exit_code=self._exit_code(answer))
        return receipt if answer.age is None else receipt.of_cache(answer.age)

    def record_of(self, answer: "Answer", receipt: "Receipt") -> str:
        """The line of a call for --usage-file."""
        return receipt.record(self._occasion(answer), batch_id=self.batch_id)

    def unsent(self, request: "Request") -> str:
        """What is known of a call before it is sent, as its line has it."""
        import json

        from openai_cli.answer.base import Answer

        occasion = self._occasion(Answer(asked_model=request.body.get("model")))
        return json.dumps(vars(occasion), ensure_ascii=False)

    def _sent(self, answer: "Answer") -> "datetime":
        """When the request of an answer was sent; where that is not known, now."""
        return self.context.utc(self.context.now() if answer.began is None else answer.began)

    def _occasion(self, answer: "Answer") -> "Occasion":
        """When, where and for what the call of an answer was made."""
        from urllib.parse import urlsplit

        from openai_cli.prices.occasion import Occasion

        began = answer.began
        return Occasion(
            time=f"{self._sent(answer).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z",
            duration=None if began is None else round(max(self.context.now() - began, 0), 3),
            command=self.context.command,
            host=urlsplit(self.base_url()).hostname,
            profile=self.context.settings.profile,
            label=self.label,
            asked_model=answer.asked_model,
        )

    def compare(self, request: "Request", answer: "Answer") -> None:
        """With --usage and --debug, tell how our count of a request differs from its bill."""
        if not self.compares or answer.usage is None or answer.age is not None:
            return
        from openai_cli.prices.receipt import Receipt
        from openai_cli.tokens.verify import difference_of

        on = self.context.today()
        billed = Receipt.of(answer, self.table(), on).input_tokens
        if billed is not None:
            told = difference_of(
                request.body, billed, endpoint=request.path, model=answer.model, on=on
            )
            self.context.messages.debug(f"input tokens: {told}")

    def append(self, line: str) -> None:
        """Append a line to --usage-file, once that is open; `check` raises where that failed."""
        try:
            if self._log is not None:
                self._log.add(utf8_bytes(f"{line}\n"))
        except OSError as error:
            self.failure = OutputError(
                f"the usage could not be written to '{self.path}': {error.strerror}",
                hint=f"it is {line}",
            )

    def check(self) -> None:
        """Raise the OutputError of a line that was not written."""
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        """Close --usage-file and the ledger."""
        if self.book is not None:
            self.book.close()
        if self._log is not None:
            self._log.close()
            self._log = None


def _book(context: Context, label: str | None) -> "Book | None":
    """The ledger, where the configuration file or the environment has it kept."""
    settings = context.settings
    if not (settings.ledger or settings.budget or context.variable("OPENAI_CLI_LEDGER")):
        return None
    from openai_cli.ledger.book import Book

    return Book.of(context, label)


def _has_price(answer: "Answer") -> bool:
    """Whether it is known without a look that an answer has a price."""
    from openai_cli.models.lines import known_name, packaged

    is_plain = answer.usage is not None and answer.service_tier in (None, "default")
    model = answer.model or answer.asked_model or ""
    return is_plain and known_name(model, packaged()) is not None


def _is_free(failed: BaseException) -> bool:
    """Whether a call that failed was surely not billed: no server had it, or it failed there."""
    is_of_server = isinstance(failed, CliError) and (failed.status or 0) >= 500
    return is_of_server or isinstance(failed, UnreachableError)
