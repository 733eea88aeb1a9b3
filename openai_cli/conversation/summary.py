"""What a model is asked, and what it is told, when the older turns of a conversation are summed up.

The turns go as a transcript in one text, for a server may refuse tool calls without their tools.
"""

import json
from collections.abc import Sequence
from typing import Any

from openai_cli.conversation.shortening import STANDING, Message

_TASK = (
    "Summarize the conversation below for the assistant that will continue it. Keep every fact, "
    "name, number, decision and open question; leave out pleasantries. Use at most {words} words."
)
_QUESTION = "Summarize our conversation so far."


def summary_request(turns: Sequence[Message], *, words: int) -> list[dict[str, Any]]:
    """The messages that ask for a summary of the turns in so many words."""
    return [
        {"role": "system", "content": _TASK.format(words=words)},
        {"role": "user", "content": "\n\n".join(map(_told, turns))},
    ]


def summed_up(rest: Sequence[Message], summary: str) -> list[Message]:
    """The messages that go on after a summary, which is a turn before them.

    It is a question and an answer: some servers' templates want the two to take turns.
    """
    first = next(
        (place for place, message in enumerate(rest) if message.get("role") not in STANDING),
        len(rest),
    )
    turn = [{"role": "user", "content": _QUESTION}, {"role": "assistant", "content": summary}]
    return [*rest[:first], *turn, *rest[first:]]


def _told(message: Message) -> str:
    """A message as a transcript has it: the role, its text, its calls as JSON."""
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}] if content else []
    texts = [str(part.get("text") or f"[{part.get('type')}]") for part in parts]
    calls = message.get("tool_calls") or message.get("function_call")
    if calls:
        texts.append(json.dumps(calls, ensure_ascii=False))
    return f"{message.get('role')}: {' '.join(texts)}"
