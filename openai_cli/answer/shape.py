"""Parts of an answer in the shape that the API gives them; BadAnswerError for any other."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from openai_cli.errors import BadAnswerError


def as_name(value: object) -> str | None:
    """What an answer says of itself: other servers' values may be of any type."""
    return value if isinstance(value, str) else None


def as_index(value: Any, default: int) -> int:
    """An index of a choice or a call, where one is named."""
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise misshapen("an index is no number")
    return value


def usage_in(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The usage object of an answer, which some servers put into a choice; None without one."""
    choices = body.get("choices")
    for place in (body, *(choices if isinstance(choices, list) else ())):
        if isinstance(place, Mapping) and isinstance(usage := place.get("usage"), dict):
            return whole_numbers(usage)
    return None


def whole_numbers(usage: dict[str, Any]) -> dict[str, Any]:
    """A usage object with its floats that are integers as integers: some servers send `12.0`."""
    return {key: _whole_number(value) for key, value in usage.items()}


def _whole_number(value: Any) -> Any:
    if isinstance(value, dict):
        return whole_numbers(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def as_objects(value: Any, where: str) -> list[dict[str, Any]]:
    """An array of objects; null is an empty one."""
    found = value or []
    if not isinstance(found, list):
        raise misshapen(f"{where} is no array of objects")
    for item in found:
        if not isinstance(item, dict):
            raise misshapen(f"{where} is no array of objects")
    return found


def as_object(value: Any, where: str) -> dict[str, Any]:
    """An object; `where` names its place in the answer."""
    if not isinstance(value, dict):
        raise misshapen(f"{where} is no object")
    return value


def is_finite(value: Any) -> bool:
    """Whether it is a number of JSON, which has neither NaN nor infinities."""
    return type(value) is int or (isinstance(value, float) and isfinite(value))


def as_string(value: Any, where: str) -> str:
    """A string."""
    if not isinstance(value, str):
        raise misshapen(f"{where} is no text")
    return value


def misshapen(why: str) -> BadAnswerError:
    """The failure of an answer of another shape."""
    return BadAnswerError(f"the answer is not of the API's shape: {why}")
