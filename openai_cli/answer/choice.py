"""One choice of a response: a text, a refusal or tool calls."""

from typing import Any

from openai_cli.answer import ending
from openai_cli.answer.text import Text
from openai_cli.answer.toolcalls import ToolCalls
from openai_cli.records import field, mutable_record


@mutable_record
class Choice:
    """One choice, as far as it has arrived.

    `finish_reason` is the server's value, unchecked, and `ended_by` the property that it came from.
    `reasoning` maps the names of the reasoning fields to their texts. `has_begun` says that there
    was a message, even if it was empty.
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
        """The tool calls."""
        return self.tools.calls

    @property
    def has_ended(self) -> bool:
        """Whether the server has given a finish reason."""
        return bool(self.finish_reason)

    @property
    def incomplete(self) -> str | None:
        """The reason why the choice is not complete, for the user; None if it is complete."""
        if self.refusal:
            return f"the model refused to answer: {self.refusal}"
        if ending.is_whole(self.ended_by, self.finish_reason):
            return None
        return ending.described(self.ended_by, self.finish_reason)

    @property
    def lacks_text(self) -> str | None:
        """A notice for a choice with nothing to print; None if there is something."""
        if self.text or self.refusal or self.tools:
            return None
        if self.reasoning:
            return f"the answer has no text, only reasoning ({', '.join(self.reasoning)})"
        is_whole = ending.is_whole(self.ended_by, self.finish_reason)
        return "the answer is empty" if is_whole else None

    @property
    def content(self) -> str | None:
        """The text, or None if the choice has a refusal or tool calls instead."""
        return str(self.text) if self.has_content else None

    @property
    def has_content(self) -> bool:
        """Whether the choice has a text, even an empty one."""
        return bool(self.text) or not (self.refusal or self.tools)

    @property
    def message(self) -> dict[str, Any]:
        """The choice as a message for later requests, without its reasoning."""
        message: dict[str, Any] = {"role": "assistant", "content": self.content}
        if self.refusal:
            message["refusal"] = str(self.refusal)
        if self.tools:
            name, value = self.tools.kept
            message[name] = value
        return message

    @property
    def thoughts(self) -> dict[str, str]:
        """The reasoning, as properties of a message."""
        return {name: str(thought) for name, thought in self.reasoning.items()}
