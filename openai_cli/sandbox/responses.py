"""POST /responses and stored responses: what chat would answer, in their shape."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.sandbox.chat import SpokenChoice, choices_of
from openai_cli.sandbox.exchange import (
    CREATED,
    FINGERPRINT,
    ApiRequest,
    HttpResponse,
    Json,
    json_response,
    sse_event,
)
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.stored_responses import StoredResponse, unmade
from openai_cli.sandbox.usage import model_encoding, token_count

MODEL = "gpt-6-luna"


def create_response(request: ApiRequest) -> HttpResponse:
    """POST /responses."""
    body = request.body
    _check(request)
    is_stored = body.get("store") is not False
    if is_stored:
        request = replace(request, digest=request.store.responses.fresh(request.digest))
    made = ResponseMaker(request)
    _join_conversation(request, made)
    if body.get("background"):
        if not is_stored:
            raise Refusal("Background mode requires store to be true.", param="background")
        if not body.get("stream"):
            kept = StoredResponse(made.response, body, looks=0)
            request.store.responses.put(made.id, kept, 2 * request.size)
            return json_response(unmade(made.response, "queued"))
    if is_stored:
        kept = StoredResponse(made.response, body, made=made if body.get("background") else None)
        request.store.responses.put(made.id, kept, 2 * request.size)
    if body.get("stream"):
        return HttpResponse(200, events=made.events())
    return json_response(made.response)


def _join_conversation(request: ApiRequest, made: "ResponseMaker") -> None:
    """Add the request's input and the output to the conversation that it names."""
    conversation = request.body.get("conversation")
    if conversation is not None:
        from openai_cli.sandbox.conversations import add_items
        from openai_cli.sandbox.items import kept_items

        name = conversation if isinstance(conversation, str) else conversation["id"]
        asked = kept_items(request.body.get("input"), request.digest)
        add_items(request, name, [*asked, *made.items])
        made.response["conversation"] = {"id": name}


def _check(request: ApiRequest) -> None:
    """Check rules that the schema cannot express."""
    body = request.body
    previous = body.get("previous_response_id")
    known = {stored.body["id"] for stored in request.store.responses.all}
    if previous is not None and previous not in known:
        raise Refusal(
            f"Previous response with id '{previous}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    if all(body.get(name) is None for name in ("input", "prompt", "conversation")):
        raise Refusal(
            "One of 'input', 'previous_response_id', 'prompt' or 'conversation' must be provided."
        )
    if body.get("input") in ("", []):
        raise Refusal("Invalid 'input': empty input.", param="input")


class ResponseMaker:
    """Makes a response."""

    def __init__(self, request: ApiRequest) -> None:
        body = request.body
        self.id = f"resp_{request.digest}"
        self._digest = request.digest
        model = body.get("model", MODEL)
        encoding = model_encoding(model)
        chat = ApiRequest(_as_chat(body, model), request.digest, request.said)
        (self._choice,) = choices_of(chat, encoding)
        self.items = list(self._items(self._choice))
        is_cut = self._choice.finish == "length"
        self.response: Json = {
            "id": self.id,
            "object": "response",
            "created_at": CREATED,
            "status": "incomplete" if is_cut else "completed",
            "background": bool(body.get("background")),
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None,
            "instructions": body.get("instructions"),
            "max_output_tokens": body.get("max_output_tokens"),
            "metadata": body.get("metadata") or {},
            "model": model,
            "output": self.items,
            "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
            "previous_response_id": body.get("previous_response_id"),
            "service_tier": "default",
            "store": body.get("store") is not False,
            "system_fingerprint": FINGERPRINT,
            "temperature": body.get("temperature", 1.0),
            "text": body.get("text") or {"format": {"type": "text"}},
            "tool_choice": body.get("tool_choice", "auto"),
            "tools": body.get("tools") or [],
            "top_p": body.get("top_p", 1.0),
            "truncation": body.get("truncation") or "disabled",
            "usage": _usage(body, model, sum(spoken.tokens for spoken in self._choice.spoken)),
        }

    def _items(self, choice: SpokenChoice) -> Iterator[Json]:
        """Yield the output: a message, or an item for each call."""
        if choice.words is not None:
            yield {
                "id": f"msg_{self._digest}",
                "type": "message",
                "status": "incomplete" if choice.finish == "length" else "completed",
                "role": "assistant",
                "content": [_part(choice.field, choice.words.text)],
            }
        for number, called in enumerate(choice.calls):
            kind, field = called.call.kind, called.call.field
            yield {
                "id": f"{'ctc' if kind == 'custom' else 'fc'}_{self._digest}{number:02}",
                "type": "custom_tool_call" if kind == "custom" else "function_call",
                "status": "completed",
                "call_id": called.id,
                "name": called.call.name,
                field: called.spoken.text,
            }

    def events(self, after: int = -1) -> Iterator[bytes]:
        """Yield the events of a stream, in order, after the number `after`."""
        for number, told in enumerate(self._told()):
            if number > after:
                yield sse_event({**told, "sequence_number": number}, is_named=True)

    def _told(self) -> Iterator[Json]:
        for kind in ("created", "in_progress"):
            yield {"type": f"response.{kind}", "response": unmade(self.response, "in_progress")}
        for index, item in enumerate(self.items):
            place = {"output_index": index, "item_id": item["id"]}
            if item["type"] == "message":
                yield from self._of_message(item, place)
            else:
                yield from self._of_call(item, place)
            yield {"type": "response.output_item.done", "output_index": index, "item": item}
        ended = "incomplete" if self.response["status"] == "incomplete" else "completed"
        yield {"type": f"response.{ended}", "response": self.response}

    def _of_message(self, item: Json, place: Json) -> Iterator[Json]:
        words, field = self._choice.words, self._choice.field
        opened = {**item, "status": "in_progress", "content": []}
        yield {
            "type": "response.output_item.added",
            "output_index": place["output_index"],
            "item": opened,
        }
        part = {**place, "content_index": 0}
        yield {"type": "response.content_part.added", **part, "part": _part(field, "")}
        kind = "refusal" if field == "refusal" else "output_text"
        more: Json = {} if field == "refusal" else {"logprobs": []}
        for piece in words.pieces if words else ():
            yield {"type": f"response.{kind}.delta", **part, "delta": piece, **more}
        text = words.text if words else ""
        name = "refusal" if field == "refusal" else "text"
        yield {"type": f"response.{kind}.done", **part, name: text, **more}
        yield {"type": "response.content_part.done", **part, "part": _part(field, text)}

    def _of_call(self, item: Json, place: Json) -> Iterator[Json]:
        called = self._choice.calls[place["output_index"]]
        field = called.call.field
        kind = "custom_tool_call_input" if field == "input" else "function_call_arguments"
        yield {
            "type": "response.output_item.added",
            "output_index": place["output_index"],
            "item": {**item, "status": "in_progress", field: ""},
        }
        for piece in called.spoken.pieces:
            yield {"type": f"response.{kind}.delta", **place, "delta": piece}
        named = {"name": called.call.name} if field == "arguments" else {}
        yield {"type": f"response.{kind}.done", **place, field: called.spoken.text, **named}


def _part(field: str, text: str) -> Json:
    if field == "refusal":
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(body: Mapping[str, Any], model: str, output: int) -> Json:
    from openai_cli.tokens.messages import count_request

    given = {name: value for name, value in body.items() if value is not None} | {"model": model}
    try:
        tokens = int(count_request(given, endpoint="/v1/responses"))
    except UsageError:  # text only, if something such as a missing image cannot be counted
        tokens = token_count(_text(_messages(body)[-1]["content"]), model_encoding(model))
    return {
        "input_tokens": tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": tokens + output,
    }


def _as_chat(body: Mapping[str, Any], model: str) -> Json:
    """The equivalent chat request, without built-in tools, which nobody calls here."""
    tools = [_tool(tool) for tool in body.get("tools") or [] if tool["type"] in _KINDS]
    chat: Json = {"model": model, "messages": _messages(body), "tools": tools}
    if limit := body.get("max_output_tokens"):
        chat["max_completion_tokens"] = limit
    if tools and (choice := body.get("tool_choice")) is not None:
        chat["tool_choice"] = _choice(choice)
    if "parallel_tool_calls" in body:
        chat["parallel_tool_calls"] = body["parallel_tool_calls"]
    wanted = (body.get("text") or {}).get("format") or {"type": "text"}
    if wanted["type"] == "json_schema":
        wanted = {"type": "json_schema", "json_schema": wanted}
    return {**chat, "response_format": wanted}


_KINDS = ("function", "custom")


def _tool(tool: Json) -> Json:
    inner = {name: value for name, value in tool.items() if name != "type" and value is not None}
    return {"type": tool["type"], tool["type"]: inner}


def _choice(choice: Any) -> Any:
    if not isinstance(choice, dict):
        return choice
    if choice["type"] == "allowed_tools":
        allowed = {
            "mode": choice["mode"],
            "tools": [_tool(tool) for tool in choice["tools"] if tool["type"] in _KINDS],
        }
        return {"type": "allowed_tools", "allowed_tools": allowed}
    return _tool(choice) if choice["type"] in _KINDS else "auto"


def _messages(body: Mapping[str, Any]) -> list[Json]:
    """The messages of the input in chat's form; other items have no effect here."""
    given = body.get("input") or ""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    messages = [
        {"role": item["role"], "content": [_content(part) for part in _parts(item["content"])]}
        for item in given
        if item.get("type", "message") == "message"
    ]
    return messages or [{"role": "user", "content": ""}]


def _parts(content: Any) -> list[Json]:
    return [{"type": "input_text", "text": content}] if isinstance(content, str) else content


def _content(part: Json) -> Json:
    """A content part in chat's form: text, an image or a file."""
    kind = {"input_image": "image_url", "input_file": "file"}.get(part["type"], "text")
    return {"type": kind, "text": part.get("text", "")}


def _text(content: list[Json] | str) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")
