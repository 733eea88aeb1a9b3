"""Check the types of values in a body; the UsageError names the wrong one."""

from collections.abc import Mapping
from typing import Any

from openai_cli.errors import UsageError

Json = Mapping[str, Any]


def array(value: object, place: str) -> list[Any]:
    """Return a list; `place` is its name in the UsageError."""
    if isinstance(value, list):
        return value
    raise wrong(place, "a list")


def mapping(value: object, place: str) -> Json:
    """Return an object; `place` is its name in the UsageError."""
    if isinstance(value, Mapping):
        return value
    raise wrong(place, "an object")


def string(fields: Json, name: str, place: str = "") -> str:
    """Return a required string; `place` is the prefix of its name in the UsageError."""
    value = fields.get(name)
    if isinstance(value, str):
        return value
    raise wrong(f"{place}{name}", "a text")


def optional(fields: Json, name: str, place: str = "") -> str | None:
    """Return a string that may be missing or null; `place` is as for `string`."""
    return None if fields.get(name) is None else string(fields, name, place)


def wrong(place: str, what: str) -> UsageError:
    """Return the error for a property that is not `what` it must be."""
    return UsageError(f"{place} must be {what}", parameter=place)
