"""Records and named tuples whose classes are fast to create, because they share a constructor.

Python compiles a constructor for each dataclass and each named tuple, every time the program
starts. In instructions (CPython 3.11), a class of typing's named tuples takes 690,000 and a frozen
dataclass more than twice as many; a named tuple of this module takes 130,000 and a record 85,000.
Records have no comparison and no repr.

The price is that instances take longer to create. A named tuple with many instances is therefore
compiled after all.
"""

from collections import Counter, namedtuple
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar, dataclass_transform

T = TypeVar("T")

# Stands for the default of a field that has none.
MISSING: Any = object()

# The fields of each record class that has instances.
_FIELDS: dict[type, "tuple[Field, ...]"] = {}

# How many instances a class creates before it is compiled, and how many each has created.
_MANY = 50
_MADE: Counter[type] = Counter()


class _SharedTuple(tuple[Any, ...]):
    """A named tuple with a field for each annotation, like typing's."""

    _fields: ClassVar[tuple[str, ...]]
    _field_defaults: ClassVar[dict[str, Any]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._fields = tuple(cls.__annotations__)
        cls.__match_args__ = cls._fields  # type: ignore[attr-defined,misc]
        cls._field_defaults = {name: vars(cls)[name] for name in cls._fields if name in vars(cls)}
        for place, name in enumerate(cls._fields):
            setattr(cls, name, property(itemgetter(place)))

    def __new__(cls, *given: Any, **named: Any) -> Self:
        _MADE[cls] += 1
        if _MADE[cls] <= _MANY:
            if not named and len(given) == len(cls._fields):
                return tuple.__new__(cls, given)
            typed = dict(zip(cls._fields, given, strict=False)) | named
            values = cls._field_defaults | typed
            if len(typed) == len(given) + len(named) and values.keys() == set(cls._fields):
                return tuple.__new__(cls, map(values.__getitem__, cls._fields))
        cls._compile()
        return cls(*given, **named)

    @classmethod
    def _compile(cls) -> None:
        """Use what Python compiles: it is faster, and names the wrong argument."""
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


if TYPE_CHECKING:
    from typing import Annotated as Annotated  # noqa: PLC0414 - or mypy exports no such name
else:

    class Annotated:
        """`Annotated[kind, info]` is that pair; making one of typing takes 80,000 instructions."""

        def __class_getitem__(cls, pair: tuple[Any, Any]) -> tuple[Any, Any]:
            return pair


class Field(NamedTuple):
    """A field of a record: its name, its annotation and its default."""

    name: str
    type: Any
    default: Any = MISSING


class _Factory:
    """A default that is made anew for each instance."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], T]) -> T:
    """Declare a default that is made anew for each instance, such as a list."""
    return _Factory(default_factory)  # type: ignore[return-value]  # the type that an instance sees


@dataclass_transform(field_specifiers=(field,))
def mutable_record(cls: type[T]) -> type[T]:
    """Make a class with a field for each annotation, like `dataclass`."""
    cls.__init__ = _init  # type: ignore[method-assign]
    return cls


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """Make a record whose fields are read-only."""
    cls.__setattr__ = _refuse  # type: ignore[method-assign]
    cls.__delattr__ = _refuse  # type: ignore[method-assign]
    return mutable_record(cls)


def fields_of(cls: type) -> tuple[Field, ...]:
    """Return the fields of a record, inherited ones first."""
    if (found := _FIELDS.get(cls)) is None:
        found = _FIELDS[cls] = tuple(_fields(cls))
    return found


def _fields(cls: type) -> Iterator[Field]:
    annotations: dict[str, Any] = {}
    for one in reversed(cls.__mro__):
        annotations |= getattr(one, "__annotations__", {})
    for name, kind in annotations.items():
        if getattr(kind, "__origin__", None) is not ClassVar:
            # A command has a hundred: not through the constructor, which would be compiled.
            yield tuple.__new__(Field, (name, kind, getattr(cls, name, MISSING)))


def _init(self: Any, *given: Any, **named: Any) -> None:
    cls = type(self)
    defaults = {one.name: one.default for one in fields_of(cls)}
    typed = dict(zip(defaults, given, strict=False)) | named
    values = defaults | typed
    if len(typed) < len(given) + len(named) or len(values) > len(defaults):
        raise TypeError(f"{cls.__name__} takes each of {', '.join(defaults)} once")
    for name, value in values.items():
        if value is MISSING:
            raise TypeError(f"{cls.__name__} needs {name}")
        if type(value) is _Factory:
            values[name] = value.make()
    vars(self).update(values)
    if hasattr(cls, "__post_init__"):
        self.__post_init__()


def _refuse(self: Any, name: str, *_value: Any) -> NoReturn:
    raise AttributeError(f"cannot set {name} of a {type(self).__name__}")


def _replace(one: T, /, **changes: Any) -> T:
    """Return a copy of a record with these changes."""
    values = {each.name: getattr(one, each.name) for each in fields_of(type(one))}
    return type(one)(**values | changes)


if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414 - mypy checks its changes
else:
    replace = _replace
