"""Classify how a choice ended, and describe endings that leave it incomplete.

The endings of complete choices are listed here. Any other one, even if no server is known to send
it, is reported to the user, so that half an answer never passes for a whole one.
"""

import json
from typing import Any

# Values of finish_reason.
WHOLE = frozenset(
    {
        # https://platform.openai.com/docs/api-reference/chat/object
        "stop",
        "tool_calls",
        "function_call",
        # Together AI: https://github.com/openai/openai-dotnet/pull/267
        "eos",
        # text-generation-inference: https://github.com/huggingface/text-generation-inference/pull/2344
        "eos_token",
        "stop_sequence",
        # Anthropic's stop_reason, which gateways pass on:
        # https://github.com/aws-samples/bedrock-access-gateway/issues/11
        "end_turn",
        "tool_use",
        # Gemini: https://ai.google.dev/api/generate-content#FinishReason
        "STOP",
        # Cohere: https://docs.cohere.com/reference/chat
        "COMPLETE",
        "STOP_SEQUENCE",
        "TOOL_CALL",
    }
)  # fmt: skip
# The status of a response: https://platform.openai.com/docs/api-reference/responses/object
WHOLE_STATUS = "completed"

_LIMIT = "the answer stopped at the token limit"
_FILTER = "the answer was cut by the content filter"
# The messages for known endings; any other gets "the answer is not complete".
_SAID = {
    "length": _LIMIT,
    "max_tokens": _LIMIT,
    "MAX_TOKENS": _LIMIT,
    "max_output_tokens": _LIMIT,
    "content_filter": _FILTER,
    "cancelled": "the response was cancelled",
}
# How much of a server's own value is shown, in characters.
_LONGEST = 100


def is_whole(place: str, value: Any) -> bool:
    """Return whether an ending is known to mean that the choice is complete.

    `place` is the property that holds it: `finish_reason`, `reason` or `status`.
    """
    if place == "finish_reason":
        return isinstance(value, str) and value in WHOLE
    return place == "status" and value == WHOLE_STATUS


def described(place: str, value: Any) -> str:
    """Describe the ending of an incomplete choice, with the server's own value."""
    if value is None:
        return f"the answer ended without a {place}"
    words = _SAID.get(value) if isinstance(value, str) else None
    shown = value if isinstance(value, str) and value.strip() else json.dumps(value)
    return f"{words or 'the answer is not complete'} ({place} {shown[:_LONGEST]})"
