"""What requests can cost and what answers did cost, offline.

`estimate` is for a request body, `cost_of` for an answer, its usage, or a line of a usage file.
Money is Decimal, in USD, to the last digit. The table of prices and what counts tokens are loaded
when a function is first asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai_cli.prices.costs import Cost
    from openai_cli.prices.library import Estimate, cost_of, estimate

__all__ = ["Cost", "Estimate", "cost_of", "estimate"]


def __getattr__(name: str) -> Any:
    """The public names, loaded when one is first asked for: no command needs them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from openai_cli.prices import library

    return getattr(library, name)


def __dir__() -> list[str]:
    return __all__
