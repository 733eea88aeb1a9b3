"""Each request property of POST /responses, from its flag to the socket.

What must arrive is written by hand from CreateResponse in OpenAI's published description
(openapi.json 2.3.0) and, for what is newer, from the official package's types, which judge every
body besides.
"""

from typing import Any

import pytest

from tests.conftest import MADE_UP_KEY, Run
from tests.flags.published import RESPOND
from tests.flags.wire import Row, assert_sent, received
from tests.servers import reply, stream

BARE: dict[str, Any] = {"model": "gpt-6-luna", "input": "hi"}

ANSWER: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "gpt-6-luna",
    "output": [
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "ok", "annotations": []}],
        }
    ],
}

TOOL = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": True,
}
TOOL_JSON = (
    '{"type": "function", "name": "weather", "parameters": {"type": "object",'
    ' "properties": {"city": {"type": "string"}}}, "strict": true}'
)

ROWS = [
    Row(
        "access_programs",
        ("--access-programs", "cyber=standard"),
        {"access_programs": {"cyber": "standard"}},
    ),
    Row("background", ("--background",), {"background": True}),
    Row("background", ("--no-background",), {"background": False}),
    Row(
        "background_options",
        ("--background", "--background-options", "completion_window=2h"),
        {"background": True, "background_options": {"completion_window": "2h"}},
    ),
    Row(
        "context_management",
        ("--context-management", '[{"type": "compaction", "compact_threshold": 200000}]'),
        {"context_management": [{"type": "compaction", "compact_threshold": 200000}]},
    ),
    Row("conversation", ("--conversation", "conv_0042"), {"conversation": "conv_0042"}),
    Row(
        "conversation",
        ("--conversation", '{"id": "conv_0042"}'),
        {"conversation": {"id": "conv_0042"}},
    ),
    Row(
        "image",
        ("--image", "context_compression=enabled"),
        {"image": {"context_compression": "enabled"}},
    ),
    Row(
        "include",
        (
            "--include",
            "reasoning.encrypted_content",
            "--include",
            "message.output_text.logprobs",
        ),
        {"include": ["reasoning.encrypted_content", "message.output_text.logprobs"]},
    ),
    Row("input", ("--input", "Grüße\u2028\n"), {"input": "Grüße\u2028\n"}, text=None),
    Row(
        "input",
        ("--input", '[{"role": "developer", "content": "Be brief."}]'),
        {
            "input": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": "hi"},
            ]
        },
    ),
    Row("instructions", ("--instructions", "Be brief."), {"instructions": "Be brief."}),
    Row(
        "max_output_tokens",
        ("--max-output-tokens", "16"),
        {"max_output_tokens": 16},
        {"max_output_tokens": b"16"},
    ),
    Row("max_output_tokens", ("--max_output_tokens", "99"), {"max_output_tokens": 99}),
    Row("max_tool_calls", ("--max-tool-calls", "3"), {"max_tool_calls": 3}),
    Row(
        "metadata",
        ("--metadata", "team=ci", "--metadata", "build=17"),
        {"metadata": {"team": "ci", "build": "17"}},
    ),
    Row("model", ("-m", "no-such-model"), {"model": "no-such-model"}),
    Row(
        "moderation",
        ("--moderation", "model=omni-moderation-latest"),
        {"moderation": {"model": "omni-moderation-latest"}},
    ),
    Row("parallel_tool_calls", ("--parallel-tool-calls",), {"parallel_tool_calls": True}),
    Row("parallel_tool_calls", ("--no-parallel-tool-calls",), {"parallel_tool_calls": False}),
    Row(
        "previous_response_id",
        ("--previous-response-id", "resp_0001"),
        {"previous_response_id": "resp_0001"},
    ),
    Row(
        "prompt",
        ("--prompt", "id=pmpt_1", "--prompt", "version=2", "--prompt", 'variables={"a": "b"}'),
        {"prompt": {"id": "pmpt_1", "version": "2", "variables": {"a": "b"}}},
    ),
    Row("prompt_cache_key", ("--prompt-cache-key", "docs v2"), {"prompt_cache_key": "docs v2"}),
    Row(
        "prompt_cache_options",
        ("--prompt-cache-options", "mode=explicit", "--prompt-cache-options", "ttl=30m"),
        {"prompt_cache_options": {"mode": "explicit", "ttl": "30m"}},
    ),
    Row(
        "prompt_cache_retention",
        ("--prompt-cache-retention", "24h"),
        {"prompt_cache_retention": "24h"},
    ),
    Row(
        "reasoning",
        ("--reasoning", "effort=low", "--reasoning", "summary=auto"),
        {"reasoning": {"effort": "low", "summary": "auto"}},
    ),
    Row("safety_identifier", ("--safety-identifier", "f00d"), {"safety_identifier": "f00d"}),
    Row("service_tier", ("--service-tier", "flex"), {"service_tier": "flex"}),
    Row("store", ("--store",), {"store": True}),
    Row("store", ("--no-store",), {"store": False}),
    Row("stream", ("--stream",), {"stream": True}),
    Row("stream", ("--no-stream",), {"stream": False}),
    Row(
        "stream_options",
        ("--stream", "--stream-options", "include_obfuscation=false"),
        {"stream": True, "stream_options": {"include_obfuscation": False}},
    ),
    Row("temperature", ("--temperature", "0"), {"temperature": 0}, {"temperature": b"0"}),
    Row(
        "text",
        ("--text", "verbosity=low", "--text", 'format={"type": "json_object"}'),
        {"text": {"verbosity": "low", "format": {"type": "json_object"}}},
    ),
    Row("tool_choice", ("--tool-choice", "required"), {"tool_choice": "required"}),
    Row(
        "tool_choice",
        ("--tool-choice", '{"type": "function", "name": "weather"}'),
        {"tool_choice": {"type": "function", "name": "weather"}},
    ),
    Row("tools", ("--tools", f"[{TOOL_JSON}]"), {"tools": [TOOL]}),
    Row("tools", ("--tools", '[{"type": "web_search"}]'), {"tools": [{"type": "web_search"}]}),
    Row("top_logprobs", ("--top-logprobs", "20"), {"top_logprobs": 20}, {"top_logprobs": b"20"}),
    Row("top_p", ("--top-p", "0.25"), {"top_p": 0.25}, {"top_p": b"0.25"}),
    Row("truncation", ("--truncation", "auto"), {"truncation": "auto"}),
    Row("user", ("--user", "user-0042"), {"user": "user-0042"}),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_flag_reaches_the_socket(run: Run, row: Row) -> None:
    end = {"type": "response.completed", "response": ANSWER}
    answer = stream(end, done=False) if row.sent.get("stream") else reply(ANSWER)
    request = received(run, "respond", row, answer)
    assert_sent(request, {**BARE, **row.sent}, row.numbers)
    RESPOND.check(request.json)


def test_the_rows_cover_what_the_official_package_names() -> None:
    assert {row.name for row in ROWS} == RESPOND.properties


def test_a_bare_call_sends_model_and_input_alone(run: Run) -> None:
    request = received(run, "respond", Row("bare", (), {}), reply(ANSWER))
    assert request.line == "POST /v1/responses HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {MADE_UP_KEY}"
    assert request.json == BARE
