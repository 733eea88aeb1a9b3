"""Check the types of values in a response; raise BadAnswerError if they do not match the API."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from openai_cli.errors import BadAnswerError


def as_name(value: object) -> str | None:
    """Return a string, or None for any other type: other servers may send anything."""
    return value if isinstance(value, str) else None


def as_index(value: Any, default: int) -> int:
    """Return the index of a choice or a call, or `default` if there is none."""
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise misshapen("an index is not a number")
    return value


def usage_in(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the usage object, which some servers put into a choice, or None."""
    choices = body.get("choices")
    for place in (body, *(choices if isinstance(choices, list) else ())):
        if isinstance(place, Mapping) and isinstance(usage := place.get("usage"), dict):
            return whole_numbers(usage)
    return None


def whole_numbers(usage: dict[str, Any]) -> dict[str, Any]:
    """Convert the whole floats in a usage object to integers: some servers send `12.0`."""
    return {key: _whole_number(value) for key, value in usage.items()}


def _whole_number(value: Any) -> Any:
    if isinstance(value, dict):
        return whole_numbers(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def as_objects(value: Any, where: str) -> list[dict[str, Any]]:
    """Return an array of objects; null counts as empty."""
    found = value or []
    if not isinstance(found, list):
        raise misshapen(f"{where} is not an array of objects")
    for item in found:
        if not isinstance(item, dict):
            raise misshapen(f"{where} is not an array of objects")
    return found


def as_object(value: Any, where: str) -> dict[str, Any]:
    """Return an object; `where` names its place in the response."""
    if not isinstance(value, dict):
        raise misshapen(f"{where} is not an object")
    return value


def is_finite(value: Any) -> bool:
    """Return whether the value is a JSON number, which excludes NaN and infinities."""
    return type(value) is int or (isinstance(value, float) and isfinite(value))


def are_finite(values: list[Any]) -> bool:
    """Return whether all values are JSON numbers; floats alone, as a vector has, are quick."""
    if set(map(type, values)) != {float}:
        return all(map(is_finite, values))
    return isfinite(sum(values)) or all(map(isfinite, values))  # only a sum of finite ones is


def as_string(value: Any, where: str) -> str:
    """Return a string; `where` names its place in the response."""
    if not isinstance(value, str):
        raise misshapen(f"{where} is not text")
    return value


def misshapen(why: str) -> BadAnswerError:
    """Return the error for a response that does not have the API's shape."""
    return BadAnswerError(f"the answer does not have the API's shape: {why}")
