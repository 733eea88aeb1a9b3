"""Rows of the sandbox's table for operations in the `openai` package but not in the description.

The request's properties are read from the signature of the method that sends it, and the answer's
from its type; both become schemas in the dialect of the sandbox's data.
"""

import collections.abc
import inspect
import re
import types
import typing
import warnings
from collections.abc import Iterable
from typing import Any

import typing_extensions
from openai import BaseModel, HttpxBinaryResponseContent
from openai._base_client import BasePage
from openai._models import BaseModel as PackageModel
from package_methods import NEVER, SEQUENCES, Asked, Method, Unsent, asked_by, methods
from refresh_requests import Schema

Row = dict[str, Any]

_SCALARS: dict[Any, Schema] = {
    bool: {"type": "boolean"},
    bytes: {"type": "string"},
    float: {"type": "number"},
    int: {"type": "integer"},
    str: {"type": "string"},
}
_NO_VALUE = re.compile("Omit|NotGiven")
_PASSED = (typing.Annotated, typing_extensions.Required, typing_extensions.NotRequired)


class PackageReader:
    """One run over the package; `schemas` are those of its classes.

    They are named `~Name`, unlike any schema of the description, and `~Name2` if that is taken.
    """

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self._names: dict[Any, str] = {}

    def rows(self, served: Iterable[tuple[str, str]]) -> list[Row]:
        """The operations not in `served`, which has methods and paths with `{}` for ids."""
        known = set(served)
        found = (self._row(one) for one in methods() if (one.verb, one.shape) not in known)
        return [row for row in found if row]

    def _row(self, method: Method) -> Row | None:
        with warnings.catch_warnings(), Unsent() as client:
            warnings.simplefilter("ignore", DeprecationWarning)
            function = method.of(client)
            asked = asked_by(function, list(_parameters(function))) or _least(function)
        answer = self._answer(method, asked.answer)
        if answer is None:
            return None
        row: Row = {"method": method.verb, "path": method.path, **answer}
        given = self._given(function, method.ids)
        needed = _needed(function)
        if method.verb == "GET":
            query = {
                name: schema | ({"needed": True} if name in needed else {})
                for name, schema in given.items()
            }
            return row | ({"query": query} if query else {})
        if not given:
            return row
        name = f"{method.verb} {method.path}"
        required = [name for name in given if name in needed]
        self.schemas[name] = {
            "type": "object",
            "properties": given,
            **({"required": required} if required else {}),
        }
        place = "form" if any(_has_file(schema) for schema in given.values()) else "schema"
        return row | {place: name}

    def _answer(self, method: Method, kind: Any) -> Row | None:
        """The part of a row about an answer of this type; None if it is neither JSON nor bytes."""
        if kind is type(None):
            return {}
        if inspect.isclass(kind) and issubclass(kind, HttpxBinaryResponseContent):
            return {"media": "application/octet-stream"}
        if inspect.isclass(kind) and issubclass(kind, BasePage):
            name = f"{method.verb} {method.path} 200"
            self.schemas[name] = self._page(kind)
            return {"answer": name}
        schema = self.schema(kind)
        if "$ref" in schema:
            return {"answer": schema["$ref"]}
        if "anyOf" not in schema:
            return None
        name = f"{method.verb} {method.path} 200"
        self.schemas[name] = schema
        return {"answer": name}

    def _page(self, kind: Any) -> Schema:
        """A page: the properties of every list of the API, with those of its own type."""
        fields = kind.model_fields
        properties: dict[str, Schema] = {
            "object": {"type": "string", "enum": ["list"]},
            "data": self.schema(fields["data"].annotation),
            "first_id": {"type": "string", "nullable": True},
            "last_id": {"type": "string", "nullable": True},
            "has_more": {"type": "boolean"},
            "next": {"type": "string", "nullable": True},
        }
        if "next" not in fields:
            del properties["next"]
        return {
            "type": "object",
            "properties": properties,
            "required": ["object", "data", "has_more"],
        }

    def _given(self, function: Any, ids: list[str]) -> dict[str, Schema]:
        return {
            name: self.schema(hint)
            for name, hint in _parameters(function).items()
            if name not in ids and name != "betas"  # a header
        }

    def schema(self, hint: Any) -> Schema:
        """The schema of a type; empty if it may be anything."""
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if hint in _SCALARS:
            return dict(_SCALARS[hint])
        if typing_extensions.is_typeddict(hint) or _is_model(hint):
            return self._named(hint)
        if origin in _PASSED:
            return self.schema(inner[0])
        return self._generic(origin, inner) if origin else {}

    def _generic(self, origin: Any, inner: tuple[Any, ...]) -> Schema:
        if origin is typing.Literal:
            return _literal(inner)
        if origin in SEQUENCES:
            return {"type": "array", "items": self.schema(inner[0])}
        if origin in (typing.Union, types.UnionType):
            return {"type": "file"} if bytes in inner else self._union(inner)
        values = self.schema(inner[1]) if origin in (dict, collections.abc.Mapping) else {}
        return {"type": "object", "additionalProperties": values or True}

    def _union(self, members: tuple[Any, ...]) -> Schema:
        told = [one for one in members if not _NO_VALUE.search(str(one))]
        found: list[Schema] = []
        for one in told:
            schema = self.schema(one) if one is not type(None) else None
            if schema is not None and schema not in found:
                found.append(schema)
        if {"type": "string"} in found:
            found = [one for one in found if "enum" not in one]
        union: Schema = found[0] if len(found) == 1 else {"anyOf": found}
        return union | ({"nullable": True} if type(None) in told else {})

    def _named(self, kind: Any) -> Schema:
        if kind not in self._names:
            taken = sum(one.__name__ == kind.__name__ for one in self._names)
            name = f"~{kind.__name__}{taken + 1 if taken else ''}"
            self._names[kind] = name  # the type may refer to itself
            self.schemas[name] = self._fields(kind)
        return {"$ref": self._names[kind]}

    def _fields(self, kind: Any) -> Schema:
        if _is_model(kind):
            hints = {name: one.annotation for name, one in kind.model_fields.items()}
            required = [name for name, one in kind.model_fields.items() if one.is_required()]
            spelled = {name: one.alias or name for name, one in kind.model_fields.items()}
        else:
            hints = typing_extensions.get_type_hints(kind)
            required = [name for name in hints if name in kind.__required_keys__]
            spelled = {name: name for name in hints}
        schema: Schema = {
            "type": "object",
            "properties": {spelled[name]: self.schema(hint) for name, hint in hints.items()},
        }
        return schema | ({"required": [spelled[name] for name in required]} if required else {})


def _is_model(hint: Any) -> bool:
    return inspect.isclass(hint) and issubclass(hint, (BaseModel, PackageModel))


def _literal(names: tuple[Any, ...]) -> Schema:
    kinds = {bool: "boolean", int: "integer", str: "string"}
    return {"type": kinds[type(names[0])], "enum": list(names)}


def _parameters(function: Any) -> dict[str, Any]:
    """The types of a method's parameters."""
    hints = typing_extensions.get_type_hints(function)
    return {name: hint for name, hint in hints.items() if name not in NEVER}


def _least(function: Any) -> Asked:
    """The request that a method sends with its required arguments: all at once may be too many."""
    for one in (function.__func__, *typing_extensions.get_overloads(function.__func__)):
        needed = inspect.signature(one).parameters.values()
        names = [each.name for each in needed if each.default is inspect.Parameter.empty]
        asked = asked_by(function, [name for name in names if name != "self"])
        if asked is not None:
            return asked
    raise TypeError(f"{function} asks for nothing")


def _needed(function: Any) -> set[str]:
    """The parameters that every form of a method requires."""
    own = function.__func__
    forms = typing_extensions.get_overloads(own) or [own]
    needs = [
        {
            one.name
            for one in inspect.signature(form).parameters.values()
            if one.default is inspect.Parameter.empty
        }
        for form in forms
    ]
    return set.intersection(*needs)


def _has_file(schema: Schema) -> bool:
    return schema.get("type") == "file" or any(map(_has_file, schema.get("anyOf", ())))
