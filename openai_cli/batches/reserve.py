"""The cost of a run: each line's bound is reserved before it is sent, and settled afterwards.

Amounts are in units; `money.UNITS` of them make a dollar.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openai_cli.errors import LimitError
from openai_cli.prices.money import dollars, plain

if TYPE_CHECKING:
    from openai_cli.ledger.book import Book


@dataclass
class Reserve:
    """How much of a run's `limit` is `used` and `reserved`; the limit is None without --max-cost.

    `book` holds the budgets shared by all processes.
    """

    limit: int | None = None
    used: int = 0
    reserved: int = 0
    book: "Book | None" = None
    _refused: LimitError | None = None

    def take(self, bound: int) -> bool:
        """Reserve the most that a line can cost; return False if that exceeds a limit."""
        if self.limit is not None and self.used + self.reserved + bound > self.limit:
            return False
        try:
            if self.book is not None:
                self.book.reserve(bound, "")
        except LimitError as error:
            self._refused = error
            return False
        self.reserved += bound
        return True

    def hold(self, bound: int) -> None:
        """Reserve for a line that is in flight already, whatever is left: it is billed anyway."""
        self.reserved += bound
        if self.book is not None:
            with suppress(LimitError):
                self.book.reserve(bound, "")

    def settle(self, bound: int, cost: int | None) -> None:
        """Replace a line's bound by its cost, or charge the bound if the cost is unknown."""
        self.reserved -= bound
        self.used += bound if cost is None else cost
        if self.book is not None:
            self.book.settle(bound, bound if cost is None else cost)

    def error(self, bound: int) -> LimitError:
        """Return the error of a run whose next line could exceed a limit."""
        if self._refused is not None:
            return self._refused
        return LimitError(
            f"the next line can cost {plain(dollars(bound))} USD, but {plain(dollars(self.used))} "
            f"of the {plain(dollars(self.limit or 0))} USD of --max-cost are already spent",
        )
