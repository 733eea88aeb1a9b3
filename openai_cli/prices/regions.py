"""Regional processing: what it is called, and by what it multiplies the rates of tokens."""

import re
from decimal import Decimal

from openai_cli.models.table import REGIONS, Model

_HOST = re.compile(r"https?://([a-z]{2,4})\.api\.openai\.com(?:[:/?#]|$)", re.IGNORECASE)


def region_of(base_url: str) -> str | None:
    """The region whose host a base URL names; None for the global host and for other servers.

    https://developers.openai.com/api/docs/guides/your-data has the hosts.
    """
    found = _HOST.match(base_url)
    return None if found is None else found[1].lower()


def multiplier(model: Model, region: str | None) -> Decimal | None:
    """By what the rates of tokens are multiplied in a region; None where that is not known."""
    if region is None:
        return Decimal(1)
    if region not in REGIONS or model.regions is None:
        return None
    return model.regions.get(region, Decimal(1))
