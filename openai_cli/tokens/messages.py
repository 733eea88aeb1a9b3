"""The prompt tokens of a request body, counted as the API bills them, offline.

The prompt is the conversation (see `conversation`) and the start of the answer, which is
`<|start|>assistant<|message|>`: the 3 that OpenAI's cookbook adds. Definitions of functions (see
`functions`) end the first system message, behind an empty line, or are a system message of their
own. The model may then choose whom to speak to, and the start of the answer is
`<|start|>assistant`; it goes on with `<|message|>` where none may be called, and with
` to=functions.NAME<|message|>` where one must be. tests/tokens/test_messages.py has the counts that
tell so, as the API billed them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from openai_cli.errors import UsageError
from openai_cli.models import DEFAULT_CHAT
from openai_cli.tokens.conversation import (
    NOTHING,
    Json,
    Prompt,
    array,
    call_of,
    mapping,
    optional,
    read_conversation,
    string,
    wrong,
)
from openai_cli.tokens.encoding import count_all
from openai_cli.tokens.functions import Function, definitions_section, schema_section

# Where the body names no model.

_REPLY = 3

# Properties of a chat body that add to its messages.
_ADDING = frozenset({"functions", "tools", "response_format", "web_search_options"})

# Properties of a responses body that stand for what the server has.
_ON_SERVER = ("previous_response_id", "conversation", "prompt")

_FREE_FORM = {"properties": {"input": {"type": "string"}}, "required": ["input"]}


class TokenCount(int):
    """A number of tokens; `doubts` tells why it is an estimate, and is empty for an exact one."""

    doubts: tuple[str, ...]

    def __new__(cls, tokens: int, doubts: tuple[str, ...] = ()) -> "TokenCount":
        """The count `tokens` with its doubts."""
        made = super().__new__(cls, tokens)
        made.doubts = doubts
        return made


class Parts(NamedTuple):
    """What the prompt of a body is made of.

    Its tokens are `overhead`, those that are no text (the frames of messages, images), and those
    of each of the `texts` in `encoding`. `doubts` tells why the sum is an estimate.
    """

    encoding: str
    overhead: int
    texts: list[str]
    doubts: tuple[str, ...]


def count_request(body: Json, *, endpoint: str | None = None) -> TokenCount:
    """How many prompt tokens a request body has; takes and raises what `parts_of` does."""
    parts = parts_of(body, endpoint=endpoint)
    tokens = sum(count_all(parts.texts, encoding=parts.encoding))
    return TokenCount(parts.overhead + tokens, parts.doubts)


def parts_of(body: Json, *, endpoint: str | None = None, model: str | None = None) -> Parts:
    """What the prompt of a parsed request body is made of.

    `endpoint` is the path that the body is for, as in a line of the Batch API:
    `/v1/chat/completions`, `/v1/completions`, `/v1/responses` or `/v1/embeddings`, with or without
    `/v1`; None tells it from the body. `model` goes before the one that the body names.

    UsageError, with the property at fault as its `parameter`, for another endpoint, for a body that
    is not of the endpoint's shape, and for a model that `encoding_for_model` does not know.
    """
    if not isinstance(body, (dict, Mapping)):
        raise UsageError("a request body is a JSON object")
    read = _reader(body, endpoint)
    named = optional(body, "model") if model is None else model
    prompt = Prompt(DEFAULT_CHAT if named is None else named)
    if named is None:
        prompt.doubts.append(f"the body names no model: counted as for {DEFAULT_CHAT}")
    try:
        read(body, prompt)
    except RecursionError:
        raise UsageError("the request body is nested too deeply") from None
    doubts = tuple(dict.fromkeys(prompt.doubts))
    return Parts(prompt.frame.encoding, prompt.overhead, prompt.texts, doubts)


def _chat(body: Json, prompt: Prompt) -> None:
    messages = array(body.get("messages"), "messages")
    functions: list[Function] = []
    if not _ADDING.isdisjoint(body):
        functions = [*_functions(body, prompt), *_tools(body, prompt)]
        messages = _with_sections(messages, functions, body.get("response_format"), prompt)
        if body.get("web_search_options") is not None:
            prompt.doubts.append("what web_search_options adds is not counted")
    choice = body.get("function_call")
    _reply(body.get("tool_choice") if choice is None else choice, functions, prompt)
    read_conversation(messages, "messages", prompt)


def _responses(body: Json, prompt: Prompt) -> None:
    given = [] if body.get("input") is None else body["input"]
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    messages = [
        _as_message(item, f"input[{index}]", prompt)
        for index, item in enumerate(array(items, "input"))
    ]
    instructions = optional(body, "instructions")
    if instructions is not None:
        messages.insert(0, {"role": "system", "content": instructions})
    functions = list(_tools(body, prompt))
    text = body.get("text")
    form = text.get("format") if isinstance(text, Mapping) else None
    for name in _ON_SERVER:
        if body.get(name) is not None:
            prompt.doubts.append(f"what {name} adds is not counted: it is on the server")
    _reply(body.get("tool_choice"), functions, prompt)
    messages = _with_sections(messages, functions, form, prompt)
    read_conversation(messages, "input", prompt, first=0 if instructions is None else -1)


def _completion(body: Json, prompt: Prompt) -> None:
    if body.get("prompt") is None:
        prompt.overhead += 1  # the default, <|endoftext|>
    else:
        _inputs(body["prompt"], "prompt", prompt)
    if (suffix := optional(body, "suffix")) is not None:
        prompt.texts.append(suffix)
        prompt.doubts.append("how a suffix is billed is not published: its text alone is counted")


def _embedding(body: Json, prompt: Prompt) -> None:
    _inputs(body.get("input"), "input", prompt)


def _inputs(value: object, place: str, prompt: Prompt) -> None:
    """A text, token ids, or a list of either."""
    for one in value if isinstance(value, list) and not _are_ids(value) else [value]:
        if isinstance(one, str):
            prompt.texts.append(one)
        elif _are_ids(one):
            prompt.overhead += len(one)
        else:
            raise wrong(place, "a text, a list of token ids, or a list of either")


def _are_ids(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(one) is int for one in value)


def _with_sections(
    messages: list[Any], functions: list[Function], form: object, prompt: Prompt
) -> list[Any]:
    """The messages, with what the API adds to the first system message, or as one."""
    sections = [definitions_section(functions)] if functions else []
    if isinstance(form, Mapping) and form.get("type") == "json_schema":
        named = mapping(form.get("json_schema", form), "response_format.json_schema")
        description = optional(named, "description", "response_format.json_schema.") or ""
        sections.append(schema_section(str(named.get("name")), description, named.get("schema")))
    if not sections:
        return messages
    prompt.doubts += [doubt for section in sections for doubt in section.doubts]
    added = "\n\n".join(section.text for section in sections)
    for index, message in enumerate(messages):
        if isinstance(message, Mapping) and message.get("role") in ("system", "developer"):
            longer = {**message, "content": _appended(message.get("content"), added)}
            return [*messages[:index], longer, *messages[index + 1 :]]
    return [*messages, {"role": "system", "content": added}]


def _appended(content: object, added: str) -> object:
    if isinstance(content, str):
        return f"{content}\n\n{added}"
    if isinstance(content, list):
        return [*content, {"type": "text", "text": f"\n\n{added}"}]
    return added if content is None else content


def _reply(choice: object, functions: list[Function], prompt: Prompt) -> None:
    """The start of the answer, which tells whom it speaks to where `choice` says so."""
    prompt.overhead += _REPLY
    if not functions or choice == "none":
        return
    chosen = choice.get("function", choice) if isinstance(choice, Mapping) else None
    name = chosen.get("name") if isinstance(chosen, Mapping) else None
    if isinstance(name, str):
        prompt.texts.append(f" to=functions.{name}")
    else:
        prompt.overhead -= 1


def _as_message(value: object, place: str, prompt: Prompt) -> Json:
    """An input item of responses in the form of a chat message."""
    item = mapping(value, place)
    kind = item.get("type") or "message"
    if kind == "message":
        return {"role": item.get("role"), "content": item.get("content")}
    call_id = item.get("call_id")
    if kind in ("function_call", "custom_tool_call"):
        call_of(item, place)
        return {"role": "assistant", "tool_calls": [{"id": call_id, "function": item}]}
    if kind in ("function_call_output", "custom_tool_call_output"):
        return {"role": "tool", "tool_call_id": call_id, "content": item.get("output")}
    prompt.doubts.append(f"{place} is not counted: what a {kind} item takes is not published")
    return NOTHING


def _functions(body: Json, prompt: Prompt) -> Iterator[Function]:
    """What the older `functions` define."""
    for index, value in enumerate(array(body.get("functions") or [], "functions")):
        prompt.doubts += prompt.frame.function_doubts
        yield _function(value, f"functions[{index}]")


def _tools(body: Json, prompt: Prompt) -> Iterator[Function]:
    """What `tools` define, in the form of chat (an object in the object) or of responses."""
    for index, value in enumerate(array(body.get("tools") or [], "tools")):
        place = f"tools[{index}]"
        tool = mapping(value, place)
        kind = tool.get("type")
        if kind not in ("function", "custom"):
            prompt.doubts.append(f"what {place} ({kind}) adds is not counted: it is not published")
            continue
        prompt.doubts += prompt.frame.tool_doubts
        function = _function(tool.get(kind, tool), place)
        yield function._replace(parameters=_FREE_FORM) if kind == "custom" else function


def _function(value: object, place: str) -> Function:
    fields = mapping(value, place)
    description, parameters = fields.get("description"), fields.get("parameters")
    return Function(
        string(fields, "name", f"{place}."),
        description if isinstance(description, str) else "",
        parameters if isinstance(parameters, Mapping) else {},
    )


_Reader = Callable[[Json, Prompt], None]
_READERS: Mapping[str, _Reader] = {
    "/chat/completions": _chat,
    "/completions": _completion,
    "/responses": _responses,
    "/embeddings": _embedding,
}


def _reader(body: Json, endpoint: str | None) -> _Reader:
    if endpoint is None:
        return _READERS[_told_by(body)]
    try:
        return _READERS[endpoint.removeprefix("/v1")]
    except KeyError:
        raise UsageError(
            f"the prompt tokens of a request to {endpoint} cannot be counted",
            hint=f"those to {', '.join(_READERS)} can",
        ) from None


def _told_by(body: Json) -> str:
    """The endpoint that a body with these properties is for."""
    if "messages" in body:
        return "/chat/completions"
    if body.get("input") is not None:
        return "/embeddings" if _is_to_embed(body) else "/responses"
    if isinstance(body.get("prompt"), (str, list)):
        return "/completions"
    if any(body.get(name) is not None for name in ("instructions", *_ON_SERVER)):
        return "/responses"
    raise UsageError("the request body has no messages, no input and no prompt")


def _is_to_embed(body: Json) -> bool:
    model, given = body.get("model"), body["input"]
    return (
        (isinstance(model, str) and model.startswith("text-embedding"))
        or "encoding_format" in body
        or "dimensions" in body
        or (isinstance(given, list) and isinstance(next(iter(given), None), (str, int, list)))
    )
