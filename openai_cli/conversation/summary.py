"""Have a model summarize the older turns of a conversation.

The turns are sent as one transcript, because a server may refuse tool calls without their tools.
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
    """Return the messages that ask for a summary of the turns in at most so many words."""
    return [
        {"role": "system", "content": _TASK.format(words=words)},
        {"role": "user", "content": "\n\n".join(map(_told, turns))},
    ]


def summed_up(rest: Sequence[Message], summary: str) -> list[Message]:
    """Insert the summary as a turn before the remaining messages.

    The turn is a question and an answer, because some servers' templates require alternating roles.
    """
    first = next(
        (place for place, message in enumerate(rest) if message.get("role") not in STANDING),
        len(rest),
    )
    turn = [{"role": "user", "content": _QUESTION}, {"role": "assistant", "content": summary}]
    return [*rest[:first], *turn, *rest[first:]]


def _told(message: Message) -> str:
    """Format a message for the transcript: its role, its text, its tool calls as JSON."""
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}] if content else []
    texts = [str(part.get("text") or f"[{part.get('type')}]") for part in parts]
    calls = message.get("tool_calls") or message.get("function_call")
    if calls:
        texts.append(json.dumps(calls, ensure_ascii=False))
    return f"{message.get('role')}: {' '.join(texts)}"
