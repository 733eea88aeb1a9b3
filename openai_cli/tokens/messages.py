"""Count the prompt tokens of a request body offline, as the API bills them.

The prompt is the conversation (see `conversation`, and `items` for /responses) and the start of the
answer, `<|start|>assistant<|message|>`, or `<|start|>assistant` if the model chooses how to
continue: the recipient, if there are functions, or the channel. Definitions of functions
(`typescript`) and a response format (`formats`) are part of the first system message of chat, or a
message of their own; on /responses they follow the server's own text, which is not billed.
`families` has the differences between models.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, TypeGuard

from openai_cli.errors import UsageError
from openai_cli.models import DEFAULT_CHAT
from openai_cli.records import NamedTuple
from openai_cli.tokens.conversation import add_gathered_results, read_messages, with_section
from openai_cli.tokens.counted import Doubt, TokenCount
from openai_cli.tokens.endpoints import ON_SERVER, told_by
from openai_cli.tokens.families import CHAT, RESPONSES, SHOWN_FREE, hidden_tokens
from openai_cli.tokens.prompt import UNSEEN, Prompt
from openai_cli.tokens.shapes import Json, array, mapping, optional, string, wrong
from openai_cli.tokens.stream import count_each

# Tools, formats and items are imported only for bodies with them, so that plain ones are faster.
if TYPE_CHECKING:
    from openai_cli.tokens.known import KnownTexts
    from openai_cli.tokens.typescript import Function

# The encoding that only gpt-oss uses.
_HARMONY = "o200k_harmony"

# `<|start|>assistant`, if the model may choose how to continue.
_OPEN_ANSWER = 2

# The overhead of ` to=functions.NAME`: with tool_choice since 2025, with function_call in 2023.
_FORCED, _FORCED_IN_2023 = 4, 1

# `<|constrain|>` and its end, around the name of a format.
_FORMAT = 2


class Parts(NamedTuple):
    """The parts of a body's prompt.

    Its tokens are the `overhead` (the frames of messages, images) plus those of each of the `texts`
    in `encoding`. `doubts` say why the sum is an estimate.
    """

    encoding: str
    overhead: int
    texts: list[str]
    doubts: tuple[Doubt, ...]


def count_request(
    body: Json,
    *,
    endpoint: str | None = None,
    on: date | None = None,
    known: "KnownTexts | None" = None,
) -> TokenCount:
    """Return the number of prompt tokens of a request body.

    The body is parsed JSON for chat, completions, responses or embeddings. If `endpoint`
    (`/chat/completions`) is None, it is inferred from the body's properties. `on` is the day on
    which it is sent, or None if not known; `known` are texts that need not be counted again. Raises
    UsageError, with the API's name of the wrong parameter, for any other body and for an unknown
    model.
    """
    parts = parts_of(body, endpoint=endpoint, on=on)
    count = count_each if known is None else known.count_each
    tokens = sum(count(parts.texts, encoding=parts.encoding))
    return TokenCount(parts.overhead + tokens, parts.doubts)


def parts_of(
    body: Json, *, endpoint: str | None = None, model: str | None = None, on: date | None = None
) -> Parts:
    """Split the prompt of a parsed request body into its parts.

    `endpoint` is the path that the body is for, as in a line of the Batch API:
    `/v1/chat/completions`, `/v1/completions`, `/v1/responses` or `/v1/embeddings`, with or without
    `/v1`; if it is None, it is inferred from the body. `model` overrides the body's model. `on` is
    the day on which it is sent, because billing changed in places, or None if not known.

    Raises UsageError, with the wrong property as its `parameter`, for another endpoint, for a body
    without the endpoint's shape, and for a model unknown to `encoding_for_model`.
    """
    if not isinstance(body, (dict, Mapping)):
        raise UsageError("a request body is a JSON object")
    path = told_by(body, endpoint)
    named = optional(body, "model") if model is None else model
    prompt = Prompt(DEFAULT_CHAT if named is None else named, path, on)
    if named is None:
        prompt.doubt(f"the body names no model: counted like {DEFAULT_CHAT}")
    try:
        if prompt.encoding == _HARMONY and path in (CHAT, RESPONSES):
            from openai_cli.tokens.harmony import read_harmony

            read_harmony(body, prompt)
        else:
            _READERS[path](body, prompt)
    except RecursionError:
        raise UsageError("the request body is nested too deeply") from None
    return Parts(prompt.encoding, prompt.overhead, prompt.texts, prompt.doubts())


def _chat(body: Json, prompt: Prompt) -> None:
    messages = array(body.get("messages"), "messages")
    prompt.is_conversation(len(messages))
    functions = _functions(body, prompt)
    form, name = _format(body.get("response_format"), "response_format", prompt)
    sections = []
    if functions:
        sections.append(prompt.family.headings.top + _types(functions, prompt))
    if form:
        sections.append(form)
    if sections:
        apart = prompt.family.has_own_message
        messages = with_section(messages, "\n\n".join(sections), apart=apart)
    if body.get("web_search_options") is not None:
        from openai_cli.tokens.estimates import add_hosted

        add_hosted("web_search", "web_search_options", prompt)
    if body.get("parallel_tool_calls") is False and functions:
        prompt.has("parallel_tool_calls")
    answers = read_messages(messages, "messages", prompt)
    add_gathered_results(prompt)
    _start_answer(body, functions, prompt)
    if form and prompt.family.tells_format:
        answers += not functions
        prompt.overhead += answers * _FORMAT
        prompt.texts += [name] * answers


def _responses(body: Json, prompt: Prompt) -> None:
    given = [] if body.get("input") is None else body["input"]
    items = array(
        [{"role": "user", "content": given}] if isinstance(given, str) else given, "input"
    )
    prompt.is_conversation(len(items))
    if instructions := optional(body, "instructions"):
        read_messages([{"role": "system", "content": instructions}], "instructions", prompt)
    from openai_cli.tokens.items import read_items

    read_items(items, prompt)
    functions = _functions(body, prompt)
    text = body.get("text")
    form, _ = _format(
        text.get("format") if isinstance(text, Mapping) else None, "text.format", prompt
    )
    gap = prompt.family.headings.gap
    if functions:
        prompt.texts.append(gap + _types(functions, prompt))
    if form:
        prompt.texts.append(gap + form)
    _add_of_server(body, functions, prompt)
    _start_answer(body, functions, prompt)


def _functions(body: Json, prompt: Prompt) -> "list[Function]":
    """Return the functions that a body defines; its other tools are added to the prompt."""
    if body.get("tools") is None and body.get("functions") is None:
        return []
    from openai_cli.tokens.tools import functions_of

    return functions_of(body, prompt)


def _types(functions: "list[Function]", prompt: Prompt) -> str:
    """Return the text with the definitions of functions."""
    from openai_cli.tokens.tools import types_section

    prompt.has("functions")
    return types_section(functions, prompt)


def _add_of_server(body: Json, functions: "list[Function]", prompt: Prompt) -> None:
    """Add what the server adds to a prompt on its own."""
    for name in ON_SERVER:
        if body.get(name) is not None:
            prompt.doubt(f"what {name} adds is not counted: it is on the server", None)
    reasoning = body.get("reasoning")
    if isinstance(reasoning, Mapping) and reasoning.get("mode") == "pro":
        prompt.doubt("reasoning.mode is pro: the prompt of each attempt is billed", None)
    headings = prompt.family.headings
    if body.get("parallel_tool_calls") is False and functions:
        prompt.has("parallel_tool_calls")
        if prompt.family.has_own_message:
            prompt.texts.append(headings.top)
    if (hidden := hidden_tokens(prompt.model)) is None:
        return
    more = hidden.with_functions if functions else hidden.plain
    if prompt.on is None:
        prompt.doubt(f"{more} more tokens were billed until March 2025")
    elif prompt.on < SHOWN_FREE:
        prompt.overhead += more


def _format(form: object, place: str, prompt: Prompt) -> tuple[str, str]:
    """Return the text and the name of a response format with a JSON Schema; both "" without one."""
    if not isinstance(form, Mapping) or form.get("type") != "json_schema":
        return "", ""
    if "json_schema" in form:
        place += ".json_schema"
    named = mapping(form.get("json_schema", form), place)
    name = string(named, "name", f"{place}.")
    description = optional(named, "description", f"{place}.") or ""
    from openai_cli.tokens.formats import format_section

    found = format_section(name, description, named.get("schema") or {})
    prompt.has("formats")
    for reason, more in found.doubts.items():
        prompt.doubt(reason, more)
    return found.text, name


def _start_answer(body: Json, functions: "list[Function]", prompt: Prompt) -> None:
    """Add the start of the answer, with its recipient if the body determines that."""
    prompt.overhead += _OPEN_ANSWER if functions else prompt.family.answer
    if not functions or not prompt.family.tells_tool:
        return
    older, choice = body.get("function_call"), body.get("tool_choice")
    if older is not None:
        name, frame = _chosen(older, prompt), _FORCED_IN_2023
        part = "function_call by name"
    elif choice == "required" and len(functions) == 1 and prompt.endpoint == RESPONSES:
        name, frame, part = functions[0].name, _FORCED, "a forced function"
    else:
        name, frame, part = _chosen(choice, prompt), _FORCED, "a forced function"
    if name:
        prompt.has(part)
        prompt.overhead += frame
        prompt.texts.append(f" to=functions.{name}")


def _chosen(choice: object, prompt: Prompt) -> str:
    """Return the name of the function that must be called; "" if the model chooses."""
    if not isinstance(choice, Mapping):
        return ""
    fields = choice.get("function", choice.get("custom", choice))
    name = fields.get("name") if isinstance(fields, Mapping) else None
    if isinstance(name, str):
        return name
    prompt.doubt(f"no bill had a tool_choice of type {choice.get('type')}", UNSEEN)
    return ""


def _completion(body: Json, prompt: Prompt) -> None:
    if body.get("prompt") is None:
        prompt.overhead += 1  # the default, <|endoftext|>
    else:
        _inputs(body["prompt"], "prompt", prompt)
    if (suffix := optional(body, "suffix")) is not None:
        prompt.texts.append(suffix)
        prompt.doubt("how a suffix is billed is not published: its text alone is counted", UNSEEN)


def _embedding(body: Json, prompt: Prompt) -> None:
    _inputs(body.get("input"), "input", prompt)


def _inputs(value: object, place: str, prompt: Prompt) -> None:
    """Add a text, token ids, or a list of either."""
    for one in value if isinstance(value, list) and not _are_ids(value) else [value]:
        if isinstance(one, str):
            prompt.texts.append(one)
        elif _are_ids(one):
            prompt.overhead += len(one)
        else:
            raise wrong(place, "a text, a list of token ids, or a list of either")


def _are_ids(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(one) is int for one in value)


_READERS: Mapping[str, Callable[[Json, Prompt], None]] = {
    CHAT: _chat,
    "/completions": _completion,
    RESPONSES: _responses,
    "/embeddings": _embedding,
}
