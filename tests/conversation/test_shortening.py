"""Turns of a conversation, and which leave it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.conversation.shortening import fewest_turns, split, turn_starts
from openai_cli.conversation.summary import summary_request, summed_up

SYSTEM = {"role": "system", "content": "S"}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str | None, *calls: str) -> dict[str, Any]:
    made = [{"id": name, "type": "function", "function": {"name": "f"}} for name in calls]
    return {"role": "assistant", "content": text, **({"tool_calls": made} if made else {})}


def tool(name: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": name, "content": "42"}


TALK = [SYSTEM, user("1"), assistant("a"), user("2"), assistant("b"), user("3"), assistant("c")]


@pytest.mark.parametrize(
    ("messages", "starts"),
    [
        ([], []),
        ([SYSTEM], []),
        (TALK, [1, 3, 5]),
        ([user("1"), user("2")], [0, 1]),
        ([assistant("hello"), user("1")], [0, 1]),
        ([tool("x"), assistant("a"), user("1")], [0, 2]),
        ([user("1"), assistant(None, "x"), tool("x"), assistant("a"), user("2")], [0, 4]),
        ([user("1"), assistant(None, "x"), user("2"), tool("x"), user("3")], [0, 4]),
        ([user("1"), assistant(None, "x", "y"), tool("y"), tool("x"), user("2")], [0, 4]),
        ([user("1"), assistant(None, "x"), user("2"), assistant("b")], [0, 2]),
        (
            [
                user("1"),
                assistant(None, "x"),
                tool("x"),
                user("2"),
                assistant(None, "x"),
                tool("x"),
            ],
            [0, 3],
        ),
        ([user("1"), assistant(None, "x"), tool("x"), user("2"), tool("x"), user("3")], [0, 5]),
        ([user("1"), {"role": "developer", "content": "D"}, assistant("a"), user("2")], [0, 3]),
        ([user("1"), {"role": "assistant", "tool_calls": "odd"}, user("2")], [0, 2]),
        ([user("1"), {"role": "assistant", "tool_calls": ["odd", {}]}, user("2")], [0, 2]),
    ],
)
def test_where_turns_start(messages: list[Any], starts: list[int]) -> None:
    assert turn_starts(messages) == starts


def test_the_oldest_turns_are_split_off() -> None:
    assert split(TALK, 0) == ([], TALK)
    assert split(TALK, 1) == ([user("1"), assistant("a")], [SYSTEM, *TALK[3:]])
    assert split(TALK, 3) == (TALK[1:], [SYSTEM])


def test_what_stands_for_all_of_it_never_leaves() -> None:
    developer = {"role": "developer", "content": "D"}
    messages = [SYSTEM, user("1"), developer, assistant("a"), user("2")]
    assert split(messages, 1) == (
        [user("1"), assistant("a")],
        [SYSTEM, developer, user("2")],
    )


def test_as_few_leave_as_will_do() -> None:
    def at_most(count: int) -> int | None:
        return fewest_turns(TALK, 2, holds=lambda rest: len(rest) <= count)

    assert [at_most(count) for count in (7, 6, 5, 4, 3, 2)] == [0, 1, 1, 2, 2, None]


MESSAGES = st.lists(
    st.sampled_from(
        [SYSTEM, user("1"), assistant("a"), assistant(None, "x"), assistant(None, "y", "x"),
         tool("x"), tool("y"), {"role": "developer", "content": "D"}]
    ),
    max_size=12,
)  # fmt: skip


@given(MESSAGES, st.integers(0, 12))
def test_all_that_leaves_and_all_that_stays_is_all(messages: list[Any], turns: int) -> None:
    left, rest = split(messages, turns)
    assert sorted(map(str, left + rest)) == sorted(map(str, messages))
    assert not [message for message in left if message["role"] in ("system", "developer")]


@given(MESSAGES, st.integers(0, 12))
def test_no_answer_is_parted_from_its_call(shapes: list[Any], turns: int) -> None:
    messages = [dict(shape) for shape in shapes]  # each is one of its own
    has_left = {id(message) for message in split(messages, turns)[0]}
    callers: dict[str, int] = {}
    for message in messages:
        callers |= {call["id"]: id(message) for call in message.get("tool_calls", ())}
        if message["role"] == "tool" and (caller := callers.get(message["tool_call_id"])):
            assert (id(message) in has_left) == (caller in has_left)


def test_what_a_summary_is_asked_for() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    turns = [
        user("Where is Bonn?"),
        assistant(None, "x"),
        tool("x"),
        {"role": "user", "content": [{"type": "text", "text": "And this?"}, picture]},
        {"role": "assistant", "content": "", "function_call": {"name": "g", "arguments": "{}"}},
    ]
    system, question = summary_request(turns, words=70)
    assert system["role"] == "system"
    assert "at most 70 words" in system["content"]
    assert question == {
        "role": "user",
        "content": "user: Where is Bonn?\n\n"
        'assistant: [{"id": "x", "type": "function", "function": {"name": "f"}}]\n\n'
        "tool: 42\n\n"
        "user: And this? [image_url]\n\n"
        'assistant: {"name": "g", "arguments": "{}"}',
    }


def test_a_summary_is_a_turn_behind_what_stands_for_all() -> None:
    question, answer = summed_up([SYSTEM, user("3")], "short")[1:3]
    assert question["role"] == "user"
    assert answer == {"role": "assistant", "content": "short"}
    assert summed_up([SYSTEM, user("3")], "short") == [SYSTEM, question, answer, user("3")]
    assert summed_up([SYSTEM], "short") == [SYSTEM, question, answer]
    assert summed_up([user("3")], "short") == [question, answer, user("3")]
