"""A page of a list, as all endpoints that list things give it: `data`, `has_more`, `last_id`."""

from dataclasses import dataclass, field
from typing import Any

from openai_cli.answer.choice import Choice
from openai_cli.answer.parts import Answer
from openai_cli.answer.shape import as_objects, misshapen


@dataclass(kw_only=True)
class Whole(Answer):
    """An answer that keeps its object: `body`."""

    body: dict[str, Any] = field(default_factory=dict)

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        """Take the object in."""
        self.body = body
        return super().add(body)


@dataclass(kw_only=True)
class AnyWhole(Whole):
    """Such an answer of an endpoint that is not known; its stream may end with any event."""

    has_no_last = True


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
