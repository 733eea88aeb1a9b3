"""Compute offline what requests can cost and what answers did cost.

`estimate` takes a request body; `cost_of` takes an answer, its usage, or a line of a usage file.
Amounts are exact Decimals in USD. The price table and the tokenizer are loaded when a function is
first accessed.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai_cli.prices.costs import Cost
    from openai_cli.prices.library import Estimate, cost_of, estimate

__all__ = ["Cost", "Estimate", "cost_of", "estimate"]


def __getattr__(name: str) -> Any:
    """Load the public names on first access, because no command needs them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from openai_cli.prices import library

    return getattr(library, name)


def __dir__() -> list[str]:
    return __all__
