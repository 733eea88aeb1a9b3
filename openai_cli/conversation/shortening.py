"""A conversation in turns, and what leaves it when it is too long."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]

# What stands for the whole conversation, and never leaves it.
STANDING = ("system", "developer")


def turn_starts(messages: Sequence[Message]) -> list[int]:
    """Where each turn begins: at a message of the user, and at the first if another speaks first.

    A tool call and its answers are in one turn, whatever stands between them.
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
    """The messages of the oldest `turns`, and the rest, with what stands for all of it."""
    starts = turn_starts(messages)
    end = starts[turns] if turns < len(starts) else len(messages)
    older = messages[:end]
    standing = [message for message in older if message.get("role") in STANDING]
    left = [message for message in older if message.get("role") not in STANDING]
    return left, [*standing, *messages[end:]]


def fewest_turns(
    messages: Sequence[Message], most: int, *, holds: Callable[[list[Message]], bool]
) -> int | None:
    """How many of the oldest turns must leave for the rest to hold; None if `most` are too few.

    What holds for some messages must hold for fewer of them.
    """
    found = bisect_left(range(most + 1), True, key=lambda turns: holds(split(messages, turns)[1]))
    return found if found <= most else None


def _answered(messages: Sequence[Message]) -> list[int]:
    """Of each message, where the last answer to its tool calls is; -1 without any."""
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
