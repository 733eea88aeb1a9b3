"""--fallback-model: the next model where one cannot answer now."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, CliError, RateLimitError
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer

_TOO_MANY = 429


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
