"""The state of a response while it is read; each endpoint has a subclass for its shape."""

from typing import Any, ClassVar

from openai_cli.answer.choice import Choice
from openai_cli.answer.shape import as_name, misshapen, whole_numbers
from openai_cli.http.errorbody import tells_error
from openai_cli.http.sse import LARGEST as LARGEST_EVENT
from openai_cli.records import field, mutable_record

# What a response is billed by besides its usage: tool calls, and the output of other models.
_BILLABLE = ("output", "tools", "tool_usage", "svg_usage")

# In bytes, decoded. The longest texts of models are below 1 MB; with 20 log probabilities for each
# token they can reach 40 MB.
LARGEST_JSON = 64 * 1024 * 1024

# The status values of a response that failed.
_FAILED = ("failed", "expired")


@mutable_record
class Answer:
    """A response, as far as its parts have been read.

    `is_done` is set by `[DONE]`, `has_last` by the endpoint's own last event. `usage` is the API's
    object of that name, or None; `billable` has the other properties that the cost depends on.
    `asked_model` is the model of the request, for responses that name none, and `began` is when the
    request was first sent, in seconds since the epoch. `age` is None, unless an earlier call sent
    the request: then the seconds since that. With `is_background`, the server completes the
    response even if the connection breaks. `has_replaced` says that invalid UTF-8 was replaced.

    `largest` and `largest_event` limit a whole response and an event, in bytes. With
    `has_many_numbers`, its numbers may take more memory than the values of other responses. With
    `is_text`, a whole response is not JSON; with `may_be_array`, it may be an array, which stands
    for `{"data": …}`. `instead` is the object for an empty body, or None if that is an error. With
    `has_no_last`, a stream may end with any event. `own_types` are the prefixes of the types of the
    endpoint's own events.
    """

    largest: ClassVar[int] = LARGEST_JSON
    largest_event: ClassVar[int] = LARGEST_EVENT
    has_many_numbers: ClassVar[bool] = False
    is_text: ClassVar[bool] = False
    may_be_array: ClassVar[bool] = False
    has_no_last: ClassVar[bool] = False
    own_types: ClassVar[tuple[str, ...]] = ()

    request_id: str | None = None
    usage: dict[str, Any] | None = None
    billable: dict[str, Any] = field(default_factory=dict)
    asked_model: str | None = None
    began: float | None = None
    age: float | None = None
    model: str | None = None
    service_tier: str | None = None
    is_done: bool = False
    has_last: bool = False
    is_background: bool = False
    has_replaced: bool = False
    instead: dict[str, Any] | None = None

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        """Add one part, and return the text that it adds to each choice."""
        self.note(body)
        return []

    def place_of_text(self, body: dict[str, Any]) -> tuple[dict[str, Any], str] | None:  # noqa: ARG002
        """Return where an event of a stream has its text, if that is all that it adds.

        Adding several such events in a row is the same as adding the last of them with the texts of
        all. Return the object and the name of the text, and None for any other event.
        """
        return None

    def note(self, body: dict[str, Any]) -> None:
        """Record the properties that all responses share: usage, model and service tier."""
        usage, tier = body.get("usage"), body.get("service_tier")
        if isinstance(usage, dict):
            self.usage = whole_numbers(usage)
            self.billable = {name: body[name] for name in _BILLABLE if name in body}
        if not self.model:
            self.model = as_name(body.get("model"))
        if tier:
            self.service_tier = as_name(tier) or self.service_tier

    def check(self, body: dict[str, Any]) -> None:
        """Raise BadAnswerError if a whole response does not have the endpoint's shape."""
        if not body:
            raise misshapen("there is nothing in it")

    def knows(self, body: dict[str, Any], *, streamed: bool) -> bool:
        """Return whether a body, or an event of a stream, looks like one of the endpoint's own."""
        kind = body.get("type")
        if isinstance(kind, str):
            return kind.startswith(self.own_types)
        return not streamed and any(name in body for name in ("id", "data", "object"))

    def failure_in(self, body: dict[str, Any], *, streamed: bool) -> Any:
        """Return the error that a body or an event reports, or None."""
        is_known = self.knows(body, streamed=streamed)
        if error := body.get("error"):
            return error if is_known else body
        if is_known and body.get("object") != "error":
            return self.own_failure_in(body)
        return body if tells_error(body) else None

    def own_failure_in(self, body: dict[str, Any]) -> Any:
        """Return the error that one of the endpoint's own bodies or events reports, or None."""
        return body if str(body.get("type")).endswith(".failed") else None

    def end(self) -> None:
        """Check the response after its last part; raise BadAnswerError if it has no content."""

    @property
    def is_ended(self) -> bool:
        """Whether the endpoint's own last event has arrived."""
        return self.has_last

    @property
    def is_whole(self) -> bool:
        """Whether the stream would be complete if it ended now."""
        return self.is_done or self.is_ended

    @property
    def awaits_little(self) -> bool:
        """Whether only usage and `[DONE]` can still follow."""
        return self.is_ended

    @property
    def in_order(self) -> list[Choice]:
        """The choices by index; empty if the endpoint has none."""
        return []

    @property
    def incomplete(self) -> list[str]:
        """The reasons why the response is not complete, for the user."""
        if self.is_done and not self.is_ended and not self.has_no_last:
            return ["the stream ended before its last event"]
        return []

    @property
    def remarks(self) -> list[str]:
        """Other notices about the response, for the user."""
        if self.has_replaced:
            return ["the stream was not valid UTF-8: U+FFFD replaces the invalid bytes"]
        return []

    @property
    def final(self) -> dict[str, Any] | None:
        """The body that a streamed response would have had without streaming; None if unknown."""
        return None


def response_error(body: dict[str, Any]) -> Any:
    """Return the error of a response, whole or in an event, or None.

    A failed response may have `error: null`; it gets a message with its status.
    """
    kind = body.get("type")
    response = body if kind is None else body.get("response")
    if not isinstance(response, dict):
        return body if kind == "response.failed" else None
    status = response.get("status")
    if error := response.get("error"):
        return error
    if status in _FAILED or kind == "response.failed":
        return {"message": f"the response failed without a reason (status {status or 'failed'})"}
    return None


def choice_error(body: dict[str, Any]) -> Any:
    """Return the error of the first choice with one, as OpenRouter reports upstream failures."""
    choices = body.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if (
            isinstance(choice, dict)
            and (error := choice.get("error")) is not None
            and (error or choice.get("finish_reason") == "error")
        ):
            return error
    return None


def choice_remarks(choices: list[Choice]) -> list[str]:
    """Return the notices about choices without text."""
    return [named(choice, choices, said) for choice in choices if (said := choice.lacks_text)]


def choice_shortfalls(choices: list[Choice]) -> list[str]:
    """Return the reasons why choices are not complete."""
    return [named(choice, choices, why) for choice in choices if (why := choice.incomplete)]


def named(choice: Choice, choices: list[Choice], said: str) -> str:
    """Prefix a message about a choice with its index if there are several choices."""
    return f"choice {choice.index}: {said}" if len(choices) > 1 else said


def fewer(count: int, expected: int, what: str) -> list[str]:
    """Return a notice if there are fewer than were requested."""
    if count >= expected:
        return []
    return [f"the server gave {count} of {expected} {what}"]
