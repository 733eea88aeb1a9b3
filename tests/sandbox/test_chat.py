"""POST /chat/completions: texts, attachments, JSON, tools, limits, streams."""

import json
from typing import Any

import jsonschema
import pytest

from openai_cli.sandbox import Sandbox
from tests.sandbox.client import Answer, Json, chat, error

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 2},
        "days": {"type": "integer", "minimum": 1},
        "unit": {"enum": ["celsius", "fahrenheit"]},
    },
    "required": ["city", "days", "unit"],
    "additionalProperties": False,
}
LOOK_UP = {"type": "function", "function": {"name": "look_up", "parameters": WEATHER}}
BARE = {"type": "function", "function": {"name": "bare"}}
NOTE = {"type": "custom", "custom": {"name": "note"}}
TOOLS = [LOOK_UP, BARE, NOTE]
ARGUMENTS = '{"city":"xx","days":1,"unit":"celsius"}'


def say(text: str) -> list[Json]:
    return [{"role": "user", "content": text}]


def choice(answer: Answer, index: int = 0) -> Json:
    assert answer.status == 200, answer.json
    found: Json = answer.json["choices"][index]
    assert found["index"] == index
    return found


def content(answer: Answer, index: int = 0) -> str:
    return str(choice(answer, index)["message"]["content"])


def test_the_whole_answer(sandbox: Sandbox) -> None:
    body = chat(sandbox, service_tier="priority").json
    assert body.pop("id").startswith("chatcmpl-")
    assert body == {
        "object": "chat.completion",
        "created": 1767225600,
        "model": "gpt-6-luna",
        "system_fingerprint": "sandbox-not-a-model",
        "service_tier": "default",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": 'This is a sandbox, not a model; your text was "hello".',
                    "refusal": None,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 8,
            "completion_tokens": 15,
            "total_tokens": 23,
            "prompt_tokens_details": {
                "cached_tokens": 0,
                "audio_tokens": 0,
                "cache_write_tokens": 0,
            },
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
    }
    assert "service_tier" not in chat(sandbox).json


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        (
            [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Who won?"},
                {"role": "assistant", "content": "We."},
                {"role": "user", "content": "Where?"},
                {"role": "assistant", "content": "Here."},
            ],
            'This is a sandbox, not a model; your text was "Where?".',
        ),
        (
            [{"role": "system", "content": "Be kind."}],
            'This is a sandbox, not a model; your text was "Be kind.".',
        ),
        (
            [{"role": "assistant"}],
            "This is a sandbox, not a model; your text was empty.",
        ),
    ],
)
def test_it_speaks_of_the_last_user_message(
    sandbox: Sandbox, messages: list[Json], said: str
) -> None:
    assert content(chat(sandbox, messages=messages)) == said


def test_content_parts(sandbox: Sandbox) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    audio = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:,"}}
    text = {"type": "text", "text": "what is this?"}
    parts = [text, image, audio, image, file, {"type": "text", "text": "and this?"}]
    assert content(chat(sandbox, messages=[{"role": "user", "content": parts}])) == (
        'This is a sandbox, not a model; your text was "what is this? and this?", '
        "with 2 images, 1 audio clip, 1 file."
    )
    assert content(chat(sandbox, messages=[{"role": "user", "content": [image]}])) == (
        "This is a sandbox, not a model; your text was empty, with 1 image."
    )


def test_several_answers(sandbox: Sandbox) -> None:
    answer = chat(sandbox, n=2)
    assert content(answer, 1) == "Answer 2: " + content(answer, 0)
    tokens = chat(sandbox).json["usage"]["completion_tokens"]
    assert answer.json["usage"]["completion_tokens"] > 2 * tokens


@pytest.mark.parametrize(
    ("body", "said", "finish"),
    [
        ({"max_completion_tokens": 2}, "one two", "length"),
        ({"max_tokens": 3}, "one two three", "length"),
        ({"max_tokens": 3, "max_completion_tokens": 1}, "one", "length"),
        ({"max_tokens": 5}, "one two three four.", "stop"),
        ({"stop": ["three"]}, "one two ", "stop"),
        ({"stop": "two", "max_tokens": 1}, "one", "length"),
    ],
)
def test_limits(sandbox: Sandbox, body: dict[str, Any], said: str, finish: str) -> None:
    answer = chat(sandbox, messages=say("Say one two three four."), **body)
    assert (content(answer), choice(answer)["finish_reason"]) == (said, finish)


def test_json_by_a_schema(sandbox: Sandbox) -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "weather", "schema": WEATHER}}
    answer = chat(sandbox, response_format=schema, n=2)
    assert content(answer, 0) == content(answer, 1) == ARGUMENTS
    jsonschema.validate(json.loads(content(answer)), WEATHER)


@pytest.mark.parametrize(
    ("response_format", "said"),
    [
        ({"type": "json_object"}, '{"text": "hi \\"you\\""}'),
        ({"type": "json_schema", "json_schema": {"name": "any"}}, "{}"),
        ({"type": "text"}, 'hi "you"'),
    ],
)
def test_other_formats(sandbox: Sandbox, response_format: Json, said: str) -> None:
    answer = chat(sandbox, messages=say('Say hi "you"'), response_format=response_format)
    assert content(answer) == said


@pytest.mark.parametrize(
    ("tool_choice", "kind", "called"),
    [
        ("required", "function", {"name": "look_up", "arguments": ARGUMENTS}),
        (
            {"type": "function", "function": {"name": "bare"}},
            "function",
            {"name": "bare", "arguments": "{}"},
        ),
        (
            {"type": "custom", "custom": {"name": "note"}},
            "custom",
            {"name": "note", "input": "This is a sandbox, not a model."},
        ),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": "bare"}}],
                },
            },
            "function",
            {"name": "bare", "arguments": "{}"},
        ),
    ],
)
def test_a_demanded_tool_is_called(
    sandbox: Sandbox, tool_choice: Any, kind: str, called: Json
) -> None:
    answer = chat(sandbox, tools=TOOLS, tool_choice=tool_choice, n=2)
    first, second = choice(answer, 0), choice(answer, 1)
    assert first["finish_reason"] == "tool_calls"
    assert first["message"]["content"] is None
    (call,) = first["message"]["tool_calls"]
    assert call.pop("id").startswith("call_")
    assert call == {"type": kind, kind: called}
    assert second["message"]["tool_calls"][0]["id"] != first["message"]["tool_calls"][0].get("id")


@pytest.mark.parametrize(
    ("tool_choice", "names"),
    [
        ("required", ["look_up", "bare", "note"]),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [NOTE, BARE]},
            },
            ["bare", "note"],
        ),
        ({"type": "function", "function": {"name": "bare"}}, ["bare"]),
        ("auto", []),
    ],
)
def test_parallel_calls_are_one_of_each_tool(
    sandbox: Sandbox, tool_choice: Any, names: list[str]
) -> None:
    asked = {"tools": TOOLS, "tool_choice": tool_choice}
    message = choice(chat(sandbox, parallel_tool_calls=True, **asked))["message"]
    calls = message.get("tool_calls", [])
    assert [call[call["type"]]["name"] for call in calls] == names
    assert len({call["id"] for call in calls}) == len(calls)
    alone = choice(chat(sandbox, parallel_tool_calls=False, **asked))["message"]
    assert len(alone.get("tool_calls", [])) == min(1, len(names))


def test_a_stream_of_parallel_calls(sandbox: Sandbox) -> None:
    asked = {"tools": TOOLS, "tool_choice": "required", "parallel_tool_calls": True}
    steps = chat(sandbox, stream=True, **asked).steps()
    parts = [step["delta"]["tool_calls"][0] for step in steps[:-1]]
    for index, tool in enumerate(TOOLS):
        kind = tool["type"]
        opening, *pieces = [part for part in parts if part["index"] == index]
        assert opening["id"].startswith("call_")
        assert opening[kind]["name"] == tool[kind]["name"]  # type: ignore[index]
        assert all(part.keys() == {"index", kind} for part in pieces)
    assert [part["index"] for part in parts] == sorted(part["index"] for part in parts)
    assert steps[-1]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    "tool_choice",
    ["auto", "none", {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}],
)
def test_a_tool_that_is_not_demanded_is_not_called(sandbox: Sandbox, tool_choice: Any) -> None:
    message = choice(chat(sandbox, tools=TOOLS, tool_choice=tool_choice))["message"]
    assert "tool_calls" not in message
    assert message["content"].startswith("This is a sandbox")


def test_the_older_functions(sandbox: Sandbox) -> None:
    functions = [{"name": "bare"}, {"name": "look_up", "parameters": WEATHER}]
    found = choice(chat(sandbox, functions=functions, function_call={"name": "look_up"}))
    assert found["finish_reason"] == "function_call"
    assert found["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "annotations": [],
        "function_call": {"name": "look_up", "arguments": ARGUMENTS},
    }
    assert content(chat(sandbox, functions=functions, function_call="auto")).startswith("This")


@pytest.mark.parametrize(
    ("body", "message", "param", "code"),
    [
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": {"type": "text"}},
                }
            },
            "Invalid schema for response_format 'n': 'type' cannot name 'text'.",
            "response_format",
            None,
        ),
        (
            {
                "tools": [
                    BARE,
                    {"type": "function", "function": {"name": "f", "parameters": {"$ref": "#/a"}}},
                ],
                "tool_choice": {"type": "function", "function": {"name": "f"}},
            },
            "Invalid schema for function 'f': it refers to '#/a', which is not in it.",
            "tools[1].function.parameters",
            "invalid_function_parameters",
        ),
        (
            {
                "functions": [{"name": "f", "parameters": {"required": 1}}],
                "function_call": {"name": "f"},
            },
            "Invalid schema for function 'f': 'required' has a value that means nothing.",
            "functions[0].parameters",
            "invalid_function_parameters",
        ),
    ],
)
def test_schemas_that_allow_nothing(
    sandbox: Sandbox, body: Json, message: str, param: str, code: str | None
) -> None:
    answer = chat(sandbox, **body)
    assert (answer.status, answer.json) == (400, error(message, param, code))


def test_arguments_are_cut_at_the_limit_too(sandbox: Sandbox) -> None:
    answer = chat(sandbox, tools=TOOLS, tool_choice="required", max_tokens=3, stop="city")
    assert choice(answer)["finish_reason"] == "length"
    (call,) = choice(answer)["message"]["tool_calls"]
    assert ARGUMENTS.startswith(call["function"]["arguments"])
    assert answer.json["usage"]["completion_tokens"] == 3


def test_the_events_of_a_stream(sandbox: Sandbox) -> None:
    events = chat(sandbox, messages=say("Say one two"), stream=True, service_tier="auto").events
    first = events[0]
    assert first.pop("id").startswith("chatcmpl-")
    assert first == {
        "object": "chat.completion.chunk",
        "created": 1767225600,
        "model": "gpt-6-luna",
        "system_fingerprint": "sandbox-not-a-model",
        "service_tier": "default",
        "choices": [
            {
                "index": 0,
                "delta": {"role": "assistant", "content": "", "refusal": None},
                "logprobs": None,
                "finish_reason": None,
            }
        ],
    }
    assert [event["choices"][0]["delta"] for event in events[1:]] == [
        {"content": "one"},
        {"content": " two"},
        {},
    ]
    assert [event["choices"][0]["finish_reason"] for event in events] == [None, None, None, "stop"]


def test_the_choices_of_a_stream_take_turns(sandbox: Sandbox) -> None:
    answer = chat(sandbox, messages=say("Say one two"), n=3, stream=True)
    assert [event["choices"][0]["index"] for event in answer.events] == [0, 1, 2] * 4


def test_the_usage_of_a_stream(sandbox: Sandbox) -> None:
    answer = chat(sandbox, stream=True, n=2, stream_options={"include_usage": True})
    *events, last = answer.events
    assert all(event["usage"] is None for event in events)
    assert last["choices"] == []
    assert last["usage"] == chat(sandbox, n=2).json["usage"]
    plain = chat(sandbox, stream=True, stream_options={"include_usage": False})
    assert not any("usage" in event for event in plain.events)


def test_a_stream_of_tool_calls(sandbox: Sandbox) -> None:
    answer = chat(sandbox, tools=TOOLS, tool_choice="required", stream=True, n=2)
    first, *pieces, last = [step["delta"] for step in answer.steps(1)]
    (call,) = first.pop("tool_calls")
    assert first == {"role": "assistant", "content": None, "refusal": None}
    assert call.pop("id").startswith("call_")
    assert call == {
        "index": 0,
        "type": "function",
        "function": {"name": "look_up", "arguments": ""},
    }
    assert len(pieces) > 5
    assert all(list(piece) == ["tool_calls"] for piece in pieces)
    parts = [piece["tool_calls"][0] for piece in pieces]
    assert all(part.keys() == {"index", "function"} and part["index"] == 0 for part in parts)
    assert "".join(part["function"]["arguments"] for part in parts) == ARGUMENTS
    assert last == {}
    assert answer.steps(1)[-1]["finish_reason"] == "tool_calls"


def test_a_stream_of_a_custom_tool(sandbox: Sandbox) -> None:
    named = {"type": "custom", "custom": {"name": "note"}}
    steps = chat(sandbox, tools=TOOLS, tool_choice=named, stream=True).steps()
    calls = [step["delta"]["tool_calls"][0]["custom"] for step in steps[:-1]]
    assert calls[0] == {"name": "note", "input": ""}
    assert "".join(call["input"] for call in calls) == "This is a sandbox, not a model."


def test_a_stream_of_an_older_function(sandbox: Sandbox) -> None:
    functions = [{"name": "look_up", "parameters": WEATHER}]
    named = {"name": "look_up"}
    steps = chat(sandbox, functions=functions, function_call=named, stream=True).steps()
    calls = [step["delta"]["function_call"] for step in steps[:-1]]
    assert calls[0] == {"name": "look_up", "arguments": ""}
    assert "".join(call["arguments"] for call in calls) == ARGUMENTS
    assert steps[-1]["finish_reason"] == "function_call"
