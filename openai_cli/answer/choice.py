"""One of the texts, or calls of tools, that an answer offers."""

from dataclasses import dataclass, field
from typing import Any

from openai_cli.answer import ending
from openai_cli.answer.toolcalls import ToolCalls


@dataclass
class Choice:
    """One choice, as far as it came.

    `finish_reason` is the server's word for its end, whatever it is, and `ended_by` the place where
    it stood. `reasoning` has what the model thought, by the names of the fields that it came in.
    `has_begun` says that there was a message, be it an empty one.
    """

    index: int
    text: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    tools: ToolCalls = field(default_factory=ToolCalls)
    reasoning: dict[str, list[str]] = field(default_factory=dict)
    finish_reason: Any = None
    ended_by: str = "finish_reason"
    has_begun: bool = False

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The calls of tools."""
        return self.tools.calls

    @property
    def has_ended(self) -> bool:
        """Whether the server said that this is its end."""
        return bool(self.finish_reason)

    @property
    def incomplete(self) -> str | None:
        """Why the choice is not complete, for a user; None when it is known to be."""
        if self.refusal:
            return f"the model refused to answer: {''.join(self.refusal)}"
        if ending.is_whole(self.ended_by, self.finish_reason):
            return None
        return ending.described(self.ended_by, self.finish_reason)

    @property
    def lacks_text(self) -> str | None:
        """What to say of a choice that has nothing to print; None where it has."""
        if self.text or self.refusal or self.calls:
            return None
        if self.reasoning:
            return f"the answer has no text, only reasoning ({', '.join(self.reasoning)})"
        is_whole = ending.is_whole(self.ended_by, self.finish_reason)
        return "the answer is empty" if is_whole else None

    @property
    def content(self) -> str | None:
        """The text; None where a refusal or tool calls stand instead of one."""
        text = "".join(self.text)
        return None if not text and (self.refusal or self.calls) else text

    @property
    def message(self) -> dict[str, Any]:
        """The choice as a message of the requests that follow, without its reasoning."""
        message: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.refusal:
            message["refusal"] = "".join(self.refusal)
        if self.calls:
            name, value = self.tools.kept
            message[name] = value
        return message

    @property
    def thoughts(self) -> dict[str, str]:
        """The reasoning, as the properties of a message."""
        return {name: "".join(pieces) for name, pieces in self.reasoning.items()}
