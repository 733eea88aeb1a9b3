"""Decide which requests may be answered from the cache: those that determine their answer.

Known ones are listed here; all others are sent each time, including any that the API may add later.
If the answer may vary, or depends on something unknown, --cache-any allows keeping it. If the
request stores something on the server, or continues from something there, nothing does.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from openai_cli.records import NamedTuple

ANY = "--cache-any keeps it"

# Properties that only identify the user or affect billing:
# https://platform.openai.com/docs/guides/prompt-caching, /safety-best-practices
_BILLING = (
    "metadata", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
    "safety_identifier", "service_tier", "user",
)  # fmt: skip
_TEXTS = (
    "frequency_penalty", "logit_bias", "logprobs", "max_tokens", "n", "presence_penalty", "seed",
    "stop", "stream", "stream_options", "temperature", "top_p", *_BILLING,
)  # fmt: skip
_IMAGES = (
    "background", "complexity", "frame_count", "frame_duration_ms", "model", "moderation", "n",
    "output_compression", "output_format", "partial_images", "prompt", "quality",
    "response_format", "safety_identifier", "size", "stream", "svg", "user",
)  # fmt: skip

# By endpoint, the properties that are known to affect nothing but the answer: those of the
# published description, except those with a rule below.
KNOWN: Mapping[str, frozenset[str]] = {
    "/chat/completions": frozenset(
        {
            *_TEXTS, "function_call", "functions", "max_completion_tokens", "messages",
            "modalities", "model", "moderation", "parallel_tool_calls", "prediction",
            "reasoning_effort", "response_format", "store", "tool_choice", "tools", "top_logprobs",
            "verbosity",
        }
    ),
    "/completions": frozenset({*_TEXTS, "best_of", "echo", "model", "prompt", "suffix"}),
    "/responses": frozenset(
        {
            *_BILLING, "background", "context_management", "include", "input", "instructions",
            "max_output_tokens", "max_tool_calls", "model", "moderation", "parallel_tool_calls",
            "reasoning", "store", "stream", "stream_options", "temperature", "text", "tool_choice",
            "tools", "top_logprobs", "top_p", "truncation",
        }
    ),
    "/responses/input_tokens": frozenset(
        {
            "input", "instructions", "model", "parallel_tool_calls", "personality", "reasoning",
            "text", "tool_choice", "tools", "truncation",
        }
    ),
    "/embeddings": frozenset({"dimensions", "encoding_format", "input", "model", "user"}),
    "/moderations": frozenset({"input", "model"}),
    "/images/generations": frozenset({*_IMAGES, "style"}),
    "/images/edits": frozenset(
        {*_IMAGES, "image", "images", "input_fidelity", "markup", "mask"}
    ),
    "/images/variations": frozenset({"image", "model", "n", "response_format", "size", "user"}),
    "/audio/speech": frozenset(
        {"input", "instructions", "model", "response_format", "speed", "stream_format", "voice"}
    ),
    "/audio/transcriptions": frozenset(
        {
            "chunking_strategy", "file", "include", "keywords", "known_speaker_names",
            "known_speaker_references", "language", "languages", "model", "prompt",
            "response_format", "stream", "temperature", "timestamp_granularities",
        }
    ),
    "/audio/translations": frozenset({"file", "model", "prompt", "response_format", "temperature"}),
}  # fmt: skip

# Tools that the client runs; the server runs all others, and their results change.
_OWN_TOOLS = frozenset({"function", "custom"})
# Models that search on their own, such as gpt-4o-search-preview.
_LOOKING_UP = re.compile(r"\b(search|research)\b")
# The properties that may refer to something by its URL.
_ADDRESSED = ("messages", "input", "image", "images", "mask", "markup")
_ADDRESSES = ("url", "image_url", "file_url")
# How much of a URL is shown, in characters.
_LONGEST = 100


class Refusal(NamedTuple):
    """Why a request is always sent, and whether --cache-any allows keeping its answer."""

    reason: str
    may_pass: bool = False


def refusal(method: str, path: str, body: Mapping[str, Any]) -> Refusal | None:
    """Return why a request bypasses the cache, or None if it may be answered from it.

    `path` is relative to the base URL, with its query. `body` has the properties or, for a form,
    its fields and the names of its files.
    """
    endpoint, _, query = path.partition("?")
    if method != "POST" or endpoint not in KNOWN:
        return Refusal(f"{method} {endpoint} is not one of the endpoints whose answers are kept")
    found = next(filter(None, (rule(endpoint, body) for rule in _RULES)), None)
    if found is None and query:
        return Refusal("the effect of the query in its path is not known", may_pass=True)
    return found


def _stored(endpoint: str, body: Mapping[str, Any]) -> Refusal | None:
    """Refuse requests that store their answer on the server, as /responses does by default."""
    if body.get("store"):
        return Refusal("store makes the server keep the answer")
    if endpoint == "/responses" and body.get("store") is not False:
        return Refusal("the server stores the response unless --no-store is given")
    return None


_STATE = {
    "background": "runs in the background",
    "previous_response_id": "continues from another response",
    "conversation": "continues a stored conversation",
    "prompt": "uses a stored prompt, which can change",
}


def _of_server(endpoint: str, body: Mapping[str, Any]) -> Refusal | None:
    """Refuse requests that continue from something on the server."""
    if not endpoint.startswith("/responses"):
        return None
    for name, what in _STATE.items():
        if body.get(name):
            return Refusal(f"it {what} ({name})")
    items = body.get("input")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("type") == "item_reference":
            return Refusal("its input refers to an item on the server (item_reference)")
    return None


def _looked_up(endpoint: str, body: Mapping[str, Any]) -> Refusal | None:
    """Refuse requests for which the server searches or runs a tool."""
    tools = body.get("tools")
    for tool in tools if isinstance(tools, list) else [tools] if tools else ():
        kind = tool.get("type") if isinstance(tool, dict) else None
        if kind not in _OWN_TOOLS:
            return Refusal(f"the server runs the tool {kind}")
    if body.get("web_search_options") is not None:
        return Refusal("the server searches the web (web_search_options)")
    model = body.get("model")
    is_of_text = endpoint in ("/chat/completions", "/responses")
    if is_of_text and isinstance(model, str) and _LOOKING_UP.search(model):
        return Refusal(f"the model {model} searches on its own")
    return None


def _spoken(endpoint: str, body: Mapping[str, Any]) -> Refusal | None:
    """Refuse chats with audio in the answer, whose id expires on the server."""
    modalities = body.get("modalities")
    if endpoint != "/chat/completions" or not (body.get("audio") or "audio" in (modalities or ())):
        return None
    return Refusal("the server keeps the audio of its answer for only an hour")


def _varied(_endpoint: str, body: Mapping[str, Any]) -> Refusal | None:
    """Refuse a temperature above 0, which makes answers vary."""
    given = body.get("temperature")
    try:
        is_zero = given is None or float(given) == 0
    except (TypeError, ValueError):
        is_zero = False
    return None if is_zero else Refusal(f"the temperature is above 0 ({given})", may_pass=True)


def _unknown(endpoint: str, body: Mapping[str, Any]) -> Refusal | None:
    for name in body:
        if name.partition("[")[0] not in KNOWN[endpoint]:
            return Refusal(f"the effect of its property {name} is not known", may_pass=True)
    return None


def _addressed(_endpoint: str, body: Mapping[str, Any]) -> Refusal | None:
    addresses = (one for name in _ADDRESSED for one in _addresses(body.get(name)))
    if (found := next(addresses, None)) is None:
        return None
    return Refusal(f"what is at {found[:_LONGEST]} can change", may_pass=True)


def _addresses(value: Any) -> Iterator[str]:
    """Yield the URLs that the server would fetch."""
    if isinstance(value, list):
        for item in value:
            yield from _addresses(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            is_address = name in _ADDRESSES and isinstance(item, str)
            if is_address and item[:5].lower() != "data:":
                yield item
            else:
                yield from _addresses(item)


# Rules that --cache-any cannot overrule come first.
_RULES: tuple[Callable[[str, Mapping[str, Any]], Refusal | None], ...] = (
    _stored, _of_server, _looked_up, _spoken, _varied, _unknown, _addressed,
)  # fmt: skip
