"""Tokens of messages, by hand from OpenAI's cookbook, and of models with no known name."""

from typing import Any

import pytest

from openai_cli.sandbox.usage import count_prompt, model_encoding


@pytest.mark.parametrize(
    ("messages", "tokens"),
    [
        # As billed by the API for gpt-3.5-turbo.
        ([{"role": "user", "content": "hello"}], 8),
        (
            [
                {"role": "system", "content": "# Important: you're the best robot"},
                {"role": "user", "content": "hello robot"},
                {"role": "assistant", "content": "hello world"},
            ],
            27,
        ),
        # 3 for the reply, 3 for the message, 1 for the role, and so on.
        ([{"role": "user", "content": "hello", "name": "ann"}], 3 + 3 + 1 + 1 + 1 + 1),
        ([{"role": "assistant", "content": None}], 3 + 3 + 1),
        (
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "hello"},
                        {"type": "image_url", "image_url": {"url": "data:,"}},
                        {"type": "text", "text": "hello"},
                    ],
                }
            ],
            3 + 3 + 1 + 2,
        ),
        (
            [
                {
                    "role": "assistant",
                    "function_call": {
                        "name": "do_stuff",
                        "arguments": '{"foo": "bar", "baz": 1.5}',
                    },
                }
            ],
            26,
        ),
    ],
)
def test_messages(messages: list[dict[str, Any]], tokens: int) -> None:
    assert count_prompt({"messages": messages}, "cl100k_base") == tokens


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-3.5-turbo-instruct", "cl100k_base"),
        ("text-davinci-003", "p50k_base"),
        ("gpt-6-luna", "o200k_base"),
        ("llama-of-tomorrow", "o200k_base"),
    ],
)
def test_encoding(model: str, encoding: str) -> None:
    assert model_encoding(model) == encoding
