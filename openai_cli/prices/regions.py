"""Regional processing: what it is called, and by what it multiplies the rates of tokens."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from decimal import Decimal

    from openai_cli.models.table import Model

_HOST = ".api.openai.com"


def region_of(base_url: str) -> str | None:
    """The region whose host a base URL names; None for the global host and for other servers.

    https://developers.openai.com/api/docs/guides/your-data has the hosts.
    """
    host = urlsplit(base_url).hostname or ""
    region = host.removesuffix(_HOST)
    is_region = host.endswith(_HOST) and 2 <= len(region) <= 4 and region.isalpha()
    return region if is_region else None


def multiplier(model: "Model", region: str | None) -> "Decimal | None":
    """By what the rates of tokens are multiplied in a region; None where that is not known."""
    from decimal import Decimal

    from openai_cli.models.table import REGIONS

    if region is None:
        return Decimal(1)
    if region not in REGIONS or model.regions is None:
        return None
    return model.regions.get(region, Decimal(1))
