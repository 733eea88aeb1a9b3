"""The answer of POST /responses and GET /responses/ID, whole or streamed."""

from dataclasses import dataclass, field
from typing import Any

from openai_cli.answer.choice import Choice
from openai_cli.answer.parts import Answer
from openai_cli.answer.shape import as_name, as_object, as_objects, as_string, misshapen
from openai_cli.http import failure

PENDING = ("queued", "in_progress")

# The calls that whoever asked has to answer; the server runs all others itself.
_CALLS = frozenset(
    {
        "function_call",
        "custom_tool_call",
        "computer_call",
        "local_shell_call",
        "shell_call",
        "apply_patch_call",
        "mcp_approval_request",
    }
)
_ENDS = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
)


@dataclass
class ModelResponse(Answer):
    """A response as one choice. One that is still to be made has its id as its text.

    `sequence` is the number of the last event of a stream. Of a stream that begins behind an event
    (`is_rest`), no more is printed than its events tell.
    """

    choice: Choice = field(default_factory=lambda: Choice(0))
    id: str | None = None
    status: str | None = None
    sequence: int | None = None
    is_rest: bool = False

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        text = self._text(body)
        if text:
            self.choice.text.append(text)
        return [(self.choice, text)]

    def check(self, body: dict[str, Any]) -> None:
        if not isinstance(body.get("output"), list):
            raise misshapen("it has no output")

    @property
    def in_order(self) -> list[Choice]:
        return [self.choice]

    @property
    def is_pending(self) -> bool:
        """Whether the response is still to be made, in the background."""
        return self.status in PENDING

    def _text(self, body: dict[str, Any]) -> str:
        """The text that a whole answer, or an event, adds."""
        kind = as_name(body.get("type"))
        if kind is None:
            return self._whole(body)
        if isinstance(number := body.get("sequence_number"), int):
            self.sequence = number
        if kind == "response.output_text.delta":
            return as_string(body.get("delta"), "delta")
        if kind == "response.refusal.delta":
            self.choice.refusal.append(as_string(body.get("delta"), "delta"))
        elif kind == "response.output_item.done":
            self._add_call(as_object(body.get("item"), "item"))
        elif kind == "error":
            raise failure.of_error(body, self.request_id, b"")
        elif kind in _ENDS:
            self.is_done = True
            return self._end(as_object(body.get("response"), "response"))
        elif kind == "response.created":
            created = as_object(body.get("response"), "response")
            self.id = as_name(created.get("id"))
            self.is_background = created.get("background") is True
        return ""

    def _whole(self, body: dict[str, Any]) -> str:
        self._note_end(body)
        if self.is_pending:
            return self.id or ""
        pieces = []
        for item in as_objects(body.get("output"), "output"):
            self._add_call(item)
            if item.get("type") == "message":
                pieces += [self._part(part) for part in as_objects(item.get("content"), "content")]
        return "".join(pieces)

    def _end(self, response: dict[str, Any]) -> str:
        """The last event has the whole response; of it what no event before has told."""
        if error := response.get("error"):
            raise failure.of_error(error, self.request_id, b"")
        if self.is_rest or self.choice.text or self.choice.refusal or self.choice.calls:
            self._note_end(response)
            return ""
        return self._whole(response)

    def _note_end(self, response: dict[str, Any]) -> None:
        self.note(response)
        self.id = as_name(response.get("id"))
        self.status = as_name(response.get("status"))
        if self.status == "incomplete":
            details = response.get("incomplete_details") or {}
            reason = as_object(details, "incomplete_details").get("reason")
            self.choice.finish_reason = as_name(reason) or "incomplete"
        elif self.status == "cancelled":
            self.choice.finish_reason = "cancelled"

    def _part(self, part: dict[str, Any]) -> str:
        if part.get("type") == "refusal":
            self.choice.refusal.append(as_string(part.get("refusal"), "refusal"))
            return ""
        return as_string(part.get("text"), "text") if part.get("type") == "output_text" else ""

    def _add_call(self, item: dict[str, Any]) -> None:
        if as_name(item.get("type")) in _CALLS:
            self.choice.calls.append(item)
