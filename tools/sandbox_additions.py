"""Facts that the description lacks about operations that the sandbox serves by table."""

from typing import Any

from refresh_requests import IMAGES, UPDATE

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
BOOLEAN = {"type": "boolean"}
NOTHING_OR_TEXT = {"type": "string", "nullable": True}
NOTHING_OR_NUMBER = {"type": "integer", "nullable": True}
COMPRESSION = {
    "type": "object",
    "properties": {
        "context_compression": {"type": "string", "enum": ["auto", "enabled", "disabled"]}
    },
}
TURNS = (
    ("create_response", BOOLEAN),
    ("eagerness", {"type": "string", "enum": ["low", "medium", "high", "auto"]}),
    ("interrupt_response", BOOLEAN),
)

# Schema, path of properties in it ("*" for any), facts, source.
ADDITIONS: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    (
        "RealtimeSessionCreateRequest",
        "",
        {"required": []},
        "the API makes the client secret; openai 3.57, SessionCreateParams",
    ),
    *(
        (
            schema,
            "client_secret",
            {
                "type": "object",
                "properties": {
                    name: {"type": "object", "properties": {"anchor": STRING, "seconds": INTEGER}}
                },
                "required": [],
            },
            "openai 3.57, SessionCreateParams and TranscriptionSessionCreateParams",
        )
        for schema, name in (
            ("RealtimeSessionCreateRequest", "expires_after"),
            ("RealtimeTranscriptionSessionCreateRequest", "expires_at"),
        )
    ),
    *(
        ("RealtimeSessionCreateRequest", name, facts, "openai 3.57, SessionCreateParams")
        for name, facts in (
            ("input_audio_noise_reduction", {"type": "object", "properties": {"type": STRING}}),
            ("input_audio_transcription.language", STRING),
            ("input_audio_transcription.prompt", STRING),
            ("model", STRING),
        )
    ),
    (
        "RealtimeTranscriptionSessionCreateRequest",
        "modalities",
        {"type": "array", "items": STRING},
        "openai 3.57, TranscriptionSessionCreateParams",
    ),
    (
        "RealtimeTranscriptionSessionCreateRequest",
        "turn_detection.type",
        {"enum": ["semantic_vad"]},
        "openai 3.57, TranscriptionSessionCreateParams",
    ),
    *(
        (schema, f"turn_detection.{name}", facts, "openai 3.57, TurnDetection")
        for schema in ("RealtimeSessionCreateRequest", "RealtimeTranscriptionSessionCreateRequest")
        for name, facts in TURNS
    ),
    *(
        (
            schema,
            "audio.input.noise_reduction.strength",
            {"type": "number"},
            "openai 3.57, RealtimeAudioConfigInput",
        )
        for schema in (
            "RealtimeSessionCreateRequestGA",
            "RealtimeTranscriptionSessionCreateRequestGA",
            "RealtimeTranslationSessionCreateRequest",
        )
    ),
    ("CreateVoiceRequest", "", {"required": ["name"]}, "openai 3.57, VoiceCreateParams"),
    *(
        ("CreateVoiceRequest", name, facts, "openai 3.57, VoiceCreateParams")
        for name, facts in (
            ("type", {"type": "string", "enum": ["audio_sample", "prompt"]}),
            ("prompt", STRING),
            ("model", STRING),
            ("script_hint", STRING),
        )
    ),
    (
        "CreateUploadRequest",
        "purpose",
        {"enum": ["evals", "user_data"]},
        "openai 3.57, FilePurpose",
    ),
    *(
        (schema, "geography", NOTHING_OR_TEXT, "openai 3.57, ProjectCreateParams")
        for schema in ("ProjectCreateRequest", "ProjectUpdateRequest")
    ),
    (
        "PublicProjectResidency",
        "",
        {
            "enum": [
                "AU_STORAGE_PROCESSING",
                "IN_STORAGE_PROCESSING",
                "JP_STORAGE_PROCESSING",
            ]
        },
        "openai 3.57, ProjectResidency",
    ),
    *(
        (schema, "expires_in_seconds", NOTHING_OR_NUMBER, "openai 3.57, ServiceAccountCreateParams")
        for schema in (
            "ProjectServiceAccountCreateRequest",
            "CreateProjectServiceAccountApiKeyBody",
        )
    ),
    (
        "AuditLogEventType",
        "",
        {
            "enum": [
                "external_storage.registered",
                "external_storage.removed",
                "tenant.trusted_access.application.submitted",
                "tenant.trusted_access.business_verification.started",
            ]
        },
        "openai 3.57, AuditLogListParams",
    ),
    *(
        (schema, "image", COMPRESSION, "openai 3.57, ResponseCompactParams")
        for schema in (
            "CompactResponseMethodPublicBody",
            "BetaCompactResponseMethodPublicBody",
            "BetaCreateResponse",
        )
    ),
    *(
        (
            "BetaCreateResponse",
            name,
            {"type": "object", "additionalProperties": True},
            "openai 3.57",
        )
        for name in ("access_programs", "background_options")
    ),
    *(
        ("BetaImageGenTool", name, facts, "openai 3.57, ImageGeneration")
        for name, facts in (*IMAGES, ("quality", {"enum": ["xhigh", "max"]}))
        if name != "safety_identifier"
    ),
    *(
        (schema, "async", BOOLEAN, "openai 3.57, BetaFunctionTool and others")
        for schema in ("BetaFunctionTool", "BetaFunctionToolParam", "BetaCustomToolParam")
    ),
    (
        "BetaPromptCacheOptionsParam",
        "comparison_response_id",
        NOTHING_OR_TEXT,
        "openai 3.57, PromptCacheOptions",
    ),
    ("BetaPromptCacheOptionsParam", "prewarm", BOOLEAN, "openai 3.57, PromptCacheOptions"),
    ("BetaPromptCacheTTLEnum", "", {"enum": ["12h"]}, "openai 3.57, PromptCacheOptions.ttl"),
    (
        "BetaImageGenToolCall",
        "action",
        {"type": "string", "enum": ["auto", "edit", "generate"]},
        "openai 3.57, ImageGenerationCall",
    ),
    ("ConfigurationUpdateItemParam", "", UPDATE, "openai 3.57, ResponseConfigurationUpdateItem"),
    (
        "BetaInputItem",
        "",
        {"anyOf": [{"$ref": "ConfigurationUpdateItemParam"}]},
        "openai 3.57, BetaResponseConfigurationUpdateItem",
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

# Path, query parameter, facts, source.
QUERIES: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    (
        "/organization/costs",
        "line_items",
        {"type": "array", "items": STRING},
        "openai 3.57, UsageCostsParams",
    ),
    *(
        (
            path,
            "group_by",
            {"type": "array", "items": {"type": "string", "enum": ["api_source", "user_id"]}},
            "openai 3.57, UsageCostsParams and others",
        )
        for path in (
            "/organization/costs",
            "/organization/usage/completions",
            "/organization/usage/web_search_calls",
        )
    ),
)

# Answers for which the package has a type of its own, and the description this schema.
ANSWERS = {("POST", "/evals/{eval_id}/runs/{run_id}/cancel"): "EvalRun"}
