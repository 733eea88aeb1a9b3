"""Split a conversation into turns, and choose those to drop when it is too long."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]

# The roles of messages that apply to the whole conversation and are never dropped.
STANDING = ("system", "developer")


def turn_starts(messages: Sequence[Message]) -> list[int]:
    """Return the index where each turn begins: at a user message, or at the first message.

    A tool call and its results are in the same turn, whatever is between them.
    """
    starts: list[int] = []
    end = -1
    for index, (message, answered) in enumerate(zip(messages, _answered(messages), strict=True)):
        role = message.get("role")
        if role not in STANDING and index > end and (role == "user" or not starts):
            starts.append(index)
        end = max(end, answered)
    return starts


def split(messages: Sequence[Message], turns: int) -> tuple[list[Message], list[Message]]:
    """Split off the oldest `turns`; return their messages and the rest.

    System and developer messages stay in the rest.
    """
    starts = turn_starts(messages)
    end = starts[turns] if turns < len(starts) else len(messages)
    older = messages[:end]
    standing = [message for message in older if message.get("role") in STANDING]
    left = [message for message in older if message.get("role") not in STANDING]
    return left, [*standing, *messages[end:]]


def fewest_turns(
    messages: Sequence[Message], most: int, *, holds: Callable[[list[Message]], bool]
) -> int | None:
    """Return the smallest number of oldest turns to drop so that the rest satisfies `holds`.

    Returns None if dropping `most` is not enough. `holds` must be monotonic: if it is true for some
    messages, it is true for fewer of them.
    """
    found = bisect_left(range(most + 1), True, key=lambda turns: holds(split(messages, turns)[1]))
    return found if found <= most else None


def _answered(messages: Sequence[Message]) -> list[int]:
    """Return, for each message, the index of the last result of its tool calls, or -1."""
    places = [-1] * len(messages)
    answers: dict[object, int] = {}
    for index in reversed(range(len(messages))):
        message = messages[index]
        if message.get("role") == "tool":
            answers.setdefault(message.get("tool_call_id"), index)
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, Mapping):
                places[index] = max(places[index], answers.pop(call.get("id"), -1))
    return places
