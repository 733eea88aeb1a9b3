"""The response of POST /completions and POST /chat/completions, whole or streamed.

One class reads all four forms: the content of a choice is in `text` (completions), `message` (chat)
or `delta` (chat, streamed), and a whole response is read like a stream of one part.
"""

from typing import Any

from openai_cli.answer.base import Answer, choice_error, choice_remarks, choice_shortfalls, fewer
from openai_cli.answer.choice import Choice
from openai_cli.answer.shape import as_index, as_object, as_objects, as_string, misshapen
from openai_cli.answer.text import Text
from openai_cli.records import field, mutable_record

# The fields in which servers send reasoning: DeepSeek's, and vLLM's newer one.
_REASONING = ("reasoning_content", "reasoning")
# What a message may have beside its text.
_REST = ("refusal", "tool_calls", "function_call", *_REASONING)
# The API's own limit is 128.
_MOST_CHOICES = 10_000
_WHOLE_OBJECTS = {"chat.completion.chunk": "chat.completion"}


@mutable_record
class Completion(Answer):
    """The choices, as far as they have arrived; `expected` is how many were requested."""

    expected: int = 1
    choices: dict[int, Choice] = field(default_factory=dict)
    _ended: set[int] = field(default_factory=set)
    _first: dict[str, Any] | None = None
    _is_text: bool = False

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        self.note(body)
        if self._first is None:
            self._first = body
        return [
            self._add_choice(position, found)
            for position, found in enumerate(as_objects(body.get("choices"), "choices"))
        ]

    def place_of_text(self, body: dict[str, Any]) -> tuple[dict[str, Any], str] | None:
        # Whatever `add` and `failure_in` look at must be as in the event before.
        choice = self.choices.get(0)
        try:
            [found] = body["choices"]
            goes_on = (
                choice is not None
                and choice.has_begun
                and found["finish_reason"] is None
                and found["index"] == 0
                and type(found["index"]) is int
                and "error" not in found
                and "usage" not in found
                and "error" not in body
                and body.get("usage") is None
                and body.get("object") != "error"
                and body.get("service_tier") in (None, self.service_tier)
                and (self.model or body.get("model") is None)
            )
        except (KeyError, TypeError, ValueError):
            return None
        return _place_of_text(found) if goes_on else None

    def check(self, body: dict[str, Any]) -> None:
        if not isinstance(body.get("choices"), list) or not body["choices"]:
            raise misshapen("it has no choices")
        if not any(map(_has_message, as_objects(body["choices"], "choices"))):
            raise misshapen("its choices have no message")

    def knows(self, body: dict[str, Any], *, streamed: bool) -> bool:  # noqa: ARG002
        return body.get("choices") is not None or body.get("usage") is not None

    def failure_in(self, body: dict[str, Any], *, streamed: bool) -> Any:
        if body.get("choices") and not body.get("error") and body.get("object") != "error":
            return choice_error(body)  # nearly every event; the general check takes twice as long
        return super().failure_in(body, streamed=streamed)

    def end(self) -> None:
        if not any(choice.has_begun for choice in self.choices.values()):
            raise misshapen("the stream has no choices")
        for choice in self.choices.values():
            choice.tools.complete()

    def _add_choice(self, position: int, found: dict[str, Any]) -> tuple[Choice, str]:
        index = found.get("index")
        choice = self.choices.get(index) if type(index) is int else None
        if choice is None:
            index = as_index(index, position)
            choice = self.choices.setdefault(index, Choice(index))
            if len(self.choices) > _MOST_CHOICES:
                raise misshapen(f"it has more than {_MOST_CHOICES} choices")
        text = self._add_message(choice, found)
        if (usage := found.get("usage")) is not None:
            self.note({"usage": usage})
        reason = found.get("finish_reason")
        if reason is not None and (reason or not choice.finish_reason):
            choice.finish_reason = reason
            if reason:
                self._ended.add(choice.index)
        return choice, text

    def _add_message(self, choice: Choice, found: dict[str, Any]) -> str:
        """Add the content of a part to its choice, and return the text that it adds."""
        message = found.get("delta") or found.get("message") or {}
        if not isinstance(message, dict):
            raise misshapen("a choice's message is not an object")
        text = _text_of(found, message)
        if text:
            choice.text.append(text)
        if not choice.has_begun:
            choice.has_begun = _has_message(found)
            self._is_text = "text" in found
        if len(message) > 1 or not text:
            _add_rest(choice, message, is_whole="delta" not in found)
        return text

    @property
    def is_ended(self) -> bool:
        """Whether every choice that has begun has a finish reason."""
        return 0 < len(self.choices) == len(self._ended)

    @property
    def awaits_little(self) -> bool:
        ended = len(self._ended)
        return ended >= self.expected and ended == len(self.choices)

    @property
    def in_order(self) -> list[Choice]:
        """The choices by index."""
        return [self.choices[index] for index in sorted(self.choices)]

    @property
    def incomplete(self) -> list[str]:
        return choice_shortfalls(self.in_order)

    @property
    def remarks(self) -> list[str]:
        return [
            *super().remarks,
            *fewer(len(self.choices), self.expected, "choices"),
            *choice_remarks(self.in_order),
        ]

    @property
    def final(self) -> dict[str, Any] | None:
        first = self._first or {}
        kind = first.get("object")
        return {
            **first,
            "object": _WHOLE_OBJECTS.get(str(kind), kind),
            "choices": [self._whole_choice(choice) for choice in self.in_order],
            "usage": self.usage,
        }

    def _whole_choice(self, choice: Choice) -> dict[str, Any]:
        message = {**choice.message, **choice.thoughts}
        said = {"text": choice.content} if self._is_text else {"message": message}
        return {"index": choice.index, **said, "finish_reason": choice.finish_reason}


def _has_message(choice: dict[str, Any]) -> bool:
    """Return whether a choice has a message or a text, even an empty one."""
    return any(isinstance(choice.get(name), dict | str) for name in ("delta", "message", "text"))


def _place_of_text(choice: dict[str, Any]) -> tuple[dict[str, Any], str] | None:
    """Return where a choice has its text; None if it has none, or anything else to add."""
    if "delta" not in choice:
        holder, name, has_more = choice, "text", "message" in choice
    else:
        holder, name, has_more = choice["delta"], "content", "text" in choice
    if has_more or not isinstance(holder, dict) or not isinstance(holder.get(name), str):
        return None
    if name == "content" and len(holder) > 1 and any(map(holder.get, _REST)):
        return None
    return holder, name


def _add_rest(choice: Choice, message: dict[str, Any], *, is_whole: bool) -> None:
    """Add the refusal, the tool calls and the reasoning of a message."""
    if refusal := message.get("refusal"):
        choice.refusal.append(as_string(refusal, "refusal"))
    if calls := message.get("tool_calls"):
        add = choice.tools.add_whole if is_whole and not choice.tools else choice.tools.add_pieces
        add(as_objects(calls, "tool_calls"))
    if function := message.get("function_call"):
        choice.tools.add_function(as_object(function, "function_call"))
    for name in _REASONING:
        if isinstance(thought := message.get(name), str) and thought:
            choice.reasoning.setdefault(name, Text()).append(thought)


def _text_of(choice: dict[str, Any], message: dict[str, Any]) -> str:
    """Return a choice's text: completions' `text`, chat's `content`, or an audio's transcript."""
    content = choice.get("text") or message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # content parts, as some servers send them
        return "".join(
            as_string(part.get("text") or "", "text") for part in as_objects(content, "content")
        )
    if content:
        raise misshapen("a choice's content is not text")
    audio = message.get("audio")
    return as_string(audio.get("transcript") or "", "transcript") if isinstance(audio, dict) else ""
