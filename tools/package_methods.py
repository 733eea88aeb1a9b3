"""All methods of the `openai` package's client, with arguments made from their types."""

import inspect
import re
import types
import typing
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import openai
import typing_extensions
from openai._resource import SyncAPIResource

FILE = ("notes.txt", b"the quick brown fox\n", "text/plain")


class Asked(Exception):  # noqa: N818 - it stops a call before it is sent
    """The request that a method would have sent; `answer` is the type of its response."""

    def __init__(self, answer: Any, options: Any) -> None:
        super().__init__(options.method, options.url)
        self.method = options.method.upper()
        self.url = options.url.replace("%7B", "{").replace("%7D", "}")
        self.answer = answer
        self.query = set(options.params or {})
        self.body = set(options.json_data or {})


class Unsent(openai.OpenAI):
    """A client that sends nothing."""

    def __init__(self) -> None:
        super().__init__(api_key="none", admin_api_key="none", base_url="http://127.0.0.1:9/v1")

    def request(self, cast_to: Any, options: Any, **_: Any) -> Any:
        raise Asked(cast_to, options)


@dataclass(frozen=True)
class Method:
    """A method of the package: `name` is its place in a client, and `path` has `{name}` for ids."""

    name: str
    verb: str
    path: str

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"

    @property
    def shape(self) -> str:
        return re.sub(r"\{\w+\}", "{}", self.path)

    @property
    def ids(self) -> list[str]:
        """The names of the parameters in its path."""
        return re.findall(r"\{(\w+)\}", self.path)

    def of(self, client: openai.OpenAI) -> Any:
        """The bound method of a client."""
        found: Any = client
        for part in self.name.split("."):
            found = getattr(found, part)
        return found


def resources(resource: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, member in inspect.getmembers(type(resource)):
        is_one = isinstance(member, cached_property | property) and name[0] != "_"
        if is_one and not name.startswith("with_"):
            inner = getattr(resource, name)
            if isinstance(inner, SyncAPIResource):
                yield ".".join((*path, name)), inner
                yield from resources(inner, (*path, name))


@cache
def methods() -> tuple[Method, ...]:
    """One method for each operation of the package, in the order of their paths."""
    client = Unsent()
    found: dict[tuple[str, str], Method] = {}
    with warnings.catch_warnings(), client:
        warnings.simplefilter("ignore")
        for path, resource in resources(client):
            for name, function in inspect.getmembers(type(resource), inspect.isfunction):
                if name[0] == "_" or name in _HELPERS:
                    continue
                asked = _asked(getattr(resource, name), function)
                if asked is not None:
                    method = Method(f"{path}.{name}", asked.method, asked.url)
                    found.setdefault((method.verb, method.shape), method)
    return tuple(sorted(found.values(), key=lambda method: (method.path, method.verb)))


# Methods that make several calls or none, or that are aliases.
_HELPERS = {
    "connect",
    "create_and_poll",
    "create_and_run_poll",
    "create_and_run_stream",
    "create_and_stream",
    "parse",
    "poll",
    "stream",
    "submit_tool_outputs_and_poll",
    "submit_tool_outputs_stream",
    "unwrap",
    "upload",
    "upload_and_poll",
    "upload_file_chunked",
    "verify_signature",
    "wait_for_processing",
    "retrieve_content",
}


def _asked(method: Any, function: Any) -> Asked | None:
    """The request that a method sends with its required arguments, or with those of an overload."""
    for one in (function, *typing_extensions.get_overloads(function)):
        if (asked := asked_by(method, _needed(one))) is not None:
            return asked
    return None


def asked_by(method: Any, names: list[str]) -> Asked | None:
    """The request that a method sends with these arguments; ids are in its path by name."""
    named = {name: f"{{{name}}}" for name in names}
    for make in (_texts, _values):
        try:
            method(**make(method, named))
        except Asked as asked:
            return asked
        except (TypeError, ValueError, RuntimeError, AttributeError):
            continue
    return None


def _texts(_method: Any, named: dict[str, Any]) -> dict[str, Any]:
    return named


def _values(method: Any, named: dict[str, Any]) -> dict[str, Any]:
    """Values by type, except for texts, which keep the names of ids."""
    hints = typing_extensions.get_type_hints(method)
    return {
        name: text if str in _members(hints[name]) else value_of(hints[name], name)
        for name, text in named.items()
    }


def _members(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in _WRAPPERS else (hint,)


def _needed(function: Any) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    empty = inspect.Parameter.empty
    return [one.name for one in parameters if one.name != "self" and one.default is empty]


def arguments(function: Any, *, everything: bool = False) -> dict[str, Any]:
    """The required arguments of a method's first form or, with `everything`, all arguments."""
    form = next(
        iter(typing_extensions.get_overloads(getattr(function, "__func__", function))), function
    )
    hints = typing_extensions.get_type_hints(function if everything else form)
    names = [name for name in hints if name not in NEVER] if everything else _needed(form)
    return {name: value_of(hints[name], name) for name in names}


NEVER = {"return", "extra_headers", "extra_query", "extra_body", "timeout", "stream"}


def value_of(hint: Any, name: str = "") -> Any:
    """A value of a type, for a parameter called `name`."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if typing_extensions.is_typeddict(hint):
        return _of_mapping(hint)
    if origin is typing.Literal:
        return inner[0]
    if origin is dict or origin in SEQUENCES:
        return {} if origin is dict else [value_of(inner[0], name)]
    if origin in _WRAPPERS:
        return FILE if bytes in inner else value_of(inner[0], name)
    raise TypeError(f"{name}: what is {hint!r}?")


def _is_required(hint: Any) -> bool:
    origin: Any = typing.get_origin(hint)
    return origin is typing_extensions.Required


def _of_mapping(hint: Any) -> dict[str, Any]:
    hints = typing_extensions.get_type_hints(hint, include_extras=True)
    return {
        key: value_of(one, key)
        for key, one in hints.items()
        if key in hint.__required_keys__ or _is_required(one)
    }


SEQUENCES = (list, Iterable, Sequence)
_WRAPPERS = (
    typing.Annotated,
    typing.Union,
    types.UnionType,
    typing_extensions.NotRequired,
    typing_extensions.Required,
)
_SCALARS: Mapping[Any, Any] = {
    str: "text", int: 1, float: 1.0, bool: True, bytes: b"text", object: {}
}  # fmt: skip
