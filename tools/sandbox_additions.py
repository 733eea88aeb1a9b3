"""What the description lacks of the answers and requests that the sandbox has by its table."""

from typing import Any

# Schema, path of properties in it ("*" is any), facts, source.
ADDITIONS: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    (
        "RealtimeSessionCreateRequest",
        "",
        {"required": []},
        "the API makes the client secret; openai 3.57, SessionCreateParams, takes none",
    ),
    (
        "RealtimeSessionCreateResponse",
        "client_secret",
        {
            "type": "object",
            "properties": {"value": {"type": "string"}, "expires_at": {"type": "integer"}},
            "required": ["expires_at", "value"],
        },
        "openai 3.57, SessionCreateResponse",
    ),
    (
        "VoiceResource",
        "",
        {"required": ["object", "id", "name", "type", "created_at"]},
        "openai 3.57, Voice.type",
    ),
    (
        "VoiceResource",
        "type",
        {"type": "string", "enum": ["audio_sample", "prompt"]},
        "openai 3.57, Voice.type",
    ),
)
