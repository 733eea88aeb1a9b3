"""One of the texts, or calls of tools, that an answer offers."""

from dataclasses import dataclass, field
from typing import Any

# finish_reason of a choice; reason and status of a response.
_INCOMPLETE = ("length", "content_filter", "max_output_tokens", "incomplete", "cancelled")


@dataclass
class Choice:
    """One choice, as far as it came."""

    index: int
    text: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    finish_reason: str | None = None

    @property
    def incomplete(self) -> str | None:
        """Why the choice is not complete, in the API's words; None when it is."""
        if self.refusal:
            return "refusal"
        return self.finish_reason if self.finish_reason in _INCOMPLETE else None

    @property
    def content(self) -> str | None:
        """The text; None where a refusal or tool calls stand instead of one."""
        text = "".join(self.text)
        return None if not text and (self.refusal or self.calls) else text

    @property
    def message(self) -> dict[str, Any]:
        """The choice as a message of the requests that follow."""
        message: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.refusal:
            message["refusal"] = "".join(self.refusal)
        if self.calls:
            # The older function_call has no id and no type.
            older = "function" not in self.calls[0] and "custom" not in self.calls[0]
            message |= {"function_call": self.calls[0]} if older else {"tool_calls": self.calls}
        return message
