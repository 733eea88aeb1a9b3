"""The ledger for a command's calls: reserve what may be spent, and record what was."""

from contextlib import suppress
from datetime import date, timedelta
from typing import TYPE_CHECKING

from openai_cli.context import Context
from openai_cli.errors import CliError, LimitError
from openai_cli.ledger.recent import Recent, State, Unpriced, begin_of, counted_since, location
from openai_cli.records import mutable_record, record, replace
from openai_cli.settings import BudgetLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.ledger.store import Store

    Sums = State | Store

# In days, so that a month can be compared with that of the year before.
KEPT = 400
# The fraction of a budget from which the user is warned.
_NEARLY = 0.8
# How many requests must fit into the rest of a budget before a rough bound is enough for one: so
# many processes would have to send at once before one is refused because of it.
_EASILY = 100
# Why the recent calls may be of no use; the database then has the error that counts.
_RECENT_FAILURES = (OSError, CliError)


@record
class Standing:
    """The state of a budget, in units."""

    limit: BudgetLimit
    spent: int
    reserved: int

    @property
    def left(self) -> int:
        """What may still be reserved, at least 0."""
        return max(self.limit.units - self.spent - self.reserved, 0)

    @property
    def told(self) -> str:
        """The state in words."""
        from openai_cli.prices.money import dollars, plain

        return (
            f"{plain(dollars(self.spent))} of {plain(dollars(self.limit.units))} USD spent, "
            f"{plain(dollars(self.reserved))} reserved, {plain(dollars(self.left))} left"
        )


@mutable_record
class Book:
    """The ledger for a command's calls with the same `label`.

    `limits` are the budgets that apply to these calls. Without any, failing to write the ledger is
    reported once and has no other effect; with any, nothing is sent without a reservation.
    `reserved` is the reserved amount in units; if it comes from a rough bound, `exact` computes the
    exact one.
    """

    context: Context
    label: str | None = None
    limits: tuple[BudgetLimit, ...] = ()
    reserved: int = 0
    exact: "Callable[[], int] | None" = None
    _recent: Recent | None = None
    _store: "Store | None" = None
    _number: int | None = None
    _is_broken: bool = False
    _is_told: bool = False

    @classmethod
    def of(cls, context: Context, label: str | None) -> "Book":
        """Return the ledger for calls with this label and the profile in force."""
        settings = context.settings
        concerned = tuple(
            limit
            for limit in settings.budget
            if limit.label in (None, label) and limit.profile in (None, settings.profile)
        )
        return cls(context, label, concerned)

    # What may be spent

    def reserve(self, bound: int, record: str, *, alone: bool = False) -> None:
        """Reserve `bound` more units; raise LimitError if a budget has not enough left.

        `record` is the call's line, as far as it is known before sending; it is added if the
        process is killed, unless it is ''. With `alone`, the reservation replaces what an earlier
        call has not used.
        """
        if not self.limits:
            return
        try:
            store = self._opened()
            while True:
                with store.transaction():
                    if not store.has_unpriced():
                        store.lapse(but=self._number)
                        asked = bound if alone else self.reserved + bound
                        self._check(store, bound, asked)
                        number = self._number_of(store, asked, record)
                        break
                from openai_cli.ledger.pricing import price_all

                price_all(store)
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
        """Reserve just a rough bound, if the budgets have room for a hundred times as much.

        Otherwise return False and reserve nothing; the caller then needs the exact bound.
        """
        try:
            number = self._reserved_recently(bound, record)
            if number is None:
                number = self._reserved_easily(bound, record)
        except _failures():
            return False  # the exact reservation fails too, and reports why
        if number is None:
            return False
        self._number, self.reserved, self.exact = number, bound, exact
        return True

    def _reserved_recently(self, bound: int, record: str) -> int | None:
        """Reserve among the recent calls; return the number, or None if the database is needed."""
        try:
            recent = self._recent_calls()
            with recent.locks.alone():
                state = recent.state(self.context.today())
                if state is None or state.has_unheld or not self._is_easy(state, bound):
                    return None
                if any(map(self._is_dead, state.reservations)):
                    return None
                number = self._number or state.unused
                if self._number is None and not recent.locks.hold(number):
                    return None
                recent.add(["reserve", number, self.label, self._profile, bound], record)
                return number
        except _RECENT_FAILURES:
            return None

    def _is_dead(self, number: int) -> bool:
        """Whether the process of a reservation has ended."""
        if number == self._number:
            return False
        locks = self._recent_calls().locks
        if is_dead := locks.hold(number):
            locks.release(number)
        return is_dead

    def _reserved_easily(self, bound: int, record: str) -> int | None:
        """Reserve in the database; return the number, or None if the budgets lack the room."""
        store = self._opened()
        with store.transaction(then_recent=self.context.today()):
            self._tidy(store)
            store.lapse(but=self._number)
            is_easy = not store.has_unpriced(unheld=True) and self._is_easy(store, bound)
            number = self._number_of(store, bound, record) if is_easy else None
        self._tell_lapsed(store)
        return number

    def _is_easy(self, sums: "Sums", bound: int) -> bool:
        """Whether all budgets have much room for a call of this bound."""
        return all(
            found.spent < _NEARLY * found.limit.units and found.left >= _EASILY * bound
            for found in self.standings(sums)
        )

    def _number_of(self, store: "Store", units: int, record: str) -> int:
        """Make or change the reservation to so many units, and return its number."""
        if self._number is None:
            return store.reserve(self.label, self._profile, units, record)
        store.change(self._number, units)
        return self._number

    @property
    def most(self) -> int:
        """The reserved amount, at most the exact bound; it is charged if the cost is unknown."""
        return self.reserved if self.exact is None else min(self.reserved, self.exact())

    def _tell_lapsed(self, store: "Store") -> None:
        if store.lapsed:
            self.context.messages.notice(
                f"calls that were killed before their answer came: {store.lapsed}; their cost is "
                "not known and is in no budget"
            )
            store.lapsed = 0

    def _check(self, store: "Store", bound: int, asked: int) -> None:
        """Raise LimitError if a budget cannot cover `asked`, of which `bound` is for this call."""
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

    def standings(self, sums: "Sums") -> list[Standing]:
        """Return the state of the budgets, without this book's own reservation."""
        today = self.context.today()
        return [
            Standing(
                limit,
                sums.spent(limit, begin_of(limit.period, today).isoformat()),
                sums.reserved(limit, but=self._number),
            )
            for limit in self.limits
        ]

    # What was spent

    def settle(self, bound: int, charged: int) -> None:
        """Replace a call's bound by its cost, if its line is added later."""
        if self.limits:
            self._write(lambda store: self._settled(store, bound, charged))

    def _settled(self, store: "Store", bound: int, charged: int) -> None:
        store.charge(self.context.today().isoformat(), self.label, self._profile, charged)
        self._release(store, bound)

    def add(
        self, line: str, charged: int | None, *, bound: int = 0, number: int | None = None
    ) -> None:
        """Add a call, and replace its bound by its cost.

        With `charged` None, the cost is that in the line. A line with a `number` is added once.
        """
        from openai_cli.ledger.rows import Row

        row = Row.of(line)

        def write(store: "Store") -> None:
            store.add(row, row.units or 0 if charged is None else charged, number=number)
            self._release(store, bound)
            self._tidy(store)

        self._write(write)

    def keep(self, told: str, prices: str, day: str, *, bound: int = 0) -> None:
        """Add a call of a day in the form of `unpriced.told`; budgets are charged its bound."""
        held = bound if self.limits else None
        call = Unpriced(day, self.label, self._profile, held, told, prices)
        if self._is_broken or self._kept_recently(call, bound):
            return

        def write(store: "Store") -> None:
            store.keep(call)
            self._release(store, bound)
            self._tidy(store)

        self._write(write, then_recent=self.context.today())

    def _kept_recently(self, call: Unpriced, bound: int) -> bool:
        """Add a call to the recent ones; return False if the database is needed."""
        number = self._number if bound else None
        left = self.reserved - min(bound, self.reserved)
        try:
            recent = self._recent_calls()
            with recent.locks.alone():
                if recent.state(self.context.today()) is None:
                    return False
                *first, told, prices = call
                recent.add(["call", number, left, *first], told, prices)
                self.reserved = left
                if number is not None and not left:
                    recent.locks.release(number)
                    self._number = None
                return True
        except _RECENT_FAILURES:
            return False

    def _tidy(self, store: "Store") -> None:
        """Remove old calls, once a day."""
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

    def _write(
        self, write: "Callable[[Store], None]", *, then_recent: "date | None" = None
    ) -> None:
        if self._is_broken:
            return
        try:
            store = self._opened()
            with store.transaction(then_recent=then_recent):
                write(store)
        except _failures() as error:
            self._is_broken = True
            self.context.messages.notice(
                f"the ledger cannot be written, so these calls are not in it: {self._why(error)}"
            )

    def close(self) -> None:
        """Release what is still reserved."""
        if self._number is not None:
            with suppress(*_failures()):
                store = self._opened()
                with store.transaction():
                    store.release(self._number)
            self._number, self.reserved = None, 0
        if self._recent is not None:
            self._recent.locks.close()
        self._recent = self._store = None

    def _recent_calls(self) -> Recent:
        if self._recent is None:
            self._recent = Recent(location(self.context))
        return self._recent

    def _opened(self) -> "Store":
        if self._store is None:
            from openai_cli.ledger.store import Store

            recent = self._recent_calls()
            self._store = Store(recent.database, recent)
        return self._store

    @property
    def _profile(self) -> str | None:
        return self.context.settings.profile

    def _why(self, error: BaseException) -> str:
        from openai_cli.ledger.store import why

        return why(location(self.context), error)


def prune(store: "Store", today: date, days: int) -> int:
    """Remove calls older than `days`, except from the sums of current budgets."""
    before = today - timedelta(days=min(days, today.toordinal() - 1))
    return store.prune(before.isoformat(), counted_since(today).isoformat())


def _failures() -> tuple[type[Exception], ...]:
    """Return the exceptions of opening or writing a ledger: disk, SQLite, no home folder."""
    from openai_cli.ledger.store import Failure

    return (*Failure, CliError)
