"""Which replies keep their reasoning, for the requests that follow."""

from collections.abc import Mapping
from typing import Any

# Where DeepSeek and vLLM put it: https://api-docs.deepseek.com/guides/thinking_mode and
# https://docs.vllm.ai/en/latest/features/reasoning_outputs/
_FIELDS = ("reasoning_content", "reasoning")


def is_demanded(body: Mapping[str, Any], *, calls: bool) -> bool:
    """Whether the server may demand back what the model thought of its reply to this request.

    DeepSeek refuses a conversation with calls of tools (`calls`: the reply has some) in which it is
    missing, and vLLM's models go on with it; without tools both ignore it, and older models refuse
    it. A reply before this one that has it was demanded too, or the user put it there.
    """
    return calls or bool(body.get("tools")) or any(map(_has_it_or_calls, body["messages"]))


def _has_it_or_calls(message: Any) -> bool:
    if not isinstance(message, dict):
        return False
    names = ("tool_calls", "function_call", *_FIELDS)
    is_result = message.get("role") in ("tool", "function")
    return is_result or any(message.get(name) for name in names)
