"""POST /completions: prompts of every form, choices, limits, streams."""

from itertools import zip_longest
from typing import Any

import pytest

from openai_cli import tokens
from openai_cli.sandbox import Sandbox
from tests.sandbox.client import Answer, complete


def texts(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.json
    choices = answer.json["choices"]
    assert [choice["index"] for choice in choices] == list(range(len(choices)))
    return [choice["text"] for choice in choices]


def test_the_whole_answer(sandbox: Sandbox) -> None:
    answer = complete(
        sandbox,
        model="text-davinci-003",
        prompt="Say this is a test",
        max_tokens=7,
        temperature=0,
    )
    assert answer.status == 200
    body = answer.json
    assert body.pop("id").startswith("cmpl-")
    assert body == {
        "object": "text_completion",
        "created": 1767225600,
        "model": "text-davinci-003",
        "system_fingerprint": "sandbox-not-a-model",
        "choices": [
            {"text": "this is a test", "index": 0, "logprobs": None, "finish_reason": "stop"}
        ],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 4,
            "total_tokens": 9,
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


def test_sixteen_tokens_unless_more_are_asked_for(sandbox: Sandbox) -> None:
    short, long = complete(sandbox), complete(sandbox, max_tokens=100)
    assert short.json["choices"][0]["finish_reason"] == "stop"
    cut = complete(sandbox, prompt="Say " + "one two three four " * 10)
    assert cut.json["choices"][0]["finish_reason"] == "length"
    assert cut.json["usage"]["completion_tokens"] == 16
    assert texts(short) == texts(long) == ['This is a sandbox, not a model; your text was "hello".']


IDS = tokens.encode("Say hi", encoding="cl100k_base")
OTHER_IDS = tokens.encode("Say bye", encoding="cl100k_base")


@pytest.mark.parametrize(
    ("prompt", "said", "used"),
    [
        ("Say hi", ["hi"], 2),
        (["Say hi", "Say bye"], ["hi", "bye"], 4),
        (IDS, ["hi"], 2),
        ([IDS, OTHER_IDS], ["hi", "bye"], 4),
        ([], [], 0),
        (None, ['This is a sandbox, not a model; your text was "<|endoftext|>".'], 7),
    ],
)
def test_prompts(sandbox: Sandbox, prompt: Any, said: list[str], used: int) -> None:
    answer = complete(sandbox, prompt=prompt, max_tokens=50)
    assert texts(answer) == said
    assert answer.json["usage"]["prompt_tokens"] == used


def test_several_choices_of_several_prompts(sandbox: Sandbox) -> None:
    answer = complete(sandbox, prompt=["Say hi", "a", "b"], n=2, max_tokens=50)
    sentence = "This is a sandbox, not a model; your text was"
    assert texts(answer) == [
        "hi",
        "hi",
        f'{sentence} "a".',
        f'Answer 2: {sentence} "a".',
        f'{sentence} "b".',
        f'Answer 2: {sentence} "b".',
    ]


def test_best_of_makes_more_than_it_gives(sandbox: Sandbox) -> None:
    answer = complete(sandbox, prompt="Say hi", best_of=3, n=2)
    assert texts(answer) == ["hi", "hi"]
    assert answer.json["usage"]["completion_tokens"] == 3


@pytest.mark.parametrize(
    ("body", "said", "finish"),
    [
        ({"echo": True}, "Say one two three four.one two three four.", "stop"),
        ({"echo": True, "max_tokens": 0}, "Say one two three four.", "length"),
        ({"echo": True, "stop": "Say"}, "Say one two three four.one two three four.", "stop"),
        ({"max_tokens": 2}, "one two", "length"),
        ({"max_tokens": 0}, "", "length"),
        ({"stop": " three"}, "one two", "stop"),
        ({"stop": ["four", "two"], "max_tokens": 2}, "one ", "stop"),
        ({"suffix": ""}, "one two three four.", "stop"),
        ({"suffix": "five"}, "one two three four.", "stop"),
    ],
)
def test_options(sandbox: Sandbox, body: dict[str, Any], said: str, finish: str) -> None:
    answer = complete(sandbox, prompt="Say one two three four.", **body)
    assert texts(answer) == [said]
    assert answer.json["choices"][0]["finish_reason"] == finish


def test_text_put_between(sandbox: Sandbox) -> None:
    answer = complete(sandbox, prompt="i want to learn", suffix="change jobs")
    assert texts(answer) == [" (inserted by a sandbox, not a model) "]
    assert answer.json["choices"][0]["finish_reason"] == "stop"
    assert answer.json["usage"]["prompt_tokens"] == 4 + 2


def test_echo_of_tokens_is_their_text(sandbox: Sandbox) -> None:
    assert texts(complete(sandbox, prompt=IDS, echo=True)) == ["Say hihi"]


@pytest.mark.parametrize("body", [{}, {"n": 3}, {"echo": True}, {"max_tokens": 3, "n": 2}])
def test_a_stream_says_the_same(sandbox: Sandbox, body: dict[str, Any]) -> None:
    plain = complete(sandbox, prompt=["Say one two", "hello"], **body)
    stream = complete(sandbox, prompt=["Say one two", "hello"], stream=True, **body)
    for index, choice in enumerate(plain.json["choices"]):
        steps = stream.steps(index)
        assert "".join(step["text"] for step in steps) == choice["text"]
        assert [step["finish_reason"] for step in steps] == [
            *([None] * (len(steps) - 1)),
            choice["finish_reason"],
        ]
        assert all(step["text"] for step in steps[:-1])


def test_the_events_of_a_stream(sandbox: Sandbox) -> None:
    events = complete(sandbox, prompt="Say one two", stream=True).events
    first = events[0]
    assert first.pop("id").startswith("cmpl-")
    assert first == {
        "object": "text_completion",
        "created": 1767225600,
        "model": "davinci-002",
        "system_fingerprint": "sandbox-not-a-model",
        "choices": [{"text": "one", "index": 0, "logprobs": None, "finish_reason": None}],
    }
    assert len(events) == 3


def test_the_choices_of_a_stream_take_turns(sandbox: Sandbox) -> None:
    events = complete(sandbox, prompt=["Say a b c", "Say d"], n=2, stream=True).events
    order = [event["choices"][0]["index"] for event in events]
    rounds = zip_longest([0] * 4, [1] * 4, [2] * 2, [3] * 2)
    assert order == [index for turn in rounds for index in turn if index is not None]


def test_the_usage_of_a_stream(sandbox: Sandbox) -> None:
    *events, last = complete(
        sandbox, stream=True, n=2, stream_options={"include_usage": True}
    ).events
    assert all(event["usage"] is None for event in events)
    assert last["choices"] == []
    assert last["usage"] == complete(sandbox, n=2).json["usage"]


def test_a_stream_of_no_prompts(sandbox: Sandbox) -> None:
    assert complete(sandbox, prompt=[], stream=True).events == []
