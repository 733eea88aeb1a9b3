"""Which replies keep their reasoning."""

from typing import Any

import pytest

from openai_cli.conversation.reasoning import is_demanded

HI = {"role": "user", "content": "Hi"}
CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}

DEMANDED: dict[str, dict[str, Any]] = {
    "tools": {"messages": [HI], "tools": [{"type": "function"}]},
    "calls before": {"messages": [HI, {"role": "assistant", "tool_calls": [CALL]}]},
    "an older call before": {
        "messages": [HI, {"role": "assistant", "function_call": CALL["function"]}]
    },
    "a result": {"messages": [HI, {"role": "tool", "content": "x"}]},
    "an older result": {"messages": [HI, {"role": "function", "content": "x"}]},
    "reasoning before": {"messages": [HI, {"role": "assistant", "reasoning_content": "hm"}]},
    "vLLM's before": {"messages": [HI, {"role": "assistant", "reasoning": "hm"}]},
}


@pytest.mark.parametrize("body", DEMANDED.values(), ids=DEMANDED)
def test_reasoning_is_demanded_with_tools(body: dict[str, Any]) -> None:
    assert is_demanded(body, calls=False)


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [HI]},
        {"messages": [HI], "tools": []},
        {"messages": [HI, {"role": "assistant", "content": "x", "tool_calls": []}, "odd"]},
        {"messages": [HI, {"role": "assistant", "content": "x", "reasoning": None}]},
    ],
)
def test_without_tools_it_is_demanded_by_calls_alone(body: dict[str, Any]) -> None:
    assert not is_demanded(body, calls=False)
    assert is_demanded(body, calls=True)
