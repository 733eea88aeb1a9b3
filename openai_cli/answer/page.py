"""Responses that are kept as whole objects, among them pages of lists."""

from typing import Any

from openai_cli.answer.base import Answer, choice_error, response_error
from openai_cli.answer.choice import Choice
from openai_cli.answer.shape import as_objects, misshapen
from openai_cli.errors import BadAnswerError
from openai_cli.http.errorbody import error_in
from openai_cli.records import field, mutable_record


@mutable_record
class Whole(Answer):
    """A response that keeps its object in `body`."""

    body: dict[str, Any] = field(default_factory=dict)

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        """Keep the object."""
        self.body = body
        return super().add(body)


@mutable_record
class AnyWhole(Whole):
    """A response of an endpoint without a class of its own; a stream may end with any event."""

    has_no_last = True

    def check(self, body: dict[str, Any]) -> None:
        """Accept any shape."""

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
    """A resource that the server makes over time, such as a batch.

    Its `error` says why making it failed; it does not mean that this call failed.
    """

    def failure_in(self, body: dict[str, Any], *, streamed: bool) -> Any:
        """Return the error if the body is not such a resource, or None."""
        is_thing = isinstance(body.get("id"), str) and error_in(body) is None
        return None if is_thing else super().failure_in(body, streamed=streamed)


class Page(Whole):
    """A page of a list: `data`, `has_more` and `last_id`, as all list endpoints have them."""

    def check(self, body: dict[str, Any]) -> None:
        items(body)


class Models(Page):
    """The list of models, which some servers send as a bare array."""

    may_be_array = True


class Deletion(Whole):
    """The response to DELETE; OpenAI's description has a 200 without a body for responses."""

    def check(self, body: dict[str, Any]) -> None:
        super().check(body)
        if body.get("deleted", True) is not True:
            raise BadAnswerError(f"the server did not delete '{body.get('id')}'")


def items(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the items of a page; BadAnswerError if it has no `data`. Null `data` is empty."""
    if "data" not in body:
        raise misshapen("it has no data")
    return as_objects(body["data"], "data")


def following(body: Any, pages: str) -> str | None:
    """Return the value that requests the next page, or None if this is the last one.

    `pages` is the pagination style of the operation, from the table of operations.
    """
    if pages == "after":
        return after(body)
    if not isinstance(body, dict) or body.get("has_more") is False:
        return None
    # OpenAI's usage lists have `next_page`, all other lists have `next`.
    found = body.get("next_page") or body.get("next")
    return found if isinstance(found, str) else None


def after(body: Any) -> str | None:
    """Return the `after` id that requests the next page, or None if this is the last one."""
    if not isinstance(body, dict) or body.get("has_more") is not True:
        return None
    if isinstance(body.get("last_id"), str):
        return str(body["last_id"])
    data = body.get("data")
    last = data[-1] if isinstance(data, list) and data else None
    name = last.get("id") if isinstance(last, dict) else None
    return name if isinstance(name, str) else None
