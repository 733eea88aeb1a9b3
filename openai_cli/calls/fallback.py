"""--fallback-model: the next model where one cannot answer now."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, CliError, RateLimitError, UsageError
from openai_cli.flags.ours import INPUT, options_group, ours
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer

_TOO_MANY = 429


@options_group
class Fallback:
    """Who is asked where the model cannot answer."""

    fallback_model: Annotated[
        list[str] | None,
        ours(
            INPUT,
            "--fallback-model",
            "Ask this one after a 429 or 5xx; repeated",
            metavar="NAME",
        ),
    ] = None


def fallbacks_of(options: object) -> tuple[str, ...]:
    """The models of --fallback-model in their order; UsageError for one without a name."""
    if not isinstance(options, Fallback):
        return ()
    names = tuple(options.fallback_model or ())
    if "" in names:
        raise UsageError("--fallback-model must be the name of a model, not ''")
    return names


def next_model(models: Iterator[str], error: CliError) -> str | None:
    """The model to ask next: where the API has too much to do or has failed, and there is one."""
    status = error.status or 0
    is_of_server = isinstance(error, RateLimitError | BadAnswerError)
    if is_of_server and (status == _TOO_MANY or status >= 500):
        return next(models, None)
    return None


def fallen_back(context: Context, request: Request, model: str, error: CliError) -> Request:
    """The request for the next model; a notice says why."""
    context.messages.notice(
        f"{request.body.get('model')}: {error.problem} (HTTP {error.status}); asking {model}"
    )
    return request.with_body(model=model)


def tell_who(context: Context, answer: "Answer") -> None:
    """Say which model answered, once the first could not."""
    context.messages.notice(f"{answer.model or answer.asked_model} answered")
