"""The answer of POST /completions and POST /chat/completions, whole or streamed.

Both endpoints and both forms have one reader: a choice's content stands in `text` (completions),
`message` (chat) or `delta` (chat, streamed), and a whole answer is a stream of one part.
"""

from dataclasses import dataclass, field
from typing import Any

from openai_cli.answer.choice import Choice
from openai_cli.answer.parts import Answer
from openai_cli.answer.shape import as_index, as_object, as_objects, as_string, misshapen


@dataclass
class Completion(Answer):
    """The choices, as far as they came; `expected` is how many were asked for."""

    expected: int = 1
    choices: dict[int, Choice] = field(default_factory=dict)

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        self.note(body)
        return [
            self._add_choice(position, found)
            for position, found in enumerate(as_objects(body.get("choices"), "choices"))
        ]

    def check(self, body: dict[str, Any]) -> None:
        if not isinstance(body.get("choices"), list) or not body["choices"]:
            raise misshapen("it has no choices")

    def _add_choice(self, position: int, found: dict[str, Any]) -> tuple[Choice, str]:
        index = found.get("index")
        choice = self.choices.get(index) if type(index) is int else None
        if choice is None:
            index = as_index(index, position)
            choice = self.choices.setdefault(index, Choice(index))
        message = found.get("delta") or found.get("message") or {}
        if not isinstance(message, dict):
            raise misshapen("a choice's message is no object")
        text = _text_of(found, message)
        if text:
            choice.text.append(text)
        if refusal := message.get("refusal"):
            choice.refusal.append(as_string(refusal, "refusal"))
        if calls := message.get("tool_calls"):
            _merge_calls(choice.calls, as_objects(calls, "tool_calls"))
        if function := message.get("function_call"):
            _merge_calls(choice.calls, [{"index": 0, **as_object(function, "function_call")}])
        choice.finish_reason = found.get("finish_reason") or choice.finish_reason
        return choice, text

    @property
    def is_whole(self) -> bool:
        """Whether the stream was whole: `[DONE]` came, or every choice has its finish reason."""
        ended = sum(choice.finish_reason is not None for choice in self.choices.values())
        return self.is_done or (ended == len(self.choices) and ended >= self.expected)

    @property
    def in_order(self) -> list[Choice]:
        """The choices by index."""
        return [self.choices[index] for index in sorted(self.choices)]


def _text_of(choice: dict[str, Any], message: dict[str, Any]) -> str:
    """A choice's text: completions' `text`, chat's `content`, or what spoken audio says."""
    content = choice.get("text") or message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # content parts, as some servers send them
        return "".join(
            as_string(part.get("text", ""), "text") for part in as_objects(content, "content")
        )
    if content:
        raise misshapen("a choice's content is no text")
    audio = message.get("audio")
    return as_string(audio.get("transcript") or "", "transcript") if isinstance(audio, dict) else ""


def _merge_calls(calls: list[dict[str, Any]], pieces: list[dict[str, Any]]) -> None:
    """Put pieces of tool calls to what came of the same calls before: arguments come in pieces."""
    before = len(calls)
    for position, piece in enumerate(pieces):
        default = _place(calls, before, piece, position if len(pieces) > 1 else before - 1)
        place = as_index(piece.get("index"), default)
        if place >= len(calls):
            place = len(calls)
            calls.append({})
        _join(calls[place], {key: value for key, value in piece.items() if key != "index"})


def _place(calls: list[dict[str, Any]], before: int, piece: dict[str, Any], position: int) -> int:
    """The place of a piece that names none: that of the call of its id, among those before it."""
    if (name := piece.get("id")) is None:
        return max(position, 0)
    return next((i for i, call in enumerate(calls[:before]) if call.get("id") == name), len(calls))


def _join(whole: dict[str, Any], piece: dict[str, Any], *, depth: int = 1) -> None:
    """Add a piece: text of `arguments` and `input` grows, what they stand in is joined too."""
    for key, value in piece.items():
        if key in ("arguments", "input") and isinstance(value, str):
            whole[key] = as_string(whole.get(key) or "", key) + value
        elif isinstance(value, dict) and depth:
            inner = whole.get(key) or {}
            _join(as_object(inner, key), value, depth=depth - 1)
            whole[key] = inner
        elif value is not None or key not in whole:
            whole[key] = value
