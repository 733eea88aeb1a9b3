"""Readers for the answers of the endpoints that the Batch API accepts."""

from collections.abc import Callable, Mapping
from typing import Any

from openai_cli.answer.base import Answer
from openai_cli.answer.completion import Completion
from openai_cli.answer.embedding import Embeddings
from openai_cli.answer.images import Images
from openai_cli.answer.moderation import Moderation
from openai_cli.answer.response import ModelResponse

Body = Mapping[str, Any]


def reader_of(path: str, body: Body) -> Answer:
    """The reader for the answer to a body that was sent to an endpoint such as `/embeddings`."""
    make = _READERS.get(path)
    return Answer() if make is None else make(body)


def inputs_of(body: Body) -> int:
    """The number of inputs in a body: one text, or one array of token ids, is one input."""
    given = body.get("input")
    return len(given) if isinstance(given, list) and given and type(given[0]) is not int else 1


def _number(body: Body) -> int:
    n = body.get("n")
    return n if type(n) is int else 1


def _completion(body: Body) -> Answer:
    prompt = body.get("prompt")
    several = isinstance(prompt, list) and bool(prompt) and isinstance(prompt[0], str | list)
    return Completion(expected=_number(body) * (len(prompt) if several and prompt else 1))


def _moderation(body: Body) -> Answer:
    given = body.get("input")
    is_texts = isinstance(given, list) and all(isinstance(item, str) for item in given)
    return Moderation(expected=len(given) if is_texts and given else 1)


_READERS: Mapping[str, Callable[[Body], Answer]] = {
    "/chat/completions": lambda body: Completion(expected=_number(body)),
    "/completions": _completion,
    "/responses": lambda _body: ModelResponse(),
    "/embeddings": lambda body: Embeddings(expected=inputs_of(body)),
    "/moderations": _moderation,
    "/images/generations": lambda body: Images(expected=_number(body)),
    "/images/edits": lambda body: Images(expected=_number(body)),
}
