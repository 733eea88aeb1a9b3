"""A page of a list, as all endpoints that list things give it: `data`, `has_more`, `last_id`."""

from typing import Any

from openai_cli.answer.shape import as_objects, misshapen


def items(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The things on a page; BadAnswerError where it has none, not even an empty array."""
    if not isinstance(body.get("data"), list):
        raise misshapen("it has no data")
    return as_objects(body["data"], "data")


def after(body: Any) -> str | None:
    """The id that the next page comes after; None where there is none."""
    if not isinstance(body, dict) or body.get("has_more") is not True:
        return None
    if isinstance(body.get("last_id"), str):
        return str(body["last_id"])
    data = body.get("data")
    last = data[-1] if isinstance(data, list) and data else None
    name = last.get("id") if isinstance(last, dict) else None
    return name if isinstance(name, str) else None
