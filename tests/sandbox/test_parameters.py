"""What the `openai` package can send, the sandbox takes: properties, names and queries."""

import re
import types
import typing
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import typing_extensions
from package_methods import NEVER, SEQUENCES, Unsent

from openai_cli.sandbox.checks import Schema, resolved
from openai_cli.sandbox.route import Route
from openai_cli.sandbox.table import groups, routes_of
from tests.sandbox.world import BY_SHAPE

Facts = dict[str, set[str]]
DEEPEST = 6  # of schemas that refer to themselves
# A header: which beta features a request is for.
HEADERS = {"betas"}


def facts_of_type(hint: Any, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """At each path, the names that a Literal has; of all else, that it is there."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if depth > DEEPEST:
        return
    if origin is typing.Literal:
        yield from ((path, str(name)) for name in inner)
    elif typing_extensions.is_typeddict(hint):
        for name, one in typing_extensions.get_type_hints(hint).items():
            yield from facts_of_type(one, f"{path}.{name}", depth + 1)
    elif origin in (typing.Union, types.UnionType, typing.Annotated):
        for one in inner[:1] if origin is typing.Annotated else inner:
            yield from facts_of_type(one, path, depth)
    elif origin in SEQUENCES:
        yield from facts_of_type(inner[0], f"{path}[]", depth + 1)
    else:
        yield path, ""


def facts_of_schema(schema: Schema, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The same of one of our schemas; `*` where any name is taken."""
    if depth > DEEPEST + 2:
        return
    schema = resolved(schema)
    yield path, ""
    if schema.get("type") == "string" and "enum" not in schema:
        yield path, "*"
    if schema.get("additionalProperties"):
        yield f"{path}.*", ""
    yield from ((path, str(name)) for name in schema.get("enum", ()))
    for member in schema.get("anyOf", ()):
        yield from facts_of_schema(member, path, depth)
    for name, inner in schema.get("properties", {}).items():
        yield from facts_of_schema(inner, f"{path}.{name}", depth + 1)
    if "items" in schema:
        yield from facts_of_schema(schema["items"], f"{path}[]", depth + 1)


def gathered(facts: Iterator[tuple[str, str]]) -> Facts:
    found: Facts = defaultdict(set)
    for path, name in facts:
        found[path].add(name)
    return found


def of_package(method: Any, left_out: list[str]) -> Iterator[tuple[str, str]]:
    function = getattr(type(method.__self__), method.__name__)
    for one in [function, *typing_extensions.get_overloads(function)]:
        for name, hint in typing_extensions.get_type_hints(one).items():
            if name not in NEVER and name not in left_out and name not in HEADERS:
                yield from facts_of_type(hint, f".{name}")


def of_sandbox(route: Route) -> Iterator[tuple[str, str]]:
    for name in filter(None, (route.schema, route.form)):
        yield from facts_of_schema({"$ref": name}, "")
    for name, schema in route.operation.query.items() if route.operation else ():
        yield from facts_of_schema(schema, f".{name}")


def is_open(path: str, ours: Facts) -> bool:
    """Whether anything may stand at a path, or at one above it."""
    return any(f"{path[: match.start()]}.*" in ours for match in re.finditer(r"[.[]", path))


CLIENT = Unsent()
ASKED = [
    (route, BY_SHAPE[route.method, shape])
    for group in sorted(groups())
    for route in routes_of(group)
    if (route.method, shape := re.sub(r"\{\w+\}", "{}", route.path)) in BY_SHAPE
]


@pytest.mark.parametrize(("route", "method"), ASKED, ids=[str(method) for _, method in ASKED])
def test_all_that_the_package_can_send_is_known(route: Route, method: Any) -> None:
    theirs = gathered(of_package(method.of(CLIENT), method.ids))
    ours = gathered(of_sandbox(route))
    assert [path for path in theirs if path not in ours and not is_open(path, ours)] == []
    unknown = {
        path: names - ours[path]
        for path, names in theirs.items()
        if path in ours and "*" not in ours[path] and names - ours[path]
    }
    assert unknown == {}
