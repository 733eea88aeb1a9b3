"""The ledger as the calls of a command see it: what may be spent, and what was."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from openai_cli.context import Context
from openai_cli.errors import CliError, LimitError
from openai_cli.records import mutable_record, record
from openai_cli.settings import BudgetLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.ledger.store import Store

# In days: so a month can be held against that of the year before.
KEPT = 400
# Of a budget: from here on its user hears of it.
_NEARLY = 0.8
# How many requests must fit into what is left, that the bound of one need not be exact: as many
# processes at once would have to be sending before one is refused for it.
_EASILY = 100


@record
class Standing:
    """How far a budget is, in units."""

    limit: BudgetLimit
    spent: int
    reserved: int

    @property
    def left(self) -> int:
        """What may be reserved still; never below 0."""
        return max(self.limit.units - self.spent - self.reserved, 0)

    @property
    def told(self) -> str:
        """The budget in words."""
        from openai_cli.prices.money import dollars, plain

        return (
            f"{plain(dollars(self.spent))} of {plain(dollars(self.limit.units))} USD are spent, "
            f"{plain(dollars(self.reserved))} reserved, {plain(dollars(self.left))} left"
        )


@mutable_record
class Book:
    """The ledger for the calls of a command that have one `label`.

    `limits` are the budgets that these calls count for. Without any, a ledger that cannot be
    written is told of once, and hinders nothing; with one, nothing is sent that is not reserved.
    `reserved` is how much is, in units; where that is more than need be, `exact` gives what need.
    """

    context: Context
    label: str | None = None
    limits: tuple[BudgetLimit, ...] = ()
    reserved: int = 0
    exact: "Callable[[], int] | None" = None
    _store: "Store | None" = None
    _number: int | None = None
    _is_broken: bool = False
    _is_told: bool = False

    @classmethod
    def of(cls, context: Context, label: str | None) -> "Book":
        """The ledger for calls of this label, and of the profile in force."""
        settings = context.settings
        concerned = tuple(
            limit
            for limit in settings.budget
            if limit.label in (None, label) and limit.profile in (None, settings.profile)
        )
        return cls(context, label, concerned)

    # What may be spent

    def reserve(self, bound: int, record: str, *, alone: bool = False) -> None:
        """Reserve so many units more; LimitError where a budget has not that much left.

        `record` is the line of the call, as far as it is known before it is sent: it is added where
        the process is killed; '' adds none. What is reserved `alone` takes the place of what a call
        before it did not use.
        """
        if not self.limits:
            return
        try:
            store = self._opened()
            if store.has_unpriced():
                from openai_cli.ledger.pricing import price_all

                price_all(store)
            with store.transaction():
                store.lapse(but=self._number)
                asked = bound if alone else self.reserved + bound
                self._check(store, bound, asked)
                number = self._number_of(store, asked, record)
        except LimitError:
            raise
        except _failures() as error:
            raise LimitError(
                f"the budget cannot be held: {self._why(error)}",
                hint="nothing was sent; without [budget] in the configuration file it would be",
            ) from None
        self._number, self.reserved, self.exact = number, asked, None
        self._tell_lapsed(store)

    def reserve_easily(self, bound: int, record: str, exact: "Callable[[], int]") -> bool:
        """Reserve a bound alone that is more than need be, where there is room for a hundred of it.

        False, and nothing is reserved, where there is not: then it is to be exact.
        """
        try:
            store = self._opened()
            with store.transaction():
                if store.has_unpriced(unheld=True):
                    return False
                store.lapse(but=self._number)
                for found in self.standings(store):
                    is_near = found.spent >= _NEARLY * found.limit.units
                    if is_near or found.left < _EASILY * bound:
                        return False
                number = self._number_of(store, bound, record)
        except _failures():
            return False  # the exact one fails too, and tells why
        self._number, self.reserved, self.exact = number, bound, exact
        self._tell_lapsed(store)
        return True

    def _number_of(self, store: "Store", units: int, record: str) -> int:
        """The number of the reservation, which is of so many units now."""
        if self._number is None:
            return store.reserve(self.label, self._profile, units, record)
        store.change(self._number, units)
        return self._number

    @property
    def most(self) -> int:
        """What is reserved, no more than need be: it is charged where nobody knows the cost."""
        return self.reserved if self.exact is None else min(self.reserved, self.exact())

    def _tell_lapsed(self, store: "Store") -> None:
        if store.lapsed:
            self.context.messages.notice(
                f"calls that were killed before their answer came: {store.lapsed}; what they cost "
                "is not known, and no budget has it"
            )
            store.lapsed = 0

    def _check(self, store: "Store", bound: int, asked: int) -> None:
        """Refuse what is asked for, of which `bound` is for the call at hand."""
        from openai_cli.prices.money import dollars, plain

        for found in self.standings(store):
            limit, others = found.limit, found.reserved + asked - bound
            if found.spent + others + bound > limit.units:
                raise LimitError(
                    f"[budget] {limit.name}: the request can cost {plain(dollars(bound))} USD; "
                    f"{replace(found, reserved=others).told}"
                )
            if found.spent >= _NEARLY * limit.units and not self._is_told:
                self._is_told = True
                self.context.messages.notice(f"[budget] {limit.name}: {found.told}")

    def standings(self, store: "Store") -> list[Standing]:
        """How far the budgets are, without what is reserved here."""
        today = self.context.today()
        return [
            Standing(
                limit,
                store.spent(limit, begin_of(limit.period, today).isoformat()),
                store.reserved(limit, but=self._number),
            )
            for limit in self.limits
        ]

    # What was spent

    def settle(self, bound: int, charged: int) -> None:
        """Put what a call did cost in the place of its bound, where the call has its line later."""
        if self.limits:
            self._write(lambda store: self._settled(store, bound, charged))

    def _settled(self, store: "Store", bound: int, charged: int) -> None:
        store.charge(self.context.today().isoformat(), self.label, self._profile, charged)
        self._release(store, bound)

    def add(
        self, line: str, charged: int | None, *, bound: int = 0, number: int | None = None
    ) -> None:
        """Add a call, and put what it did cost in the place of its bound.

        Without a charge it is what the line tells. Where it has a `number`, it is added once.
        """
        from openai_cli.ledger.rows import Row

        row = Row.of(line)

        def write(store: "Store") -> None:
            store.add(row, row.units or 0 if charged is None else charged, number=number)
            self._release(store, bound)
            self._tidy(store)

        self._write(write)

    def keep(self, told: str, prices: str, day: str, *, bound: int = 0) -> None:
        """Add a call of a day, as `unpriced.told` has it; budgets are charged its bound so far."""
        from openai_cli.ledger.store import Unpriced

        held = bound if self.limits else None

        def write(store: "Store") -> None:
            store.keep(Unpriced(day, self.label, self._profile, held, told, prices))
            self._release(store, bound)
            self._tidy(store)

        self._write(write)

    def _tidy(self, store: "Store") -> None:
        """Remove what is too old, once a day."""
        today = self.context.today()
        if store.is_first("pruned", today.isoformat()):
            prune(store, today, KEPT)

    def _release(self, store: "Store", bound: int) -> None:
        self.reserved -= min(bound, self.reserved)
        if self._number is not None and bound:
            if self.reserved:
                store.change(self._number, self.reserved)
            else:
                store.release(self._number)
                self._number = None

    def _write(self, write: "Callable[[Store], None]") -> None:
        if self._is_broken:
            return
        try:
            store = self._opened()
            with store.transaction():
                write(store)
        except _failures() as error:
            self._is_broken = True
            self.context.messages.notice(
                f"the ledger was not written, so what calls took is not in it: {self._why(error)}"
            )

    def close(self) -> None:
        """Give back what is still reserved."""
        if self._store is None:
            return
        store, self._store = self._store, None
        if self._number is not None:
            with suppress(*_failures()), store.transaction():
                store.release(self._number)
            self._number, self.reserved = None, 0
        store.close()

    def _opened(self) -> "Store":
        if self._store is None:
            from openai_cli.ledger.store import Store, location

            self._store = Store(location(self.context))
        return self._store

    @property
    def _profile(self) -> str | None:
        return self.context.settings.profile

    def _why(self, error: BaseException) -> str:
        from openai_cli.ledger.store import location, why

        return why(location(self.context), error)


def begin_of(period: str, day: date) -> date:
    """The first day of the `day`, `week` or `month` that a day is in; weeks begin on Monday."""
    if period == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if period == "week" else day


def prune(store: "Store", today: date, days: int) -> int:
    """Remove the calls that are older; what the budgets of today count stays."""
    before = today - timedelta(days=min(days, today.toordinal() - 1))
    kept = min(begin_of("month", today), begin_of("week", today))
    return store.prune(before.isoformat(), kept.isoformat())


def _failures() -> tuple[type[Exception], ...]:
    """What keeps a ledger from being opened or written: the disk, SQLite, no home for it."""
    from openai_cli.ledger.store import Failure

    return (*Failure, CliError)
