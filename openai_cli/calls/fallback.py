"""--fallback-model: the model to ask next when one cannot answer."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, CliError, RateLimitError
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer

_TOO_MANY = 429


def next_model(models: Iterator[str], error: CliError) -> str | None:
    """Return the next model after a 429 or 5xx; None after other errors, or if none is left."""
    status = error.status or 0
    is_of_server = isinstance(error, RateLimitError | BadAnswerError)
    if is_of_server and (status == _TOO_MANY or status >= 500):
        return next(models, None)
    return None


def fallen_back(context: Context, request: Request, model: str, error: CliError) -> Request:
    """Return the request for the next model; a notice says why it is needed."""
    context.messages.notice(
        f"{request.body.get('model')}: {error.problem} (HTTP {error.status}); asking {model}"
    )
    return request.with_body(model=model)


def tell_who(context: Context, answer: "Answer") -> None:
    """Say which model answered after a fallback."""
    context.messages.notice(f"{answer.model or answer.asked_model} answered")
