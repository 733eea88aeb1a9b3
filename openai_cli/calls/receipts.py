"""The usage of a command's calls: on stderr, in --usage-file and in the ledger."""

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
from openai_cli.records import mutable_record, replace

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
    """Reports the usage of calls, as --usage, --usage-file and the ledger ask.

    `base_url` returns the server's base URL, whose region may set the price. `kept`, if it is a
    list, collects every receipt. `label` goes into the lines of the file. With `must_be_complete`,
    an incomplete answer has its own exit code there. With `compares`, the billed input tokens are
    compared with our own count. `is_refused`: the server rejected `stream_options.include_usage`,
    which is then left out of later requests. `failure` is the error of a line that could not be
    written. `book` is the ledger, if one is kept. `may_price_later`: the command has no price table
    of its own. `is_bounded`: no call costs more than a budget reserves for it. With
    `has_told_alone`, a call whose answer reports no usage gets no line. `batch_id`
    is the id that the calls of a run share.
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
    is_bounded: bool = True
    has_told_alone: bool = False
    batch_id: str | None = None
    _log: Log | None = None

    @classmethod
    def of(
        cls,
        context: Context,
        options: object,
        table: "Callable[[], Table]",
        base_url: "Callable[[], str]",
    ) -> Self:
        """Return the receipts that the options ask for; options without such flags ask for none."""
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
            is_bounded=not isinstance(options, Prices) or not options.allow_unbounded,
        )

    @property
    def are_wanted(self) -> bool:
        """Whether anything needs the usage of a call."""
        return self.are_asked or self.book is not None

    @property
    def are_asked(self) -> bool:
        """Whether the command line asks for the usage, so that a missing one is reported."""
        return self.is_shown or self.path is not None or self.kept is not None

    @property
    def have_lines(self) -> bool:
        """Whether each call gets a line, in a file or in the ledger."""
        return self.path is not None or self.book is not None

    def open(self) -> None:
        """Open --usage-file before anything is sent; raise UsageError if it cannot be written."""
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
        """Report the usage of a call as far as it is known, also of one that `failed`.

        `is_taken` is passed on to `Outcome.of`. A line that cannot be written does not keep the
        answer from being printed: `check` raises its error afterwards.
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
        """Whether a call gets no line because its answer reports no usage."""
        is_silent = self.has_told_alone and answer.usage is None
        if is_silent and failed is None and self.are_asked:
            self.context.messages.notice("the answer reports no usage")
        return is_silent

    def enter(self, answer: "Answer") -> None:
        """Add a call to the ledger only, without printing its usage."""
        if self.book is None:
            return
        if self._is_priced_later(answer):
            self._keep(answer)
        else:
            receipt = self.receipt_of(answer)
            self._enter(self.record_of(answer, receipt), receipt)

    def _is_priced_later(self, answer: "Answer", failed: BaseException | None = None) -> bool:
        """Whether the ledger may store a call unpriced, since nothing needs its price now.

        A budget needs it if the call may have cost more than the bound that is charged meanwhile,
        or nothing.
        """
        if self.book is None or self.are_asked or not self.may_price_later:
            return False
        is_within_bound = self.is_bounded and failed is None and _is_plain(answer)
        return not self.book.limits or is_within_bound

    def _keep(
        self, answer: "Answer", failed: BaseException | None = None, *, is_taken: bool = False
    ) -> None:
        """Add a call to the ledger without its price."""
        if self.book is None:
            return
        from openai_cli.http.address import region_of
        from openai_cli.ledger.unpriced import told
        from openai_cli.prices.occasion import Outcome

        occasion = self._occasion(answer.asked_model, answer.began)
        kept, prices = told(
            answer,
            occasion,
            region=region_of(self.base_url()),
            batch_id=self.batch_id,
            exit_code=self.exit_code(answer),
            outcome=None if failed is None else Outcome.of(failed, is_taken=is_taken),
        )
        self.book.keep(kept, prices, occasion.time[:10], bound=self.book.reserved)

    def exit_code(self, answer: "Answer") -> ExitCode:
        """Return the exit code of a call that did not fail."""
        is_short = self.must_be_complete and answer.incomplete
        return ExitCode.INCOMPLETE if is_short else ExitCode.DONE

    def enter_line(self, number: int, line: str) -> None:
        """Add the line of one of many calls to the ledger, once; its budget is charged already."""
        if self.book is not None:
            self.book.add(line, 0 if self.book.limits else None, number=number)

    def _enter(self, line: str, receipt: "Receipt", failed: BaseException | None = None) -> None:
        """Add a line to the ledger, and replace the reservation by its cost."""
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
        """Return the receipt of a call; the arguments are those of `add`."""
        from openai_cli.http.address import region_of
        from openai_cli.prices.occasion import Outcome
        from openai_cli.prices.receipt import Receipt

        region, on = region_of(self.base_url()), self.sent(answer.began).date()
        receipt = Receipt.of(answer, self.table(), on, region=region)
        if failed is not None:
            receipt = receipt.of_failed(Outcome.of(failed, is_taken=is_taken))
        else:
            receipt = replace(receipt, exit_code=self.exit_code(answer))
        return receipt if answer.age is None else receipt.of_cache(answer.age)

    def record_of(self, answer: "Answer", receipt: "Receipt") -> str:
        """Return the line of a call for --usage-file."""
        occasion = self._occasion(answer.asked_model, answer.began)
        return receipt.record(occasion, batch_id=self.batch_id)

    def unsent(self, request: "Request") -> str:
        """Return, as JSON, the fields of a call's line that are known before it is sent."""
        import json

        return json.dumps(vars(self._occasion(request.body.get("model"), None)))

    def sent(self, began: float | None) -> "datetime":
        """Return when a request was sent; `began` is in seconds since the epoch, None means now."""
        return self.context.utc(self.context.now() if began is None else began)

    def _occasion(self, asked_model: str | None, began: float | None) -> "Occasion":
        """Return when, where and for what a call was made; `began` is None before it is sent."""
        from urllib.parse import urlsplit

        from openai_cli.prices.occasion import Occasion

        return Occasion(
            time=f"{self.sent(began).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z",
            duration=None if began is None else round(max(self.context.now() - began, 0), 3),
            command=self.context.command,
            host=urlsplit(self.base_url()).hostname,
            profile=self.context.settings.profile,
            label=self.label,
            asked_model=asked_model,
        )

    def compare(self, request: "Request", answer: "Answer") -> None:
        """With --usage and --debug, print how our token count differs from the billed one."""
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
        """Append a line to --usage-file if open; `check` raises the error of a failed write."""
        try:
            if self._log is not None:
                self._log.add(utf8_bytes(f"{line}\n"))
        except OSError as error:
            self.failure = OutputError(
                f"the usage could not be written to '{self.path}': {error.strerror}",
                hint=f"it is {line}",
            )

    def check(self) -> None:
        """Raise the OutputError of a line that could not be written."""
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
    """Return the ledger if the configuration file or the environment turns it on."""
    settings = context.settings
    if not (settings.ledger or settings.budget or context.variable("OPENAI_CLI_LEDGER")):
        return None
    from openai_cli.ledger.book import Book

    return Book.of(context, label)


def _is_plain(answer: "Answer") -> bool:
    """Whether an answer reports usage, at the tier that bounds are by."""
    return answer.usage is not None and answer.service_tier in (None, "default")


def _is_free(failed: BaseException) -> bool:
    """Whether a failed call surely was not billed: it reached no server, or ended in a 5xx."""
    is_of_server = isinstance(failed, CliError) and (failed.status or 0) >= 500
    return is_of_server or isinstance(failed, UnreachableError)
