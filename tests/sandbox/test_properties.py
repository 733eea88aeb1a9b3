"""Random bodies: valid ones are answered, streamed or not alike; broken ones are refused."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from openai_cli.sandbox.api import Api, HttpRequest
from openai_cli.sandbox.exchange import HttpResponse
from tests.sandbox.client import CHAT, COMPLETIONS, KEY, Answer, Json

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.text(max_size=20)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)

TEXT = st.text(max_size=80) | st.sampled_from(["Say one two three", "Say 👩\u200d👩\u200d👧", ""])
NAME = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
PENALTY = st.none() | st.floats(-2, 2) | st.integers(-2, 2)
STOP = st.none() | st.text(max_size=3) | st.lists(st.text(max_size=3), min_size=1, max_size=4)
SAMPLING: dict[str, st.SearchStrategy[Any]] = {
    "frequency_penalty": PENALTY,
    "logit_bias": st.none() | st.dictionaries(st.integers(0, 99).map(str), st.integers(-100, 100)),
    "n": st.none() | st.integers(1, 4),
    "presence_penalty": PENALTY,
    "seed": st.none() | st.integers(-(2**63), 2**63 - 1),
    "stop": STOP,
    "temperature": st.none() | st.floats(0, 2),
    "top_p": st.none() | st.floats(0, 1),
    "user": st.text(),
}

IDS = st.lists(st.integers(0, 50_000), min_size=1, max_size=5)
COMPLETION = st.fixed_dictionaries(
    {
        "model": NAME | st.sampled_from(["davinci-002", "text-davinci-003", "gpt-6-luna"]),
        "prompt": st.one_of(
            st.none(),
            TEXT,
            st.lists(TEXT, max_size=3),
            IDS,
            st.lists(IDS, min_size=1, max_size=3),
        ),
    },
    optional={
        **SAMPLING,
        "echo": st.none() | st.booleans(),
        "logprobs": st.none() | st.integers(0, 5),
        "max_tokens": st.none() | st.integers(0, 30),
        "suffix": st.none() | TEXT,
    },
)

TEXT_PART = st.fixed_dictionaries({"type": st.just("text"), "text": TEXT})
PART = TEXT_PART | st.sampled_from(
    [
        {"type": "image_url", "image_url": {"url": "data:,", "detail": "low"}},
        {"type": "input_audio", "input_audio": {"data": "", "format": "mp3"}},
        {"type": "file", "file": {"file_id": "file-1"}},
    ]
)
MESSAGE = st.one_of(
    st.fixed_dictionaries(
        {"role": st.just("user"), "content": TEXT | st.lists(PART, min_size=1, max_size=3)},
        optional={"name": NAME},
    ),
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["system", "developer"]),
            "content": TEXT | st.lists(TEXT_PART, min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {"role": st.just("assistant")}, optional={"content": st.none() | TEXT, "refusal": TEXT}
    ),
    st.fixed_dictionaries({"role": st.just("tool"), "tool_call_id": NAME, "content": TEXT}),
)
SCHEMA = st.fixed_dictionaries(
    {"type": st.just("object"), "properties": st.dictionaries(NAME, st.just({"type": "string"}))}
).map(lambda schema: schema | {"required": list(schema["properties"])})
FUNCTION = st.fixed_dictionaries(
    {"name": NAME}, optional={"parameters": SCHEMA, "description": TEXT}
)
TOOL = st.one_of(
    st.fixed_dictionaries({"type": st.just("function"), "function": FUNCTION}),
    st.fixed_dictionaries(
        {"type": st.just("custom"), "custom": st.fixed_dictionaries({"name": NAME})}
    ),
)
WITH_TOOLS = st.fixed_dictionaries(
    {
        "tools": st.lists(TOOL, min_size=1, max_size=3),
        "tool_choice": st.sampled_from(["auto", "none", "required"]),
    }
)
CHAT_BODY = st.builds(
    lambda body, tools: body | tools,
    st.fixed_dictionaries(
        {"model": NAME, "messages": st.lists(MESSAGE, min_size=1, max_size=4)},
        optional={
            **SAMPLING,
            "logprobs": st.none() | st.booleans(),
            "parallel_tool_calls": st.booleans(),
            "max_completion_tokens": st.none() | st.integers(1, 30),
            "max_tokens": st.none() | st.integers(1, 30),
            "metadata": st.none() | st.dictionaries(NAME, TEXT, max_size=16),
            "reasoning_effort": st.sampled_from([None, "none", "minimal", "low", "xhigh", "max"]),
            "response_format": st.one_of(
                st.sampled_from([{"type": "text"}, {"type": "json_object"}]),
                st.fixed_dictionaries(
                    {
                        "type": st.just("json_schema"),
                        "json_schema": st.fixed_dictionaries({"name": NAME, "schema": SCHEMA}),
                    }
                ),
            ),
            "service_tier": st.sampled_from([None, "auto", "flex", "fast"]),
            "store": st.none() | st.booleans(),
            "verbosity": st.sampled_from([None, "low", "high"]),
        },
    ),
    st.just({}) | WITH_TOOLS,
)
BODY = st.tuples(st.just(CHAT), CHAT_BODY) | st.tuples(st.just(COMPLETIONS), COMPLETION)


def respond(path: str, content: bytes) -> HttpResponse:
    return Api().respond(HttpRequest("POST", path, content, authorization=f"Bearer {KEY}"))


def ask(path: str, body: object) -> Answer:
    """The answer without a socket between: the wire has its own tests."""
    reply = respond(path, json.dumps(body).encode())
    return Answer(reply.status, {}, reply.content + b"".join(reply.events or ()))


def gathered(steps: list[Json]) -> tuple[str, str | None]:
    """The text of a streamed choice, or what its call is given, and why it ended."""
    said = ""
    for step in steps:
        delta = step.get("delta", step)
        for call in delta.get("tool_calls", []):
            said += call.get("function", {}).get("arguments", "") or call.get("custom", {}).get(
                "input", ""
            )
        said += delta.get("text") or delta.get("content") or ""
    assert all(step["finish_reason"] is None for step in steps[:-1])
    return said, steps[-1]["finish_reason"]


def whole(choice: Json) -> tuple[str, str | None]:
    return gathered([{"delta": choice.get("message", choice), "finish_reason": None}])[0], choice[
        "finish_reason"
    ]


def scores(steps: list[Json]) -> dict[str, list[Any]]:
    """The logprobs of all steps of a choice, one after the other."""
    found: dict[str, list[Any]] = {}
    for step in steps:
        for name, values in (step["logprobs"] or {}).items():
            found.setdefault(name, []).extend(values or [])
    return {name: values for name, values in found.items() if values}


# A prompt that ends inside a character.
CUT = {"model": "davinci-002", "prompt": [126], "logprobs": 0, "echo": True}


@settings(max_examples=150)
@given(BODY)
@example(("/v1/completions", CUT))
def test_a_valid_body_is_answered_streamed_or_not_alike(request: tuple[str, Json]) -> None:
    path, body = request
    plain = ask(path, body)
    assert plain.status == 200, plain.json
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    stream = ask(path, body | asked)
    assert stream.status == 200, stream.json
    assert stream.events[-1]["usage"] == plain.json["usage"]
    for choice in plain.json["choices"]:
        steps = stream.steps(choice["index"])
        assert gathered(steps) == whole(choice)
        assert scores(steps) == scores([choice])


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a body with every key or index in it."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    inner = [value[key] for key in keys if isinstance(value[key], dict | list)]
    return [(value, key) for key in keys] + [place for item in inner for place in places(item)]


@settings(max_examples=300)
@given(BODY, st.data())
def test_a_broken_body_is_never_a_fault_of_ours(
    request: tuple[str, Json], data: st.DataObject
) -> None:
    path, given_body = request
    body = json.loads(json.dumps(given_body))
    container, key = data.draw(st.sampled_from(places(body)))
    change = data.draw(st.sampled_from(["replace", "remove", "add"]))
    if change == "remove":
        del container[key]
    elif change == "replace" or isinstance(container, list):
        container[key] = data.draw(ANY_JSON)
    else:
        container[data.draw(st.text(max_size=8))] = data.draw(ANY_JSON)
    answer = ask(path, body)
    assert answer.status in {200, 400}
    if answer.status == 400:
        assert answer.json["error"].keys() == {"message", "type", "param", "code"}


@settings(max_examples=100)
@given(st.binary() | ANY_JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_refused(content: bytes) -> None:
    for path in (CHAT, COMPLETIONS):
        assert respond(path, content).status == 400
