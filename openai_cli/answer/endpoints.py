"""Look up the response class of an endpoint by its path, for requests without their own command."""

from collections.abc import Callable
from importlib import import_module
from typing import cast

from openai_cli.answer.base import Answer

_ANSWERS = {
    "/chat/completions": "completion.Completion",
    "/completions": "completion.Completion",
    "/responses": "response.ModelResponse",
    "/embeddings": "page.AnyWhole",
    "/images/generations": "page.AnyWhole",
    "/images/edits": "page.AnyWhole",
}


def tells_usage(method: str, path: str) -> bool:
    """Return whether the endpoint's responses are known to report usage."""
    return method == "POST" and path.partition("?")[0] in _ANSWERS


def reader_of(method: str, path: str) -> Callable[[], Answer] | None:
    """Return the response class of an endpoint that reports usage; None for any other."""
    if not tells_usage(method, path):
        return None
    name = _ANSWERS[path.partition("?")[0]]
    module, _, kind = name.partition(".")
    found = getattr(import_module(f"openai_cli.answer.{module}"), kind)
    return cast("Callable[[], Answer]", found)
