"""Count a conversation as the model sees it: messages, tool calls and results.

A message is `<|start|>ROLE<|message|>CONTENT<|end|>`; each marker is one token, and all texts of a
message form a single text. A call is a message of `assistant to=functions.NAME` whose content is
the arguments as compact JSON; a result is a message of NAME. Parallel calls form one call of
`multi_tool_use.parallel`, and their results one message with a JSON list. `families` has the
differences between models.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from openai_cli.records import NamedTuple
from openai_cli.tokens.parts import content_text
from openai_cli.tokens.prompt import Prompt
from openai_cli.tokens.shapes import Json, array, mapping, optional, string

_PARALLEL = "multi_tool_use.parallel"

# Each is one token in every encoding of a chat model.
_ROLES = ("user", "assistant", "system", "developer")

# Before this day, the results of parallel calls were ASCII JSON: 3 of 3 bills, and 0 of 4 since.
_ASCII_UNTIL = date(2026, 3, 1)
_ESCAPE = len("\\ud83c")


class Call(NamedTuple):
    """A call of a function, or of a custom tool, whose `arguments` are any text.

    Its result refers to its `id`. `is_stored` says that it is an item with the server's own id.
    """

    name: str
    arguments: str
    id: str = ""
    is_stored: bool = False

    @property
    def recipient(self) -> str:
        """The recipient as it appears in the message's header."""
        return f" to=functions.{self.name}"


def read_messages(messages: list[Any], place: str, prompt: Prompt, *, first: int = 0) -> int:
    """Add messages of chat or responses to the prompt; return how many of them are answers.

    An answer is an assistant message without calls. `place` is the property of the messages, and
    `first` the index of the first one. Raises UsageError, with the place, for a message that does
    not have the API's shape.
    """
    texts = prompt.texts
    plain = answers = 0
    for number, message in enumerate(messages, first):
        # Nearly all messages have this form, and a file may have millions.
        if type(message) is dict and len(message) == 2 and message.get("role") in _ROLES:
            content = message.get("content")
            if type(content) is str:
                texts.append(content)
                plain += 1
                answers += message["role"] == "assistant"
                continue
        where = f"{place}[{number}]"
        answers += _message(mapping(message, where), where, prompt)
    prompt.overhead += plain * (prompt.family.message + 1) + answers * prompt.family.earlier_answer
    return answers


def _message(message: Json, place: str, prompt: Prompt) -> bool:
    """Add a message of any form; return whether it is an answer."""
    role = string(message, "role", f"{place}.")
    name = optional(message, "name", f"{place}.")
    if role in ("tool", "function"):
        _result(message, name if role == "function" and name else role, place, prompt)
        return False
    if role not in _ROLES:
        prompt.has(f"messages of the role {role}")
    if name:
        prompt.has("names")
    prompt.overhead += prompt.family.message
    prompt.texts.append(prompt.family.named.format(role=role, name=name) if name else role)
    text = content_text(message.get("content"), f"{place}.content", prompt)
    if (refusal := optional(message, "refusal", f"{place}.")) is not None:
        prompt.has("refusals")
        text += refusal
    prompt.texts.append(text)
    if message.get("audio") is not None:
        prompt.doubt(f"{place}.audio is not counted: it is on the server", None)
    if calls := list(calls_of(message, place)):
        if text:
            prompt.has("calls with a text")
        prompt.has("calls")
        _add_calls_of_message(calls, prompt)
    return role == "assistant" and not calls


def _result(message: Json, role: str, place: str, prompt: Prompt) -> None:
    called = optional(message, "tool_call_id", f"{place}.") or ""
    text = content_text(message.get("content"), f"{place}.content", prompt)
    prompt.has("calls")
    if called in prompt.gathered:
        prompt.gathered[called].append(text)
    else:
        add_result(prompt.names.get(called, role), text, prompt)


def calls_of(message: Json, place: str) -> Iterator[Call]:
    """Yield the calls in an assistant message: `function_call` or `tool_calls`."""
    if message.get("function_call") is not None:
        yield call_of(message["function_call"], f"{place}.function_call")
    for index, value in enumerate(array(message.get("tool_calls") or [], f"{place}.tool_calls")):
        where = f"{place}.tool_calls[{index}]"
        tool_call = mapping(value, where)
        kind = "custom" if tool_call.get("type") == "custom" else "function"
        call = call_of(tool_call.get(kind), f"{where}.{kind}")
        yield call._replace(id=optional(tool_call, "id", f"{where}.") or "")


def call_of(value: object, place: str) -> Call:
    """Parse a function call, a tool call's `function` or `custom`, or a call item."""
    fields = mapping(value, place)
    name = string(fields, "name", f"{place}.")
    if "input" in fields:
        return Call(name, string(fields, "input", f"{place}."))
    return Call(name, _compact(string(fields, "arguments", f"{place}.")))


def _add_calls_of_message(calls: list[Call], prompt: Prompt) -> None:
    prompt.overhead += prompt.calls.call
    if len(calls) == 1:
        _name(calls, prompt)
        prompt.texts += [calls[0].recipient, calls[0].arguments]
        return
    prompt.has("calls together")
    prompt.texts += [f" to={_PARALLEL}", _uses(calls)]
    results: list[str] = []
    prompt.gathered |= {call.id: results for call in calls}


def add_call_items(calls: list[Call], prompt: Prompt) -> None:
    """Add consecutive call items of /responses."""
    prompt.has("calls")
    _name(calls, prompt)
    frame = prompt.family.message + 1
    if len(calls) > 1:
        prompt.has("calls together")
        if prompt.calls.are_gathered:
            prompt.overhead += frame + prompt.calls.call
            prompt.texts += [f" to={_PARALLEL}", _uses(calls)]
            return
    for call in calls:
        is_stored = call.is_stored and len(calls) == 1
        extra = prompt.calls.stored if is_stored else prompt.calls.call
        if is_stored:
            reason = (
                "a call with the server's id is shown as the model wrote it, if it chose to call"
            )
            prompt.doubt(reason, within=max(3, extra - prompt.calls.call))
        prompt.overhead += frame + extra
        prompt.texts += [call.recipient, call.arguments]


def _name(calls: list[Call], prompt: Prompt) -> None:
    prompt.names |= {call.id: call.name for call in calls}


def add_result(role: str, text: str, prompt: Prompt) -> None:
    """Add the result of a call as a message of `role`."""
    prompt.overhead += prompt.family.message + prompt.calls.result
    prompt.texts += [role, text]


def add_gathered_results(prompt: Prompt) -> None:
    """Add the results of parallel calls, one message for each group of calls."""
    for results in {id(results): results for results in prompt.gathered.values()}.values():
        if not results:
            continue
        is_ascii = prompt.on is not None and prompt.on < _ASCII_UNTIL
        prompt.overhead += prompt.family.message + prompt.calls.result
        text = json.dumps(list(map(_parsed, results)), ensure_ascii=is_ascii)
        prompt.texts += [_PARALLEL, text]
        if prompt.on is None and not text.isascii():
            units = sum(1 + (character > "\uffff") for character in text if not character.isascii())
            reason = (
                "what is not ASCII in results of calls together was escaped until February 2026"
            )
            prompt.doubt(reason, units * _ESCAPE)


def _uses(calls: list[Call]) -> str:
    uses = ",".join(
        f'{{"recipient_name":"functions.{call.name}","parameters":{call.arguments}}}'
        for call in calls
    )
    return f'{{"tool_uses":[{uses}]}}'


def _compact(arguments: str) -> str:
    """Compact JSON; return any other text unchanged."""
    try:
        return json.dumps(json.loads(arguments), separators=(",", ":"), ensure_ascii=False)
    except ValueError:
        return arguments


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def with_section(messages: list[Any], section: str, *, apart: bool) -> list[Any]:
    """Append a section to the first system message, or add one with it.

    With `apart`, always add a message of its own.
    """
    for index, message in enumerate([] if apart else messages):
        if isinstance(message, Mapping) and message.get("role") in ("system", "developer"):
            longer = {**message, "content": _appended(message.get("content"), section)}
            return [*messages[:index], longer, *messages[index + 1 :]]
    return [*messages, {"role": "system", "content": section}]


def _appended(content: object, section: str) -> object:
    if isinstance(content, list):
        return [*content, {"type": "text", "text": f"\n\n{section}"}]
    return f"{content or ''}\n\n{section}"
