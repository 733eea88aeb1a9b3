"""tiktoken's own encodings, with the files it would download rebuilt from the package's data.

Each rebuilt file must have the sha256 in tiktoken's source, so a wrong rank in the package, or a
false claim such as "gpt2 has the tokens of r50k_base", fails before anything is compared.
"""

import base64
import hashlib
import json
from typing import Any
from unittest.mock import patch

import pytest
from tiktoken import Encoding
from tiktoken_ext import openai_public  # type: ignore[import-untyped]

from openai_cli.tokens.encoders import rules_of
from openai_cli.tokens.vocabulary import open_vocabulary

GPT2_FILES = ("vocab.bpe", "encoder.json")


@pytest.fixture(scope="session")
def published() -> dict[str, dict[str, Any]]:
    """The arguments of tiktoken's `Encoding` for each encoding, from tiktoken's constructors."""
    with patch("tiktoken.load.read_file_cached", _rebuilt_file):
        return {name: make() for name, make in openai_public.ENCODING_CONSTRUCTORS.items()}


@pytest.fixture(scope="session", params=["r50k_base", "p50k_base", "cl100k_base", "o200k_base"])
def reference(request: pytest.FixtureRequest, published: dict[str, Any]) -> Encoding:
    """tiktoken's `Encoding`, for each distinct vocabulary and pattern."""
    return Encoding(**published[request.param])


def _rebuilt_file(url: str, expected_hash: str) -> bytes:
    name = url.rpartition("/")[2]
    encoding = "gpt2" if name in GPT2_FILES else name.removesuffix(".tiktoken")
    rules = rules_of(encoding)
    ranks = open_vocabulary(rules.vocabulary, rules.below).full()
    content = _gpt2_file(name, ranks) if name in GPT2_FILES else rank_file(ranks)
    assert hashlib.sha256(content).hexdigest() == expected_hash, name
    return content


def rank_file(ranks: dict[bytes, int]) -> bytes:
    """The content of a file in tiktoken's format."""
    lines = [base64.b64encode(token) + b" %d\n" % ranks[token] for token in _ordered(ranks)]
    return b"".join(lines)


def _gpt2_file(name: str, ranks: dict[bytes, int]) -> bytes:
    """The older format: ids by printable text, and the two parts that form each token."""
    letters = _printable_bytes()
    texts = {token: "".join(letters[byte] for byte in token) for token in _ordered(ranks)}
    if name == "encoder.json":
        ids = {text: ranks[token] for token, text in texts.items()}
        return json.dumps(ids | {"<|endoftext|>": len(ids)}).encode()
    merges = [_last_merge(token, ranks) for token in texts if len(token) > 1]
    lines = [f"{texts[left]} {texts[right]}\n" for left, right in merges]
    return "".join(["#version: 0.2\n", *lines]).encode()


def _ordered(ranks: dict[bytes, int]) -> list[bytes]:
    return sorted(ranks, key=ranks.__getitem__)


def _printable_bytes() -> dict[int, str]:
    letters = {byte: chr(byte) for byte in range(256) if chr(byte).isprintable() and byte != 0x20}
    others = [byte for byte in range(256) if byte not in letters]
    return letters | {byte: chr(256 + place) for place, byte in enumerate(others)}


def _last_merge(token: bytes, ranks: dict[bytes, int]) -> list[bytes]:
    parts = [token[place : place + 1] for place in range(len(token))]
    while len(parts) > 2:
        pairs = [ranks.get(parts[at] + parts[at + 1], len(ranks)) for at in range(len(parts) - 1)]
        at = pairs.index(min(pairs))
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts
