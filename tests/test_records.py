"""Dataclasses that share one `__init__`: as others are made and changed."""

from dataclasses import FrozenInstanceError, field, replace
from typing import Any

import pytest

from openai_cli.records import mutable_record, record


@record
class Pair:
    """A pair."""

    left: int
    right: int = 2
    more: list[int] = field(default_factory=list)


@mutable_record
class Counter:
    """A counter."""

    begin: int = 0
    calls: int = field(default=5, init=False)

    def __post_init__(self) -> None:
        self.calls += self.begin


def shown(pair: Pair) -> tuple[Any, ...]:
    return (pair.left, pair.right, pair.more)


def test_values_by_place_and_by_name() -> None:
    assert shown(Pair(1)) == (1, 2, [])
    assert shown(Pair(1, right=3, more=[4])) == (1, 3, [4])
    assert Pair(1).more is not Pair(1).more


@pytest.mark.parametrize(
    ("given", "named"),
    [
        pytest.param((), {}, id="one is missing"),
        pytest.param((1, 2, [], 4), {}, id="too many"),
        pytest.param((1,), {"left": 1}, id="one twice"),
        pytest.param((1,), {"top": 1}, id="an unknown one"),
    ],
)
def test_wrong_values(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="Pair"):
        Pair(*given, **named)


def test_a_record_is_frozen() -> None:
    pair = Pair(1)
    with pytest.raises(FrozenInstanceError, match="left"):
        pair.left = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="left"):
        del pair.left
    assert shown(replace(pair, left=2)) == (2, 2, [])


def test_another_one_is_not() -> None:
    counter = Counter(begin=1)
    counter.calls += 1
    assert (counter.begin, counter.calls) == (1, 7)
