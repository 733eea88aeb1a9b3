"""The tokens of a request and an answer, counted with the real tokenizer."""

from collections.abc import Mapping, Sequence
from typing import Any

from openai_cli import tokens
from openai_cli.errors import UsageError
from openai_cli.tokens.messages import parts_of


def model_encoding(model: str) -> str:
    """The encoding of a model; the current one for an unknown model."""
    try:
        return tokens.encoding_for_model(model)
    except UsageError:
        return "o200k_base"


def token_ids(text: str, encoding: str) -> list[int]:
    """The tokens of a text."""
    return tokens.encode(text, encoding=encoding)


def token_bytes(ids: Sequence[int], encoding: str) -> bytes:
    """The bytes of tokens."""
    return tokens.decode(list(ids), encoding=encoding)


def token_count(text: str, encoding: str) -> int:
    """The number of tokens in a text."""
    return tokens.count(text, encoding=encoding)


def count_prompt(body: Mapping[str, Any], encoding: str) -> int:
    """The prompt tokens of a chat request, as this package counts them, without images."""
    given = {name: value for name, value in body.items() if value is not None}
    given["messages"] = [_without_images(message) for message in body["messages"]]
    parts = parts_of(given, endpoint="/v1/chat/completions", model="gpt-4o")
    return parts.overhead + sum(tokens.count_all(parts.texts, encoding=encoding))


def _without_images(message: Mapping[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    if isinstance(content, list):
        content = [part for part in content if part["type"] != "image_url"]
    return {**message, "content": content}


def content_text(content: object) -> str:
    """The text of a message's content: a string, or its text parts, one per line."""
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
