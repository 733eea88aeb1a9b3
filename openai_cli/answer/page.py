"""A page of a list, as all endpoints that list things give it: `data`, `has_more`, `last_id`."""

from dataclasses import field
from typing import Any

from openai_cli.answer.base import Answer, choice_error, response_error
from openai_cli.answer.choice import Choice
from openai_cli.answer.shape import as_objects, misshapen
from openai_cli.errors import BadAnswerError
from openai_cli.http.errorbody import error_in
from openai_cli.records import mutable_record


@mutable_record
class Whole(Answer):
    """An answer that keeps its object: `body`."""

    body: dict[str, Any] = field(default_factory=dict)

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        """Take the object in."""
        self.body = body
        return super().add(body)


@mutable_record
class AnyWhole(Whole):
    """Such an answer of an endpoint that is not known; its stream may end with any event."""

    has_no_last = True

    def check(self, body: dict[str, Any]) -> None:
        """Nothing is known of its shape."""

    def knows(self, body: dict[str, Any], *, streamed: bool) -> bool:
        kind = body.get("type")
        if isinstance(kind, str) and kind.lower().endswith("error"):
            return False
        if not streamed:
            return error_in(body) is None
        known = ("type", "object", "choices", "usage")
        return any(body.get(name) is not None for name in known)

    def own_failure_in(self, body: dict[str, Any]) -> Any:
        is_response = str(body.get("type")).startswith("response.")
        return response_error(body) if is_response else choice_error(body)


class Lasting(AnyWhole):
    """Something that is made over time: its `error` is why that failed, and none of the call."""

    def failure_in(self, body: dict[str, Any], *, streamed: bool) -> Any:
        """The error that stands alone, without such a thing; None where there is none."""
        is_thing = isinstance(body.get("id"), str) and error_in(body) is None
        return None if is_thing else super().failure_in(body, streamed=streamed)


class Page(Whole):
    """A page of a list."""

    def check(self, body: dict[str, Any]) -> None:
        items(body)


class Models(Page):
    """The list of models, which some servers give as a bare array."""

    may_be_array = True


class Deletion(Whole):
    """What was deleted; OpenAI's description has a 200 without a body for responses."""

    def check(self, body: dict[str, Any]) -> None:
        super().check(body)
        if body.get("deleted", True) is not True:
            raise BadAnswerError(f"the server did not delete '{body.get('id')}'")


def items(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The things on a page; BadAnswerError where it has no `data`, which may be null for none."""
    if "data" not in body:
        raise misshapen("it has no data")
    return as_objects(body["data"], "data")


def following(body: Any, pages: str) -> str | None:
    """What asks for the next page, as `pages` of the table of operations has it; None for none."""
    if pages == "after":
        return after(body)
    if not isinstance(body, dict) or body.get("has_more") is False:
        return None
    # OpenAI's lists of usage have the one, all others the other.
    found = body.get("next_page") or body.get("next")
    return found if isinstance(found, str) else None


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
