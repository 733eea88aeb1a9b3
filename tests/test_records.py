"""Records and named tuples, which share a constructor: as others are made and changed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from threading import Barrier
from typing import Any, ClassVar, Generic, TypeVar

import pytest

from openai_cli.records import NamedTuple, field, fields_of, mutable_record, record, replace

T = TypeVar("T")


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
    calls: int = 5

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
    with pytest.raises(AttributeError, match="left"):
        pair.left = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="left"):
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
    assert [one.name for one in fields_of(Triple)] == ["left", "right", "more", "last"]
    assert (Triple(1, last=3).last, shown(Triple(1))) == (3, (1, 2, []))


def test_a_class_that_adds_no_field_has_those_of_the_record() -> None:
    class Plain(Triple):
        def total(self) -> int:
            return self.left + self.last

    assert Plain(1).total() == 10


def test_no_unknown_field_is_replaced() -> None:
    with pytest.raises(TypeError, match="Pair"):
        replace(Pair(1), top=2)  # type: ignore[call-arg]


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

    assert [one.name for one in fields_of(Kind)] == ["value"]
    assert (Kind(2).value, Kind.name) == (2, "kind")


class Point(NamedTuple):
    """A point in space."""

    x: int
    y: int
    z: int = 0
    name: str = "P"

    @property
    def sum(self) -> int:
        return self.x + self.y + self.z


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: Point(1, 2), id="by place"),
        pytest.param(lambda: Point(y=2, x=1), id="by name"),
        pytest.param(lambda: Point(1, name="P", y=2), id="by both"),
        pytest.param(lambda: Point(1, 2, 0, "P"), id="without a default"),
        pytest.param(lambda: Point._make(iter((1, 2, 0, "P"))), id="from what can be iterated"),
        pytest.param(lambda: Point(3, 2)._replace(x=1), id="from another"),
        pytest.param(lambda: copy(Point(1, 2)), id="as a copy"),
    ],
)
def test_a_named_tuple_is_one_of_typing(make: Callable[[], Point]) -> None:
    point = make()
    x, y, *rest = point
    assert (x, y, rest) == (1, 2, [0, "P"])
    assert (point.x, point.y, point.z, point.name, point.sum) == (1, 2, 0, "P", 3)
    assert (point, hash(point)) == ((1, 2, 0, "P"), hash((1, 2, 0, "P")))
    assert point._asdict() == {"x": 1, "y": 2, "z": 0, "name": "P"}
    assert repr(point) == "Point(x=1, y=2, z=0, name='P')"
    match point:
        case Point(first, second):
            assert (first, second) == (1, 2)
    with pytest.raises(AttributeError):
        point.x = 5  # type: ignore[misc]


WRONG: list[Any] = [
    pytest.param((1,), {}, id="one is missing"),
    pytest.param((1, 2, 3, "P", 5), {}, id="too many"),
    pytest.param((1, 2), {"x": 1}, id="one twice"),
    pytest.param((1, 2), {"t": 1}, id="an unknown one"),
]


@pytest.mark.parametrize(("given", "named"), WRONG)
def test_wrong_values_of_a_named_tuple(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    class Place(NamedTuple):
        x: int
        y: int
        z: int = 0
        name: str = "P"

    for _ in range(2):
        with pytest.raises(TypeError, match=r"Place\.__new__\(\)"):
            Place(*given, **named)
    assert Place(1, name="Q", y=2) == (1, 2, 0, "Q")


def test_no_unknown_field_of_a_named_tuple_is_replaced() -> None:
    with pytest.raises(TypeError, match="Point has no t"):
        Point(1, 2)._replace(t=3)  # type: ignore[call-arg]


def test_a_named_tuple_with_many_objects_is_as_it_was() -> None:
    class Place(NamedTuple):
        x: int
        y: int = 7

    places = [Place(x=number) for number in range(200)]
    assert [place.x for place in places] == list(range(200))
    assert {place.y for place in places} == {7}
    assert {type(place) for place in places} == {Place}
    assert Place(3)._replace(y=1) == (3, 1)


def test_a_named_tuple_may_be_of_any_type() -> None:
    class Box(NamedTuple, Generic[T]):
        content: T

    full: Box[int] = Box[int](5)
    assert full.content == 5
