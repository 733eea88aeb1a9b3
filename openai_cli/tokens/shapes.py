"""Parts of a body that must be of a certain kind; UsageError names the one that is not."""

from collections.abc import Mapping
from typing import Any

from openai_cli.errors import UsageError

Json = Mapping[str, Any]


def array(value: object, place: str) -> list[Any]:
    """The value, which is to be a list; `place` is its name in the UsageError."""
    if isinstance(value, list):
        return value
    raise wrong(place, "a list")


def mapping(value: object, place: str) -> Json:
    """The value, which is to be an object; `place` is its name in the UsageError."""
    if isinstance(value, Mapping):
        return value
    raise wrong(place, "an object")


def string(fields: Json, name: str, place: str = "") -> str:
    """A text that must be there; `place` is what stands before its name in the UsageError."""
    value = fields.get(name)
    if isinstance(value, str):
        return value
    raise wrong(f"{place}{name}", "a text")


def optional(fields: Json, name: str, place: str = "") -> str | None:
    """A text that may be missing or null; `place` is as for `string`."""
    return None if fields.get(name) is None else string(fields, name, place)


def wrong(place: str, what: str) -> UsageError:
    """The error of a property that is not `what` it is to be."""
    return UsageError(f"{place} must be {what}", parameter=place)
