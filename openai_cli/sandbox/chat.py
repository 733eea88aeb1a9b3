"""POST /chat/completions: messages in; text, JSON by a schema or the call of a tool out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from openai_cli.sandbox.calls import Call, demanded_call, schema_instance
from openai_cli.sandbox.exchange import (
    Json,
    Reply,
    Request,
    head,
    stop_words,
    streamed,
    whole,
)
from openai_cli.sandbox.text import Spoken, reply, speak
from openai_cli.sandbox.usage import content_text, count_prompt, encoding_of, usage

KINDS = {"image_url": "image", "input_audio": "audio clip", "file": "file"}


@dataclass(frozen=True)
class _Choice:
    index: int
    spoken: Spoken
    call: Call | None
    call_id: str

    @property
    def finish(self) -> str:
        cut = self.spoken.finish == "length"
        return "length" if cut else self.call.finish if self.call else "stop"


def answer(request: Request) -> Reply:
    """The answer to a body that CreateChatCompletionRequest describes, whole or streamed."""
    body = request.body
    encoding = encoding_of(body["model"])
    choices = _choices(request, encoding)
    spoken = sum(choice.spoken.tokens for choice in choices)
    told = usage(count_prompt(body, encoding), spoken)
    tier = {"service_tier": "default"} if body.get("service_tier") else {}
    if body.get("stream"):
        start = head(request, "chatcmpl", "chat.completion.chunk") | tier
        return streamed(request, start, [_steps(choice) for choice in choices], told)
    start = head(request, "chatcmpl", "chat.completion") | tier
    return whole({**start, "choices": [_shape(choice) for choice in choices], "usage": told})


def _choices(request: Request, encoding: str) -> list[_Choice]:
    body = request.body
    call = demanded_call(body)
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    stops = [] if call else stop_words(body)
    say = cache(partial(speak, limit=limit, stops=stops, encoding=encoding))
    texts = [call.text if call else _content(body, index) for index in range(body.get("n") or 1)]
    return [
        _Choice(index, say(text), call, f"call_{request.digest[:20]}{index:04}")
        for index, text in enumerate(texts)
    ]


def _content(body: Mapping[str, Any], index: int) -> str:
    """What an answer without a call says."""
    wanted = body.get("response_format", {"type": "text"})
    if wanted["type"] == "json_schema":
        named = wanted["json_schema"]
        what = f"response_format '{named['name']}'"
        return schema_instance(
            named.get("schema", {"type": "object"}), what, "response_format", None
        )
    content = _last_content(body["messages"])
    text = reply(content_text(content), index, _attached(content))
    if wanted["type"] == "json_object":
        return json.dumps({"text": text}, ensure_ascii=False)
    return text


def _last_content(messages: list[Mapping[str, Any]]) -> object:
    """The content of the last user message, or of the last message where no user speaks."""
    by_user = [message for message in messages if message["role"] == "user"]
    return (by_user or messages)[-1].get("content")


def _attached(content: object) -> str:
    """What came with the text, counted by kind: `2 images, 1 file`."""
    kinds = [part["type"] for part in content] if isinstance(content, list) else []
    counts = {name: kinds.count(kind) for kind, name in KINDS.items()}
    return ", ".join(
        f"{number} {name}{'s' if number > 1 else ''}" for name, number in counts.items() if number
    )


def _shape(choice: _Choice) -> Json:
    """The choice of an answer that is not streamed."""
    message: Json = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
    call, text = choice.call, choice.spoken.text
    if call is None:
        message["content"] = text
    else:
        inner = {"name": call.name, call.field: text}
        message |= _called(call, inner, id=choice.call_id, type=call.kind)
    return {
        "index": choice.index,
        "message": message,
        "logprobs": None,
        "finish_reason": choice.finish,
    }


def _steps(choice: _Choice) -> list[Json]:
    """The choice in the pieces of a stream: who speaks, what is said, why it ends."""
    first: Json = {"role": "assistant", "content": "", "refusal": None}
    call = choice.call
    if call is None:
        deltas: list[Json] = [{"content": piece} for piece in choice.spoken.pieces]
    else:
        inner = {"name": call.name, call.field: ""}
        first |= {"content": None}
        first |= _called(call, inner, index=0, id=choice.call_id, type=call.kind)
        deltas = [_called(call, {call.field: piece}, index=0) for piece in choice.spoken.pieces]
    last = _step(choice.index, {}, choice.finish)
    return [*(_step(choice.index, delta, None) for delta in [first, *deltas]), last]


def _step(index: int, delta: Json, finish: str | None) -> Json:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}


def _called(call: Call, inner: Json, **outer: object) -> Json:
    """The part of a message that has a call, with what only a tool call has in `outer`."""
    if call.kind == "function_call":
        return {"function_call": inner}
    return {"tool_calls": [{**outer, call.kind: inner}]}
