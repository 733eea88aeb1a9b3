"""Chat requests in the form of POST /responses, judged by the official package's types."""

from typing import Any

import pytest

from openai_cli.errors import UsageError
from openai_cli.tokens.remote import counted_body
from tests.flags.published import COUNT

WEATHER = {
    "name": "weather",
    "description": "Tell the weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def converted(**body: Any) -> dict[str, Any]:
    """The body for the count, which the package's types must accept."""
    found = counted_body({"model": "gpt-4o", **body})
    COUNT.check(found)
    return found


def test_a_responses_body_keeps_what_is_counted() -> None:
    body = {"model": "m", "input": "hi", "instructions": "be brief", "store": False, "n": 1}
    assert counted_body(body) == {"model": "m", "input": "hi", "instructions": "be brief"}


def test_messages_of_text() -> None:
    found = converted(
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
        ]
    )
    assert found == {
        "model": "gpt-4o",
        "input": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
        ],
    }


def test_parts_of_a_message() -> None:
    found = converted(
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {
                        "type": "image_url",
                        "image_url": {"url": "https://x.test/a", "detail": "low"},
                    },
                    {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:,"}},
                ],
            }
        ]
    )
    assert found["input"][0]["content"] == [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": "https://x.test/a", "detail": "low"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:,"},
    ]


def test_what_the_assistant_said_in_parts() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "no"}]
    found = counted_body({"messages": [{"role": "assistant", "content": parts}]})
    assert found["input"][0]["content"] == [
        {"type": "output_text", "text": "a"},
        {"type": "refusal", "refusal": "no"},
    ]


def test_tools_their_calls_and_what_they_gave() -> None:
    found = converted(
        messages=[
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city":"Rome"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        ],
        tools=[{"type": "function", "function": WEATHER}],
        tool_choice={"type": "function", "function": {"name": "weather"}},
        parallel_tool_calls=False,
    )
    assert found["input"][1:] == [
        {
            "type": "function_call",
            "call_id": "call_1",
            "name": "weather",
            "arguments": '{"city":"Rome"}',
        },
        {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
    ]
    # At POST /chat/completions a function is not strict unless it says so.
    assert found["tools"] == [{"type": "function", "strict": False, **WEATHER}]
    assert found["tool_choice"] == {"type": "function", "name": "weather"}
    assert found["parallel_tool_calls"] is False


def test_the_older_functions() -> None:
    found = converted(
        messages=[
            {
                "role": "assistant",
                "content": "",
                "function_call": {"name": "weather", "arguments": "{}"},
            },
            {"role": "function", "name": "weather", "content": "sunny"},
        ],
        functions=[WEATHER],
        function_call={"name": "weather"},
    )
    assert found["input"] == [
        {"type": "function_call", "call_id": "weather", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "weather", "output": "sunny"},
    ]
    # At POST /chat/completions a function is not strict unless it says so.
    assert found["tools"] == [{"type": "function", "strict": False, **WEATHER}]
    assert found["tool_choice"] == {"type": "function", "name": "weather"}


def test_the_form_of_the_answer() -> None:
    schema = {"name": "answer", "schema": {"type": "object"}, "strict": True}
    found = converted(
        messages=[{"role": "user", "content": "Hi"}],
        response_format={"type": "json_schema", "json_schema": schema},
        verbosity="low",
        reasoning_effort="high",
        tool_choice="required",
    )
    assert found["text"] == {"format": {"type": "json_schema", **schema}, "verbosity": "low"}
    assert found["reasoning"] == {"effort": "high"}
    assert found["tool_choice"] == "required"


@pytest.mark.parametrize("body", [{"prompt": "Once"}, {}])
def test_other_requests_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="only chat and responses requests"):
        counted_body(body)


def test_audio_has_no_counterpart() -> None:
    part = {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}
    with pytest.raises(UsageError, match=r"messages\[0\]\.content\[0\]"):
        counted_body({"messages": [{"role": "user", "content": [part]}]})
