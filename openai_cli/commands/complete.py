"""`complete`: POST /completions."""

from typing import TYPE_CHECKING, Any

from openai_cli.calls.delivery import deliver
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.config.destination import base_url, is_openai
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags import api
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import OPTIONS, RequiredInput, argument, options_group, switch
from openai_cli.flags.server import Fallback, SendingOptions
from openai_cli.records import Annotated
from openai_cli.request.body import Given, Request, assembled, given_of
from openai_cli.request.inputs import Inputs, nothing_given

if TYPE_CHECKING:
    from openai_cli.output.writers import Affixes

EXAMPLES = (
    'openai-cli complete "Once upon a time" --max-tokens 30',
    'openai-cli complete "def add(a, b):" --suffix "print(add(1, 2))" --whole',
    'openai-cli complete "Hello" --base-url http://localhost:8080/v1 --curl',
)


@options_group
class Options(SendingOptions, Fallback, RequiredInput):
    """PROMPT is the text to continue. Piped stdin comes before it, with an empty line between.

    OpenAI retired its last models for this endpoint on 2026-09-28. Other servers still have it:
    vLLM, llama.cpp, Ollama, LM Studio. Name one with --base-url.
    """

    endpoint = Endpoint(
        "/completions",
        "gpt-3.5-turbo-instruct",
        streams=True,
        asks_for_usage=True,
        takes_general_model=True,
    )

    text: Annotated[str | None, argument("[PROMPT]", "The prompt; - reads stdin")] = None
    prompt: api.PromptFlag = None
    model: api.Model = None
    best_of: api.BestOf = None
    echo: api.Echo = None
    frequency_penalty: api.FrequencyPenalty = None
    logit_bias: api.LogitBias = None
    logprobs: api.LogprobsCount = None
    max_tokens: api.MaxTokensFrom0 = None
    n: api.N = None
    presence_penalty: api.PresencePenalty = None
    seed: api.Seed = None
    stop: api.Stop = None
    stream: api.Stream = None
    stream_options: api.StreamOptions = None
    suffix: api.Suffix = None
    temperature: api.Temperature = None
    top_p: api.TopP = None
    user: api.User = None
    whole: Annotated[
        bool, switch(OPTIONS, "whole", "Print prompt, completion and suffix as one text")
    ] = False


def run(context: Context, options: Options) -> None:
    """Build the request from the options, and send it."""
    inputs = Inputs(context, options.stdin, options.require_input)
    with Session(context, options, inputs) as session:
        request = _request(context, options, inputs, given_of(options, inputs))
        _notice_retired(context, options, request)
        choices, affixes = _choices(request.body), _affixes(options, request.body)
        deliver(session, Plan(request, choices=choices, affixes=affixes, forgets=True))


def _request(context: Context, options: Options, inputs: Inputs, given: Given) -> Request:
    if options.text is not None and "prompt" in given.parts.body:
        raise UsageError("the prompt is given twice: as the argument and by --prompt")
    request = assembled(context, given)
    flagged = options.body is not None or "prompt" in request.body
    if (text := inputs.text(options.text, flagged=flagged)) is not None:
        request = request.with_text("prompt", text)
    if "prompt" not in request.body:
        raise nothing_given(options, "prompt to send", "complete 'Once upon a time'")
    request.check(_best_of_holds, ("best_of", "n"), "best_of must be at least n")
    request.check(
        lambda body: body.get("stream") is not True or not _above_1(body.get("best_of")),
        ("best_of", "stream"),
        "best_of above 1 cannot be streamed: leave --stream out",
    )
    return request


def _best_of_holds(body: Any) -> bool:
    best_of, n = body.get("best_of"), body.get("n", 1)
    return not isinstance(best_of, int) or not isinstance(n, int) or best_of >= n


def _above_1(value: Any) -> bool:
    return isinstance(value, int) and value > 1


def _prompts(prompt: Any) -> list[Any]:
    """The prompts as a list; a text, or an array of token ids, is one prompt."""
    if isinstance(prompt, list) and prompt and isinstance(prompt[0], str | list):
        return prompt
    return [prompt]


def _choices(body: Any) -> int:
    n = body.get("n")
    return (n if isinstance(n, int) else 1) * len(_prompts(body.get("prompt")))


def _affixes(options: Options, body: Any) -> "tuple[Affixes, ...]":
    """For --whole: the text before and after the completion of each choice."""
    if not options.whole:
        return ()
    from openai_cli.output.writers import Affixes

    prompts = _prompts(body.get("prompt"))
    if not all(isinstance(prompt, str) for prompt in prompts):
        raise UsageError("--whole needs a prompt of text, not of token ids")
    suffix = body.get("suffix") or ""
    echoed = body.get("echo") is True
    affixes = [Affixes("" if echoed else prompt, suffix) for prompt in prompts]
    return tuple(one for one in affixes for _ in range(_choices(body) // len(prompts)))


def _notice_retired(context: Context, options: Options, request: Request) -> None:
    """Print a notice that the default model was retired, if it would be asked for."""
    if request.model_is_default and not options.sandbox and is_openai(base_url(context, options)):
        context.messages.notice(
            f"OpenAI retired {options.endpoint.default_model} on 2026-09-28, the last model of "
            "this endpoint; --base-url names another server, --model another model"
        )
