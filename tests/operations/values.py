"""Values for the parameters of the official client's methods, made from their types."""

import inspect
import os
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import openai
import typing_extensions
from package_methods import SEQUENCES, Method

# Arguments of the client that are headers.
HEADERS = {"betas": "OpenAI-Beta", "idempotency_key": "Idempotency-Key"}

# Arguments that every method takes and passes on unchanged.
_OF_EVERY_CALL = {"return", "extra_headers", "extra_query", "extra_body", "timeout"}
_IMAGES = ("image", "mask", "markup")
_DEEPEST = 3
_MOST_VALUES = 6


@dataclass(frozen=True)
class Parameter:
    """A parameter of a method, with values of each of its types."""

    name: str
    values: tuple[Any, ...] = field(repr=False)
    is_needed: bool = False

    @property
    def is_switch(self) -> bool:
        """Whether it can only be true or false."""
        return all(isinstance(value, bool) for value in self.values)


@cache
def parameters(method: Method) -> tuple[Parameter, ...]:
    """The parameters of a method, required ones first."""
    function = _function(method)
    shown = inspect.signature(function).parameters
    hints = typing_extensions.get_type_hints(function)
    needed = _needed(function)
    found = []
    for name, hint in hints.items():
        if name not in _OF_EVERY_CALL and name in shown:
            found.append(Parameter(name, tuple(_values(hint, name)), name in needed))
    return tuple(sorted(found, key=lambda each: not each.is_needed))


def _function(method: Method) -> Any:
    bound = method.of(unused_client())
    return getattr(type(bound.__self__), bound.__name__)


@cache
def unused_client() -> openai.OpenAI:
    """A client whose methods are only inspected."""
    return openai.OpenAI(api_key="none", admin_api_key="none")


def _needed(function: Any) -> set[str]:
    """The required arguments, by the first overload if there is one, else by the signature."""
    first = next(iter(typing_extensions.get_overloads(function)), function)
    return {
        each.name
        for each in inspect.signature(first).parameters.values()
        if each.default is inspect.Parameter.empty and each.name != "self"
    }


def _members(hint: Any) -> Iterator[Any]:
    """Yield the members of a union type."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in _WRAPPERS:
        for each in inner[:1] if origin is typing.Annotated else inner:
            yield from _members(each)
    elif hint not in _NOTHING:
        yield hint


def _values(hint: Any, name: str, depth: int = 0) -> list[Any]:
    """Values for the members of a type, simplest first."""
    members = list(_members(hint))
    if any(map(_is_path, members)):
        members = [Path, *(each for each in members if not _is_content(each))]
    found: list[Any] = []
    for each in members:
        for value in _values_of_one(each, name, depth):
            if value not in found:
                found.append(value)
    return found[:_MOST_VALUES]


def _is_path(hint: Any) -> bool:
    origin: Any = typing.get_origin(hint)
    return os.PathLike in (hint, origin)


def _is_content(hint: Any) -> bool:
    """Whether a file may have this type: bytes, a stream, a path, or one of them with a name."""
    origin: Any = typing.get_origin(hint)
    return _is_path(hint) or hint in (bytes, typing.IO) or origin in (tuple, typing.IO)


def _values_of_one(hint: Any, name: str, depth: int) -> Iterable[Any]:
    if hint in _SCALARS:
        return [_IN_RANGE.get(name, value) for value in _SCALARS[hint]]
    if hint is str:
        return [name if name in HEADERS else f"{name} é&=+"]
    if hint is Path:
        return [Path("image.png" if name in _IMAGES else "file.bin")]
    if hint in (object, Any):
        return ["any" if depth else {"key": "any"}]
    if typing_extensions.is_typeddict(hint):
        return [_of_mapping(hint, depth)]
    return _of_generic(typing.get_origin(hint), typing.get_args(hint), name, depth)


def _of_generic(origin: Any, inner: tuple[Any, ...], name: str, depth: int) -> Iterable[Any]:
    if origin is typing.Literal:
        return [inner[0], inner[-1]]
    if origin in (dict, Mapping):
        return [{"key": value} for value in _values(inner[1], "key", depth + 1)[:1]]
    if origin in SEQUENCES or getattr(origin, "__name__", "") == "SequenceNotStr":
        return _of_array(_values(inner[0], name, depth + 1))
    return []  # such as a function, which is never sent


def _of_array(values: list[Any]) -> Iterable[Any]:
    """Arrays of two values, of two types if possible, and of one, unless that is a file."""
    arrays = [(values * 2)[:2], values[:1]] if values else []
    return [each for each in arrays if len(each) > 1 or not isinstance(each[0], Path)]


def _of_mapping(hint: Any, depth: int) -> dict[str, Any]:
    """An object with all its keys; at depth, with the required ones."""
    hints = typing_extensions.get_type_hints(hint, include_extras=True)
    found = {}
    for key, one in hints.items():
        origin: Any = typing.get_origin(one)
        is_needed = origin is typing_extensions.Required or (
            hint.__total__ and origin is not typing_extensions.NotRequired
        )
        if is_needed or depth < _DEEPEST:
            values = _values(one, _NAMED.get(hint.__name__, {}).get(key, key), depth + 1)
            if values:
                found[key] = values[0]
    return found


_WRAPPERS = (
    typing.Annotated,
    typing.Union,
    types.UnionType,
    typing_extensions.NotRequired,
    typing_extensions.Required,
)
# The types do not state ranges.
_IN_RANGE = {
    "frame_count": 2,
    "max_completion_tokens": 256,
    "max_output_tokens": 16,
    "max_prompt_tokens": 256,
    "seconds": 3600,
    "seconds of a session": 600,
}
# Keys of types whose range differs from that of the same key elsewhere.
_NAMED = {"ChatSessionExpiresAfterParam": {"seconds": "seconds of a session"}}
_NOTHING = (type(None), openai.Omit, openai.NotGiven)
_SCALARS: Mapping[Any, Sequence[Any]] = {
    bool: (True, False),
    int: (1,),
    float: (0.5,),
    datetime: (datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC),),
    date: (date(2026, 11, 23),),
}
