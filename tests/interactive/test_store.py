"""What leaves a conversation when a turn is taken back, or asked anew."""

from typing import Any

import pytest

from openai_cli.commands.interactive.store import (
    BeforeReply,
    InMemory,
    before_last_turn,
    before_reply,
)
from openai_cli.errors import UsageError

SYSTEM = {"role": "system", "content": "S"}
DEVELOPER = {"role": "developer", "content": "D"}
ONE = {"role": "user", "content": "one"}
TWO = {"role": "user", "content": "two"}
FIRST = {"role": "assistant", "content": "1"}
SECOND = {"role": "assistant", "content": "2"}
CALLS = {"role": "assistant", "content": None, "tool_calls": [{"id": "a"}, {"id": "b"}]}
TOOL_A = {"role": "tool", "tool_call_id": "a", "content": "A"}
TOOL_B = {"role": "tool", "tool_call_id": "b", "content": "B"}
OLDER_CALL = {"role": "assistant", "content": None, "function_call": {"name": "f"}}
OLDER_RESULT = {"role": "function", "name": "f", "content": "F"}

Messages = list[dict[str, Any]]


@pytest.mark.parametrize(
    ("messages", "kept"),
    [
        ([ONE, FIRST], []),
        ([SYSTEM, ONE, FIRST, TWO, SECOND], [SYSTEM, ONE, FIRST]),
        ([ONE, FIRST, TWO], [ONE, FIRST]),
        ([ONE, CALLS, TOOL_A, TOOL_B, SECOND], []),
        ([ONE, FIRST, TWO, CALLS, TOOL_A, TOOL_B], [ONE, FIRST]),
        ([ONE, FIRST, TWO, CALLS], [ONE, FIRST]),
        ([ONE, CALLS, TOOL_A, TWO, TOOL_B, SECOND], []),
        ([ONE, FIRST, TWO, SYSTEM, SECOND, DEVELOPER], [ONE, FIRST, SYSTEM, DEVELOPER]),
        ([FIRST], []),
    ],
)
def test_the_last_turn(messages: Messages, kept: Messages) -> None:
    left = [message for message in messages if message not in kept]
    assert before_last_turn(messages) == (kept, left)


@pytest.mark.parametrize(
    ("messages", "replies"),
    [
        ([ONE, FIRST], [FIRST]),
        ([ONE, FIRST, TWO, SECOND], [SECOND]),
        ([ONE, FIRST, TWO], []),
        ([ONE, CALLS], [CALLS]),
        ([ONE, CALLS, TOOL_A, TOOL_B, SECOND], [SECOND]),
        ([ONE, CALLS, TOOL_A, TOOL_B], []),
        ([ONE, OLDER_CALL, OLDER_RESULT, SECOND], [SECOND]),
        ([ONE, FIRST, SYSTEM], [FIRST]),
        ([ONE, FIRST, SECOND], [FIRST, SECOND]),
    ],
)
def test_the_reply(messages: Messages, replies: Messages) -> None:
    kept = [message for message in messages if message not in replies]
    assert before_reply(messages) == (kept, replies)


@pytest.mark.parametrize("messages", [[], [SYSTEM], [SYSTEM, DEVELOPER]])
def test_where_there_is_no_turn(messages: Messages) -> None:
    with pytest.raises(UsageError, match="no turn to undo"):
        before_last_turn(messages)
    with pytest.raises(UsageError, match="no turn to retry"):
        before_reply([*messages, FIRST])


def test_a_reply_leaves_behind_what_left_before_it() -> None:
    left: list[Any] = []

    class Kept(InMemory):
        def save(self, body: Any, gone: Any) -> None:
            super().save(body, gone)
            left.extend(gone)

    stored = Kept()
    stored.save({"model": "m", "messages": [ONE, FIRST, TWO, SECOND]}, [])
    view = BeforeReply(stored, [ONE, FIRST, TWO], [SECOND])
    assert view.body == {"model": "m", "messages": [ONE, FIRST, TWO]}
    assert stored.body["messages"] == [ONE, FIRST, TWO, SECOND]
    view.save({"model": "m", "messages": [TWO, FIRST]}, [ONE])
    assert left == [ONE, SECOND]
    assert stored.body["messages"] == [TWO, FIRST]
