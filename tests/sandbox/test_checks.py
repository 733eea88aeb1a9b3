"""Each refusal of a body, with the API's own words written by hand."""

from typing import Any

import pytest

from openai_cli.sandbox import Sandbox, checks
from tests.sandbox.client import CHAT, MESSAGES, chat, complete, error, send

Row = tuple[dict[str, Any], str, str | None, str | None]

FUNCTION = {"type": "function", "function": {"name": "look_up"}}
ALPHABET = dict.fromkeys("abcdefghijklmnopq", "letter")

UNKNOWN: list[Row] = [
    (
        {"max_token": 300},
        "Unrecognized request argument supplied: max_token",
        None,
        None,
    ),
    (
        {"max_token": 300, "temprature": 1},
        "Unrecognized request arguments supplied: max_token, temprature",
        None,
        None,
    ),
    (
        {"messages": [{"role": "user", "content": "a", "foo": 1}]},
        "Unknown parameter: 'messages[0].foo'.",
        "messages[0].foo",
        "unknown_parameter",
    ),
    (
        {"stream": True, "stream_options": {"usage": True}},
        "Unknown parameter: 'stream_options.usage'.",
        "stream_options.usage",
        "unknown_parameter",
    ),
]
MISSING: list[Row] = [
    (
        {"messages": [{"content": "a"}]},
        "Missing required parameter: 'messages[0].role'.",
        "messages[0].role",
        "missing_required_parameter",
    ),
    (
        {"messages": [*MESSAGES, {"role": "user"}]},
        "Missing required parameter: 'messages[1].content'.",
        "messages[1].content",
        "missing_required_parameter",
    ),
    (
        {"response_format": {}},
        "Missing required parameter: 'response_format.type'.",
        "response_format.type",
        "missing_required_parameter",
    ),
    (
        {"tools": [{"type": "function", "function": {}}]},
        "Missing required parameter: 'tools[0].function.name'.",
        "tools[0].function.name",
        "missing_required_parameter",
    ),
]
TYPES: list[Row] = [
    (
        {"temperature": "hot"},
        "Invalid type for 'temperature': expected a number, but got a string instead.",
        "temperature",
        "invalid_type",
    ),
    (
        {"n": True},
        "Invalid type for 'n': expected an integer, but got a boolean instead.",
        "n",
        "invalid_type",
    ),
    (
        {"seed": 1.0},
        "Invalid type for 'seed': expected an integer, but got a decimal number instead.",
        "seed",
        "invalid_type",
    ),
    (
        {"store": 1},
        "Invalid type for 'store': expected a boolean, but got an integer instead.",
        "store",
        "invalid_type",
    ),
    (
        {"model": None},
        "Invalid type for 'model': expected a string, but got null instead.",
        "model",
        "invalid_type",
    ),
    (
        {"user": {"a": 1}},
        "Invalid type for 'user': expected a string, but got an object instead.",
        "user",
        "invalid_type",
    ),
    (
        {"messages": "hello"},
        "Invalid type for 'messages': expected an array of objects, but got a string instead.",
        "messages",
        "invalid_type",
    ),
    (
        {"messages": ["hello"]},
        "Invalid type for 'messages[0]': expected an object, but got a string instead.",
        "messages[0]",
        "invalid_type",
    ),
    (
        {"messages": [{"role": 7, "content": "a"}]},
        "Invalid type for 'messages[0].role': expected a string, but got an integer instead.",
        "messages[0].role",
        "invalid_type",
    ),
    (
        {"messages": [{"role": "user", "content": 7}]},
        "Invalid type for 'messages[0].content': expected one of a string or array of objects, "
        "but got an integer instead.",
        "messages[0].content",
        "invalid_type",
    ),
    (
        {"messages": [{"role": "developer", "content": None}]},
        "Invalid type for 'messages[0].content': expected one of a string or array of objects, "
        "but got null instead.",
        "messages[0].content",
        "invalid_type",
    ),
    (
        {"response_format": "json"},
        "Invalid type for 'response_format': expected an object, but got a string instead.",
        "response_format",
        "invalid_type",
    ),
    (
        {"tools": [FUNCTION], "tool_choice": 7},
        "Invalid type for 'tool_choice': expected one of one of 'none', 'auto', or 'required' or "
        "object, but got an integer instead.",
        "tool_choice",
        "invalid_type",
    ),
    (
        {"prompt_cache_retention": {}},
        "Invalid type for 'prompt_cache_retention': expected one of 'in_memory' or '24h', "
        "but got an object instead.",
        "prompt_cache_retention",
        "invalid_type",
    ),
    (
        {"stop": ["a", None]},
        "Invalid type for 'stop[1]': expected a string, but got null instead.",
        "stop[1]",
        "invalid_type",
    ),
    (
        {"metadata": {"team": ["ci"]}},
        "Invalid type for 'metadata.team': expected a string, but got an array instead.",
        "metadata.team",
        "invalid_type",
    ),
]
RANGES: list[Row] = [
    (
        {"temperature": 3},
        "Invalid 'temperature': decimal above maximum value. "
        "Expected a value <= 2, but got 3 instead.",
        "temperature",
        "decimal_above_max_value",
    ),
    (
        {"presence_penalty": -2.5},
        "Invalid 'presence_penalty': decimal below minimum value. "
        "Expected a value >= -2, but got -2.5 instead.",
        "presence_penalty",
        "decimal_below_min_value",
    ),
    (
        {"n": 129},
        "Invalid 'n': integer above maximum value. Expected a value <= 128, but got 129 instead.",
        "n",
        "integer_above_max_value",
    ),
    (
        {"max_completion_tokens": 0},
        "Invalid 'max_completion_tokens': integer below minimum value. "
        "Expected a value >= 1, but got 0 instead.",
        "max_completion_tokens",
        "integer_below_min_value",
    ),
    (
        {"seed": 2**63},
        "Invalid 'seed': integer above maximum value. "
        "Expected a value <= 9223372036854775807, but got 9223372036854775808 instead.",
        "seed",
        "integer_above_max_value",
    ),
    (
        {"logit_bias": {"50256": -101}},
        "Invalid 'logit_bias.50256': integer below minimum value. "
        "Expected a value >= -100, but got -101 instead.",
        "logit_bias.50256",
        "integer_below_min_value",
    ),
    (
        {"stop": ["a", "b", "c", "d", "e"]},
        "Invalid 'stop': array too long. Expected an array with maximum length 4, "
        "but got an array with length 5 instead.",
        "stop",
        "array_above_max_length",
    ),
    (
        {"messages": []},
        "Invalid 'messages': empty array. Expected an array with minimum length 1, "
        "but got an empty array instead.",
        "messages",
        "empty_array",
    ),
    (
        {"safety_identifier": "x" * 129},
        "Invalid 'safety_identifier': string too long. Expected a string with maximum length 128, "
        "but got a string with length 129 instead.",
        "safety_identifier",
        "string_above_max_length",
    ),
    (
        {"metadata": ALPHABET},
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, "
        "but got an object with 17 properties instead.",
        "metadata",
        "object_above_max_properties",
    ),
]
NAMES: list[Row] = [
    (
        {"verbosity": "x"},
        "Invalid value: 'x'. Supported values are: 'low', 'medium', and 'high'.",
        "verbosity",
        "invalid_value",
    ),
    (
        {"prompt_cache_retention": "x"},
        "Invalid value: 'x'. Supported values are: 'in_memory' and '24h'.",
        "prompt_cache_retention",
        "invalid_value",
    ),
    (
        {"messages": [{"role": "bogus", "content": "a"}]},
        "Invalid value: 'bogus'. Supported values are: 'developer', 'system', 'user', "
        "'assistant', 'tool', and 'function'.",
        "messages[0].role",
        "invalid_value",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "image", "url": "a"}]}]},
        "Invalid value: 'image'. Supported values are: 'text', 'image_url', 'input_audio', "
        "and 'file'.",
        "messages[0].content[0].type",
        "invalid_value",
    ),
]


@pytest.mark.parametrize(
    ("body", "message", "param", "code"), UNKNOWN + MISSING + TYPES + RANGES + NAMES
)
def test_chat_refuses(
    sandbox: Sandbox, body: dict[str, Any], message: str, param: str | None, code: str | None
) -> None:
    answer = chat(sandbox, **body)
    assert (answer.status, answer.json) == (400, error(message, param, code))


@pytest.mark.parametrize(
    ("body", "message", "param", "code"),
    [
        (
            {"best_of": 21},
            "Invalid 'best_of': integer above maximum value. "
            "Expected a value <= 20, but got 21 instead.",
            "best_of",
            "integer_above_max_value",
        ),
        (
            {"messages": MESSAGES},
            "Unrecognized request argument supplied: messages",
            None,
            None,
        ),
        (
            {"prompt": ["a", 1]},
            "Invalid type for 'prompt[1]': expected a string, but got an integer instead.",
            "prompt[1]",
            "invalid_type",
        ),
        (
            {"prompt": [{}]},
            "Invalid type for 'prompt': expected one of a string, array of strings, "
            "array of integers, or array of arrays, but got an array instead.",
            "prompt",
            "invalid_type",
        ),
        (
            {"prompt": [[]]},
            "Invalid 'prompt[0]': empty array. Expected an array with minimum length 1, "
            "but got an empty array instead.",
            "prompt[0]",
            "empty_array",
        ),
    ],
)
def test_completions_refuses(
    sandbox: Sandbox, body: dict[str, Any], message: str, param: str | None, code: str | None
) -> None:
    answer = complete(sandbox, **body)
    assert (answer.status, answer.json) == (400, error(message, param, code))


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({}, "model"),
        ({"model": "gpt-6-luna"}, "messages"),
        ({"messages": MESSAGES}, "model"),
        ({"model": "gpt-6-luna", "zzz": 1}, "messages"),
    ],
)
def test_what_is_missing_is_told_first(
    sandbox: Sandbox, body: dict[str, Any], missing: str
) -> None:
    answer = send(sandbox, CHAT, body)
    assert (answer.status, answer.json) == (
        400,
        error(f"Missing required parameter: '{missing}'.", missing, "missing_required_parameter"),
    )


def test_a_completion_needs_a_prompt(sandbox: Sandbox) -> None:
    answer = send(sandbox, "/v1/completions", {"model": "davinci-002"})
    assert (answer.status, answer.json) == (
        400,
        error("Missing required parameter: 'prompt'.", "prompt", "missing_required_parameter"),
    )


def test_what_is_unknown_is_told_before_what_is_wrong(sandbox: Sandbox) -> None:
    answer = chat(sandbox, n="two", zzz=1)
    assert answer.json == error("Unrecognized request argument supplied: zzz")


@pytest.mark.parametrize(
    "body",
    [
        {"model": "a-model-of-tomorrow"},
        {"temperature": 2, "top_p": 0, "presence_penalty": -2, "frequency_penalty": 1.5},
        {"seed": 9007199254740993},
        {"seed": -(2**63)},
        {"logit_bias": {"50256": -100}},
        {"stop": None, "n": None, "max_tokens": None, "service_tier": None, "metadata": None},
        {"metadata": {"team": "ci"}},
        {"audio": {"voice": "a-voice-of-tomorrow", "format": "wav"}, "modalities": ["text"]},
        {"audio": {"voice": {"id": "voice_1234"}, "format": "mp3"}},
        {"moderation": {"model": "omni-moderation-latest", "policy": {"input": {"mode": "score"}}}},
        {"prediction": {"type": "content", "content": [{"type": "text", "text": "a"}]}},
        {"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}},
        {"web_search_options": {"user_location": None, "search_context_size": "low"}},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"any": [1]}}}]},
        {"logprobs": True, "top_logprobs": 20},
        {"parallel_tool_calls": False, "store": True, "user": "a", "prompt_cache_key": "b"},
        {"reasoning_effort": "max", "verbosity": "low", "safety_identifier": "c" * 128},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "image_url",
                            "image_url": {"url": "data:,", "detail": "original"},
                            "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"},
                        }
                    ],
                }
            ]
        },
    ],
)
def test_chat_takes(sandbox: Sandbox, body: dict[str, Any]) -> None:
    answer = chat(sandbox, **body)
    assert answer.status == 200, answer.json


def test_a_conversation_with_every_role_is_taken(sandbox: Sandbox) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    custom = {"id": "call_2", "type": "custom", "custom": {"name": "g", "input": "a"}}
    answer = chat(
        sandbox,
        messages=[
            {"role": "developer", "content": [{"type": "text", "text": "a"}]},
            {"role": "system", "content": "a", "name": "b"},
            {"role": "user", "content": "a", "name": "b"},
            {"role": "assistant", "content": None, "tool_calls": [call, custom]},
            {"role": "tool", "content": "a", "tool_call_id": "call_1"},
            {"role": "tool", "content": [{"type": "text", "text": "a"}], "tool_call_id": "call_2"},
            {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": None},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "a"}]},
            {"role": "assistant", "audio": {"id": "audio_1"}, "refusal": None},
        ],
    )
    assert answer.status == 200, answer.json


def test_what_names_no_type_is_held_against_a_member_that_can_be_told_without_one() -> None:
    """It demands no type, and demands something: what demands nothing would fit all."""
    members: list[checks.Schema] = [
        {"type": "object", "required": required, "properties": {"type": {"enum": [name]}}}
        for name, required in (("call", ["type"]), ("any", []), ("message", ["role"]))
    ]
    _, anything, message = members
    assert checks._loosely_named_member({"role": "user"}, members, "input[0].type") is message
    assert checks._loosely_named_member({"type": "any"}, members, "input[0].type") is anything
    unknown = checks._loosely_named_member({"type": "new"}, members, "input[0].type")
    assert unknown == {"type": "object", "additionalProperties": True}
