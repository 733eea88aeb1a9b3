"""Regional processing: which hosts are of a region, and what it multiplies."""

from decimal import Decimal

import pytest

from openai_cli.prices.regions import multiplier, region_of
from tests.prices.tables import FEES


@pytest.mark.parametrize(
    ("base_url", "region"),
    [
        ("https://api.openai.com/v1", None),
        ("https://eu.api.openai.com/v1", "eu"),
        ("https://US.API.openai.com", "us"),
        ("https://gov.api.openai.com:443/v1", "gov"),
        ("https://au.api.openai.com?a=b", "au"),
        ("https://eu.api.openai.com.evil.test/v1", None),
        ("https://proxy.test/eu.api.openai.com", None),
        ("http://127.0.0.1:8080/v1", None),
        ("", None),
    ],
)
def test_the_region_of_a_base_url(base_url: str, region: str | None) -> None:
    assert region_of(base_url) == region


def test_what_a_region_multiplies() -> None:
    finder, seeker = FEES.model("finder"), FEES.model("seeker")
    assert multiplier(finder, None) == multiplier(seeker, None) == 1
    assert multiplier(finder, "eu") == Decimal("1.1")
    assert multiplier(finder, "us") == 1, "a region that the sources do not name costs no more"
    assert multiplier(finder, "jp") is None
    assert multiplier(seeker, "eu") is None
