"""Regional processing: the multipliers for token rates."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from openai_cli.models.table import Model


def multiplier(model: "Model", region: str | None) -> "Decimal | None":
    """Return the multiplier for a model's token rates in a region; None if it is not known."""
    from decimal import Decimal

    from openai_cli.models.table import REGIONS

    if region is None:
        return Decimal(1)
    if region not in REGIONS or model.regions is None:
        return None
    return model.regions.get(region, Decimal(1))
