"""`chat`: POST /chat/completions."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from openai_cli.calls.delivery import deliver
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags import api
from openai_cli.flags.adapter import parameters_of
from openai_cli.flags.conversation import ConversationOptions, Terms
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import OPTIONS, RequiredInput, argument, options_group, ours
from openai_cli.flags.output import Structured
from openai_cli.jsontext import quoted
from openai_cli.models import DEFAULT_CHAT
from openai_cli.records import Annotated
from openai_cli.request.body import Given, Request, assembled, given_of, is_bare_schema
from openai_cli.request.inputs import Inputs, is_like_text, nothing_given

if TYPE_CHECKING:
    from openai_cli.commands.turns import TurnSender

EXAMPLES = (
    'openai-cli chat "Write a haiku about rain"',
    "printf 'pears\\napples\\n' | openai-cli chat \"Sort these lines\"",
    'openai-cli chat -c trip.json "Plan a day in Lima" --system "Be brief"',
    "openai-cli chat \"The largest city of Peru\" --schema 'name, people int'",
)


@options_group
class Options(ConversationOptions, Structured, RequiredInput):
    """MESSAGE is the user's message. Piped stdin comes before it, with an empty line between.

    The messages are sent in this order: --messages, --system, --developer, each --message, MESSAGE.
    With --continue they follow those of the conversation; --system and --developer then replace the
    conversation's own for this call.
    """

    endpoint = Endpoint(
        "/chat/completions",
        DEFAULT_CHAT,
        streams=True,
        asks_for_usage=True,
        takes_general_model=True,
    )

    text: Annotated[str | None, argument("[MESSAGE]", "The user's message; - reads stdin")] = None
    system: Annotated[
        str | None, ours(OPTIONS, "--system", "A system message", metavar="TEXT|@FILE")
    ] = None
    developer: Annotated[
        str | None, ours(OPTIONS, "--developer", "A developer message", metavar="TEXT|@FILE")
    ] = None
    message: Annotated[
        list[str] | None,
        ours(OPTIONS, "--message", "A message before MESSAGE; repeatable", metavar="ROLE:TEXT"),
    ] = None
    attach: Annotated[
        list[str] | None,
        ours(
            OPTIONS,
            "--attach",
            "Attach a text, image, WAV, MP3 or PDF; repeatable",
            metavar="PATH|URL",
        ),
    ] = None
    messages: api.Messages = None
    model: api.Model = None
    audio: api.Audio = None
    frequency_penalty: api.FrequencyPenalty = None
    function_call: api.FunctionCall = None
    functions: api.Functions = None
    logit_bias: api.LogitBias = None
    logprobs: api.Logprobs = None
    max_completion_tokens: api.MaxCompletionTokens = None
    max_tokens: api.MaxTokens = None
    metadata: api.Metadata = None
    modalities: api.Modalities = None
    moderation: api.Moderation = None
    n: api.N = None
    parallel_tool_calls: api.ParallelToolCalls = None
    prediction: api.Prediction = None
    presence_penalty: api.PresencePenalty = None
    prompt_cache_key: api.PromptCacheKey = None
    prompt_cache_options: api.PromptCacheOptions = None
    prompt_cache_retention: api.PromptCacheRetention = None
    reasoning_effort: api.ReasoningEffort = None
    response_format: api.ResponseFormat = None
    safety_identifier: api.SafetyIdentifier = None
    seed: api.Seed = None
    service_tier: api.ServiceTier = None
    stop: api.Stop = None
    store: api.Store = None
    stream: api.Stream = None
    stream_options: api.StreamOptions = None
    temperature: api.Temperature = None
    tool_choice: api.ToolChoice = None
    tools: api.Tools = None
    top_logprobs: api.TopLogprobs = None
    top_p: api.TopP = None
    user: api.User = None
    verbosity: api.Verbosity = None
    web_search_options: api.WebSearchOptions = None


def run(context: Context, options: Options) -> None:
    """Build the request from the options, and send it."""
    terms = Terms.of(options)
    is_required = options.require_input and not terms.is_interactive
    inputs = Inputs(context, options.stdin, is_required)
    with Session(context, options, inputs) as session:
        given = given_of(options, inputs)
        compose = partial(_composed, session, given)
        if terms.is_conversation:
            from openai_cli.commands.turns import TurnSender

            _converse(TurnSender(session, terms, compose), options, inputs, given.parts.body)
            return
        request = compose()
        base = request.body.get("messages")
        flagged = options.body is not None or base is not None
        standing, question = _said(options, inputs, flagged=flagged)
        request = request.with_text("messages", _joined(options, base, standing + question))
        if session.preview is None and terms.limit is not None:
            from openai_cli.commands.fitting import check_length

            check_length(request, terms.limit)
        if session.preview is None and terms.new_path is not None:
            from openai_cli.commands.turns import TurnSender

            TurnSender(session, terms, compose).begin_file(given.body, request)
            return
        plan = Plan(request, choices=request.choices, render=terms.renders, forgets=True)
        deliver(session, plan)


def _converse(
    sender: "TurnSender", options: Options, inputs: Inputs, flags: dict[str, Any]
) -> None:
    """Send one turn of a conversation, or hold one interactively.

    `flags` are the request properties that override those of the conversation's body.
    """
    from openai_cli.commands.turns import NewMessages

    if options.body is not None:
        raise UsageError("--body and a conversation: give one of them")
    _check_taken(options)
    is_interactive = sender.terms.is_interactive
    before = flags.pop("messages", None)
    flagged = is_interactive or before is not None
    standing, question = _said(options, inputs, flagged=flagged)
    waiting: list[tuple[str, Any]] = []
    if is_interactive and options.attach and options.text is None:
        waiting = list(zip(options.attach, question.pop()["content"], strict=True))
    said = NewMessages(standing, [*(before or []), *question], waiting)
    if is_interactive:
        from openai_cli.commands.interactive.session import hold

        known = {one.api_name: one for one in parameters_of(type(options))}
        hold(sender, inputs, said, flags, known)
    elif said.messages:
        sender.continue_file(said)
    else:
        raise _nothing_to_send(options)


def _check_taken(options: Options) -> None:
    """Raise UsageError if --continue took a message as its FILE."""
    taken = options.conversation or ""
    if options.text is None and not options.interactive and is_like_text(taken):
        import shlex

        raise UsageError(
            f"--continue took {quoted(taken)} as its FILE",
            hint=f"openai-cli chat -c FILE {shlex.quote(taken)}; -c ./… takes any name",
        )


def _composed(session: Session, given: Given, base: Mapping[str, Any] | None = None) -> Request:
    """The request, without the messages that MESSAGE and our own flags add."""
    request = assembled(session.context, given, base)
    if session.schema is not None:
        request = session.schema.asked_of_chat(request, given.parts.body)
    request.check(
        lambda body: not is_bare_schema(body.get("response_format")),
        ("response_format",),
        "response_format is a bare JSON Schema: give it to --schema",
    )
    request.check(
        lambda body: body.get("top_logprobs") is None or body.get("logprobs") is True,
        ("top_logprobs", "logprobs"),
        "top_logprobs needs logprobs: add --logprobs",
    )
    return request


def _joined(options: Options, base: Any, said: list[dict[str, Any]]) -> Any:
    """The messages of the body, followed by those of our flags and MESSAGE."""
    if base is None and not said:
        raise _nothing_to_send(options)
    if said and not isinstance(base, list | None):
        raise UsageError("messages must be an array, for MESSAGE to be added to it")
    return (base or []) + said if said else base


def _nothing_to_send(options: Options) -> UsageError:
    command = "chat" if options.conversation is None else "chat -c talk.json"
    return nothing_given(options, "message to send", f"{command} 'Say hello'")


def _said(
    options: Options, inputs: Inputs, *, flagged: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The messages that apply to the whole conversation, and those that this call adds to its end.

    `flagged` is passed to `Inputs.text`.
    """
    given = (("system", options.system), ("developer", options.developer))
    standing: list[dict[str, Any]] = [
        {"role": role, "content": inputs.flag_text(f"--{role}", text)}
        for role, text in given
        if text is not None
    ]
    question: list[dict[str, Any]] = [_message(text, inputs) for text in options.message or ()]
    attachments = _attachments(options, inputs)
    text = inputs.text(options.text, flagged=flagged)
    if attachments:
        parts = [] if text is None else [{"type": "text", "text": text}]
        question.append({"role": "user", "content": parts + attachments})
    elif text is not None:
        question.append({"role": "user", "content": text})
    return standing, question


# The roles of ChatCompletionRequestMessage in OpenAI's published description.
_ROLES = ("user", "assistant", "system", "developer", "tool", "function")


def _message(text: str, inputs: Inputs) -> dict[str, str]:
    role, colon, content = text.partition(":")
    if not colon or role not in _ROLES:
        raise _no_role(text, role if colon else "")
    return {"role": role, "content": inputs.flag_text("--message", content)}


def _no_role(text: str, role: str) -> UsageError:
    """The error for a --message without a role of the API: a typo, or text alone."""
    from openai_cli.suggestions.near import did_you_mean, near

    hint = did_you_mean([f"{name}:" for name in near(role, _ROLES)])
    if hint is None:
        import shlex

        hint = (
            f"a user's message is --message {shlex.quote(f'user:{text}')}; "
            "--messages takes any role"
        )
    return UsageError(f"--message must be ROLE:TEXT, not {quoted(text)}", hint=hint)


def _attachments(options: Options, inputs: Inputs) -> list[dict[str, Any]]:
    if not options.attach:
        return []
    from openai_cli.request.attachments import content_part

    return [content_part(path, inputs) for path in options.attach]
