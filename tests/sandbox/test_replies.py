"""Fixed answers: which line answers, what it answers, and lines that are wrong."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.asked import Asked
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.faults import Faults, parse_fault
from openai_cli.sandbox.replies import Replies
from tests.sandbox.client import KEY, Answer, Json, chat, complete, error, send
from tests.sandbox.test_forms import written

TOOL = {"type": "function", "function": {"name": "look_up"}}


@contextmanager
def fixed(*rows: Json, strict: bool = False) -> Iterator[Sandbox]:
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    with Sandbox(
        0, SandboxConfig(Replies(lines, name="r.jsonl", strict=strict), key=KEY)
    ) as sandbox:
        yield sandbox


def ask(sandbox: Sandbox, text: str, **body: object) -> Answer:
    return chat(sandbox, messages=[{"role": "user", "content": text}], **body)


def message(answer: Answer, index: int = 0) -> Json:
    assert answer.status == 200, answer.json
    found: Json = answer.json["choices"][index]["message"]
    return found


def said(answer: Answer) -> str:
    return str(message(answer)["content"])


def test_the_first_line_that_is_for_a_request_answers_it() -> None:
    with fixed(
        {"when": "contains(messages[-1].content, 'Peru')", "text": "Lima"},
        {"when": "temperature", "text": "warm"},
        {"when": "n > `1`", "text": "several"},
    ) as sandbox:
        assert said(ask(sandbox, "Peru?", temperature=1)) == "Lima"
        assert said(ask(sandbox, "Chile?", temperature=0)) == "warm", "0 is true in JMESPath"
        assert said(ask(sandbox, "Chile?", n=2)) == "several"
        assert said(ask(sandbox, "Say so")) == "so", "else the sandbox answers by itself"


@pytest.mark.parametrize("found", ["`false`", "`null`", "''", "`[]`", "`{}`", "length(n)"])
def test_a_condition_that_is_not_true(found: str) -> None:
    with fixed({"when": found, "text": "fixed"}) as sandbox:
        assert said(ask(sandbox, "Say own")) == "own"


def test_a_line_answers_so_many_times() -> None:
    with fixed({"text": "one", "times": 1}, {"text": "two", "times": 2}) as sandbox:
        assert [said(ask(sandbox, "Say own")) for _ in range(4)] == ["one", "two", "two", "own"]


def test_blank_lines_are_none() -> None:
    with pytest.raises(UsageError, match="line 3 of 'r'"):
        Replies([b'{"text": "a"}\n', b" \n", b"x\n"], name="r")


def test_a_text_is_said_as_the_sandbox_says_its_own() -> None:
    with fixed({"text": "one two three four"}) as sandbox:
        answer = ask(sandbox, "?", n=2)
        assert [message(answer, index)["content"] for index in (0, 1)] == ["one two three four"] * 2
        assert answer.json["usage"]["completion_tokens"] == 8
        steps = ask(sandbox, "?", stream=True).steps()
        assert [step["delta"].get("content") for step in steps] == [
            "", "one", " two", " three", " four", None
        ]  # fmt: skip
        cut = ask(sandbox, "?", max_completion_tokens=2).json["choices"][0]
        assert (cut["message"]["content"], cut["finish_reason"]) == ("one two", "length")
        assert said(ask(sandbox, "?", stop="three")) == "one two "
        logprobs = ask(sandbox, "?", logprobs=True).json["choices"][0]["logprobs"]
        assert [entry["token"] for entry in logprobs["content"]] == [
            "one", " two", " three", " four"
        ]  # fmt: skip
        completed = complete(sandbox, prompt=["a", "b"], echo=True, best_of=2)
        assert [choice["text"] for choice in completed.json["choices"]] == [
            "aone two three four",
            "bone two three four",
        ]


def test_a_tool_call() -> None:
    call = {"name": "look_up", "arguments": {"city": "Ürümqi"}}
    with fixed({"tool_call": call}) as sandbox:
        choice = ask(sandbox, "?", tools=[TOOL]).json["choices"][0]
        events = ask(sandbox, "?", tools=[TOOL], stream=True).steps()
    assert choice["finish_reason"] == "tool_calls"
    (made,) = choice["message"]["tool_calls"]
    assert made["type"] == "function"
    assert made["function"] == {"name": "look_up", "arguments": '{"city":"Ürümqi"}'}
    parts = [step["delta"]["tool_calls"][0]["function"] for step in events[:-1]]
    assert "".join(part["arguments"] for part in parts) == '{"city":"Ürümqi"}'


def test_several_tool_calls() -> None:
    calls = [{"name": "look_up", "arguments": "{}"}, {"name": "note", "input": "hi you"}]
    with fixed({"tool_calls": calls}) as sandbox:
        made = message(ask(sandbox, "?"))["tool_calls"]
        steps = ask(sandbox, "?", stream=True).steps()
        alone = message(ask(sandbox, "?", tools=[TOOL], parallel_tool_calls=False))["tool_calls"]
    assert [(call["type"], call[call["type"]]["name"]) for call in made] == [
        ("function", "look_up"),
        ("custom", "note"),
    ]
    assert len({call["id"] for call in made}) == 2
    parts = [step["delta"]["tool_calls"][0] for step in steps[:-1]]
    opening = [part for part in parts if "id" in part]
    assert [part["index"] for part in opening] == [0, 1]
    said = "".join(part["custom"]["input"] for part in parts if part["index"] == 1)
    assert said == "hi you"
    assert [call["function"]["name"] for call in alone] == ["look_up"]


def test_calls_have_the_limit_together() -> None:
    calls = [{"name": "a", "input": "one two three"}, {"name": "b", "input": "four five"}] * 2
    with fixed({"tool_calls": calls}) as sandbox:
        answer = ask(sandbox, "?", max_completion_tokens=4)
    choice = answer.json["choices"][0]
    inputs = [call["custom"]["input"] for call in choice["message"]["tool_calls"]]
    assert inputs == ["one two three", "four"]
    assert choice["finish_reason"] == "length"
    assert answer.json["usage"]["completion_tokens"] == 4


def test_a_refusal() -> None:
    with fixed({"refusal": "I cannot."}) as sandbox:
        whole = ask(sandbox, "?", logprobs=True).json["choices"][0]
        steps = ask(sandbox, "?", stream=True).steps()
        completed = complete(sandbox, prompt="Say own")
    assert whole["message"]["content"] is None
    assert whole["message"]["refusal"] == "I cannot."
    assert whole["finish_reason"] == "stop"
    assert whole["logprobs"]["content"] is None
    assert "".join(entry["token"] for entry in whole["logprobs"]["refusal"]) == "I cannot."
    assert steps[0]["delta"] == {"role": "assistant", "content": None, "refusal": ""}
    assert "".join(step["delta"].get("refusal", "") for step in steps) == "I cannot."
    assert completed.json["choices"][0]["text"] == "own", "a completion has no refusal"


@pytest.mark.parametrize(
    ("row", "status", "body"),
    [
        ({"body": {"id": 1}}, 200, {"id": 1}),
        ({"body": [], "status": 503}, 503, []),
        (
            {"status": 404, "error": {"message": "No such model.", "param": "model"}},
            404,
            {
                "error": {
                    "message": "No such model.",
                    "type": "invalid_request_error",
                    "param": "model",
                    "code": "model_not_found",
                }
            },
        ),
        (
            {"status": 409},
            409,
            {
                "error": {
                    "message": "Conflict (made by the sandbox).",
                    "type": "invalid_request_error",
                    "param": None,
                    "code": None,
                }
            },
        ),
    ],
)
def test_bodies_and_errors(row: Json, status: int, body: Any) -> None:
    with fixed(row) as sandbox:
        for answer in (ask(sandbox, "?"), ask(sandbox, "?", stream=True), complete(sandbox)):
            assert answer.status == status
            assert answer.json == body


def test_paths() -> None:
    with fixed(
        {"path": "/completions", "text": "completed"},
        {"path": "/v1/models", "body": {"data": []}},
        {"path": "rerank", "body": {"data": [1]}, "when": "input == 'a'"},
        {"body": {"fixed": True}},
    ) as sandbox:
        assert complete(sandbox).json["choices"][0]["text"] == "completed"
        assert chat(sandbox).json == {"fixed": True}
        assert send(sandbox, "/v1/models", method="GET").json == {"data": []}
        assert send(sandbox, "/v1/rerank", {"input": "a"}).json == {"data": [1]}
        count = {"model": "gpt-6-luna", "input": "a"}
        counted = send(sandbox, "/v1/responses/input_tokens", count)
        assert "input_tokens" in counted.json, "without a path a line is for what speaks"
        assert send(sandbox, "/v1/nowhere", {}).status == 404


def test_every_endpoint_that_speaks_says_a_text() -> None:
    content, content_type = written(("model", "whisper-1"), ("file", b"RIFF", "a.wav"))
    form = {"Authorization": f"Bearer {KEY}", "Content-Type": content_type}
    with fixed({"text": "fixed words"}) as sandbox:
        assert said(chat(sandbox)) == "fixed words"
        assert complete(sandbox).json["choices"][0]["text"] == "fixed words"
        made = send(sandbox, "/v1/responses", {"model": "m", "input": "a"}).json
        assert made["output"][0]["content"][0]["text"] == "fixed words"
        assert made["usage"]["output_tokens"] == 2
        for task in ("transcriptions", "translations"):
            heard = send(sandbox, f"/v1/audio/{task}", content, headers=form)
            assert heard.json["text"] == "fixed words"


def test_a_response_has_calls_and_refusals_too() -> None:
    asked = {"model": "m", "input": "a"}
    with fixed({"tool_call": {"name": "look_up", "arguments": {"a": 1}}, "times": 1},
               {"refusal": "I cannot."}) as sandbox:  # fmt: skip
        (call,) = send(sandbox, "/v1/responses", asked).json["output"]
        (refused,) = send(sandbox, "/v1/responses", asked).json["output"]
    assert (call["type"], call["name"], call["arguments"]) == (
        "function_call",
        "look_up",
        '{"a":1}',
    )
    assert refused["content"] == [{"type": "refusal", "refusal": "I cannot."}]


def test_a_condition_sees_the_files_of_a_form() -> None:
    content, content_type = written(("model", "whisper-1"), ("file", b"RIFF", "a.wav"))
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": content_type}
    with fixed(
        {"when": "file.filename == 'b.wav'", "text": "b"},
        {"when": "file.size == `4` && model == 'whisper-1'", "text": "a"},
    ) as sandbox:
        heard = send(sandbox, "/v1/audio/transcriptions", content, headers=headers)
    assert heard.json["text"] == "a"


def test_a_path_that_a_line_has_added_answers_nothing_by_itself() -> None:
    with fixed({"path": "/rerank", "body": {}, "times": 1}) as sandbox:
        assert send(sandbox, "/v1/rerank", {}).status == 200
        answer = send(sandbox, "/v1/rerank", {})
    assert (answer.status, answer.json) == (404, error("Invalid URL (POST /v1/rerank)"))


def test_a_wrong_request_is_refused_before_a_line_is_looked_for() -> None:
    replies = Replies([b'{"text": "fixed"}'])
    with Sandbox(0, SandboxConfig(replies, key=KEY)) as sandbox:
        assert chat(sandbox, temperature=3).status == 400
        assert send(sandbox, "/v1/chat/completions", {}, headers={}).status == 401
        assert replies.unused == [1]
        assert said(chat(sandbox)) == "fixed"
    assert replies.unused == []


def test_a_fault_uses_no_line() -> None:
    replies = Replies([b'{"text": "fixed", "times": 1}'])
    config = SandboxConfig(replies, Faults([parse_fault("status=500,first=1")]), key=KEY)
    with Sandbox(0, config) as sandbox:
        assert chat(sandbox).status == 500
        assert said(chat(sandbox)) == "fixed"


def test_strict() -> None:
    with fixed({"when": "n == `2`", "text": "two"}, strict=True) as sandbox:
        assert said(chat(sandbox, n=2)) == "two"
        answer = ask(sandbox, "a" * 500)
        models = send(sandbox, "/v1/models", method="GET")
    assert answer.status == 400
    assert answer.json["error"]["message"] == (
        "The sandbox is strict: no line of 'r.jsonl' matches /v1/chat/completions with the body "
        '{"model": "gpt-6-luna", "messages": [{"role": "user", "content": "' + "a" * 119 + "…"
    )
    assert models.json["error"]["message"].endswith("no line of 'r.jsonl' matches /v1/models")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "it is not a JSON object"),
        ("[]", "it is not a JSON object"),
        ("[" * 100_000, "it is not a JSON object"),
        (
            '{"texts": "a"}',
            "'texts' is not a key; the keys are when, path, method, times, text, tool_call, "
            "tool_calls, "
            "refusal, body, content, events, error, status, headers, request, match, redact, "
            "recorded",
        ),
        (
            '{"when": "n"}',
            "it has no answer: one of text, tool_call, tool_calls, refusal, body, content, events, "
            "error or status",
        ),
        ('{"text": "a", "refusal": "b"}', "it has 'text' and 'refusal': one of them"),
        ('{"text": 1}', "'text' must be a string"),
        ('{"text": "a", "times": 0}', "'times' must be an integer of at least 1"),
        ('{"text": "a", "times": true}', "'times' must be an integer of at least 1"),
        ('{"body": {}, "status": 199}', "'status' must be an integer from 200 to 599"),
        ('{"status": 200}', "an error has a 'status' from 400 to 599"),
        ('{"error": {}}', "an error has a 'status' from 400 to 599"),
        (
            '{"text": "a", "status": 500}',
            "'status' goes with 'body', 'content', 'events' or 'error', not with 'text'",
        ),
        ('{"path": "/models", "text": "a"}', "'text' is not an answer of /models"),
        ('{"path": "/completions", "refusal": "a"}', "'refusal' is not an answer of /completions"),
        ('{"tool_calls": []}', "'tool_calls' has no call"),
        (
            '{"tool_call": {"name": "a"}}',
            "a tool call has 'name' and 'arguments', or 'name' and 'input'",
        ),
        (
            '{"tool_calls": [1]}',
            "a tool call has 'name' and 'arguments', or 'name' and 'input'",
        ),
        (
            '{"tool_call": {"name": 1, "input": "a"}}',
            "the 'name' of a tool call must be a string",
        ),
        (
            '{"tool_call": {"name": "a", "input": {}}}',
            "the 'input' of a tool call must be a string",
        ),
        (
            '{"tool_call": {"name": "a", "arguments": 1}}',
            "the 'arguments' of a tool call must be a string or an object",
        ),
        ('{"when": 1, "text": "a"}', "'when' must be a JMESPath expression"),
        (
            '{"when": "a[", "text": "a"}',
            "'when' is not a JMESPath expression: Invalid jmespath expression: "
            "Incomplete expression:",
        ),
        (
            '{"when": "nothing(a)", "text": "a"}',
            "'when' is not a JMESPath expression: Unknown function: nothing()",
        ),
    ],
)
def test_wrong_lines(line: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        Replies([b'{"text": "a"}', line.encode()], name="r.jsonl")
    assert caught.value.problem == f"--replies: line 2 of 'r.jsonl': {problem}"
    assert caught.value.hint == "docs/sandbox.md lists the keys of a line"


def test_a_line_that_is_not_utf_8() -> None:
    with pytest.raises(UsageError, match="line 1 of 'r': it is not a JSON object"):
        Replies([b'{"text": "\xff"}'], name="r")


KEYS = [
    "when", "path", "times", "text", "tool_call", "tool_calls", "refusal", "body", "status",
    "method", "content", "events", "headers", "request", "match", "redact", "recorded",
]  # fmt: skip
VALUES = st.none() | st.integers(-1, 600) | st.text(max_size=5) | st.lists(st.none(), max_size=1)


BODY = b'{"model": "m", "messages": []}'


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3), st.binary(max_size=5))
def test_any_line_is_taken_or_refused(row: Json, junk: bytes) -> None:
    for line in (json.dumps(row).encode(), junk):
        try:
            replies = Replies([line])
        except UsageError:
            continue
        replies.find(Asked("POST", "/v1/chat/completions", BODY, "", lambda: json.loads(BODY)))


def test_the_key_is_no_part_of_a_message() -> None:
    with fixed({"when": "`false`", "text": "a"}, strict=True) as sandbox:
        assert KEY not in chat(sandbox).content.decode()


@pytest.mark.parametrize(
    "when",
    ["(" * 3000 + "a" + ")" * 3000, "!" * 5000 + "a", "[" * 3000 + "]" * 3000],
    ids=["brackets", "nots", "lists"],
)
def test_a_condition_that_is_too_deep(when: str) -> None:
    with pytest.raises(UsageError) as caught:
        Replies([json.dumps({"when": when, "text": "a"}).encode()], name="r")
    assert caught.value.problem == "--replies: line 1 of 'r' is nested too deeply"


def test_a_condition_that_python_cannot_evaluate() -> None:
    with fixed({"when": "`NaN` > model", "text": "x"}) as sandbox:
        assert said(ask(sandbox, "Say own")) == "own"
