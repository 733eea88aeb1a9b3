"""Dataclasses that share one `__init__`: as others are made and changed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, field, is_dataclass, replace
from threading import Barrier
from typing import Any, ClassVar

import pytest

from openai_cli.records import fields_of, mutable_record, record


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


@record
class Triple(Pair):
    """A pair with one more."""

    last: int = 9


def test_a_record_has_the_fields_of_the_one_that_it_is_made_from() -> None:
    assert list(fields_of(Triple)) == ["left", "right", "more", "last"]
    assert (Triple(1, last=3).last, shown(Triple(1))) == (3, (1, 2, []))


def test_a_class_that_adds_no_field_has_those_of_the_record() -> None:
    class Plain(Triple):
        def total(self) -> int:
            return self.left + self.last

    assert Plain(1).total() == 10


def test_a_record_becomes_a_dataclass_with_its_first_object() -> None:
    @mutable_record
    class Late:
        value: int = 1

    assert not is_dataclass(Late)
    assert Late().value == 1
    assert is_dataclass(Late)


def test_threads_that_make_the_first_objects_at_once_agree() -> None:
    for _ in range(20):

        @record
        class Shared:
            first: int
            more: list[int] = field(default_factory=list)

        start = Barrier(4)

        def made(number: int, start: Barrier = start, kind: type[Any] = Shared) -> tuple[Any, ...]:
            start.wait()
            one = kind(number)
            return one.first, one.more

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(made, range(4))) == [(number, []) for number in range(4)]


def test_a_fact_of_the_class_is_no_field() -> None:
    @record
    class Kind:
        name: ClassVar[str] = "kind"
        value: int = 1

    assert list(fields_of(Kind)) == ["value"]
    assert (Kind(2).value, Kind.name) == (2, "kind")
