"""A conversation as a model is shown it: the tokens of messages, calls and results.

A message is `<|start|>ROLE<|message|>CONTENT<|end|>`, where each of the marks is a token; all texts
of a message are one text. A call is a message of `assistant to=functions.NAME` whose content is the
arguments as JSON without blanks; a result is one of NAME. Calls made together are one call of
`multi_tool_use.parallel`, and their results are one message, a list in JSON. What else a family has
of each is in `families`.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from openai_cli.tokens.parts import content_text
from openai_cli.tokens.prompt import Prompt
from openai_cli.tokens.shapes import Json, array, mapping, optional, string

_PARALLEL = "multi_tool_use.parallel"

# Each is one token in every encoding of a chat model.
_ROLES = ("user", "assistant", "system", "developer")

# Until then the results of calls made together were JSON in ASCII: 3 of 3 bills, and 0 of 4 after.
_ASCII_UNTIL = date(2026, 3, 1)
_ESCAPE = len("\\ud83c")


class Call(NamedTuple):
    """A call of a function, or of a custom tool, whose `arguments` are any text.

    `id` is what its result names it by; `is_stored`: it is an item with the server's own id.
    """

    name: str
    arguments: str
    id: str = ""
    is_stored: bool = False

    @property
    def recipient(self) -> str:
        """Whom the message is for, as it is shown."""
        return f" to=functions.{self.name}"


def read_messages(messages: list[Any], place: str, prompt: Prompt, *, first: int = 0) -> int:
    """Add messages of chat, or of responses, to the prompt; gives how many answers are among them.

    An answer is a message of the assistant without calls. `place` is what the body calls the
    messages, and `first` the number of the first. UsageError, with the place, for a message that is
    not of the API's shape.
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
    """Add a message of any form; gives whether it is an answer."""
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
    """The calls in an assistant's message: of a function, or of one or more tools."""
    if message.get("function_call") is not None:
        yield call_of(message["function_call"], f"{place}.function_call")
    for index, value in enumerate(array(message.get("tool_calls") or [], f"{place}.tool_calls")):
        where = f"{place}.tool_calls[{index}]"
        tool_call = mapping(value, where)
        kind = "custom" if tool_call.get("type") == "custom" else "function"
        call = call_of(tool_call.get(kind), f"{where}.{kind}")
        yield call._replace(id=optional(tool_call, "id", f"{where}.") or "")


def call_of(value: object, place: str) -> Call:
    """What a function call, a tool call's `function` or `custom`, or a call item tells."""
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
    """Add calls that stand one behind the other as items of /responses."""
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
    """Add the results of calls that were made together, as a message for each of such calls."""
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
    """JSON without blanks; a text that is no JSON as it is."""
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
    """The messages with a section at the end of the first system message, or in one of its own.

    `apart`: it is in one of its own always.
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
