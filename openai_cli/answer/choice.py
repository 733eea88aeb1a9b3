"""One of the texts, or calls of tools, that an answer offers."""

from dataclasses import field
from typing import Any

from openai_cli.answer import ending
from openai_cli.answer.text import Text
from openai_cli.answer.toolcalls import ToolCalls
from openai_cli.records import mutable_record


@mutable_record
class Choice:
    """One choice, as far as it came.

    `finish_reason` is the server's word for its end, whatever it is, and `ended_by` the place where
    it stood. `reasoning` has what the model thought, by the names of the fields that it came in.
    `has_begun` says that there was a message, be it an empty one.
    """

    index: int
    text: Text = field(default_factory=Text)
    refusal: Text = field(default_factory=Text)
    tools: ToolCalls = field(default_factory=ToolCalls)
    reasoning: dict[str, Text] = field(default_factory=dict)
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
            return f"the model refused to answer: {self.refusal}"
        if ending.is_whole(self.ended_by, self.finish_reason):
            return None
        return ending.described(self.ended_by, self.finish_reason)

    @property
    def lacks_text(self) -> str | None:
        """What to say of a choice that has nothing to print; None where it has."""
        if self.text or self.refusal or self.tools:
            return None
        if self.reasoning:
            return f"the answer has no text, only reasoning ({', '.join(self.reasoning)})"
        is_whole = ending.is_whole(self.ended_by, self.finish_reason)
        return "the answer is empty" if is_whole else None

    @property
    def content(self) -> str | None:
        """The text; None where a refusal or tool calls stand instead of one."""
        return str(self.text) if self.has_content else None

    @property
    def has_content(self) -> bool:
        """Whether there is a text, be it an empty one."""
        return bool(self.text) or not (self.refusal or self.tools)

    @property
    def message(self) -> dict[str, Any]:
        """The choice as a message of the requests that follow, without its reasoning."""
        message: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.refusal:
            message["refusal"] = str(self.refusal)
        if self.tools:
            name, value = self.tools.kept
            message[name] = value
        return message

    @property
    def thoughts(self) -> dict[str, str]:
        """The reasoning, as the properties of a message."""
        return {name: str(thought) for name, thought in self.reasoning.items()}
