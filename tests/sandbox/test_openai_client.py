"""The `openai` package's own client against the sandbox, with no special case."""

from collections.abc import Iterator

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import BaseModel

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.faults import Faults, parse_fault
from tests.sandbox.client import KEY

MODEL = "gpt-6-luna"
MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say one two three"}]
TOOLS: list[ChatCompletionToolParam] = [
    {
        "type": "function",
        "function": {
            "name": "look_up",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string", "minLength": 3}},
                "required": ["city"],
            },
        },
    }
]


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=sandbox.base_url, api_key=KEY, max_retries=0) as client:
        yield client


def test_chat(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES, n=2)
    assert [choice.message.content for choice in answer.choices] == ["one two three"] * 2
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 6
    assert answer._request_id is not None
    assert answer._request_id.startswith("req_")


def test_chat_streamed(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    *chunks, last = stream
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "one two three"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.total_tokens == 3 + 3 + 1 + 4 + 3


def test_chat_gathered_from_a_stream(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(
        model=MODEL, messages=MESSAGES, tools=TOOLS, tool_choice="required", n=2
    ) as stream:
        answer = stream.get_final_completion()
    for choice in answer.choices:
        assert choice.finish_reason == "tool_calls"
        assert choice.message.tool_calls is not None
        assert choice.message.tool_calls[0].function.arguments == '{"city":"xxx"}'


def test_the_message_of_an_answer_is_taken_back(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=MODEL, messages=MESSAGES, tools=TOOLS, tool_choice="required"
    )
    message = answer.choices[0].message
    assert message.tool_calls is not None
    result: ChatCompletionMessageParam = {
        "role": "tool",
        "tool_call_id": message.tool_calls[0].id,
        "content": "sunny",
    }
    again: list[ChatCompletionMessageParam] = [*MESSAGES, message, result]  # type: ignore[list-item]
    assert client.chat.completions.create(model=MODEL, messages=again).choices


def test_parallel_calls_gathered_from_a_stream(client: openai.OpenAI) -> None:
    other = {"type": "function", "function": {"name": "bare"}}
    with client.chat.completions.stream(
        model=MODEL,
        messages=MESSAGES,
        tools=[*TOOLS, other],  # type: ignore[list-item]
        tool_choice="required",
        parallel_tool_calls=True,
    ) as stream:
        calls = stream.get_final_completion().choices[0].message.tool_calls
    assert calls is not None
    assert [(call.function.name, call.function.arguments) for call in calls] == [
        ("look_up", '{"city":"xxx"}'),
        ("bare", "{}"),
    ]


class City(BaseModel):
    """What an answer is to be."""

    name: str
    districts: list[str]
    inhabitants: int


def test_an_answer_is_parsed(client: openai.OpenAI) -> None:
    answer = client.chat.completions.parse(model=MODEL, messages=MESSAGES, response_format=City)
    assert answer.choices[0].message.parsed == City(name="", districts=[], inhabitants=0)


def test_the_arguments_of_a_call_are_parsed(client: openai.OpenAI) -> None:
    tool = openai.pydantic_function_tool(City)
    answer = client.chat.completions.parse(
        model=MODEL, messages=MESSAGES, tools=[tool], tool_choice="required"
    )
    (call,) = answer.choices[0].message.tool_calls or []
    assert call.function.parsed_arguments == City(name="", districts=[], inhabitants=0)


def test_logprobs_gathered_from_a_stream(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(
        model=MODEL, messages=MESSAGES, logprobs=True, top_logprobs=2
    ) as stream:
        logprobs = stream.get_final_completion().choices[0].logprobs
    assert logprobs is not None
    assert [entry.token for entry in logprobs.content or []] == ["one", " two", " three"]
    assert [len(entry.top_logprobs) for entry in logprobs.content or []] == [2, 2, 2]


def test_logprobs_of_a_completion(client: openai.OpenAI) -> None:
    answer = client.completions.create(model="davinci-002", prompt="Say one two", logprobs=1)
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.tokens == ["one", " two"]
    assert logprobs.text_offset == [0, 3]


def test_it_tries_again_after_a_fault() -> None:
    config = SandboxConfig(
        faults=Faults([parse_fault("status=429,retry-after=0,first=1")]), key=KEY
    )
    with (
        Sandbox(0, config) as sandbox,
        openai.OpenAI(base_url=sandbox.base_url, api_key=KEY, max_retries=1) as client,
    ):
        answer = client.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert answer.choices[0].message.content == "one two three"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("status=401", openai.AuthenticationError),
        ("status=429,code=insufficient_quota", openai.RateLimitError),
        ("status=503", openai.InternalServerError),
        ("reset", openai.APIConnectionError),
    ],
)
def test_faults(client: openai.OpenAI, fault: str, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        client.chat.completions.create(
            model=MODEL, messages=MESSAGES, extra_headers={"X-Sandbox-Fault": fault}
        )


def test_completions(client: openai.OpenAI) -> None:
    answer = client.completions.create(model="davinci-002", prompt=["Say one", "Say two"])
    assert [choice.text for choice in answer.choices] == ["one", "two"]


def test_completions_streamed(client: openai.OpenAI) -> None:
    stream = client.completions.create(model="davinci-002", prompt="Say one two", stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream) == "one two"


def test_models(client: openai.OpenAI) -> None:
    assert "gpt-6-luna" in [model.id for model in client.models.list()]


def test_a_refusal(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(
            model=MODEL, messages=MESSAGES, extra_body={"max_token": 300}
        )
    assert refused.value.body == {
        "message": "Unrecognized request argument supplied: max_token",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }
