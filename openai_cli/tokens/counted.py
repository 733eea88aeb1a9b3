"""Token counts, and the reasons why they may be inexact."""

from collections.abc import Iterable


class Doubt(str):
    """A reason why a count is an estimate.

    `more` is the maximum number of tokens that the count may be too low for this reason, or None if
    there is no bound. `by_calls` says that it is about what each call of a hosted tool adds.
    """

    __slots__ = ("by_calls", "more")
    more: int | None
    by_calls: bool

    def __new__(
        cls, reason: str, more: int | None = 0, *, within: int = 0, by_calls: bool = False
    ) -> "Doubt":
        """Create a doubt; `within` is its size, which is appended to the reason."""
        size = f" (within {within:,} token{'s' if within > 1 else ''})" if within else ""
        made = super().__new__(cls, f"{reason}{size}")
        made.more = within if more == 0 else more
        made.by_calls = by_calls
        return made


class TokenCount(int):
    """A number of tokens; `doubts` say why it is an estimate, and are empty if it is exact."""

    doubts: tuple[Doubt, ...]

    def __new__(cls, tokens: int, doubts: Iterable[Doubt] = ()) -> "TokenCount":
        """Create the count `tokens` with its doubts."""
        made = super().__new__(cls, tokens)
        made.doubts = tuple(doubts)
        return made

    @property
    def most(self) -> int | None:
        """The upper bound of the count; None if a doubt is `unbounded`."""
        return None if self.unbounded else self + sum(doubt.more or 0 for doubt in self.doubts)

    @property
    def unbounded(self) -> tuple[Doubt, ...]:
        """The doubts about parts that may take any number of tokens."""
        return tuple(doubt for doubt in self.doubts if doubt.more is None)
