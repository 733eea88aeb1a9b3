"""An answer as far as it came; each endpoint's shape is a subclass."""

from dataclasses import field
from typing import Any, ClassVar

from openai_cli.answer.choice import Choice
from openai_cli.answer.shape import as_name, misshapen, whole_numbers
from openai_cli.http.errorbody import tells_error
from openai_cli.http.sse import LARGEST as LARGEST_EVENT
from openai_cli.records import mutable_record

# What besides its usage an answer is billed by: calls of tools, and what other models made.
_BILLABLE = ("output", "tools", "tool_usage", "svg_usage")

# In bytes, unpacked. The longest texts of models are below 1 MB; 20 log probabilities for each of
# their tokens can make 40.
LARGEST_JSON = 64 * 1024 * 1024

# The status of a response that has come to nothing.
_FAILED = ("failed", "expired")


@mutable_record
class Answer:
    """What the parts told so far.

    `is_done` says that `[DONE]` came, `has_last` that the last of the endpoint's own events did.
    `usage` is the API's object of that name, or None, and `billable` what else of the answer tells
    what it costs. `asked_model` is the model of the request, for answers that do not name theirs,
    and `began` when that was first sent, in seconds since the epoch. Where another call has sent
    it, `age` is how many seconds ago. `is_background`
    says that the server makes it whole even if the connection breaks, `has_replaced` that bytes of
    it were no UTF-8.

    A whole answer is at most `largest` bytes long, and an event `largest_event`; where it
    `has_many_numbers`, these may take more memory than the values of other answers. Where
    `is_text`, a whole answer is no JSON; where `may_be_array`, it may be an array, which
    stands for `{"data": …}`. `instead` is the object for an answer without a body, where there may
    be one. Where `has_no_last`, a stream may end with any event. `own_types` are the beginnings of
    the types of the endpoint's own events.
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
        """Take one part in; gives the text that it adds, choice by choice."""
        self.note(body)
        return []

    def note(self, body: dict[str, Any]) -> None:
        """Take in what every answer tells of itself."""
        usage, tier = body.get("usage"), body.get("service_tier")
        if isinstance(usage, dict):
            self.usage = whole_numbers(usage)
            self.billable = {name: body[name] for name in _BILLABLE if name in body}
        if not self.model:
            self.model = as_name(body.get("model"))
        if tier:
            self.service_tier = as_name(tier) or self.service_tier

    def check(self, body: dict[str, Any]) -> None:
        """Raise BadAnswerError for a whole answer that is not of the endpoint's shape."""
        if not body:
            raise misshapen("there is nothing in it")

    def knows(self, body: dict[str, Any], *, streamed: bool) -> bool:
        """Whether a body, or an event of a stream, has what the endpoint's own have."""
        kind = body.get("type")
        if isinstance(kind, str):
            return kind.startswith(self.own_types)
        return not streamed and any(name in body for name in ("id", "data", "object"))

    def failure_in(self, body: dict[str, Any], *, streamed: bool) -> Any:
        """The error that a body, or an event, tells of; None where it tells of none."""
        is_known = self.knows(body, streamed=streamed)
        if error := body.get("error"):
            return error if is_known else body
        if is_known and body.get("object") != "error":
            return self.own_failure_in(body)
        return body if tells_error(body) else None

    def own_failure_in(self, body: dict[str, Any]) -> Any:
        """What the endpoint's own body or event tells of a failure; None where it tells of none."""
        return body if str(body.get("type")).endswith(".failed") else None

    def end(self) -> None:
        """Look at the answer once no part is to come: BadAnswerError where there is none."""

    @property
    def is_ended(self) -> bool:
        """Whether the endpoint's own last event came."""
        return self.has_last

    @property
    def is_whole(self) -> bool:
        """Whether a stream that ends now has said all."""
        return self.is_done or self.is_ended

    @property
    def awaits_little(self) -> bool:
        """Whether nothing but usage and `[DONE]` can be still to come."""
        return self.is_ended

    @property
    def in_order(self) -> list[Choice]:
        """The choices by index, of an answer that has any."""
        return []

    @property
    def incomplete(self) -> list[str]:
        """Why the answer is not complete, for a user."""
        if self.is_done and not self.is_ended and not self.has_no_last:
            return ["the stream ended before its last event"]
        return []

    @property
    def remarks(self) -> list[str]:
        """What else is to be said of the answer."""
        if self.has_replaced:
            return ["bytes of the stream were no UTF-8: U+FFFD stands for them"]
        return []

    @property
    def final(self) -> dict[str, Any] | None:
        """What a streamed answer would have been as a whole one; None where nobody knows."""
        return None


def response_error(body: dict[str, Any]) -> Any:
    """The error of a response, whole or in an event: a failed one may have `error: null`."""
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
    """The error of a choice: OpenRouter ends so what broke off upstream."""
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
    """What is to be said of choices without text."""
    return [named(choice, choices, said) for choice in choices if (said := choice.lacks_text)]


def choice_shortfalls(choices: list[Choice]) -> list[str]:
    """Why choices are not complete."""
    return [named(choice, choices, why) for choice in choices if (why := choice.incomplete)]


def named(choice: Choice, choices: list[Choice], said: str) -> str:
    """What is said of a choice, with its number where there are several."""
    return f"choice {choice.index}: {said}" if len(choices) > 1 else said


def fewer(count: int, expected: int, what: str) -> list[str]:
    """What is to be said where there are fewer than were asked for."""
    if count >= expected:
        return []
    return [f"the server gave {count} of {expected} {what}"]
