"""Each request property of POST /chat/completions, from its flag to the socket.

What must arrive is written by hand from CreateChatCompletionRequest in OpenAI's published
description (openapi.json 2.3.0); the official package's types judge every body besides.
"""

from typing import Any

import pytest

from tests.conftest import MADE_UP_KEY, Run
from tests.flags.published import CHAT
from tests.flags.wire import Row, assert_sent, received
from tests.servers import Server, chat, delta, reply, stream

BARE: dict[str, Any] = {
    "model": "gpt-6-luna",
    "messages": [{"role": "user", "content": "hi"}],
}

TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather — now",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        "strict": True,
    },
}
TOOL_JSON = (
    '{"type": "function", "function": {"name": "weather", "description": "The weather — now",'
    ' "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},'
    ' "strict": true}}'
)
SCHEMA_JSON = (
    '{"type":"json_schema","json_schema":{"name":"city","strict":true,"schema":'
    '{"type":"object","properties":{"name":{"type":"string"}}}}}'
)

ROWS = [
    Row(
        "audio",
        ("--audio", "voice=alloy", "--audio", "format=mp3"),
        {"audio": {"voice": "alloy", "format": "mp3"}},
    ),
    Row(
        "frequency_penalty",
        ("--frequency-penalty", "-1"),
        {"frequency_penalty": -1},
        {"frequency_penalty": b"-1"},
    ),
    Row("function_call", ("--function-call", "auto"), {"function_call": "auto"}),
    Row(
        "function_call",
        ("--function-call", '{"name": "weather"}'),
        {"function_call": {"name": "weather"}},
    ),
    Row(
        "functions",
        ("--functions", '[{"name": "weather", "parameters": {"type": "object"}}]'),
        {"functions": [{"name": "weather", "parameters": {"type": "object"}}]},
    ),
    Row(
        "logit_bias",
        ("--logit-bias", "50256=-100", "--logit-bias", "11=100"),
        {"logit_bias": {"50256": -100, "11": 100}},
        {"50256": b"-100", "11": b"100"},
    ),
    Row("logprobs", ("--logprobs",), {"logprobs": True}),
    Row("logprobs", ("--no-logprobs",), {"logprobs": False}),
    Row(
        "max_completion_tokens",
        ("--max-completion-tokens", "1"),
        {"max_completion_tokens": 1},
        {"max_completion_tokens": b"1"},
    ),
    Row("max_tokens", ("--max-tokens", "7"), {"max_tokens": 7}, {"max_tokens": b"7"}),
    Row("max_tokens", ("--max_tokens", "7"), {"max_tokens": 7}),
    Row("max_tokens", ("--max_tokens=7",), {"max_tokens": 7}),
    Row(
        "messages",
        (
            "--messages",
            '[{"role": "system", "content": "Be brief."},'
            ' {"role": "user", "content": [{"type": "text", "text": "Grüße\\u2028\\n"}]}]',
        ),
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "Grüße\u2028\n"}]},
            ]
        },
        text=None,
    ),
    Row(
        "metadata",
        ("--metadata", "team=ci", "--metadata", "build=17", "--metadata", "note=a=b"),
        {"metadata": {"team": "ci", "build": "17", "note": "a=b"}},
    ),
    Row(
        "modalities",
        ("--modalities", "text", "--modalities", "audio"),
        {"modalities": ["text", "audio"]},
    ),
    Row("model", ("--model", "ft:gpt-5.4-mini:acme::abc"), {"model": "ft:gpt-5.4-mini:acme::abc"}),
    Row("model", ("-m", "no-such-model"), {"model": "no-such-model"}),
    Row(
        "moderation",
        ("--moderation", "model=omni-moderation-latest"),
        {"moderation": {"model": "omni-moderation-latest"}},
    ),
    Row("n", ("--n", "2"), {"n": 2}, {"n": b"2"}),
    Row("n", ("-n", "3"), {"n": 3}, {"n": b"3"}),
    Row("parallel_tool_calls", ("--parallel-tool-calls",), {"parallel_tool_calls": True}),
    Row("parallel_tool_calls", ("--no-parallel-tool-calls",), {"parallel_tool_calls": False}),
    Row(
        "prediction",
        ("--prediction", '{"type": "content", "content": "def main():\\n"}'),
        {"prediction": {"type": "content", "content": "def main():\n"}},
    ),
    Row(
        "presence_penalty",
        ("--presence-penalty", "0.5"),
        {"presence_penalty": 0.5},
        {"presence_penalty": b"0.5"},
    ),
    Row("prompt_cache_key", ("--prompt-cache-key", "docs v2"), {"prompt_cache_key": "docs v2"}),
    Row(
        "prompt_cache_options",
        ("--prompt-cache-options", "mode=explicit", "--prompt_cache_options", "ttl=30m"),
        {"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}},
    ),
    Row(
        "prompt_cache_retention",
        ("--prompt-cache-retention", "24h"),
        {"prompt_cache_retention": "24h"},
    ),
    Row("reasoning_effort", ("--reasoning-effort", "xhigh"), {"reasoning_effort": "xhigh"}),
    Row("reasoning_effort", ("--reasoning_effort", "none"), {"reasoning_effort": "none"}),
    Row(
        "response_format",
        ("--response-format", "type=json_object"),
        {"response_format": {"type": "json_object"}},
    ),
    Row(
        "response_format",
        ("--response-format", SCHEMA_JSON),
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "city",
                    "strict": True,
                    "schema": {"type": "object", "properties": {"name": {"type": "string"}}},
                },
            }
        },
    ),
    Row("safety_identifier", ("--safety-identifier", "f00d"), {"safety_identifier": "f00d"}),
    Row(
        "seed",
        ("--seed", "9007199254740993"),
        {"seed": 9007199254740993},
        {"seed": b"9007199254740993"},
    ),
    Row("service_tier", ("--service-tier", "flex"), {"service_tier": "flex"}),
    Row(
        "stop",
        ("--stop", "welcome", "--stop", "", "--stop", "[1]", "--stop", "@x"),
        {"stop": ["welcome", "", "[1]", "@x"]},
    ),
    Row("store", ("--store",), {"store": True}),
    Row("store", ("--no-store",), {"store": False}),
    Row("store", ("--no_store",), {"store": False}),
    Row("stream", ("--stream",), {"stream": True}),
    Row("stream", ("--no-stream",), {"stream": False}),
    Row(
        "stream_options",
        (
            "--stream",
            "--stream-options",
            "include_usage=true",
            "--stream-options",
            "include_obfuscation=false",
        ),
        {"stream": True, "stream_options": {"include_usage": True, "include_obfuscation": False}},
    ),
    Row("temperature", ("--temperature", "0"), {"temperature": 0}, {"temperature": b"0"}),
    Row("temperature", ("--temperature", "1.50"), {"temperature": 1.5}),
    Row("tool_choice", ("--tool-choice", "required"), {"tool_choice": "required"}),
    Row(
        "tool_choice",
        ("--tool-choice", '{"type": "function", "function": {"name": "weather"}}'),
        {"tool_choice": {"type": "function", "function": {"name": "weather"}}},
    ),
    Row("tools", ("--tools", f"[{TOOL_JSON}]"), {"tools": [TOOL]}),
    Row(
        "top_logprobs",
        ("--logprobs", "--top-logprobs", "20"),
        {"logprobs": True, "top_logprobs": 20},
        {"top_logprobs": b"20"},
    ),
    Row("top_p", ("--top-p", "0.25"), {"top_p": 0.25}, {"top_p": b"0.25"}),
    Row("top_p", ("--top_p", "1"), {"top_p": 1}, {"top_p": b"1"}),
    Row("user", ("--user", "user-0042"), {"user": "user-0042"}),
    Row("verbosity", ("--verbosity", "low"), {"verbosity": "low"}),
    Row(
        "web_search_options",
        (
            "--web-search-options",
            "search_context_size=low",
            "--web-search-options",
            'user_location={"type": "approximate", "approximate": {"country": "NZ"}}',
        ),
        {
            "web_search_options": {
                "search_context_size": "low",
                "user_location": {"type": "approximate", "approximate": {"country": "NZ"}},
            }
        },
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_flag_reaches_the_socket(run: Run, row: Row) -> None:
    expected = {**BARE, **row.sent}
    texts = ["ok"] * row.sent.get("n", 1)
    answer = stream(delta("ok", finish="stop")) if row.sent.get("stream") else reply(chat(*texts))
    request = received(run, "chat", row, answer)
    assert_sent(request, expected, row.numbers)
    CHAT.check(request.json)


def test_the_rows_cover_what_the_official_package_names() -> None:
    assert {row.name for row in ROWS} == CHAT.properties


def test_a_bare_call_sends_model_and_message_alone(run: Run) -> None:
    request = received(run, "chat", Row("bare", (), {}), reply(chat("ok")))
    assert request.line == "POST /v1/chat/completions HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {MADE_UP_KEY}"
    assert request.json == BARE


def test_every_parameter_at_once(run: Run) -> None:
    rows = {row.name: row for row in reversed(ROWS) if row.name not in ("messages", "stream")}
    rows |= {"stream": Row("stream", ("--no-stream",), {"stream": False})}
    typed = [word for row in rows.values() for word in row.typed if word != "--stream"]
    sent: dict[str, Any] = {}
    for row in rows.values():
        sent |= {name: value for name, value in row.sent.items() if name != "stream"}
    row = Row("all", tuple(typed), sent)
    request = received(run, "chat", row, reply(chat("ok", "ok")))
    assert_sent(request, {**BARE, **sent, "stream": False}, {})
    CHAT.check(request.json)
    assert set(request.json) == CHAT.properties


REFUSED = [
    (("--temperature", "3"), "temperature must be a number from 0 to 2, not '3'"),
    (("--seed", "1e3"), "seed must be an integer from -9223372036854775808 to"),
    (("--top-p", "nan"), "top_p must be a number from 0 to 1, not 'nan'"),
    (("--stop", "a") * 5, "stop takes at most 4 values, not 5"),
    (("--metadata", "a=b", "--metadata", f"{'k' * 65}=v"), "at most 64 characters, not 65"),
    (("--tools", "@missing.json"), "--tools: cannot read 'missing.json': No such file"),
    (("--response-format", '{"type": }'), "response_format is not JSON: "),
    (("--max-token", "300"), "no such option: --max-token; did you mean --max-tokens?"),
    (("world",), "unexpected argument 'world'"),
]


@pytest.mark.parametrize(("typed", "said"), REFUSED, ids=[row[0][0] for row in REFUSED])
def test_what_is_refused_is_not_sent(run: Run, typed: tuple[str, ...], said: str) -> None:
    with Server([]) as server:
        result = run("chat", "hi", *typed, base_url=server.base_url)
    assert (result.code, result.out) == (2, b"")
    assert result.err.startswith("openai-cli: error: ")
    assert said in result.err
    assert result.err.count("\n") == 1


def test_a_param_goes_past_a_range(run: Run) -> None:
    row = Row("temperature", ("--param", "temperature=3"), {"temperature": 3})
    assert_sent(received(run, "chat", row, reply(chat("ok"))), {**BARE, "temperature": 3}, {})


def test_the_variable_names_the_model_where_nothing_else_does(run: Run) -> None:
    with Server([reply(chat("ok"))] * 2) as server:
        for typed in ((), ("--body", '{"model": "from-body"}')):
            result = run(
                "chat",
                *typed,
                "hi",
                base_url=server.base_url,
                env={"OPENAI_MODEL": "from-variable"},
            )
            assert result.code == 0, result.err
    assert [request.json["model"] for request in server.received] == ["from-variable", "from-body"]
