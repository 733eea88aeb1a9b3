"""Decide which replies keep their reasoning for later requests."""

from collections.abc import Mapping
from typing import Any

# The fields of DeepSeek and vLLM: https://api-docs.deepseek.com/guides/thinking_mode and
# https://docs.vllm.ai/en/latest/features/reasoning_outputs/
_FIELDS = ("reasoning_content", "reasoning")


def is_demanded(body: Mapping[str, Any], *, calls: bool) -> bool:
    """Return whether later requests must include the reasoning of the reply to this request.

    If a conversation has tool calls (`calls`: this reply has some), DeepSeek refuses it without the
    reasoning, and vLLM's models continue from it. Without tools, both ignore it, and older models
    refuse it. If an earlier reply has reasoning, it was required too, or the user added it.
    """
    return calls or bool(body.get("tools")) or any(map(_has_it_or_calls, body["messages"]))


def _has_it_or_calls(message: Any) -> bool:
    if not isinstance(message, dict):
        return False
    names = ("tool_calls", "function_call", *_FIELDS)
    is_result = message.get("role") in ("tool", "function")
    return is_result or any(message.get(name) for name in names)
