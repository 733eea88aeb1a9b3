"""The API's request parameters as aliases: each parameter is one flag, declared once.

A command's options dataclass uses the aliases that its endpoint takes. Types, ranges and counts are
those of OpenAI's published description. Lists of names (models, tiers, efforts) are shown in the
help but not enforced, because only the API knows which names are valid. If endpoints differ in a
parameter's type or range, each has its own alias.
"""

from copy import copy
from typing import Any

from openai_cli.flags.parameter import ApiParameter, Place
from openai_cli.flags.values import (
    Flag,
    Kind,
    Number,
    Object,
    PromptText,
    Structure,
    Text,
    TextOrObject,
    Texts,
    TextsOrIds,
)
from openai_cli.records import Annotated


def api(
    name: str, kind: Kind, help_line: str, *, short: str | None = None, place: Place = "body"
) -> ApiParameter:
    """Declare the flag of the parameter `name`."""
    return ApiParameter(name, kind, help_line, short, place)


def in_query(alias: Any) -> Any:
    """Return the alias of the same parameter for an endpoint that takes it in the query."""
    kind, parameter = alias
    moved = copy(parameter)
    moved.place = "query"
    return Annotated[kind, moved]


# Numbers are strings here, like all values: they are parsed after Typer has returned, so that all
# values are refused in one place.
Scalar = str | None
Switch = bool | None
Repeated = list[str] | None

INT64 = Number(-(2**63), 2**63 - 1, integer=True)
METADATA = Object(value=Text(longest=512), key=Text(longest=64), most=16)
FROM_0 = Number(0, integer=True)
INTEGER = Number(integer=True)
PENALTY = Number(-2, 2)
SHARE = Number(0, 1)
TRUTHS = ("true", "false")
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
VERBOSITIES = ("low", "medium", "high")

# The voices and formats that the published description lists for chat.
SOUND = {
    "voice": (
        "alloy", "ash", "ballad", "coral", "echo", "fable", "marin", "cedar", "nova", "onyx",
        "sage", "shimmer", "verse",
    ),
    "format": ("wav", "aac", "mp3", "flac", "opus", "pcm16"),
}  # fmt: skip

Audio = Annotated[Repeated, api("audio", Object(names=SOUND), "Audio output: voice and format")]
BestOf = Annotated[
    Scalar,
    api(
        "best_of",
        Number(0, 20, integer=True),
        "Generate this many completions and return the best n",
    ),
]
Echo = Annotated[Switch, api("echo", Flag(), "Return the prompt before the completion")]
FrequencyPenalty = Annotated[
    Scalar, api("frequency_penalty", PENALTY, "Penalize tokens by how often they occurred, -2 to 2")
]
FunctionCall = Annotated[
    Scalar,
    api("function_call", TextOrObject(), "Older form of tool_choice"),
]
Functions = Annotated[
    Scalar,
    api(
        "functions",
        Structure(least=1, most=128),
        "Older form of tools",
    ),
]
LogitBias = Annotated[
    Repeated,
    api(
        "logit_bias",
        Object(metavar="ID=BIAS", value=Number(-100, 100, integer=True)),
        "Bias of a token, -100 to 100; repeatable",
    ),
]
Logprobs = Annotated[
    Switch, api("logprobs", Flag(), "Return log probabilities of the output tokens")
]
LogprobsCount = Annotated[
    Scalar,
    api(
        "logprobs",
        Number(0, 5, integer=True),
        "Return log probabilities of this many likely tokens",
    ),
]
MaxCompletionTokens = Annotated[
    Scalar,
    api("max_completion_tokens", INTEGER, "Generate at most this many tokens, reasoning included"),
]
MaxTokens = Annotated[Scalar, api("max_tokens", INTEGER, "Older form of max_completion_tokens")]
MaxTokensFrom0 = Annotated[
    Scalar, api("max_tokens", FROM_0, "Generate at most this many tokens; the API's default is 16")
]
Messages = Annotated[
    Scalar,
    api("messages", Structure(least=1), "The conversation so far; it comes first"),
]
Metadata = Annotated[
    Repeated,
    api(
        "metadata",
        METADATA,
        "Up to 16 labels to store with the answer",
    ),
]
Modalities = Annotated[
    Repeated,
    api("modalities", Texts("NAME", names=("text", "audio")),
        "Kinds of output: text, audio; repeatable"),
]  # fmt: skip
Model = Annotated[Scalar, api("model", Text("NAME", may_be_empty=False), "The model", short="-m")]
Moderation = Annotated[
    Repeated, api("moderation", Object(), "Moderate input and output: model, policy")
]
N = Annotated[
    Scalar, api("n", Number(1, 128, integer=True), "How many choices to generate", short="-n")
]
ParallelToolCalls = Annotated[
    Switch, api("parallel_tool_calls", Flag(), "Let the model call several tools at once")
]
Prediction = Annotated[
    Repeated, api("prediction", Object(), "Text that most of the answer will repeat")
]
PresencePenalty = Annotated[
    Scalar, api("presence_penalty", PENALTY, "Penalize tokens that occurred at all, -2 to 2")
]
PromptFlag = Annotated[
    Repeated,
    api("prompt", TextsOrIds(), "The prompt: text, texts or token ids; - reads stdin"),
]
PromptCacheKey = Annotated[
    Scalar, api("prompt_cache_key", Text(), "Key that groups similar prompts in the cache")
]
PromptCacheOptions = Annotated[
    Repeated, api("prompt_cache_options", Object(), "How to cache the prompt: mode, ttl")
]
PromptCacheRetention = Annotated[
    Scalar,
    api("prompt_cache_retention", Text("NAME", names=("in_memory", "24h")),
        "in_memory or 24h; older form of ttl"),
]  # fmt: skip
ReasoningEffort = Annotated[
    Scalar,
    api("reasoning_effort",
        Text("NAME", names=EFFORTS),
        "none, minimal, low, medium, high, xhigh, max"),
]  # fmt: skip
ResponseFormat = Annotated[
    Repeated,
    api(
        "response_format",
        Object(names={"type": ("json_object", "text")}),
        "type=json_object, or a JSON Schema",
    ),
]
SafetyIdentifier = Annotated[
    Scalar, api("safety_identifier", Text(longest=128), "A stable, hashed id for the end user")
]
Seed = Annotated[Scalar, api("seed", INT64, "Ask for reproducible answers")]
ServiceTier = Annotated[
    Scalar,
    api("service_tier",
        Text("NAME", names=("auto", "default", "flex", "scale", "priority", "fast")),
        "auto, default, flex, scale, priority or fast"),
]  # fmt: skip
Stop = Annotated[Repeated, api("stop", Texts(most=4), "Stop at this text; repeatable, up to 4")]
Store = Annotated[Switch, api("store", Flag(), "Store the answer")]
Stream = Annotated[Switch, api("stream", Flag(), "Stream the answer")]
StreamOptions = Annotated[
    Repeated,
    api(
        "stream_options",
        Object(names={"include_usage": TRUTHS, "include_obfuscation": TRUTHS}),
        "include_usage=true, include_obfuscation=false",
    ),
]
Suffix = Annotated[Scalar, api("suffix", PromptText(), "Text that follows the completion")]
Temperature = Annotated[Scalar, api("temperature", Number(0, 2), "Randomness, 0 to 2")]
ToolChoice = Annotated[
    Scalar,
    api("tool_choice", TextOrObject(names=("none", "auto", "required")),
        "none, auto, required, or a tool as JSON"),
]  # fmt: skip
Tools = Annotated[Scalar, api("tools", Structure(), "Tools the model may call")]
TopLogprobs = Annotated[
    Scalar,
    api(
        "top_logprobs",
        Number(0, 20, integer=True),
        "Return this many log probabilities per token",
    ),
]
TopP = Annotated[Scalar, api("top_p", SHARE, "Sample from this share of the probability, 0 to 1")]
User = Annotated[Scalar, api("user", Text(), "Your id for the end user")]
Verbosity = Annotated[
    Scalar,
    api("verbosity", Text("NAME", names=VERBOSITIES), "low, medium or high"),
]
WebSearchOptions = Annotated[
    Repeated, api("web_search_options", Object(), "search_context_size, user_location")
]
