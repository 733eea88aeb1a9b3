"""POST /completions: answers prompts with texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from openai_cli.sandbox.exchange import (
    ApiRequest,
    HttpResponse,
    Json,
    envelope,
    json_response,
    stop_words,
    streamed_response,
)
from openai_cli.sandbox.logprobs import of_completion
from openai_cli.sandbox.text import Spoken, answer_text, insertion, speak
from openai_cli.sandbox.usage import model_encoding, token_bytes, token_count, token_ids, usage

# The defaults of the published description.
MAX_TOKENS = 16
PROMPT = "<|endoftext|>"


@dataclass(frozen=True)
class _Prompt:
    text: str
    tokens: tuple[bytes, ...]


@dataclass(frozen=True)
class _Choice:
    """What one choice says, after the `echo` of its prompt if that was asked for.

    `top` is how many likely tokens are listed for each token; None means no logprobs.
    """

    index: int
    spoken: Spoken
    echo: _Prompt | None
    top: int | None

    @property
    def pieces(self) -> list[tuple[str, tuple[bytes, ...]]]:
        """The text in pieces, each with its tokens; the echo is the first of them."""
        echo = [] if self.echo is None else [(self.echo.text, self.echo.tokens)]
        return [*echo, *zip(self.spoken.pieces, self.spoken.inside, strict=True)]

    def logprobs(self, pieces: Sequence[Sequence[bytes]], offset: int) -> Json | None:
        """The log probabilities of pieces that start `offset` characters into the text."""
        if self.top is None:
            return None
        is_first = offset == 0 and self.echo is not None and bool(self.echo.tokens)
        return of_completion(pieces, self.top, offset=offset, is_first=is_first)


def create_completion(request: ApiRequest) -> HttpResponse:
    """Answer a body described by CreateCompletionRequest, whole or streamed."""
    body = request.body
    encoding = model_encoding(body["model"])
    prompts = _prompts(body.get("prompt"), encoding)
    n = body.get("n") or 1
    candidates = [_candidates(request, prompt, encoding) for prompt in prompts]
    given = [
        (prompt, spoken)
        for prompt, group in zip(prompts, candidates, strict=True)
        for spoken in group[:n]
    ]
    choices = [
        _Choice(index, spoken, prompt if body.get("echo") else None, body.get("logprobs"))
        for index, (prompt, spoken) in enumerate(given)
    ]
    told = usage(
        sum(len(prompt.tokens) for prompt in prompts)
        + token_count(body.get("suffix") or "", encoding),
        sum(spoken.tokens for group in candidates for spoken in group),
    )
    start = envelope(request, "cmpl", "text_completion")
    if body.get("stream"):
        return streamed_response(request, start, [_steps(choice) for choice in choices], told)
    return json_response(
        {**start, "choices": [_shape(choice) for choice in choices], "usage": told}
    )


def _prompts(prompt: Any, encoding: str) -> list[_Prompt]:
    """A prompt in any of its four forms, as a list; None stands for the default."""
    if prompt is None:
        prompt = PROMPT
    several = prompt if isinstance(prompt, list) and not _is_tokens(prompt) else [prompt]
    found = []
    for one in several:
        ids = one if isinstance(one, list) else token_ids(one, encoding)
        tokens = tuple(token_bytes([token], encoding) for token in ids)
        found.append(_Prompt(b"".join(tokens).decode("utf-8", "replace"), tokens))
    return found


def _is_tokens(prompt: list[Any]) -> bool:
    return bool(prompt) and isinstance(prompt[0], int)


def _candidates(request: ApiRequest, prompt: _Prompt, encoding: str) -> list[Spoken]:
    """The texts for one prompt: `best_of` of them, of which the first `n` are returned."""
    body = request.body
    limit = body.get("max_tokens")
    say = cache(
        partial(
            speak,
            limit=MAX_TOKENS if limit is None else limit,
            stops=stop_words(body),
            encoding=encoding,
        )
    )
    words = insertion if body.get("suffix") else answer_text
    fixed = request.said.text if request.said else None
    return [
        say(words(prompt.text, number) if fixed is None else fixed)
        for number in range(max(body.get("n") or 1, body.get("best_of") or 1))
    ]


def _shape(choice: _Choice) -> Json:
    """A choice of an answer that is not streamed."""
    text = "".join(piece for piece, _ in choice.pieces)
    logprobs = choice.logprobs([tokens for _, tokens in choice.pieces], 0)
    return _step(choice.index, text, logprobs, choice.spoken.finish)


def _steps(choice: _Choice) -> list[Json]:
    """A choice as the steps of a stream: what is said, and why it ends."""
    steps, offset = [], 0
    for piece, tokens in choice.pieces:
        steps.append(_step(choice.index, piece, choice.logprobs([tokens], offset), None))
        offset += len(piece)
    return [*steps, _step(choice.index, "", None, choice.spoken.finish)]


def _step(index: int, text: str, logprobs: Json | None, finish: str | None) -> Json:
    return {"text": text, "index": index, "logprobs": logprobs, "finish_reason": finish}
