"""Tokens of a request and an answer, counted with the real tokenizer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openai_cli import tokens
from openai_cli.errors import UsageError

# OpenAI's cookbook: https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
PER_MESSAGE = 3
PER_NAME = 1
PER_REPLY = 3


def encoding_of(model: str) -> str:
    """The encoding of a model; today's one for a name that is not known."""
    try:
        return tokens.encoding_for_model(model)
    except UsageError:
        return "o200k_base"


def encode(text: str, encoding: str) -> list[int]:
    """The tokens of a text."""
    return tokens.encode(text, encoding=encoding)


def decode(ids: Sequence[int], encoding: str) -> bytes:
    """The bytes of tokens."""
    return tokens.decode(list(ids), encoding=encoding)


def count(text: str, encoding: str) -> int:
    """How many tokens a text has."""
    return tokens.count(text, encoding=encoding)


def count_messages(messages: Iterable[Mapping[str, Any]], encoding: str) -> int:
    """The prompt tokens of chat messages; images, audio, files and tools count nothing here."""
    total = PER_REPLY
    for message in messages:
        total += PER_MESSAGE + count(message["role"], encoding)
        total += count(content_text(message.get("content")), encoding)
        if message.get("name"):
            total += PER_NAME + count(message["name"], encoding)
    return total


def content_text(content: object) -> str:
    """The text of a message's content: of the string, or of its text parts, one line each."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if part["type"] == "text")


def usage(prompt: int, completion: int) -> dict[str, Any]:
    """The API's usage object; nothing is cached, reasoned or predicted here."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
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
    }
