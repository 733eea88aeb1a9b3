"""A number of tokens, and what is not sure of it."""

from collections.abc import Iterable


class Doubt(str):
    """Why a count is an estimate.

    `more` is how many tokens the prompt can have above the count for this reason at most; None
    where nothing bounds it.
    `by_calls` says that it is of what the calls of a hosted tool bring, as many as there are.
    """

    __slots__ = ("by_calls", "more")
    more: int | None
    by_calls: bool

    def __new__(
        cls, reason: str, more: int | None = 0, *, within: int = 0, by_calls: bool = False
    ) -> "Doubt":
        """The doubt for a reason; how large it is is said behind it where that is known."""
        size = f" (within {within:,} token{'s' if within > 1 else ''})" if within else ""
        made = super().__new__(cls, f"{reason}{size}")
        made.more = within if more == 0 else more
        made.by_calls = by_calls
        return made


class TokenCount(int):
    """A number of tokens; `doubts` tells why it is an estimate, and is empty for an exact one."""

    doubts: tuple[Doubt, ...]

    def __new__(cls, tokens: int, doubts: Iterable[Doubt] = ()) -> "TokenCount":
        """The count `tokens` with its doubts."""
        made = super().__new__(cls, tokens)
        made.doubts = tuple(doubts)
        return made

    @property
    def most(self) -> int | None:
        """How many tokens it can be at most; None where a doubt is `unbounded`."""
        return None if self.unbounded else self + sum(doubt.more or 0 for doubt in self.doubts)

    @property
    def unbounded(self) -> tuple[Doubt, ...]:
        """The doubts about parts that may take any number of tokens."""
        return tuple(doubt for doubt in self.doubts if doubt.more is None)
