"""The response of POST /responses and GET /responses/ID, whole or streamed."""

from typing import Any

from openai_cli.answer.base import Answer, choice_shortfalls, response_error
from openai_cli.answer.choice import Choice
from openai_cli.answer.ending import WHOLE_STATUS
from openai_cli.answer.shape import as_name, as_object, as_objects, as_string, misshapen
from openai_cli.records import field, mutable_record

PENDING = ("queued", "in_progress")

# Items of the output: https://platform.openai.com/docs/api-reference/responses/object
# The calls that the client has to answer.
_CALLS = frozenset(
    {
        "function_call", "custom_tool_call", "computer_call", "local_shell_call", "shell_call",
        "apply_patch_call", "mcp_approval_request",
    }
)  # fmt: skip
# What the server has run itself, and items that are only there for later requests.
_NOT_PRINTED = frozenset(
    {
        "message", "reasoning", "compaction", "additional_tools", "program", "program_output",
        "file_search_call", "web_search_call", "image_generation_call", "code_interpreter_call",
        "mcp_call", "mcp_list_tools", "mcp_approval_response", "tool_search_call",
        "tool_search_output", "function_call_output", "custom_tool_call_output",
        "computer_call_output", "local_shell_call_output", "shell_call_output",
        "apply_patch_call_output",
    }
)  # fmt: skip
# How many kinds of items are recorded; the API description has about thirty.
_MOST_KINDS = 100
# The type of nearly all events of a stream.
_TEXT = "response.output_text.delta"
_ENDS = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
)


@mutable_record
class ModelResponse(Answer):
    """A response as a single choice. The text of a pending response is its id.

    `sequence` is the number of the last event of a stream. `is_rest` marks a stream that is resumed
    after some event: only what its own events add is printed.
    """

    # The last event contains the whole response with its images.
    largest_event = 32 * 1024 * 1024
    own_types = ("response.",)

    choice: Choice = field(default_factory=lambda: Choice(0, ended_by="status"))
    id: str | None = None
    status: str | None = None
    sequence: int | None = None
    is_rest: bool = False
    _items: dict[str, None] = field(default_factory=dict)
    _end_body: dict[str, Any] | None = None

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        text = self._text(body)
        if text:
            self.choice.text.append(text)
        return [(self.choice, text)]

    def place_of_text(self, body: dict[str, Any]) -> tuple[dict[str, Any], str] | None:
        goes_on = (
            body.get("type") == _TEXT
            and isinstance(body.get("delta"), str)
            and type(body.get("sequence_number")) is int
            and "error" not in body
            and "response" not in body
            and body.get("object") != "error"
        )
        return (body, "delta") if goes_on else None

    def check(self, body: dict[str, Any]) -> None:
        if not isinstance(body.get("output"), list):
            raise misshapen("it has no output")

    def knows(self, body: dict[str, Any], *, streamed: bool) -> bool:
        if not streamed and isinstance(body.get("output"), list):
            return True
        return super().knows(body, streamed=streamed)

    def own_failure_in(self, body: dict[str, Any]) -> Any:
        return response_error(body)

    def end(self) -> None:
        if self._end_body is None and not (self.choice.has_begun or self.is_rest):
            raise misshapen("the stream has no output")

    @property
    def in_order(self) -> list[Choice]:
        return [self.choice]

    @property
    def is_pending(self) -> bool:
        """Whether the response is still being generated in the background."""
        return self.status in PENDING

    @property
    def incomplete(self) -> list[str]:
        return [] if self.is_pending else choice_shortfalls([self.choice])

    @property
    def remarks(self) -> list[str]:
        unknown = [name for name in self._items if name not in _CALLS | _NOT_PRINTED]
        told = [f"items of the answer are not printed: {', '.join(unknown)}"] if unknown else []
        if not self.is_pending and self.choice.lacks_text:
            others = [name for name in self._items if name != "message"]
            told = [
                f"the answer has no text, only {', '.join(others)}"
                if others
                else self.choice.lacks_text
            ]
        return [*super().remarks, *told]

    @property
    def final(self) -> dict[str, Any] | None:
        return self._end_body

    def _text(self, body: dict[str, Any]) -> str:
        """Return the text that a whole response or an event adds."""
        kind = as_name(body.get("type"))
        if kind is None:
            return self._whole(body) if isinstance(body.get("output"), list) else ""
        if isinstance(number := body.get("sequence_number"), int):
            self.sequence = number
        if kind in (_TEXT, "response.refusal.delta"):
            self.choice.has_begun = True
        if kind == _TEXT:
            return as_string(body.get("delta"), "delta")
        if kind == "response.refusal.delta":
            self.choice.refusal.append(as_string(body.get("delta"), "delta"))
        elif kind == "response.output_item.done":
            self._add_item(as_object(body.get("item"), "item"))
        elif kind in _ENDS:
            self.has_last = True
            return self._end(as_object(body.get("response"), "response"))
        elif kind == "response.created":
            created = as_object(body.get("response"), "response")
            self.id = as_name(created.get("id"))
            self.is_background = created.get("background") is True
        return ""

    def _whole(self, body: dict[str, Any]) -> str:
        self._end_body = body
        self._note_end(body)
        if self.is_pending:
            return self.id or ""
        for item in as_objects(body.get("output"), "output"):
            self._add_item(item)
        return self._texts(body)

    def _texts(self, response: dict[str, Any]) -> str:
        """Return the text of the output's messages."""
        return "".join(
            self._part(part)
            for item in as_objects(response.get("output"), "output")
            if item.get("type") == "message"
            for part in as_objects(item.get("content"), "content")
        )

    def _end(self, response: dict[str, Any]) -> str:
        """Record the response in the last event; return the text that no earlier event had."""
        self._end_body = response
        self._note_end(response)
        if self.is_rest or self.choice.text or self.choice.refusal:
            return ""
        if self.choice.tools:
            return self._texts(response)
        self.check(response)
        return self._whole(response)

    def _note_end(self, response: dict[str, Any]) -> None:
        self.note(response)
        self.id = as_name(response.get("id"))
        self.status = as_name(response.get("status"))
        self.choice.finish_reason = response.get("status")
        details = response.get("incomplete_details")
        if self.status != WHOLE_STATUS and isinstance(details, dict) and details.get("reason"):
            self.choice.ended_by, self.choice.finish_reason = "reason", details["reason"]

    def _part(self, part: dict[str, Any]) -> str:
        if part.get("type") == "refusal":
            self.choice.refusal.append(as_string(part.get("refusal"), "refusal"))
            return ""
        return as_string(part.get("text"), "text") if part.get("type") == "output_text" else ""

    def _add_item(self, item: dict[str, Any]) -> None:
        kind = as_name(item.get("type"))
        if len(self._items) < _MOST_KINDS:
            self._items[kind or "an item without a type"] = None
        if _is_to_answer(item, kind):
            self.choice.has_begun = True
            self.choice.tools.add_item(item)


def _is_to_answer(item: dict[str, Any], kind: str | None) -> bool:
    """Return whether the client has to answer an item; if its kind is unknown, by its call id."""
    if kind == "tool_search_call":
        return item.get("execution") == "client"
    return kind in _CALLS or (kind not in _NOT_PRINTED and isinstance(item.get("call_id"), str))
