"""The parameters of POST /responses that POST /chat/completions lacks or defines differently."""

from openai_cli.flags.api import (
    EFFORTS,
    TRUTHS,
    VERBOSITIES,
    Repeated,
    Scalar,
    Stream,
    Switch,
    api,
    in_query,
)
from openai_cli.flags.values import (
    Flag,
    Number,
    Object,
    PromptText,
    Structure,
    Text,
    TextOrItems,
    Texts,
)
from openai_cli.flags.values import TextOrObject as Union
from openai_cli.records import Annotated

AccessPrograms = Annotated[Repeated, api("access_programs", Object(), "Access programs: cyber")]
Background = Annotated[Switch, api("background", Flag(), "Run in the background")]
BackgroundOptions = Annotated[
    Repeated,
    api("background_options", Object(), "Background options: completion_window, continuation_id"),
]
ContextManagement = Annotated[
    Scalar, api("context_management", Structure(least=1), "When to compact the context")
]
Conversation = Annotated[
    Scalar, api("conversation", Union("ID|JSON"), "A stored conversation to continue")
]
Image = Annotated[Repeated, api("image", Object(), "Image options: context_compression")]
Include = Annotated[
    Repeated,
    api("include", Texts("NAME"), "Return more, such as reasoning.encrypted_content; repeatable"),
]
IncludeInQuery = in_query(Include)
IncludeObfuscation = Annotated[
    Switch,
    api(
        "include_obfuscation",
        Flag(),
        "Pad stream events, as the API does by default",
        place="query",
    ),
]
Input = Annotated[Repeated, api("input", TextOrItems(), "The input: text or items; - reads stdin")]
Instructions = Annotated[
    Scalar, api("instructions", PromptText(), "A system or developer message, for this call")
]
MaxOutputTokens = Annotated[
    Scalar,
    api(
        "max_output_tokens",
        Number(16, integer=True),
        "Generate at most this many tokens, reasoning included",
    ),
]
MaxToolCalls = Annotated[
    Scalar,
    api("max_tool_calls", Number(integer=True), "Allow at most this many calls of built-in tools"),
]
PreviousResponseId = Annotated[
    Scalar, api("previous_response_id", Text("ID"), "The response to continue from")
]
PromptTemplate = Annotated[
    Repeated,
    api("prompt", Object(texts=("id", "version")), "A stored prompt: id, version, variables"),
]
Reasoning = Annotated[
    Repeated,
    api(
        "reasoning",
        Object(names={"effort": EFFORTS, "summary": ("auto", "concise", "detailed")}),
        "effort=low or another, and summary=auto",
    ),
]
ResponseStreamOptions = Annotated[
    Repeated,
    api(
        "stream_options",
        Object(names={"include_obfuscation": TRUTHS}),
        "include_obfuscation=false",
    ),
]
StartingAfter = Annotated[
    Scalar,
    api(
        "starting_after",
        Number(integer=True),
        "Continue after the event with this sequence_number",
        place="query",
    ),
]
StreamInQuery = in_query(Stream)
TextOptions = Annotated[
    Repeated,
    api(
        "text",
        Object(names={"verbosity": VERBOSITIES}),
        "Text options: verbosity, or format as JSON",
    ),
]
Tier = Annotated[
    Scalar,
    api("service_tier",
        Text("NAME", names=("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")),
        "auto, default, flex, scale, priority, fast or ultrafast"),
]  # fmt: skip
Truncation = Annotated[
    Scalar,
    api("truncation", Text("NAME", names=("auto", "disabled")), "auto or disabled"),
]
