"""What counts as a number of a vector."""

from math import inf, nan
from typing import Any

import pytest

from openai_cli.answer.shape import are_finite

LARGE = 1e308


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], True),
        ([0.5, -0.0, 1e-320], True),
        ([LARGE, LARGE], True),  # but their sum is not finite
        ([1, 0.5, 10**400], True),
        ([0.5, inf], False),
        ([inf, -inf], False),
        ([nan, 0.5], False),
        ([1, nan], False),
        ([0.5, True], False),
        ([0.5, None], False),
        ([0.5, "0.5"], False),
        ([[0.5]], False),
    ],
)
def test_numbers_are_finite(values: list[Any], expected: bool) -> None:
    assert are_finite(values) is expected
