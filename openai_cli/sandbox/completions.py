"""POST /completions: prompts in, texts out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from openai_cli.sandbox.exchange import (
    Json,
    Reply,
    Request,
    head,
    stop_words,
    streamed,
    whole,
)
from openai_cli.sandbox.text import Spoken, insertion, reply, speak
from openai_cli.sandbox.usage import count, decode, encoding_of, usage

# The defaults of the published description.
MAX_TOKENS = 16
PROMPT = "<|endoftext|>"


@dataclass(frozen=True)
class _Prompt:
    text: str
    tokens: int


def answer(request: Request) -> Reply:
    """The answer to a body that CreateCompletionRequest describes, whole or streamed."""
    body = request.body
    encoding = encoding_of(body["model"])
    prompts = _prompts(body.get("prompt"), encoding)
    n = body.get("n") or 1
    candidates = [_candidates(prompt, body, encoding) for prompt in prompts]
    choices = [spoken for group in candidates for spoken in group[:n]]
    told = usage(
        sum(prompt.tokens for prompt in prompts) + count(body.get("suffix") or "", encoding),
        sum(spoken.tokens for group in candidates for spoken in group),
    )
    if body.get("echo"):
        choices = [
            replace(spoken, pieces=(prompts[index // n].text, *spoken.pieces))
            for index, spoken in enumerate(choices)
        ]
    start = head(request, "cmpl", "text_completion")
    if body.get("stream"):
        steps = [_steps(index, spoken) for index, spoken in enumerate(choices)]
        return streamed(request, start, steps, told)
    shapes = [_choice(index, spoken.text, spoken.finish) for index, spoken in enumerate(choices)]
    return whole({**start, "choices": shapes, "usage": told})


def _prompts(prompt: Any, encoding: str) -> list[_Prompt]:
    """A prompt in any of its four forms as a list; None is the default."""
    if prompt is None:
        prompt = PROMPT
    several = prompt if isinstance(prompt, list) and not _is_tokens(prompt) else [prompt]
    return [
        _Prompt(decode(one, encoding).decode("utf-8", "replace"), len(one))
        if isinstance(one, list)
        else _Prompt(one, count(one, encoding))
        for one in several
    ]


def _is_tokens(prompt: list[Any]) -> bool:
    return bool(prompt) and isinstance(prompt[0], int)


def _candidates(prompt: _Prompt, body: Mapping[str, Any], encoding: str) -> list[Spoken]:
    """The texts for one prompt: `best_of`, of which the first `n` are given."""
    limit = body.get("max_tokens")
    say = cache(
        partial(
            speak,
            limit=MAX_TOKENS if limit is None else limit,
            stops=stop_words(body),
            encoding=encoding,
        )
    )
    words = insertion if body.get("suffix") else reply
    return [
        say(words(prompt.text, number))
        for number in range(max(body.get("n") or 1, body.get("best_of") or 1))
    ]


def _choice(index: int, text: str, finish: str | None) -> Json:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}


def _steps(index: int, spoken: Spoken) -> list[Json]:
    return [
        *(_choice(index, piece, None) for piece in spoken.pieces),
        _choice(index, "", spoken.finish),
    ]
