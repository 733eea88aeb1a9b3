"""Determine the endpoint of a request body, from its properties if nothing else says it."""

import re

from openai_cli.errors import UsageError
from openai_cli.tokens.encoding import base_of
from openai_cli.tokens.families import CHAT, RESPONSES
from openai_cli.tokens.shapes import Json

# Properties of a responses body that refer to content on the server.
ON_SERVER = ("previous_response_id", "conversation", "prompt")

_RESPONSES_ALONE = ("instructions", "previous_response_id", "conversation")

COUNTED = (CHAT, "/completions", RESPONSES, "/embeddings")

# Models that serve a single endpoint, by the start of their names.
_MODELS = {
    "/embeddings": r"text-embedding",
    "/audio/speech": r"tts-|gpt-[\w.-]*-tts",
    "/audio/transcriptions": r"whisper|gpt-[\w.-]*-transcribe",
    "/images/generations": r"dall-e|gpt-image|chatgpt-image",
    "/moderations": r"omni-moderation|text-moderation",
    "/videos": r"sora",
}

# Properties that only one endpoint has, among those that take a text as `input` or `prompt`.
_OWN = (
    ("/audio/speech", "input", ("voice",)),
    ("/embeddings", "input", ("encoding_format", "dimensions")),
    ("/images/generations", "prompt", ("size", "quality", "background", "output_format")),
)


def told_by(body: Json, endpoint: str | None) -> str:
    """Return the endpoint of a body: the given one, or the one inferred from its properties.

    Raises UsageError if its prompts cannot be counted, or if it cannot be inferred.
    """
    path = endpoint_of(body) if endpoint is None else endpoint.removeprefix("/v1")
    if path not in COUNTED:
        raise UsageError(
            f"the prompt tokens of a request to {path if endpoint is None else endpoint} cannot be "
            "counted",
            hint=f"those to {', '.join(COUNTED)} can",
        )
    return path


def endpoint_of(body: Json) -> str:
    """Infer the endpoint from a body's properties; raise UsageError if that is not possible."""
    if "messages" in body:
        return CHAT
    if (path := _by_model(body.get("model"))) is not None:
        return path
    for path, text, names in _OWN:
        if isinstance(body.get(text), (str, list)) and not body.keys().isdisjoint(names):
            return path
    if body.get("input") is not None:
        return "/embeddings" if _is_list_of_inputs(body["input"]) else RESPONSES
    if isinstance(body.get("prompt"), dict) or not body.keys().isdisjoint(_RESPONSES_ALONE):
        return RESPONSES
    if "prompt" in body:
        return "/completions"
    raise UsageError("the request body has no messages, no input and no prompt")


def _by_model(model: object) -> str | None:
    if not isinstance(model, str):
        return None
    base = base_of(model)
    return next((path for path, names in _MODELS.items() if re.match(names, base)), None)


def _is_list_of_inputs(given: object) -> bool:
    return isinstance(given, list) and isinstance(next(iter(given), None), (str, int, list))
