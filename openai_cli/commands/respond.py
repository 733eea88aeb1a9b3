"""`respond`: POST /responses."""

from typing import Any

from openai_cli.calls.session import Session
from openai_cli.commands.stored_response import Following, Waiting, check_waiting, deliver_response
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags import api, responses
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import OPTIONS, RequiredInput, argument, options_group, ours
from openai_cli.flags.output import Structured
from openai_cli.flags.server import Fallback, SendingOptions
from openai_cli.models import DEFAULT_CHAT
from openai_cli.records import Annotated, replace
from openai_cli.request.body import Request, assembled, given_of, is_bare_schema
from openai_cli.request.inputs import Inputs, nothing_given

EXAMPLES = (
    'openai-cli respond "Explain the tides in one sentence"',
    'openai-cli respond "Is 97 a prime?" --reasoning effort=low --usage',
    'id=$(openai-cli respond "My name is Ann" --query id)',
    'openai-cli respond "What is my name?" --previous-response-id "$id"',
)


@options_group
class Options(SendingOptions, Fallback, Waiting, Structured, RequiredInput):
    """INPUT is the user's message. Piped stdin comes before it, with an empty line between.

    If --input gives items, INPUT is added after them as a message.
    """

    endpoint = Endpoint("/responses", DEFAULT_CHAT, streams=True, takes_general_model=True)

    message: Annotated[str | None, argument("[INPUT]", "The user's message; - reads stdin")] = None
    attach: Annotated[
        list[str] | None,
        ours(OPTIONS, "--attach", "Attach a text, image or PDF; repeatable", metavar="PATH|URL"),
    ] = None
    input: responses.Input = None
    model: api.Model = None
    access_programs: responses.AccessPrograms = None
    background: responses.Background = None
    background_options: responses.BackgroundOptions = None
    context_management: responses.ContextManagement = None
    conversation: responses.Conversation = None
    image: responses.Image = None
    include: responses.Include = None
    instructions: responses.Instructions = None
    max_output_tokens: responses.MaxOutputTokens = None
    max_tool_calls: responses.MaxToolCalls = None
    metadata: api.Metadata = None
    moderation: api.Moderation = None
    parallel_tool_calls: api.ParallelToolCalls = None
    previous_response_id: responses.PreviousResponseId = None
    prompt: responses.PromptTemplate = None
    prompt_cache_key: api.PromptCacheKey = None
    prompt_cache_options: api.PromptCacheOptions = None
    prompt_cache_retention: api.PromptCacheRetention = None
    reasoning: responses.Reasoning = None
    safety_identifier: api.SafetyIdentifier = None
    service_tier: responses.Tier = None
    store: api.Store = None
    stream: api.Stream = None
    stream_options: responses.ResponseStreamOptions = None
    temperature: api.Temperature = None
    text: responses.TextOptions = None
    tool_choice: api.ToolChoice = None
    tools: api.Tools = None
    top_logprobs: api.TopLogprobs = None
    top_p: api.TopP = None
    truncation: responses.Truncation = None
    user: api.User = None


def run(context: Context, options: Options) -> None:
    """Build the request from the options, and send it."""
    inputs = Inputs(context, options.stdin, options.require_input)
    with Session(context, options, inputs) as session:
        given = given_of(options, inputs)
        request = assembled(context, given)
        if session.schema is not None:
            request = session.schema.asked_of_response(request, given.parts.body)
        request.check(
            lambda body: not is_bare_schema(body.get("text"), "format"),
            ("text",),
            "the format in text is a bare JSON Schema: give it to --schema",
        )
        request = _with_input(request, options, inputs)
        is_background = request.body.get("background") is True
        if options.wait and not is_background:
            raise UsageError("--wait needs --background")
        check_waiting(options, request.body)
        request = replace(request, may_stream=not is_background)
        deliver_response(session, request, Following(session), waits=options.wait)


def _with_input(request: Request, options: Options, inputs: Inputs) -> Request:
    """The request with its input: that of --input, followed by the user's message."""
    base = request.body.get("input")
    text = inputs.text(options.message, flagged=base is not None or options.body is not None)
    if text is None and not options.attach:
        if base is None and "prompt" not in request.body:
            raise nothing_given(options, "input to send", "respond 'Say hello'")
        return request
    if isinstance(base, str):
        raise UsageError("the input is given twice: as the argument and by --input")
    if base is not None and not isinstance(base, list):
        raise UsageError("input must be an array, for INPUT to be added to it")
    if base is None and not options.attach:
        return request.with_text("input", text)
    return request.with_text("input", [*(base or []), _message(text, options, inputs)])


def _message(text: str | None, options: Options, inputs: Inputs) -> dict[str, Any]:
    if not options.attach:
        return {"role": "user", "content": text}
    from openai_cli.request.attachments import input_part

    parts = [] if text is None else [{"type": "input_text", "text": text}]
    attached = [input_part(path, inputs) for path in options.attach]
    return {"role": "user", "content": [*parts, *attached]}
