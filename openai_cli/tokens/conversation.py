"""A conversation as a model is shown it: the tokens of messages, calls, results and images.

A message is `<|start|>ROLE<|message|>CONTENT<|end|>`, where each of the marks is a token: hence the
3 a message and 1 a name of OpenAI's cookbook (How_to_count_tokens_with_tiktoken), which has them
for gpt-3.5-turbo, gpt-4, gpt-4o and gpt-4o-mini. What the cookbook leaves out is told by counts
that the API billed; tests/tokens/test_messages.py has them:

- A call is a message of `assistant to=functions.NAME` whose content is the arguments; a result is
  one of NAME.
- Several calls in one message are one call of `multi_tool_use.parallel`, and their results are one
  message, a list in JSON.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from openai_cli.errors import UsageError
from openai_cli.tokens.encoding import encoding_for_model

Json = Mapping[str, Any]

# Models that the cookbook has the rule for, those whose functions were measured, and one where a
# name stood in the place of the role (the cookbook's edition of 2023).
_COOKBOOK = re.compile(r"(?:ft:)?gpt-(?:3\.5-turbo|35-turbo|4(?:o|[-:]|$))")
_MEASURED = re.compile(r"(?:ft:)?gpt-(?:3\.5-turbo|35-turbo|4(?:-0[36]|-32k|:|$))")
_OLDEST = re.compile(r"(?:ft:)?gpt-3(?:\.5|5)-turbo-0301")

_PARALLEL = "multi_tool_use.parallel"

# Each is one token in every encoding of a chat model.
_ROLES = ("user", "assistant", "system", "developer")

# The property of a content part that has its text, by the part's type.
_TEXTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}

# What stands in a list of messages for one that is not counted.
NOTHING: Json = {}


class Frame(NamedTuple):
    """What a model's messages take besides their texts, in tokens, and what is not sure of it.

    `message` and `name` are those of each message and each name.
    """

    encoding: str
    message: int
    name: int
    doubts: tuple[str, ...]
    function_doubts: tuple[str, ...]
    tool_doubts: tuple[str, ...]


@lru_cache
def _frame(model: str) -> Frame:
    message, name = (4, -1) if _OLDEST.match(model) else (3, 1)
    frames = f"how {model} frames messages is not published: counted as for gpt-4o"
    tools = f"how {model} is shown tools is not published: counted as functions were in 2023"
    return Frame(
        encoding_for_model(model),
        message,
        name,
        () if _COOKBOOK.match(model) else (frames,),
        () if _MEASURED.match(model) else (tools,),
        (tools,),
    )


class Prompt:
    """What has been found of a prompt.

    By a call's id, `names` has the function's name, and `results` the list that gathers the results
    of all calls made together with it.
    """

    __slots__ = ("doubts", "frame", "model", "names", "overhead", "results", "texts")

    def __init__(self, model: str) -> None:
        self.model = model
        self.frame = _frame(model)
        self.overhead = 0
        self.texts: list[str] = []
        self.doubts: list[str] = []
        self.names: dict[str, str] = {}
        self.results: dict[str, list[str]] = {}


def read_conversation(messages: list[Any], place: str, prompt: Prompt, first: int = 0) -> None:
    """Add all messages to the prompt.

    `place` is what the body calls them, and `first` the number of the first. UsageError, with the
    place, for a message that is not of the API's shape.
    """
    prompt.doubts += prompt.frame.doubts
    texts = prompt.texts
    plain = 0
    for number, message in enumerate(messages, first):
        # Nearly all messages have this form, and a file may have millions.
        if type(message) is dict and len(message) == 2 and message.get("role") in _ROLES:
            content = message.get("content")
            if type(content) is str:
                texts.append(content)
                plain += 1
                continue
        if message is not NOTHING:
            _message(mapping(message, f"{place}[{number}]"), f"{place}[{number}]", prompt)
    prompt.overhead += plain * (prompt.frame.message + 1)
    for results in {id(results): results for results in prompt.results.values()}.values():
        if results:
            prompt.overhead += prompt.frame.message
            texts += [_PARALLEL, json.dumps(results)]


def _message(message: Json, place: str, prompt: Prompt) -> None:
    """A message of any form."""
    role = string(message, "role", f"{place}.")
    name = optional(message, "name", f"{place}.")
    content = message.get("content")
    if role == "tool":
        call_id = optional(message, "tool_call_id", f"{place}.") or ""
        if call_id in prompt.results and isinstance(content, str):
            prompt.results[call_id].append(content)
            return
        role = prompt.names.get(call_id, role)
        prompt.doubts += prompt.frame.tool_doubts
    elif role == "function":
        role = name or role
    elif name is not None:
        prompt.overhead += prompt.frame.name
        prompt.texts.append(name)
    prompt.overhead += prompt.frame.message
    prompt.texts.append(role)
    _content(content, f"{place}.content", prompt)
    if (refusal := optional(message, "refusal", f"{place}.")) is not None:
        prompt.texts.append(refusal)
    if message.get("audio") is not None:
        prompt.doubts.append(f"{place}.audio is not counted: it is on the server")
    _calls(message, place, prompt)


def _calls(message: Json, place: str, prompt: Prompt) -> None:
    """The calls in an assistant's message: of a function, or of one or more tools."""
    if message.get("function_call") is not None:
        prompt.texts += call_of(message["function_call"], f"{place}.function_call").texts
        prompt.doubts += prompt.frame.function_doubts
    calls = []
    for index, value in enumerate(array(message.get("tool_calls") or [], f"{place}.tool_calls")):
        where = f"{place}.tool_calls[{index}]"
        tool_call = mapping(value, where)
        kind = "custom" if tool_call.get("type") == "custom" else "function"
        call = call_of(tool_call.get(kind), f"{where}.{kind}")
        calls.append(call._replace(id=optional(tool_call, "id", f"{where}.") or ""))
    if not calls:
        return
    prompt.doubts += prompt.frame.tool_doubts
    if len(calls) == 1:
        prompt.texts += calls[0].texts
        prompt.names[calls[0].id] = calls[0].name
        return
    uses = ", ".join(
        f'{{"recipient_name": "functions.{call.name}", "parameters": {call.arguments}}}'
        for call in calls
    )
    prompt.texts += [f" to={_PARALLEL}", f'{{"tool_uses": [{uses}]}}']
    results: list[str] = []
    prompt.results |= {call.id: results for call in calls}


class _Call(NamedTuple):
    name: str
    arguments: str
    id: str = ""

    @property
    def texts(self) -> list[str]:
        """What a message takes that is this call alone."""
        return [f" to=functions.{self.name}", self.arguments]


def call_of(value: object, place: str) -> _Call:
    """What a function call, a tool call's `function` or `custom`, or a call item tells."""
    fields = mapping(value, place)
    arguments = "input" if "input" in fields else "arguments"
    return _Call(string(fields, "name", f"{place}."), string(fields, arguments, f"{place}."))


def _content(content: object, place: str, prompt: Prompt) -> None:
    if content is None:
        return
    if isinstance(content, str):
        prompt.texts.append(content)
        return
    for index, value in enumerate(array(content, place)):
        where = f"{place}[{index}]"
        part = mapping(value, where)
        kind = part.get("type")
        if isinstance(kind, str) and kind in _TEXTS:
            prompt.texts.append(string(part, _TEXTS[kind], f"{where}."))
        elif kind in ("image_url", "input_image"):
            _image(part, f"{where}.image_url", prompt)
        else:
            prompt.doubts.append(f"{where} is not counted: no rule tells what a {kind} part takes")


def _image(part: Json, place: str, prompt: Prompt) -> None:
    """An image part: of chat, where an object has the URL and the detail, or of responses."""
    from openai_cli.tokens.images import image_tokens

    image = part.get("image_url")
    fields = image if isinstance(image, Mapping) else {**part, "url": image}
    url, detail = optional(fields, "url", f"{place}."), optional(fields, "detail", f"{place}.")
    taken = image_tokens(url, detail, model=prompt.model, place=place)
    prompt.overhead += taken.tokens
    prompt.doubts += taken.doubts


def array(value: object, place: str) -> list[Any]:
    """The value, which is to be a list; `place` is its name in the UsageError."""
    if isinstance(value, list):
        return value
    raise wrong(place, "a list")


def mapping(value: object, place: str) -> Json:
    """The value, which is to be an object; `place` is its name in the UsageError."""
    if isinstance(value, Mapping):
        return value
    raise wrong(place, "an object")


def string(fields: Json, name: str, place: str = "") -> str:
    """A text that must be there; `place` is what stands before its name in the UsageError."""
    value = fields.get(name)
    if isinstance(value, str):
        return value
    raise wrong(f"{place}{name}", "a text")


def optional(fields: Json, name: str, place: str = "") -> str | None:
    """A text that may be missing or null; `place` is as for `string`."""
    return None if fields.get(name) is None else string(fields, name, place)


def wrong(place: str, what: str) -> UsageError:
    """The error of a property that is not `what` it is to be."""
    return UsageError(f"{place} must be {what}", parameter=place)
