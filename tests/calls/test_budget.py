"""--max-cost and [budget] as the calls of a command ask them: what is reserved, and when."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from openai_cli.calls.budget import Budget
from openai_cli.context import Context
from openai_cli.errors import LimitError
from openai_cli.models.table import load_table
from openai_cli.prices.money import units
from openai_cli.request.body import Request
from openai_cli.settings import BudgetLimit

# 8 tokens of input at 0.15 USD a million, and at most 1,000 of output at 0.6.
HELLO = Request(
    "/chat/completions",
    {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "hello"}],
        "max_completion_tokens": 1000,
    },
)
USD = Decimal("0.0006012")


@dataclass
class Reserving:
    """A book that writes down what is reserved."""

    limits: tuple[BudgetLimit, ...] = (BudgetLimit("day", 1),)
    rough: list[int] = field(default_factory=list)
    exact: list[int] = field(default_factory=list)

    def reserve(self, bound: int, _record: str, *, alone: bool) -> None:
        assert alone
        self.exact.append(bound)

    def reserve_easily(self, bound: int, _record: str, _exact: Callable[[], int]) -> bool:
        self.rough.append(bound)
        return True


def budget(**given: Any) -> Budget:
    return Budget(
        Context.test(now=1_795_910_400), load_table, lambda: "https://api.test/v1", **given
    )


def test_all_that_were_reserved_count() -> None:
    limited = budget(limit=USD * 3)
    for _ in range(3):
        limited.reserve(HELLO)
    with pytest.raises(LimitError, match="with those before it"):
        limited.reserve(HELLO)


def test_a_request_alone_may_cost_what_the_limit_is() -> None:
    budget(limit=USD).check(HELLO, HELLO)
    with pytest.raises(LimitError):
        budget(limit=USD - Decimal("0.0000001")).check(HELLO)


def test_where_an_answer_may_be_from_the_cache_it_is_reserved_when_it_is_sent() -> None:
    waiting = budget(limit=USD / 2, waits=True)
    waiting.check(HELLO)
    waiting.pass_over()
    waiting.reserve_due()
    waiting.check(HELLO)
    with pytest.raises(LimitError):
        waiting.reserve_due()
    waiting.reserve_due()


@pytest.mark.parametrize(
    "given", [{"limit": Decimal(1)}, {"has_own_prices": True}, {"allows_unbounded": True}], ids=str
)
def test_a_rough_bound_is_asked_for_where_nothing_else_depends_on_it(given: Any) -> None:
    plain, other = Reserving(), Reserving()
    budget(book=plain).check(HELLO)
    budget(book=other, **given).check(HELLO)
    assert plain.exact == []
    assert plain.rough[0] >= units(USD)
    assert (other.rough, other.exact) == ([], [units(USD)])


def test_what_failed_is_reserved_again() -> None:
    book = Reserving()
    budget(book=book).renew(HELLO)
    assert book.exact == [units(USD)]


def test_what_has_no_bound_passes_a_budget_if_that_is_said_until_it_is_used_up() -> None:
    book = Reserving()
    budget(book=book, allows_unbounded=True).check_unbounded(HELLO, "no bound", "give one")
    assert book.exact == [0]
