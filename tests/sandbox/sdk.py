"""All the methods of the `openai` package's client, with arguments made of their types."""

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
from openai import BaseModel
from openai._base_client import BasePage
from openai._resource import SyncAPIResource
from pydantic import TypeAdapter

FILE = ("notes.txt", b"the quick brown fox\n", "text/plain")


class Asked(Exception):  # noqa: N818 - it ends a call that is not made
    """What a method would have asked for."""

    def __init__(self, method: str, url: str) -> None:
        super().__init__(method, url)
        self.method, self.url = method.upper(), url


class _Unsent(openai.OpenAI):
    """A client that asks nobody."""

    def request(self, cast_to: Any, options: Any, **_: Any) -> Any:
        raise Asked(options.method, options.url)


@dataclass(frozen=True)
class Method:
    """A method of the package: `name` is where it is in a client, `path` has `{name}` for ids."""

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
        """The method of a client."""
        found: Any = client
        for part in self.name.split("."):
            found = getattr(found, part)
        return found


def _resources(resource: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, member in inspect.getmembers(type(resource)):
        is_one = isinstance(member, cached_property | property) and name[0] != "_"
        if is_one and not name.startswith("with_"):
            inner = getattr(resource, name)
            if isinstance(inner, SyncAPIResource):
                yield ".".join((*path, name)), inner
                yield from _resources(inner, (*path, name))


@cache
def methods() -> tuple[Method, ...]:
    """A method for each operation that the package has, in the order of their paths."""
    client = _Unsent(api_key="none", admin_api_key="none", base_url="http://127.0.0.1:9/v1")
    found: dict[tuple[str, str], Method] = {}
    with warnings.catch_warnings(), client:
        warnings.simplefilter("ignore")
        for path, resource in _resources(client):
            for name, function in inspect.getmembers(type(resource), inspect.isfunction):
                if name[0] == "_" or name in _HELPERS:
                    continue
                asked = _asked(getattr(resource, name), function)
                if asked is not None:
                    url = asked.url.replace("%7B", "{").replace("%7D", "}")
                    method = Method(f"{path}.{name}", asked.method, url)
                    found.setdefault((method.verb, method.shape), method)
    return tuple(sorted(found.values(), key=lambda method: (method.path, method.verb)))


# What makes several calls, or none, or is another name of a method.
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
    named = {name: f"{{{name}}}" for name in _needed(function)}
    for ids_only in (False, True):
        try:
            given = arguments(function)
            ids = {
                n: v
                for n, v in named.items()
                if not ids_only or given.get(n) is None or isinstance(given[n], str)
            }
            method(**(given | ids if ids_only else named))
        except Asked as asked:
            return asked
        except (TypeError, ValueError, RuntimeError, AttributeError):
            continue
    return None


def _needed(function: Any) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    empty = inspect.Parameter.empty
    return [one.name for one in parameters if one.name != "self" and one.default is empty]


def arguments(function: Any, *, everything: bool = False) -> dict[str, Any]:
    """What a method cannot do without; with `everything`, what it can take at all."""
    hints = typing_extensions.get_type_hints(function)
    names = [name for name in hints if name not in NEVER] if everything else _needed(function)
    return {name: value_of(hints[name], name) for name in names}


NEVER = {"return", "extra_headers", "extra_query", "extra_body", "timeout", "stream"}


def value_of(hint: Any, name: str = "") -> Any:
    """A value of a type; of a parameter called `name`."""
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


class Client(openai.OpenAI):
    """A client that keeps the last answer as it came, and the type that it is of."""

    last: tuple[Any, str] = (None, "")

    def request(self, cast_to: Any, options: Any, **more: Any) -> Any:
        self._asked_for = cast_to
        return super().request(cast_to, options, **more)

    def _process_response(self, *, response: Any, **more: Any) -> Any:
        if not more.get("stream"):
            response.read()
            self.last = (more["cast_to"], response.text if _is_json(response) else "")
        return super()._process_response(response=response, **more)


def _is_json(response: Any) -> bool:
    return "json" in response.headers.get("content-type", "")


# What a response of the API has and its type has not; and what says that this one is made up.
OF_RESPONSES = {".store", ".system_fingerprint"}


def held(kind: Any, text: str) -> Any:
    """The answer, which must be what its type says and no more: a client takes all."""
    made = TypeAdapter(kind).validate_json(text, strict=True)
    # What a page says of itself, its type leaves out.
    unknown = [] if isinstance(made, BasePage) else _unknown(made, "")
    unknown = {*unknown, *_unknown(getattr(made, "data", None), ".data")} - OF_RESPONSES
    assert not unknown, f"{kind.__name__} has no {sorted(unknown)}"
    return made


def _unknown(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from _unknown(item, f"{path}[]")
