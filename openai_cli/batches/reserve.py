"""What a run may cost: each line's bound is reserved before it is sent, and settled afterwards.

Amounts are in units, of which `money.UNITS` are a dollar.
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
    """The `limit` of a run, None without one; what is `used` of it, and what is reserved.

    `book` has the budgets that hold over all processes.
    """

    limit: int | None = None
    used: int = 0
    reserved: int = 0
    book: "Book | None" = None
    _refused: LimitError | None = None

    def take(self, bound: int) -> bool:
        """Reserve what a line can cost; False where that would be too much."""
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
        """Reserve what is under way already, whatever is left: it is paid all the same."""
        self.reserved += bound
        if self.book is not None:
            with suppress(LimitError):
                self.book.reserve(bound, "")

    def settle(self, bound: int, cost: int | None) -> None:
        """In the place of a bound put what the line did cost; its bound where nobody knows."""
        self.reserved -= bound
        self.used += bound if cost is None else cost
        if self.book is not None:
            self.book.settle(bound, bound if cost is None else cost)

    def error(self, bound: int) -> LimitError:
        """The error of a run whose next line could be too much."""
        if self._refused is not None:
            return self._refused
        return LimitError(
            f"the next line can cost {plain(dollars(bound))} USD, and {plain(dollars(self.used))} "
            f"of the {plain(dollars(self.limit or 0))} of --max-cost are spent",
        )
