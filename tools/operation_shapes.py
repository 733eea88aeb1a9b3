"""The shape of a value as data: its JSON types, and its limits.

A shape has `types`, a sorted list of string, integer, number, boolean, object, array, file, null
and any; `enum`, the names of a string; `low`, `high`, `longest`, `least` and `most`; the shape of
the `items` of an array; the `keys` of an object, or the shape of all its `values`.
"""

from typing import Any

Shape = dict[str, Any]

_LISTS = ("types", "enum")
_BOUNDS = {"low": min, "least": min, "high": max, "longest": max, "most": max}


def scalar(kind: str) -> Shape:
    """The shape of a scalar type."""
    return {"types": [kind]}


def array_of(items: Shape) -> Shape:
    """The shape of an array of these items."""
    return {"types": ["array"], "items": items}


def object_of(keys: dict[str, Shape]) -> Shape:
    """The shape of an object with these keys."""
    return {"types": ["object"], "keys": keys}


def merged(*shapes: Shape) -> Shape:
    """The shape of a value that may be any of these.

    A bound applies only if all shapes of its type have it.
    """
    found: Shape = {"types": sorted({kind for shape in shapes for kind in shape["types"]})}
    is_open = any("string" in shape["types"] and "enum" not in shape for shape in shapes)
    names = [name for shape in shapes for name in shape.get("enum", ())]
    if names:
        found["enum"] = list(dict.fromkeys(names))
    if names and is_open:
        found["open"] = True
    for name, pick in _BOUNDS.items():
        concerned = [shape for shape in shapes if _bounded(name) & set(shape["types"])]
        if concerned and all(name in shape for shape in concerned):
            found[name] = pick(shape[name] for shape in concerned)
    items = [shape["items"] for shape in shapes if "items" in shape]
    if items:
        found["items"] = merged(*items)
    values = [shape["values"] for shape in shapes if "values" in shape]
    if values:
        found["values"] = merged(*values)
    keys = _merged_keys([shape for shape in shapes if "object" in shape["types"]])
    if keys:
        found["keys"] = keys
    return found


def _bounded(name: str) -> set[str]:
    """The types to which a bound applies."""
    if name == "longest":
        return {"string"}
    return {"array"} if name in ("least", "most") else {"integer", "number"}


def _merged_keys(shapes: list[Shape]) -> dict[str, Shape]:
    """The keys of all the objects; a key is required only if all of them require it."""
    found: dict[str, Shape] = {}
    for name in dict.fromkeys(name for shape in shapes for name in shape.get("keys", ())):
        own = [shape["keys"][name] for shape in shapes if name in shape.get("keys", ())]
        key = merged(*own)
        if len(own) == len(shapes) and all(each.get("required") for each in own):
            key["required"] = True
        found[name] = key
    return found
