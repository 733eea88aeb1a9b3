"""Dataclasses and named tuples that are quick to make: those of a kind share one constructor.

Python compiles one for each of its own, at every start of the program. A dataclass takes 0.1 ms, or
0.26 where it is frozen, and a record 0.02 (CPython 3.11). Its fields are told with its first
object; to let `dataclass` do that, without anything to compile, took more than twice as long.
Nobody compares or prints these.

A named tuple of typing takes 0.69 million instructions, and one of these 0.13. An object of these
takes up to twice as long to make: a class that has many of them is compiled after all.
"""

from collections import Counter, namedtuple
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, field
from operator import itemgetter
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    NoReturn,
    Self,
    TypeVar,
    dataclass_transform,
    get_origin,
)

T = TypeVar("T")

# The attribute in which `dataclasses.replace` looks for the fields.
_FIELDS = "__dataclass_fields__"

# How many objects of a named tuple are made by what all share, and how many of each were.
_MANY = 50
_MADE: Counter[type] = Counter()


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """Make a frozen dataclass that supports `replace`."""
    return frozen(mutable_record(cls))


@dataclass_transform(field_specifiers=(field,))
def mutable_record(cls: type[T]) -> type[T]:
    """Make a dataclass that supports `replace`."""
    return with_fields(cls)


def with_fields(cls: type[T]) -> type[T]:
    """Give the class the shared `__init__`."""
    cls.__init__ = _init  # type: ignore[method-assign]
    return cls


def fields_of(cls: type) -> Mapping[str, Field[Any]]:
    """Return the fields of a record by name, inherited ones first.

    `dataclasses.replace` finds them too, but `dataclasses.fields` does not.
    """
    found: Mapping[str, Field[Any]] | None = vars(cls).get(_FIELDS)
    if found is None:
        records = (one for one in reversed(cls.__mro__) if vars(one).get("__init__") is _init)
        found = {one.name: one for each in records for one in _own_fields(each)}
        setattr(cls, _FIELDS, found)
    return found


def _own_fields(cls: type) -> Iterator[Field[Any]]:
    for name, kind in cls.__annotations__.items():
        if ClassVar not in (kind, get_origin(kind)):
            default: Any = getattr(cls, name, MISSING)
            one: Field[Any] = default if isinstance(default, Field) else field(default=default)
            one.name, one.type = name, kind
            yield one


def frozen(cls: type[T]) -> type[T]:
    """Make the fields of a class read-only."""
    cls.__setattr__ = _refuse  # type: ignore[method-assign]
    cls.__delattr__ = _refuse  # type: ignore[method-assign]
    return cls


def _init(self: Any, *given: Any, **named: Any) -> None:
    cls = type(self)
    known = fields_of(cls)
    values = dict(zip(known, given, strict=False)) | named
    if len(values) < len(given) + len(named) or not values.keys() <= known.keys():
        raise TypeError(f"{cls.__name__} takes each of {', '.join(known)} once")
    for name, one in known.items():
        if name not in values:
            values[name] = _default(cls, one)
    vars(self).update(values)
    if hasattr(cls, "__post_init__"):
        self.__post_init__()


def _default(cls: type, one: Field[Any]) -> Any:
    if one.default_factory is not MISSING:
        return one.default_factory()
    if one.default is MISSING:
        raise TypeError(f"{cls.__name__} needs {one.name}")
    return one.default


def _refuse(self: Any, name: str, *_value: Any) -> NoReturn:
    raise FrozenInstanceError(f"cannot set {name} of a {type(self).__name__}")


class _SharedTuple(tuple[Any, ...]):
    """A named tuple with a field for each annotation, as typing's has them."""

    _fields: ClassVar[tuple[str, ...]]
    _field_defaults: ClassVar[dict[str, Any]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._fields = tuple(cls.__annotations__)
        cls._field_defaults = {name: vars(cls)[name] for name in cls._fields if name in vars(cls)}
        for place, name in enumerate(cls._fields):
            setattr(cls, name, property(itemgetter(place)))

    def __new__(cls, *given: Any, **named: Any) -> Self:
        if not named and len(given) == len(cls._fields):
            return tuple.__new__(cls, given)
        typed = dict(zip(cls._fields, given, strict=False)) | named
        values = cls._field_defaults | typed
        is_right = len(typed) == len(given) + len(named) and values.keys() == set(cls._fields)
        _MADE[cls] += 1
        if not is_right or _MADE[cls] > _MANY:
            cls._compile()
            return cls(*given, **named)
        return tuple.__new__(cls, map(values.__getitem__, cls._fields))

    @classmethod
    def _compile(cls) -> None:
        """Give the class what Python compiles, which is faster and says what is wrong."""
        defaults = cls._field_defaults.values()
        compiled = namedtuple(cls.__name__, cls._fields, defaults=[*defaults])  # type: ignore[misc]
        for name in ("__new__", *cls._fields):
            setattr(cls, name, vars(compiled)[name])

    def __getnewargs__(self) -> tuple[Any, ...]:  # for copy and pickle
        return tuple(self)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
        return f"{type(self).__name__}({values})"

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Self:
        return cls(*values)

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def _replace(self, **changes: Any) -> Self:
        changed = self._make(map(changes.pop, self._fields, self))
        if changes:
            raise TypeError(f"{type(self).__name__} has no {', '.join(changes)}")
        return changed


if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414 - or mypy exports no such name
else:
    NamedTuple = _SharedTuple
