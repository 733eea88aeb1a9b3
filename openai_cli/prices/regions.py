"""Regional processing: by what it multiplies the rates of tokens."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from openai_cli.models.table import Model


def multiplier(model: "Model", region: str | None) -> "Decimal | None":
    """By what the rates of tokens are multiplied in a region; None where that is not known."""
    from decimal import Decimal

    from openai_cli.models.table import REGIONS

    if region is None:
        return Decimal(1)
    if region not in REGIONS or model.regions is None:
        return None
    return model.regions.get(region, Decimal(1))
