"""Prompt tokens of requests to /responses, whose parts are priced by hand as bills have them."""

from datetime import date
from typing import Any

import pytest

from openai_cli.errors import UsageError
from openai_cli.tokens import count
from openai_cli.tokens.messages import count_request, parts_of

Json = dict[str, Any]

TODAY = date(2026, 8, 1)
QUESTION: Json = {"role": "user", "content": "How far is Cusco?"}
CALL: Json = {
    "type": "function_call", "call_id": "c1", "name": "get_distance",
    "arguments": '{"to": "Cusco"}',
}  # fmt: skip
OTHER: Json = CALL | {"call_id": "c2", "arguments": '{"to":"Puno"}'}
RESULT: Json = {"type": "function_call_output", "call_id": "c1", "output": "571 km"}
OTHER_RESULT: Json = RESULT | {"call_id": "c2", "output": "860 km"}
STORED = {"id": "fc_1", "status": "completed"}
DISTANCE: Json = {
    "type": "function",
    "name": "get_distance",
    "parameters": {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]},
}
TYPES = "type get_distance = (_: { to: string }) => any;"


def tokens(text: str) -> int:
    return count(text, model="gpt-5")


def message(text: str) -> int:
    return 3 + 1 + tokens(text)


def counted(*items: Json, model: str, **more: Any) -> int:
    """The count of a body that no doubt is about."""
    found = count_request({"model": model, "input": list(items), **more}, on=TODAY)
    assert found.doubts == ()
    return found


ASKED = message(QUESTION["content"])
CALLED = 4 + tokens(" to=functions.get_distance") + tokens('{"to":"Cusco"}')
ANSWERED = 3 + tokens("functions.get_distance") + tokens("571 km")


@pytest.mark.parametrize(
    ("model", "start", "earlier"), [("gpt-4o", 3, 0), ("o3-mini", 2, 0), ("gpt-5.6-sol", 2, 2)]
)
def test_messages_and_the_start_of_the_answer(model: str, start: int, earlier: int) -> None:
    answer = {"role": "assistant", "content": [{"type": "output_text", "text": "571 km"}]}
    assert counted(QUESTION, model=model) == ASKED + start
    assert counted(QUESTION, model=model, instructions="") == ASKED + start
    whole = counted(QUESTION, answer, QUESTION, model=model, instructions="Be kind")
    assert whole == message("Be kind") + 2 * ASKED + message("571 km") + earlier + start


@pytest.mark.parametrize(
    ("model", "call", "result", "start"),
    [("gpt-4.1", 0, 0, 3), ("gpt-5-nano", 3, 3, 2), ("gpt-5.5", 6, 3, 2)],
)
def test_a_call_and_its_result(model: str, call: int, result: int, start: int) -> None:
    found = counted(QUESTION, CALL, RESULT, model=model)
    assert found == ASKED + CALLED + call + ANSWERED + result + start


@pytest.mark.parametrize(("model", "more"), [("gpt-4o", 3), ("gpt-5", 3), ("gpt-5.5", 0)])
def test_a_call_with_the_servers_id_is_doubtful(model: str, more: int) -> None:
    plain = counted(QUESTION, CALL, RESULT, model=model)
    body = {"model": model, "input": [QUESTION, CALL | STORED, RESULT]}
    found = count_request(body, on=TODAY)
    assert found == plain + more
    [doubt] = found.doubts
    assert doubt.endswith("(within 3 tokens)")
    assert found.most == found + 3


def test_calls_together() -> None:
    items = (QUESTION, CALL, OTHER, RESULT, OTHER_RESULT)
    results = 2 * ANSWERED - tokens("571 km") + tokens("860 km")
    each = 2 * CALLED - tokens('{"to":"Cusco"}') + tokens('{"to":"Puno"}')
    assert counted(*items, model="gpt-4o") == ASKED + each + results + 3
    uses = ",".join(
        f'{{"recipient_name":"functions.get_distance","parameters":{{"to":"{to}"}}}}'
        for to in ("Cusco", "Puno")
    )
    one = 4 + tokens(" to=multi_tool_use.parallel") + tokens(f'{{"tool_uses":[{uses}]}}') + 6
    assert counted(*items, model="gpt-5.4-nano") == ASKED + one + results + 2 * 3 + 2


def test_functions_follow_the_servers_own_text() -> None:
    section = f"## functions\n\nnamespace functions {{\n\n{TYPES}\n\n}} // namespace functions"
    found = counted(QUESTION, model="gpt-4o", tools=[DISTANCE])
    assert found == ASKED + tokens(f"\n\n{section}") + 2
    heading = "## Namespace: functions\n\n### Target channel: commentary\n\n### Tool definitions\n"
    assert tokens(f"{heading}type f") == 15 + tokens("type f")
    found = counted(QUESTION, model="gpt-5", tools=[DISTANCE])
    assert found == ASKED + tokens(heading + TYPES) + 2


def test_functions_on_chat_have_all_headings() -> None:
    """With gpt-5 in a message of their own: 78 tokens and 15 before the types."""
    messages = [{"role": "system", "content": "Be kind"}, QUESTION]
    tool = {"type": "function", "function": {k: v for k, v in DISTANCE.items() if k != "type"}}
    plain = {"model": "gpt-5", "messages": messages}
    found = count_request({**plain, "tools": [tool]})
    assert found == count_request(plain) + 3 + 1 + 78 + 15 + tokens(TYPES)
    assert found.doubts == ()


@pytest.mark.parametrize(
    ("model", "choice", "more"),
    [
        ("gpt-4o", "auto", 0),
        ("gpt-4o", "none", 0),
        ("gpt-4o", "required", 4 + 5),
        ("gpt-4o", {"type": "function", "name": "get_distance"}, 4 + 5),
        ("gpt-5", "required", 0),
        ("gpt-5", {"type": "function", "name": "get_distance"}, 0),
    ],
)
def test_a_function_that_must_be_called(model: str, choice: Any, more: int) -> None:
    assert tokens(" to=functions.get_distance") == 5
    plain = counted(QUESTION, model=model, tools=[DISTANCE])
    assert counted(QUESTION, model=model, tools=[DISTANCE], tool_choice=choice) == plain + more


def test_required_of_several_functions_is_nothing() -> None:
    two = [DISTANCE, DISTANCE | {"name": "get_height"}]
    plain = counted(QUESTION, model="gpt-4o", tools=two)
    assert counted(QUESTION, model="gpt-4o", tools=two, tool_choice="required") == plain


def test_no_calls_together_is_said_to_gpt_5_in_78_tokens() -> None:
    plain = counted(QUESTION, model="gpt-5-nano", tools=[DISTANCE])
    alone = {"tools": [DISTANCE], "parallel_tool_calls": False}
    assert counted(QUESTION, model="gpt-5-nano", **alone) == plain + 78


@pytest.mark.parametrize(("model", "gap"), [("gpt-4.1", 1), ("gpt-5.4", 0)])
def test_a_format_follows_the_servers_own_text(model: str, gap: int) -> None:
    form = {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "strict": True}
    text = '# Response Formats\n\n## answer\n\n{"type":"object"}'
    found = counted(QUESTION, model=model, text={"format": form})
    assert found == counted(QUESTION, model=model) + gap + tokens(text)


def test_tools_that_are_added_are_a_message_with_all_headings() -> None:
    added = {"type": "additional_tools", "role": "developer", "tools": [DISTANCE]}
    plain = counted(QUESTION, model="gpt-5.6-terra")
    found = counted(added, QUESTION, model="gpt-5.6-terra")
    assert found == plain + 3 + 1 + 78 + 15 + tokens(TYPES)
    [doubt] = count_request({"model": "gpt-5", "input": [added, QUESTION]}).doubts
    assert "up to 17 more tokens" in doubt


def test_deferred_tools_are_not_counted() -> None:
    deferred = DISTANCE | {"name": "get_height", "defer_loading": True}
    plain = counted(QUESTION, model="gpt-5.6-sol", tools=[DISTANCE])
    assert counted(QUESTION, model="gpt-5.6-sol", tools=[DISTANCE, deferred]) == plain


def test_reasoning_counts_in_its_own_turn_alone() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "g" * 2060}
    plain = counted(QUESTION, CALL, RESULT, QUESTION, model="gpt-5.5")
    assert counted(QUESTION, thought, CALL, RESULT, QUESTION, model="gpt-5.5") == plain
    body = {"model": "gpt-5.5", "input": [QUESTION, thought, CALL, RESULT]}
    found = count_request(body)
    assert found == counted(QUESTION, CALL, RESULT, model="gpt-5.5") + 180
    assert found.doubts == (
        "input[1]: 180 tokens of reasoning are estimated from its length, within 20 %",
    )
    assert found.most == found - 180 + 2060 * 3 // 4


def test_what_was_billed_of_the_server_until_march_2025() -> None:
    for more, tools in ((18, []), (216, [DISTANCE])):
        body = {"model": "gpt-4o-2024-08-06", "input": [QUESTION], "tools": tools}
        today = count_request(body, on=date(2025, 4, 1))
        assert count_request(body, on=date(2025, 3, 31)) == today + more
        assert count_request(body) == today
        assert count_request(body).doubts == (f"{more} more tokens were billed until March 2025",)
        assert count_request({**body, "model": "gpt-4.1"}).doubts == ()


def test_a_message_needs_no_type_and_a_reference_neither() -> None:
    typed = {"type": "message", **QUESTION, "id": "msg_1", "status": "completed"}
    assert counted(typed, model="gpt-4o") == counted(QUESTION, model="gpt-4o")
    for reference in ({"id": "msg_1"}, {"type": "item_reference", "id": "msg_1"}):
        found = count_request({"model": "gpt-4o", "input": [reference, QUESTION]}, on=TODAY)
        assert found == counted(QUESTION, model="gpt-4o")
        [doubt] = found.unbounded
        assert doubt == (
            "input[0] is not counted: what an item of type item_reference takes is not known"
        )


def test_parts_that_no_bill_of_the_family_had_are_doubtful() -> None:
    custom = {"type": "custom_tool_call", "call_id": "c", "name": "note", "input": '{"a": 1}'}
    parts = parts_of({"model": "gpt-5.4", "input": [QUESTION, custom]})
    assert parts.texts[-1] == '{"a": 1}'
    assert parts.doubts == ("no bill of gpt-5.6 on /responses had calls of custom tools",)
    [doubt] = parts_of({"model": "o3-mini", "input": [QUESTION, CALL]}, on=TODAY).doubts
    assert doubt == "no bill of o3-mini on /responses had calls"
    assert doubt.more == 100


@pytest.mark.parametrize(
    ("item", "place"),
    [
        ("hello", "input[1]"),
        ({"content": "hello"}, "input[1].role"),
        (CALL | {"arguments": 5}, "input[1].arguments"),
        (CALL | {"call_id": 5}, "input[1].call_id"),
        (RESULT | {"output": 5}, "input[1].output"),
        ({"type": "reasoning", "encrypted_content": 5}, "input[1].encrypted_content"),
        ({"type": "additional_tools", "tools": 5}, "input[1].tools"),
        ({"type": "additional_tools", "tools": [5]}, "input[1].tools[0]"),
    ],
)
def test_an_item_of_another_shape_is_wrong_usage(item: Any, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        parts_of({"model": "gpt-5", "input": [QUESTION, item]})
    assert caught.value.parameter == place
