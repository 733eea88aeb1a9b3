"""Dataclasses that are quick to make: they share one `__init__`.

A dataclass has its own compiled at every start of the program: 0.1 ms, or 0.26 where it is frozen,
and this takes 0.02 (CPython 3.11), or nothing where none of its objects is made: it becomes a
dataclass with its first object. Nobody compares or prints these.
"""

from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from threading import Lock
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")

# Of the classes that have become dataclasses. Two threads that make one at once would each see half
# of what the other did.
_FIELDS: dict[type, tuple[Field[Any], ...]] = {}
_LOCK = Lock()


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """A frozen dataclass, which `replace` takes."""
    return frozen(mutable_record(cls))


@dataclass_transform(field_specifiers=(field,))
def mutable_record(cls: type[T]) -> type[T]:
    """A dataclass, which `replace` takes."""
    return with_fields(cls)


def with_fields(cls: type[T]) -> type[T]:
    """The class with the `__init__` that all share."""
    cls.__init__ = _init  # type: ignore[method-assign]
    return cls


def fields_of(cls: type) -> tuple[Field[Any], ...]:
    """The fields of a record, those that it inherits first; here it becomes a dataclass."""
    if (found := _FIELDS.get(cls)) is None:
        with _LOCK:
            for one in reversed(cls.__mro__):
                if vars(one).get("__init__") is _init and "__match_args__" not in vars(one):
                    dataclass(init=False, eq=False, repr=False)(one)
            found = _FIELDS[cls] = fields(cls)
    return found


def frozen(cls: type[T]) -> type[T]:
    """The class with fields that nobody can set."""
    cls.__setattr__ = _refuse  # type: ignore[method-assign]
    cls.__delattr__ = _refuse  # type: ignore[method-assign]
    return cls


def _init(self: Any, *given: Any, **named: Any) -> None:
    cls = type(self)
    known = {one.name: one for one in fields_of(cls)}
    values = dict(zip(cls.__match_args__, given, strict=False)) | named
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
