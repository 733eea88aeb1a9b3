"""POST /embeddings: unit vectors that are a fixed function of the text."""

import hashlib
import struct
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from openai_cli.sandbox.exchange import ApiRequest, HttpResponse, Json, json_response
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.usage import model_encoding, token_ids

# https://platform.openai.com/docs/guides/embeddings; other models have USUAL dimensions.
DIMENSIONS = {"text-embedding-3-large": 3072}
USUAL = 1536
MOST_TOKENS, MOST_IN_ALL = 8192, 300_000


def create_embedding(request: ApiRequest) -> HttpResponse:
    """Answer a body described by CreateEmbeddingRequest."""
    body = request.body
    inputs = _inputs(body)
    counts = [len(tokens) for tokens in inputs]
    _check(counts)
    if "dimensions" in body and body["model"] == "text-embedding-ada-002":
        raise Refusal("This model does not support specifying dimensions.")
    most = DIMENSIONS.get(body["model"], USUAL)
    size = body.get("dimensions", most)
    if size > most:
        raise Refusal(
            f"Invalid value for 'dimensions': {size} is above the {most} of the model.",
            param="dimensions",
        )
    is_base64 = body.get("encoding_format") == "base64"
    return json_response(
        {
            "object": "list",
            "data": [_item(index, tokens, size, is_base64) for index, tokens in enumerate(inputs)],
            "model": body["model"],
            "usage": {"prompt_tokens": sum(counts), "total_tokens": sum(counts)},
        }
    )


def _inputs(body: Any) -> list[Sequence[int]]:
    """The tokens of each input."""
    given = body["input"]
    if isinstance(given, str) or isinstance(given[0], int):
        given = [given]
    if "" in given:
        raise Refusal("Input cannot be an empty string.", param="input")
    encoding = model_encoding(body["model"])
    return [token_ids(item, encoding) if isinstance(item, str) else item for item in given]


def _check(counts: Sequence[int]) -> None:
    if max(counts) > MOST_TOKENS:
        raise Refusal(
            f"Invalid 'input': maximum input length is {MOST_TOKENS} tokens.", param="input"
        )
    if sum(counts) > MOST_IN_ALL:
        raise Refusal(
            f"Invalid 'input': maximum request size is {MOST_IN_ALL} tokens per request.",
            param="input",
        )


def _item(index: int, tokens: Sequence[int], size: int, is_base64: bool) -> Json:
    data = vector(tokens, size)
    packed = struct.pack(f"<{size}f", *data)
    shown = b64encode(packed).decode() if is_base64 else list(data)
    return {"object": "embedding", "index": index, "embedding": shown}


def vector(tokens: Sequence[int], size: int) -> tuple[float, ...]:
    """A vector of length 1, with components that fit in 32-bit floats."""
    seed = hashlib.sha256(repr(list(tokens)).encode()).digest()
    raw = hashlib.shake_256(seed).digest(2 * size)
    numbers = struct.unpack(f"<{size}h", raw)
    length = sum(number * number for number in numbers) ** 0.5 or 1.0
    exact = (number / length for number in numbers)
    return struct.unpack(f"<{size}f", struct.pack(f"<{size}f", *exact))
