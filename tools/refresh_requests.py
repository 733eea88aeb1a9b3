"""Rebuild the sandbox's request schemas from OpenAI's published description of its API.

    python tools/refresh_requests.py openapi.json

It takes the request schemas named in ROOTS and all that they refer to, converts them to the small
dialect described in openai_cli/sandbox/data/README.md, adds ADDITIONS, and writes
openai_cli/sandbox/data/requests.json. The same description gives the same bytes.
"""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

ROOTS = (
    "CreateChatCompletionRequest",
    "CreateCompletionRequest",
    "CreateEmbeddingRequest",
    "CreateFileRequest",
    "CreateImageEditRequest",
    "CreateImageRequest",
    "CreateImageVariationRequest",
    "CreateModerationRequest",
    "CreateResponse",
    "CreateSpeechRequest",
    "CreateTranscriptionRequest",
    "CreateTranslationRequest",
    "EditImageBodyJsonParam",
    "TokenCountsBody",
)
OUTPUT = Path(__file__).parent.parent / "openai_cli" / "sandbox" / "data" / "requests.json"
REFERENCE = "#/components/schemas/"
KEPT = (
    "additionalProperties",
    "enum",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minimum",
    "nullable",
    "required",
    "type",
)
NULL = {"type": "null"}
NULLABLE = "nullable"
INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}

# Image properties that `openai` 3.54 has beyond the description.
IMAGES: tuple[tuple[str, Schema], ...] = (
    ("complexity", {"type": "string", "enum": ["low", "medium", "high"], "nullable": True}),
    ("frame_count", {"type": "integer", "minimum": 2, "maximum": 16, "nullable": True}),
    ("frame_duration_ms", {"type": "integer", "nullable": True}),
    ("output_format", {"enum": ["gif", "svg"]}),
    ("safety_identifier", {"type": "string", "nullable": True}),
    ("svg", {"type": "object", "additionalProperties": True, "nullable": True}),
)

# An item unlike any other.
UPDATE: Schema = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "enum": ["configuration_update"]},
        "id": {"type": "string", "nullable": True},
        "reasoning": {"type": "object", "additionalProperties": True, "nullable": True},
        "text": {"type": "object", "additionalProperties": True, "nullable": True},
    },
    "required": ["type"],
}

# Caching options of responses that chats do not have.
CACHING: Schema = {
    "type": "object",
    "properties": {
        "mode": {"$ref": "PromptCacheModeEnum"},
        "ttl": {"type": "string", "enum": ["30m", "12h"]},
        "comparison_response_id": {"type": "string", "nullable": True},
        "prewarm": {"type": "boolean"},
    },
}

# Facts that the description states only in words or has rounded, or that the `openai` package 3.54
# or the API itself has beyond it: schema, path of properties in it ("*" for any), facts, source.
ADDITIONS: tuple[tuple[str, str, Schema, str], ...] = (
    (
        "ChatCompletionRequestMessageContentPartImage",
        "image_url.detail",
        {"enum": ["original"]},
        "openai 3.54, ImageURL.detail",
    ),
    (
        "PromptCacheBreakpointParam",
        "ttl",
        {"type": "string", "enum": ["30m", "12h"]},
        "openai 3.54, PromptCacheBreakpoint.ttl",
    ),
    *(
        (
            schema,
            "safety_identifier",
            {"maxLength": 128},
            "openai 3.54 says 128 characters where the description says 64",
        )
        for schema in ("CreateChatCompletionRequest", "CreateResponse")
    ),
    (
        "FunctionTool",
        "",
        {"required": ["name", "type"]},
        "the API takes tools without strict and parameters, as the description says of chat's",
    ),
    (
        "CreateChatCompletionRequest",
        "seed",
        INT64,
        "int64, as for completions; the description rounds the bounds to 16 digits",
    ),
    (
        "CreateChatCompletionRequest",
        "max_completion_tokens",
        {"minimum": 1},
        "the API's refusal of 0",
    ),
    ("CreateChatCompletionRequest", "max_tokens", {"minimum": 1}, "the API's refusal of 0"),
    (
        "CreateChatCompletionRequest",
        "logit_bias.*",
        {"minimum": -100, "maximum": 100},
        "the description, in words",
    ),
    (
        "CreateCompletionRequest",
        "logit_bias.*",
        {"minimum": -100, "maximum": 100},
        "the description, in words",
    ),
    ("Metadata", "", {"maxProperties": 16}, "the description, in words"),
    ("Metadata", "*", {"maxLength": 512}, "the description, in words"),
    (
        "ChatCompletionRequestAssistantMessage",
        "annotations",
        {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        "the API takes its own answer's message back, and that has annotations",
    ),
    (
        "CreateResponse",
        "access_programs",
        {
            "type": "object",
            "properties": {
                "cyber": {
                    "type": "string",
                    "enum": ["standard", "daybreak_blue", "daybreak_red"],
                }
            },
        },
        "openai 3.54, AccessPrograms",
    ),
    (
        "CreateResponse",
        "background_options",
        {
            "type": "object",
            "properties": {
                "completion_window": {"type": "string", "enum": ["soonest", "2h", "8h"]},
                "continuation_id": {"type": "string"},
            },
        },
        "openai 3.54, BackgroundOptions",
    ),
    (
        "CreateResponse",
        "image",
        {
            "type": "object",
            "properties": {
                "context_compression": {
                    "type": "string",
                    "enum": ["auto", "enabled", "disabled"],
                }
            },
        },
        "openai 3.54, Image",
    ),
    *(
        (schema, name, facts, "openai 3.54, ImageGenerateParams and ImageEditParams")
        for schema in ("CreateImageRequest", "CreateImageEditRequest", "EditImageBodyJsonParam")
        for name, facts in IMAGES
    ),
    ("CreateImageEditRequest", "markup", {"type": "file"}, "openai 3.54, ImageEditParams"),
    *(
        (schema, "quality", {"enum": ["xhigh", "max"]}, "openai 3.57, ImageGenerateParams")
        for schema in (
            "CreateImageRequest",
            "CreateImageEditRequest",
            "EditImageBodyJsonParam",
            "ImageGenTool",
        )
    ),
    *(
        ("ImageGenTool", name, facts, "openai 3.57, ImageGeneration")
        for name, facts in IMAGES
        if name != "safety_identifier"
    ),
    *(
        (schema, "async", {"type": "boolean"}, "openai 3.57, FunctionToolParam and others")
        for schema in ("FunctionTool", "FunctionToolParam", "CustomToolParam")
    ),
    *(
        ("ImageGenToolCall", name, facts | {"nullable": True}, "openai 3.57, ImageGenerationCall")
        for name, facts in (
            ("action", {"type": "string", "enum": ["auto", "edit", "generate"]}),
            ("background", {"type": "string"}),
            ("error", {"type": "object", "additionalProperties": True}),
            ("output_format", {"type": "string"}),
            ("quality", {"type": "string"}),
            ("revised_prompt", {"type": "string"}),
            ("size", {"type": "string"}),
            ("svg_usage", {"type": "object", "additionalProperties": True}),
        )
    ),
    ("PromptCacheOptionsOfResponse", "", CACHING, "openai 3.57, ResponseCreateParams"),
    (
        "CreateResponse",
        "prompt_cache_options",
        {"$ref": "PromptCacheOptionsOfResponse"},
        "openai 3.57, ResponseCreateParams",
    ),
    ("ConfigurationUpdateItemParam", "", UPDATE, "openai 3.57, ResponseConfigurationUpdateItem"),
    (
        "InputItem",
        "",
        {"anyOf": [{"$ref": "ConfigurationUpdateItemParam"}]},
        "openai 3.57, ResponseConfigurationUpdateItem",
    ),
)


def normalise(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """Convert a schema to our dialect: only facts that are checked, each spelled in one way."""
    if "allOf" in schema:
        return _all_of(schema, schemas)
    kept: Schema = {key: schema[key] for key in KEPT if key in schema}
    if schema.get("format") == "int64":
        kept["minimum"] = max(INT64["minimum"], kept.get("minimum", INT64["minimum"]))
        kept["maximum"] = min(INT64["maximum"], kept.get("maximum", INT64["maximum"]))
    if schema.get("format") == "binary":
        kept["type"] = "file"
    if "const" in schema:
        kept["enum"] = [schema["const"]]
    if "$ref" in schema:
        kept["$ref"] = schema["$ref"].removeprefix(REFERENCE)
    if "properties" in schema:
        kept["properties"] = {
            name: normalise(value, schemas) for name, value in schema["properties"].items()
        }
    if "items" in schema:
        kept["items"] = normalise(schema["items"], schemas)
    if isinstance(schema.get("additionalProperties"), dict):
        others = normalise(schema["additionalProperties"], schemas)
        kept["additionalProperties"] = others or True
    return _tidied(kept | _unions(schema, schemas))


def _unions(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    found: Schema = {}
    for union in ("anyOf", "oneOf"):
        # Alternatives in what is required are checked by the handler.
        if any(member.keys() - {"required"} for member in schema.get(union, ())):
            found |= _union([normalise(member, schemas) for member in schema[union]])
    return found


def _union(members: list[Schema]) -> Schema:
    """Simplify a union: null becomes `nullable`, any string covers names, one member is itself."""
    nullable = any("nullable" in member or member == NULL for member in members)
    others = [
        {key: fact for key, fact in member.items() if key != "nullable"}
        for member in members
        if member != NULL
    ]
    if {"type": "string"} in others:
        others = [member for member in others if "enum" not in member]
    union = others[0] if len(others) == 1 else {"anyOf": others}
    return union | ({"nullable": True} if nullable else {})


def _tidied(schema: Schema) -> Schema:
    """Drop what our dialect implies; an open object says so."""
    for key, kind in (("properties", "object"), ("items", "array")):
        if key in schema:
            schema.setdefault("type", kind)
    if schema.get("type") == "object" and "properties" not in schema:
        schema.setdefault("additionalProperties", True)
    if schema.get("additionalProperties") is False:
        del schema["additionalProperties"]
    return {key: value for key, value in schema.items() if value or key in {"minimum", "maximum"}}


def _all_of(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """Resolve `allOf` to its only meaningful member, perhaps `nullable`, or to a merged object."""
    saying = [
        member for member in schema["allOf"] if not member.keys() <= {"description", NULLABLE}
    ]
    if len(saying) != 1:
        return _flattened(schema, schemas)
    nullable = any(member.get(NULLABLE) for member in (schema, *schema["allOf"]))
    return normalise(saying[0], schemas) | ({NULLABLE: True} if nullable else {})


def _flattened(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """Merge `allOf` into one object; if two members have a property, the later one wins."""
    flat: Schema = {"type": "object", "properties": {}}
    required: list[str] = []
    for member in schema["allOf"]:
        name = member.get("$ref", "").removeprefix(REFERENCE)
        part = normalise(schemas[name] if name else member, schemas)
        flat["properties"] |= part["properties"]
        required += part.get("required", [])
    return _tidied(flat | {"required": required})


def add(schema: Schema, path: str, facts: Schema) -> None:
    """Put `facts` at `path` of a normalised schema, creating it if needed.

    An `enum` or `anyOf` that exists is extended.
    """
    for name in filter(None, path.split(".")):
        if name == "*":
            schema = schema["additionalProperties"]
        else:
            schema = schema["properties"].setdefault(name, {})
    named = dict.fromkeys([*schema.get("enum", []), *facts.get("enum", [])])
    members = [*schema.get("anyOf", []), *facts.get("anyOf", [])]
    schema.update(
        facts | ({"enum": list(named)} if named else {}) | ({"anyOf": members} if members else {})
    )


def closure(schemas: dict[str, Schema]) -> dict[str, Schema]:
    """The roots, and all schemas that they refer to, directly or indirectly."""
    found: dict[str, Schema] = {}
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = normalise(schemas[name], schemas)
            waiting += references(found[name])
    return found


def references(value: object) -> list[str]:
    """The names of the schemas to which a schema in our dialect refers."""
    if isinstance(value, list):
        return [name for item in value for name in references(item)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [name for item in value.values() for name in references(item)]


def extract(description: bytes) -> str:
    """The text of requests.json for a description."""
    document = json.loads(description)
    schemas = closure(document["components"]["schemas"])
    for name, path, facts, _ in ADDITIONS:
        add(schemas.setdefault(name, {}), path, facts)
    source = {
        "title": document["info"]["title"],
        "version": document["info"]["version"],
        "licence": document["info"]["license"]["identifier"],
        "sha256": hashlib.sha256(description).hexdigest(),
    }
    data = {"source": source, "schemas": schemas}
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Rewrite requests.json from the description named on the command line."""
    parser = argparse.ArgumentParser(description="rebuild the sandbox's request schemas")
    parser.add_argument("description", type=Path, help="OpenAI's openapi.json")
    text = extract(parser.parse_args().description.read_bytes())
    OUTPUT.write_text(text, encoding="utf-8")
    print(OUTPUT, hashlib.sha256(text.encode()).hexdigest())


if __name__ == "__main__":
    main()
