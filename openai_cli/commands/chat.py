"""`chat`: POST /chat/completions."""

import shlex
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from openai_cli.calls.delivery import deliver
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags import api
from openai_cli.flags.conversation import ConversationOptions
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import OPTIONS, RequiredInput, argument, options_group, ours
from openai_cli.flags.output import Structured
from openai_cli.jsontext import quoted
from openai_cli.models import DEFAULT_CHAT
from openai_cli.request.body import Given, Request, assembled, given_of, is_bare_schema
from openai_cli.request.inputs import Inputs, is_like_text, nothing_given

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
    _check_files(options)
    is_required = options.require_input and not options.interactive
    inputs, limit = Inputs(context, options.stdin, is_required), options.longest_prompt
    with Session(context, options, inputs) as session:
        given = given_of(options, inputs)
        if options.interactive or options.conversation is not None:
            _converse(session, options, inputs, given)
            return
        request = _composed(session, given)
        base = request.body.get("messages")
        flagged = options.body is not None or base is not None
        said = _standing(options, inputs) + _question(options, inputs, flagged=flagged)
        request = request.with_text("messages", _joined(options, base, said))
        if session.preview is None and limit is not None:
            from openai_cli.commands.fitting import check_length

            check_length(request, limit)
        if session.preview is None and options.save is not None:
            from openai_cli.commands.turns import begin

            begin(session, options, given.body, request)
            return
        deliver(
            session, Plan(request, choices=request.choices, render=options.render, forgets=True)
        )


def _check_files(options: Options) -> None:
    """UsageError for names of conversations that no file should have, and for two of them."""
    for flag, name in (("--continue", options.conversation), ("--save", options.save)):
        if name in ("", "-"):
            raise UsageError(
                f"{flag} takes the name of a file, not '{name}'",
                hint="for example: openai-cli chat -c talk.json 'Say hello'",
            )
    if options.save is not None:
        if options.conversation is not None:
            raise UsageError("--continue and --save: give one of them", hint="-c keeps each turn")
        if options.interactive:
            raise UsageError("--save and -i: give one of them", hint="-i -c FILE keeps each turn")


def _converse(session: Session, options: Options, inputs: Inputs, given: Given) -> None:
    """Take part in a conversation: one turn of it, or interactively."""
    from openai_cli.commands.turns import NewMessages, converse

    if options.body is not None:
        raise UsageError("--body and a conversation: give one of them")
    _check_taken(options)
    compose = partial(_composed, session, given)
    before = given.parts.body.pop("messages", None)
    standing = _standing(options, inputs)
    flagged = options.interactive or before is not None
    question = _question(options, inputs, flagged=flagged)
    attached: list[tuple[str, Any]] = []
    if options.interactive and options.attach and options.text is None:
        attached = list(zip(options.attach, question.pop()["content"], strict=True))
    said = NewMessages(standing, [*(before or []), *question])
    if options.interactive:
        from openai_cli.commands.interactive.session import hold

        hold(session, options, inputs, said, attached, flags=given.parts.body, compose=compose)
    elif said.messages:
        converse(session, options, said, compose)
    else:
        raise _nothing_to_send(options)


def _check_taken(options: Options) -> None:
    """Refuse a message that was taken for the FILE of --continue."""
    taken = options.conversation or ""
    if options.text is None and not options.interactive and is_like_text(taken):
        raise UsageError(
            f"--continue took {quoted(taken)} as its FILE",
            hint=f"openai-cli chat -c FILE {shlex.quote(taken)}; -c ./… takes any name",
        )


def _composed(session: Session, given: Given, base: Mapping[str, Any] | None = None) -> Request:
    """The request but for what MESSAGE and our flags add to its messages."""
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
    """The messages of the body, and after them those of our flags and the text."""
    if base is None and not said:
        raise _nothing_to_send(options)
    if said and not isinstance(base, list | None):
        raise UsageError("messages must be an array, for MESSAGE to be added to it")
    return (base or []) + said if said else base


def _nothing_to_send(options: Options) -> UsageError:
    command = "chat" if options.conversation is None else "chat -c talk.json"
    return nothing_given(options, "message to send", f"{command} 'Say hello'")


def _standing(options: Options, inputs: Inputs) -> list[dict[str, Any]]:
    """The messages that stand for the whole conversation."""
    given = (("system", options.system), ("developer", options.developer))
    return [
        {"role": role, "content": inputs.flag_text(f"--{role}", text)}
        for role, text in given
        if text is not None
    ]


def _question(options: Options, inputs: Inputs, *, flagged: bool) -> list[dict[str, Any]]:
    """Each --message, and the user's message; `flagged` is what `Inputs.text` takes."""
    added: list[dict[str, Any]] = [_message(text, inputs) for text in options.message or ()]
    attachments = _attachments(options, inputs)
    text = inputs.text(options.text, flagged=flagged)
    if attachments:
        parts = [] if text is None else [{"type": "text", "text": text}]
        added.append({"role": "user", "content": parts + attachments})
    elif text is not None:
        added.append({"role": "user", "content": text})
    return added


# Those of ChatCompletionRequestMessage in OpenAI's published description.
_ROLES = ("user", "assistant", "system", "developer", "tool", "function")


def _message(text: str, inputs: Inputs) -> dict[str, str]:
    role, colon, content = text.partition(":")
    if not colon or role not in _ROLES:
        raise _no_role(text, role if colon else "")
    return {"role": role, "content": inputs.flag_text("--message", content)}


def _no_role(text: str, role: str) -> UsageError:
    """The error for a --message without a role that the API has: a slip, or a text alone."""
    from openai_cli.suggestions.near import did_you_mean, near

    hint = did_you_mean([f"{name}:" for name in near(role, _ROLES)])
    if hint is None:
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
