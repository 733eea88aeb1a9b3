"""Derive a property's kind of value and help line from the table of operations."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from openai_cli.flags.api import METADATA
from openai_cli.flags.unions import AnyJson, FileOrJson, Numbers, TextOrScalar
from openai_cli.flags.values import (
    Flag,
    Kind,
    Number,
    Object,
    PromptText,
    Structure,
    Text,
    TextOrItems,
    TextOrObject,
    Texts,
)

Facts = Mapping[str, Any]

_TEXTS = frozenset({"string"})
_NUMBERS = frozenset({"integer", "number"})
# The properties that are prompts, which may be long and in a file.
_PROMPTS = ("instructions", "additional_instructions", "prompt", "input")
# How many names fit into a help line.
_MOST_NAMES = 8


def kind_of(name: str, facts: Facts) -> Kind:
    """Return the kind of a property's values; any JSON if no other kind fits."""
    types = _types(facts)
    if name == "metadata" and types == {"object"}:
        return METADATA  # the API describes its limits only in prose, so the table lacks them
    if types and types <= _NUMBERS:
        return _number(facts)
    if types == _TEXTS and name in _PROMPTS:
        return PromptText(longest=facts.get("longest"))
    if types == _TEXTS:
        return Text(_metavar(name, facts), facts.get("longest"), tuple(facts.get("enum", ())))
    if len(types) == 1 and (made := _MADE.get(*types)):
        return made(facts)
    return _of_file(types) if "file" in types else _union(facts, types)


def _of_file(types: frozenset[str]) -> Kind:
    if "array" in types:
        return Texts("FILE")
    return FileOrJson() if "object" in types else Text("FILE")


def _union(facts: Facts, types: frozenset[str]) -> Kind:
    names = tuple(facts.get("enum", ()))
    if types == {"object", "string"}:
        return TextOrObject(names=names)
    items = _types(facts.get("items", {}))
    if types == {"array", "string"} and items <= {"string", "object"}:
        return TextOrItems(several="string" in items)
    if types <= _NUMBERS | {"string", "boolean"}:
        return TextOrScalar(tuple(sorted(types)), names=names)
    return AnyJson(is_text_too=bool(types & {"string", "any"}))


def _types(facts: Facts) -> frozenset[str]:
    return frozenset(facts.get("types", ()))


def _metavar(name: str, facts: Facts) -> str:
    if facts.get("enum"):
        return "NAME"
    return "ID" if name == "id" or name.endswith("_id") else "TEXT"


def _number(facts: Facts) -> Number:
    integer = "number" not in facts["types"]
    return Number(facts.get("low"), facts.get("high"), integer=integer)


def _object(facts: Facts) -> Object:
    keys = facts.get("keys", {})
    values = facts.get("values", {})
    value: Number | Text | None = None
    if _types(values) == _TEXTS:
        value = Text(longest=values.get("longest"))
    elif _types(values) and _types(values) <= _NUMBERS:
        value = _number(values)
    return Object(
        value=value,
        names={key: tuple(each.get("enum", ())) for key, each in keys.items()},
        texts=tuple(key for key, each in keys.items() if _types(each) == _TEXTS),
        ranges={key: _number(each) for key, each in keys.items() if {"low", "high"} & each.keys()},
    )


def _array(facts: Facts) -> Kind:
    items = facts.get("items", {})
    least, most = facts.get("least"), facts.get("most")
    if _types(items) == _TEXTS:
        metavar = "NAME" if items.get("enum") else "TEXT"
        return Texts(metavar, most, tuple(items.get("enum", ())))
    if _types(items) and _types(items) <= _NUMBERS:
        return Numbers(_number(items), most)
    if _types(items) == {"object"}:
        return Structure(least=least, most=most)
    return AnyJson(is_array=True)


_MADE: Mapping[str, Callable[[Facts], Kind]] = {
    "boolean": lambda _facts: Flag(),
    "object": _object,
    "array": _array,
}


def is_repeated(kind: Kind) -> bool:
    """Return whether a flag of this kind is repeated for each value or key."""
    return isinstance(kind, Texts | Numbers | Object | TextOrItems)


# The query parameters of all lists, and their help.
_OF_LISTS = {
    "after": "Start after this item",
    "before": "Items before this one",
    "limit": "Items per page",
    "page": "Start at this page, named by the page before it",
}


def help_of(name: str, facts: Facts, *, instead: str | None = None) -> str:
    """Return the help line: what a user has to know about a value besides its metavar.

    With the flag `instead`, a required property may be left out.
    """
    said = [*([_OF_LISTS[name]] if name in _OF_LISTS else []), *_said(facts, instead)]
    return "; ".join(said) or _NOUNS.get(" ".join(facts["types"]), "JSON")


_NOUNS = {
    "string": "Text", "integer": "Integer", "number": "Number", "boolean": "True or false",
    "object": "Object", "array": "Array", "file": "File",
}  # fmt: skip


def _said(facts: Facts, instead: str | None) -> Iterator[str]:
    if facts.get("required"):
        yield f"Required without {instead}" if instead else "Required"
    if names := facts.get("enum") or facts.get("items", {}).get("enum"):
        shown = ", ".join(names[:_MOST_NAMES])
        yield shown if len(names) <= _MOST_NAMES else f"{shown} …"
    yield from _bounds(facts)
    if keys := facts.get("keys"):
        shown = ", ".join(_key(*item) for item in list(keys.items())[:_MOST_NAMES])
        yield f"keys: {shown}" if len(keys) <= _MOST_NAMES else f"keys: {shown} …"


def _key(name: str, facts: Facts) -> str:
    """Show a key of an object with the range of its value."""
    bounds = ", ".join(_bounds(facts))
    return f"{name} ({bounds})" if bounds else name


def _bounds(facts: Facts) -> Iterator[str]:
    for low, high, noun in (("low", "high", ""), ("least", "most", " items")):
        least, most = facts.get(low), facts.get(high)
        if least is not None and most is not None:
            yield f"{least} to {most}{noun}"
        elif least is not None:
            yield f"{least} or more{noun}"
        elif most is not None:
            yield f"up to {most}{noun}"
    if (longest := facts.get("longest")) is not None:
        yield f"up to {longest} characters"
