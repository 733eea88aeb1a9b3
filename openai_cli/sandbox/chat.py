"""POST /chat/completions: answers messages with text, JSON that follows a schema, or tool calls."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from openai_cli.sandbox.calls import ToolCall, demanded_calls, schema_instance
from openai_cli.sandbox.exchange import (
    ApiRequest,
    FixedContent,
    HttpResponse,
    Json,
    envelope,
    json_response,
    stop_words,
    streamed_response,
)
from openai_cli.sandbox.logprobs import of_chat
from openai_cli.sandbox.text import Spoken, answer_text, speak
from openai_cli.sandbox.usage import content_text, count_prompt, model_encoding, usage

KINDS = {"image_url": "image", "input_audio": "audio clip", "file": "file"}


@dataclass(frozen=True)
class SpokenCall:
    """A call as spoken; `position` is its index among the calls of its message."""

    call: ToolCall
    spoken: Spoken
    id: str
    position: int


@dataclass(frozen=True)
class SpokenChoice:
    """What one choice says: words, as its `field` (`content` or `refusal`), or calls.

    `top` is how many likely tokens are listed for each token of the words; None means no logprobs.
    """

    index: int
    calls: tuple[SpokenCall, ...] = ()
    words: Spoken | None = None
    field: str = "content"
    top: int | None = None

    @property
    def spoken(self) -> list[Spoken]:
        """Everything that the choice says."""
        return [self.words] if self.words else [call.spoken for call in self.calls]

    @property
    def finish(self) -> str:
        if any(spoken.finish == "length" for spoken in self.spoken):
            return "length"
        return self.calls[0].call.finish if self.calls else "stop"

    def logprobs(self, tokens: Iterable[bytes]) -> Json | None:
        """The log probabilities of some of the tokens of the words."""
        if self.top is None:
            return None
        return {"content": None, "refusal": None, self.field: of_chat(tokens, self.top)}


def create_chat_completion(request: ApiRequest) -> HttpResponse:
    """Answer a body described by CreateChatCompletionRequest, whole or streamed."""
    body = request.body
    if body.get("store"):
        request = replace(request, digest=request.store.chats.fresh(request.digest))
    encoding = model_encoding(body["model"])
    choices = choices_of(request, encoding)
    tokens = sum(spoken.tokens for choice in choices for spoken in choice.spoken)
    told = usage(count_prompt(body, encoding), tokens)
    tier = {"service_tier": "default"} if body.get("service_tier") else {}
    start = envelope(request, "chatcmpl", "chat.completion") | tier
    whole = {**start, "choices": [_shape(choice) for choice in choices], "usage": told}
    if body.get("store"):
        from openai_cli.sandbox.stored_chats import store_chat

        store_chat(request, whole)
    if body.get("stream"):
        start["object"] = "chat.completion.chunk"
        return streamed_response(request, start, [_steps(choice) for choice in choices], told)
    return json_response(whole)


def choices_of(request: ApiRequest, encoding: str) -> list[SpokenChoice]:
    """The choices that answer a chat request."""
    body = request.body
    said = request.said or FixedContent(calls=demanded_calls(body))
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    numbers = range(body.get("n") or 1)
    if said.calls:
        calls = said.calls[:1] if body.get("parallel_tool_calls") is False else said.calls
        spoken = _spoken_calls(calls, limit, encoding)
        return [
            SpokenChoice(index, calls=_named(spoken, request.digest, index)) for index in numbers
        ]
    field, fixed = ("content", said.text) if said.refusal is None else ("refusal", said.refusal)
    top = (body.get("top_logprobs") or 0) if body.get("logprobs") else None
    say = cache(partial(speak, limit=limit, stops=stop_words(body), encoding=encoding))
    texts = (_content(body, index) if fixed is None else fixed for index in numbers)
    return [
        SpokenChoice(index, words=say(text), field=field, top=top)
        for index, text in enumerate(texts)
    ]


def _spoken_calls(
    calls: Iterable[ToolCall], limit: int | None, encoding: str
) -> list[tuple[ToolCall, Spoken]]:
    """The calls, with at most `limit` tokens in total: the last one may be cut."""
    found: list[tuple[ToolCall, Spoken]] = []
    for call in calls:
        spoken = speak(call.text, limit=limit, stops=(), encoding=encoding)
        found.append((call, spoken))
        if spoken.finish == "length":
            break
        limit = None if limit is None else limit - spoken.tokens
    return found


def _named(
    calls: Iterable[tuple[ToolCall, Spoken]], digest: str, index: int
) -> tuple[SpokenCall, ...]:
    """The calls of a choice, each with its own id."""
    return tuple(
        SpokenCall(call, spoken, f"call_{digest[:20]}{position:02}{index:02}", position)
        for position, (call, spoken) in enumerate(calls)
    )


def _content(body: Mapping[str, Any], index: int) -> str:
    """The text of an answer without calls."""
    wanted = body.get("response_format", {"type": "text"})
    if wanted["type"] == "json_schema":
        named = wanted["json_schema"]
        what = f"response_format '{named['name']}'"
        return schema_instance(
            named.get("schema", {"type": "object"}), what, "response_format", None
        )
    content = _last_content(body["messages"])
    text = answer_text(content_text(content), index, _attached(content))
    if wanted["type"] == "json_object":
        return json.dumps({"text": text}, ensure_ascii=False)
    return text


def _last_content(messages: list[Mapping[str, Any]]) -> object:
    """The content of the last user message or, without one, of the last message."""
    by_user = [message for message in messages if message["role"] == "user"]
    return (by_user or messages)[-1].get("content")


def _attached(content: object) -> str:
    """The attachments of a text, counted by kind: `2 images, 1 file`."""
    kinds = [part["type"] for part in content] if isinstance(content, list) else []
    counts = {name: kinds.count(kind) for kind, name in KINDS.items()}
    return ", ".join(
        f"{number} {name}{'s' if number > 1 else ''}" for name, number in counts.items() if number
    )


def _shape(choice: SpokenChoice) -> Json:
    """A choice of an answer that is not streamed."""
    message: Json = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
    logprobs = None
    if choice.words is not None:
        message[choice.field] = choice.words.text
        logprobs = choice.logprobs(token for tokens in choice.words.inside for token in tokens)
    elif choice.calls[0].call.kind == "function_call":
        message["function_call"] = _inner(choice.calls[0], choice.calls[0].spoken.text)
    else:
        message["tool_calls"] = [_tool_call(each, each.spoken.text) for each in choice.calls]
    return {
        "index": choice.index,
        "message": message,
        "logprobs": logprobs,
        "finish_reason": choice.finish,
    }


def _steps(choice: SpokenChoice) -> list[Json]:
    """A choice as the steps of a stream: the role, what is said, and why it ends."""
    first: Json = {"role": "assistant", "content": None, "refusal": None}
    last = _step(choice.index, {}, finish=choice.finish)
    if choice.words is not None:
        said = zip(choice.words.pieces, choice.words.inside, strict=True)
        steps = [
            _step(choice.index, {choice.field: piece}, logprobs=choice.logprobs(tokens))
            for piece, tokens in said
        ]
        return [_step(choice.index, {**first, choice.field: ""}), *steps, last]
    opening, *deltas = [delta for call in choice.calls for delta in _call_deltas(call)]
    return [*(_step(choice.index, delta) for delta in [first | opening, *deltas]), last]


def _step(
    index: int, delta: Json, *, logprobs: Json | None = None, finish: str | None = None
) -> Json:
    return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}


def _call_deltas(called: SpokenCall) -> list[Json]:
    """A call as the deltas of a stream: its name, then its arguments."""
    call, position = called.call, called.position
    pieces = [{call.field: piece} for piece in called.spoken.pieces]
    if call.kind == "function_call":
        return [{"function_call": inner} for inner in (_inner(called, ""), *pieces)]
    opening = {"index": position, **_tool_call(called, "")}
    parts = [opening, *({"index": position, call.kind: piece} for piece in pieces)]
    return [{"tool_calls": [part]} for part in parts]


def _tool_call(called: SpokenCall, text: str) -> Json:
    kind = called.call.kind
    return {"id": called.id, "type": kind, kind: _inner(called, text)}


def _inner(called: SpokenCall, text: str) -> Json:
    return {"name": called.call.name, called.call.field: text}
