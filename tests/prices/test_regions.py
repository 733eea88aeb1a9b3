"""Regional processing: what it multiplies."""

from decimal import Decimal

from openai_cli.prices.regions import multiplier
from tests.prices.tables import FEES


def test_what_a_region_multiplies() -> None:
    finder, seeker = FEES.model("finder"), FEES.model("seeker")
    assert multiplier(finder, None) == multiplier(seeker, None) == 1
    assert multiplier(finder, "eu") == Decimal("1.1")
    assert multiplier(finder, "us") == 1, "a region that the sources do not name costs no more"
    assert multiplier(finder, "jp") is None
    assert multiplier(seeker, "eu") is None
