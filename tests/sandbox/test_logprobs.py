"""Made log probabilities: their shapes, and what holds between them."""

from math import exp, log
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.logprobs import of_chat, of_completion
from tests.sandbox.client import chat, complete

HALF, QUARTER = log(0.5), log(0.25)


def say(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Say {text}"}]


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-12)


def test_of_a_chat(sandbox: Sandbox) -> None:
    answer = chat(sandbox, messages=say("one two"), logprobs=True, top_logprobs=2)
    assert answer.json["choices"][0]["logprobs"] == {
        "content": [
            {
                "token": "one",
                "logprob": close(HALF),
                "bytes": [111, 110, 101],
                "top_logprobs": [
                    {"token": "one", "logprob": close(HALF), "bytes": [111, 110, 101]},
                    {"token": "a", "logprob": close(QUARTER), "bytes": [97]},
                ],
            },
            {
                "token": " two",
                "logprob": close(HALF),
                "bytes": [32, 116, 119, 111],
                "top_logprobs": [
                    {"token": " two", "logprob": close(HALF), "bytes": [32, 116, 119, 111]},
                    {"token": "a", "logprob": close(QUARTER), "bytes": [97]},
                ],
            },
        ],
        "refusal": None,
    }


@pytest.mark.parametrize("body", [{}, {"logprobs": False}, {"logprobs": None}])
def test_none_unless_asked_for(sandbox: Sandbox, body: dict[str, Any]) -> None:
    assert chat(sandbox, **body).json["choices"][0]["logprobs"] is None


@pytest.mark.parametrize("body", [{}, {"top_logprobs": 0}])
def test_no_likely_tokens_unless_asked_for(sandbox: Sandbox, body: dict[str, Any]) -> None:
    (entry,) = chat(sandbox, messages=say("a"), logprobs=True, **body).json["choices"][0][
        "logprobs"
    ]["content"]
    assert entry["top_logprobs"] == []


def test_a_part_of_a_character_is_shown_by_its_bytes(sandbox: Sandbox) -> None:
    answer = chat(sandbox, messages=say("👩"), logprobs=True)
    entries = answer.json["choices"][0]["logprobs"]["content"]
    assert [(entry["token"], entry["bytes"]) for entry in entries] == [
        ("\\xf0\\x9f\\x91", [0xF0, 0x9F, 0x91]),
        ("\\xa9", [0xA9]),
    ]


def test_the_events_of_a_stream_have_those_of_their_text(sandbox: Sandbox) -> None:
    asked = {"messages": say("one 👩 two"), "logprobs": True, "top_logprobs": 1, "stream": True}
    first, *steps, last = chat(sandbox, **asked).steps()
    assert first["logprobs"] is None
    assert last["logprobs"] is None
    for step in steps:
        entries = step["logprobs"]["content"]
        said = b"".join(bytes(entry["bytes"]) for entry in entries)
        assert said.decode() == step["delta"]["content"]


def test_a_call_has_none(sandbox: Sandbox) -> None:
    tools = [{"type": "function", "function": {"name": "bare"}}]
    answer = chat(sandbox, tools=tools, tool_choice="required", logprobs=True)
    assert answer.json["choices"][0]["logprobs"] is None


def test_of_a_completion(sandbox: Sandbox) -> None:
    answer = complete(sandbox, prompt="Say one two", logprobs=2)
    assert answer.json["choices"][0]["logprobs"] == {
        "tokens": ["one", " two"],
        "token_logprobs": [close(HALF), close(HALF)],
        "top_logprobs": [
            {"one": close(HALF), "a": close(QUARTER)},
            {" two": close(HALF), "a": close(QUARTER)},
        ],
        "text_offset": [0, 3],
    }


def test_zero_lists_the_token_itself(sandbox: Sandbox) -> None:
    found = complete(sandbox, prompt="Say one", logprobs=0).json["choices"][0]["logprobs"]
    assert found["top_logprobs"] == [{"one": close(HALF)}]


def test_the_first_token_of_an_echo_has_none(sandbox: Sandbox) -> None:
    asked = {"prompt": "Say one", "logprobs": 1, "echo": True}
    found = complete(sandbox, **asked).json["choices"][0]["logprobs"]
    assert found["tokens"] == ["Say", " one", "one"]
    assert found["token_logprobs"] == [None, close(HALF), close(HALF)]
    assert found["top_logprobs"][0] is None
    assert found["text_offset"] == [0, 3, 7]


def test_offsets_go_on_through_a_stream(sandbox: Sandbox) -> None:
    asked = {"prompt": "Say one 👩 two", "logprobs": 1, "echo": True}
    whole = complete(sandbox, **asked).json["choices"][0]
    *steps, last = complete(sandbox, stream=True, **asked).steps()
    assert last["logprobs"] is None
    for name, values in whole["logprobs"].items():
        assert [value for step in steps for value in step["logprobs"][name]] == values
    assert whole["logprobs"]["text_offset"][-1] == whole["text"].rindex(" two")


TOKENS = st.lists(st.binary(min_size=1, max_size=4) | st.just(b"a"), max_size=6)


@settings(max_examples=100)
@given(TOKENS, st.integers(0, 20))
def test_they_are_sorted_distinct_and_below_1_together(tokens: list[bytes], top: int) -> None:
    for token, entry in zip(tokens, of_chat(tokens, top), strict=True):
        likely = entry["top_logprobs"]
        chances = [each["logprob"] for each in likely]
        assert len(likely) == top
        assert len({bytes(each["bytes"]) for each in likely}) == top
        assert chances == sorted(chances, reverse=True)
        assert sum(map(exp, chances)) < 1
        assert entry["logprob"] < 0
        assert bytes(entry["bytes"]) == token
        if top:
            assert likely[0] == {key: entry[key] for key in ("token", "logprob", "bytes")}


@given(st.text(st.characters(codec="utf-8"), max_size=10), st.integers(1, 3), st.integers(0, 9))
def test_an_offset_is_where_the_token_starts(text: str, size: int, offset: int) -> None:
    content = text.encode()
    tokens = [content[start : start + size] for start in range(0, len(content), size)]
    found = of_completion([tokens], 1, offset=offset, is_first=False)["text_offset"]
    assert len(found) == len(tokens)
    for place, start in enumerate(found):
        before = b"".join(tokens[:place]).decode(errors="ignore")
        assert start == offset + len(before)
