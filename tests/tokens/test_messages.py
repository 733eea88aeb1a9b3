"""Prompt tokens of request bodies, against what the API billed for them."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.tokens import count
from openai_cli.tokens.messages import count_request, parts_of

Json = dict[str, Any]

TURBO = "gpt-3.5-turbo"


def body(*messages: Json, **more: Any) -> Json:
    return {"model": TURBO, "messages": list(messages), **more}


def user(content: Any = "hello", **more: Any) -> Json:
    return {"role": "user", "content": content, **more}


def system(content: Any) -> Json:
    return {"role": "system", "content": content}


def bare(name: str) -> Json:
    """A function without arguments."""
    return {"name": name, "parameters": {"type": "object", "properties": {}}}


BING_BONG = {
    "name": "bing_bong",
    "description": "Do a bing bong",
    "parameters": {
        "type": "object",
        "properties": {
            "foo": {"type": "string"},
            "bar": {"type": "number", "description": "A number"},
        },
    },
}
FOO_BAR = '{"foo": "bar", "baz": 1.5}'

# Billed by the API in 2023; from the tests of hmarr/openai-chat-tokens (MIT licence).
BILLED = [
    (body(user()), 8),
    (
        body(
            system("# Important: you're the best robot"),
            user("hello robot"),
            {"role": "assistant", "content": "hello world"},
        ),
        27,
    ),
    (body(user(), functions=[bare("foo")]), 31),
    (body(user(), functions=[bare("foo")], function_call={"name": "foo"}), 36),
    (body(user(), functions=[BING_BONG]), 57),
    (
        body(user("hello world"), {"role": "function", "name": "do_stuff", "content": FOO_BAR}),
        28,
    ),
    (
        body(
            {
                "role": "assistant",
                "content": "",
                "function_call": {"name": "do_stuff", "arguments": FOO_BAR},
            }
        ),
        26,
    ),
    (
        body(
            system("Hello:"),
            system("Hello"),
            user("Hi there"),
            functions=[bare("do_stuff"), bare("do_other_stuff")],
        ),
        49,
    ),
]


@pytest.mark.parametrize(("request_body", "billed"), BILLED)
def test_what_the_api_billed_in_2023(request_body: Json, billed: int) -> None:
    counted = count_request(request_body)
    assert counted == billed
    assert counted.doubts == ()


# The messages of OpenAI's cookbook, How_to_count_tokens_with_tiktoken (MIT licence), and what it
# says that the API billed for them; gpt-3.5-turbo-0301 and gpt-4-0314 are in the edition of 2023.
JARGON = [
    system(
        "You are a helpful, pattern-following assistant that translates corporate jargon into "
        "plain English."
    ),
    system("New synergies will help drive top-line growth.") | {"name": "example_user"},
    system("Things working well together will increase revenue.") | {"name": "example_assistant"},
    system(
        "Let's circle back when we have more bandwidth to touch base on opportunities for "
        "increased leverage."
    )
    | {"name": "example_user"},
    system("Let's talk later when we're less busy about how to do better.")
    | {"name": "example_assistant"},
    user("This late pivot means we don't have time to boil the ocean for the client deliverable."),
]


@pytest.mark.parametrize(
    ("model", "billed"),
    [
        ("gpt-3.5-turbo-0301", 127),
        ("gpt-3.5-turbo-0613", 129),
        ("gpt-3.5-turbo", 129),
        ("gpt-4-0314", 129),
        ("gpt-4-0613", 129),
        ("gpt-4", 129),
        ("gpt-4o", 124),
        ("gpt-4o-mini", 124),
    ],
)
def test_the_cookbooks_messages(model: str, billed: int) -> None:
    counted = count_request({"model": model, "messages": JARGON})
    assert counted == billed
    assert counted.doubts == ()


WEATHER = {
    "name": "get_current_weather",
    "description": "Get the current weather in a given location",
    "parameters": {
        "type": "object",
        "properties": {
            "location": {
                "type": "string",
                "description": "The city and state, e.g. San Francisco, CA",
            },
            "unit": {
                "type": "string",
                "description": "The unit of temperature to return",
                "enum": ["celsius", "fahrenheit"],
            },
        },
        "required": ["location"],
    },
}


@pytest.mark.parametrize(
    ("model", "billed"),
    [("gpt-3.5-turbo", 105), ("gpt-4", 105), ("gpt-4o", 101), ("gpt-4o-mini", 101)],
)
def test_the_cookbooks_tools(model: str, billed: int) -> None:
    """From the same page: the same text, for one of the older functions or for a tool."""
    messages = [
        system("You are a helpful assistant that can answer to questions about the weather."),
        user("What's the weather like in San Francisco?"),
    ]
    tools = [{"type": "function", "function": WEATHER}]
    counted = count_request({"model": model, "messages": messages, "tools": tools})
    assert counted == billed
    assert counted.doubts == ()
    as_function = {"model": model, "messages": messages, "functions": [WEATHER]}
    assert count_request(as_function) == billed


def sums(times: int) -> Json:
    """A question, `times` calls in one message, and their results."""
    calls = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": "calculator", "arguments": '{"a":2, "b":2}'},
        }
        for number in range(times)
    ]
    results = [
        {"role": "tool", "tool_call_id": f"call_{number}", "content": "4"}
        for number in range(times)
    ]
    question = user([{"type": "text", "text": "How much is 2 plus 2?"}])
    return body(question, {"role": "assistant", "tool_calls": calls}, *results)


def test_calls_and_results() -> None:
    """A question, a call and its result: the frames of the latter as bills have them since 2024."""
    question = 3 + 1 + tokens("How much is 2 plus 2?")
    call = 3 + 1 + tokens(" to=functions.calculator") + tokens('{"a":2,"b":2}') + 3
    result = 3 + tokens("calculator") + tokens("4")
    counted = count_request(sums(1))
    assert counted == question + call + result + 3
    assert counted.doubts == ()
    use = '{"recipient_name":"functions.calculator","parameters":{"a":2,"b":2}}'
    together = 3 + 1 + tokens(" to=multi_tool_use.parallel")
    together += tokens(f'{{"tool_uses":[{use},{use}]}}') + 3
    results = 3 + tokens("multi_tool_use.parallel") + tokens("[4, 4]")
    counted = count_request(sums(2))
    assert counted == question + together + results + 3
    assert counted.doubts == ()


def test_results_of_calls_together_were_json_in_ascii_until_february_2026() -> None:
    several = sums(3)
    for message in several["messages"][2:]:
        message["content"] = "테스트 🤷"
    before, since = date(2026, 2, 28), date(2026, 3, 1)
    escaped = ", ".join([r'"\ud14c\uc2a4\ud2b8 \ud83e\udd37"'] * 3)
    assert parts_of(several, on=before).texts[-1] == f"[{escaped}]"
    as_it_is = ", ".join(['"테스트 🤷"'] * 3)
    assert parts_of(several, on=since).texts[-1] == f"[{as_it_is}]"
    assert count_request(several, on=since).doubts == ()
    unknown = count_request(several)
    assert unknown == count_request(several, on=since)
    assert "was escaped until February 2026" in unknown.doubts[0]
    assert unknown.most is not None
    assert unknown.most >= count_request(several, on=before)


def tokens(text: str) -> int:
    return count(text, model=TURBO)


def newer(text: str) -> int:
    return count(text, model="gpt-4o")


@pytest.mark.parametrize(
    ("changed", "more"),
    [
        ({"function_call": "auto"}, 0),
        ({"function_call": None}, 0),
        ({"function_call": "none"}, 0),
        ({"function_call": {"name": "bing_bong"}}, 1 + 7),
        ({"tool_choice": "none"}, 0),
        ({"tool_choice": "required"}, 0),
        ({"tool_choice": {"type": "function", "function": {"name": "bing_bong"}}}, 4 + 7),
        ({"tool_choice": {"type": "function", "name": "bing_bong"}}, 4 + 7),
    ],
)
def test_how_the_answer_starts(changed: Json, more: int) -> None:
    assert tokens(" to=functions.bing_bong") == 7
    with_functions = body(user(), functions=[BING_BONG])
    assert count_request({**with_functions, **changed}) == 57 + more
    assert count_request({**body(user()), **changed}) == 8


@pytest.mark.parametrize(
    "content",
    [
        "Be brief",
        "Be brief:",
        "Be brief.\n",
        "",
        None,
        [{"type": "text", "text": "Be brief"}],
        [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind"}],
    ],
)
def test_definitions_are_the_end_of_the_first_system_message(content: Any) -> None:
    plain = body(user(), system(content))
    defining = {**plain, "functions": [bare("foo")]}
    (text,) = [text for text in parts_of(defining).texts if "namespace" in text]
    before, _, after = text.partition("# Tools")
    assert after.endswith("type foo = () => any;\n\n} // namespace functions")
    given = content
    if isinstance(content, list):
        given = "".join(part["text"] for part in content)
    assert before == f"{given or ''}\n\n"
    more = tokens(text) - tokens(given or "")
    assert count_request(defining) == count_request(plain) + more - 1


def test_definitions_need_no_system_message_nor_a_certain_one() -> None:
    alone = count_request(body(user(), functions=[bare("foo")]))
    assert alone == 31
    # The frame of a message (3) and its role (1) are there already.
    developer = body({"role": "developer", "content": "hello:"}, user(), functions=[bare("foo")])
    assert count_request(developer) == alone + tokens("hello:")


def test_a_name_takes_one_more_and_a_functions_name_is_its_role() -> None:
    assert count_request(body(user(name="ann"))) == 8 + 1 + tokens("ann")
    assert count_request(body({"role": "function", "name": "ann", "content": "hello"})) == 8
    assert count_request(body(user(name=None))) == 8
    named = {**body(user(name="ann")), "model": "gpt-3.5-turbo-0301"}
    assert count_request(named) == 8 + 1 - 1 + tokens("ann")


def test_texts_of_a_content_are_one_text() -> None:
    parts = [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]
    assert count_request(body(user(parts))) == 8
    assert count_request(body(user(parts))).doubts == ()
    refusal = {"role": "assistant", "content": [{"type": "refusal", "refusal": "No way"}]}
    assert count_request(body(refusal)) == 7 + tokens("No way")
    refused = count_request(body({"role": "assistant", "refusal": "No way"}))
    assert refused == 7 + tokens("No way")
    assert refused.doubts == ("no bill of gpt-4 on /chat/completions had refusals",)


PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": PIXEL}},
        {"type": "image_url", "image_url": {"url": PIXEL, "detail": "high"}},
        {"type": "input_image", "image_url": PIXEL, "detail": "high"},
    ],
)
def test_images(part: Json) -> None:
    request = {**body(user([{"type": "text", "text": "hello"}, part])), "model": "gpt-4o"}
    assert count_request(request) == 8 + 85 + 170
    assert count_request(request).doubts == ()


def test_an_image_elsewhere_is_doubtful() -> None:
    for part in (
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "high"}},
        {"type": "input_image", "file_id": "file-1", "image_url": None},
    ):
        counted = count_request({**body(user(), user([part])), "model": "gpt-4o"})
        assert counted == 8 + 4 + 85 + 2 * 170
        assert counted.most == 8 + 4 + 85 + 8 * 170
        (doubt,) = counted.doubts
        assert doubt.startswith("messages[1].content[0].image_url: its size is not known")


@pytest.mark.parametrize(
    ("message", "place"),
    [
        (user([{"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}]), "audio"),
        (user([{"type": "file", "file": {"file_id": "file-1"}}]), "messages[0].content[0]"),
        ({"role": "assistant", "audio": {"id": "audio_1"}}, "messages[0].audio"),
    ],
)
def test_what_is_not_counted_is_named(message: Json, place: str) -> None:
    counted = count_request(body(message))
    assert counted == 7
    (doubt,) = counted.doubts
    assert place in doubt
    assert "not counted" in doubt
    assert counted.most is None
    assert counted.unbounded == (doubt,)


FORMAT = {"name": "answer", "schema": {"type": "object"}, "strict": True}


def test_a_response_format_is_counted_by_its_text() -> None:
    """It is in the system message, and each answer, past or to come, has its name and 2 more."""
    answers = [{"role": "assistant", "content": "hello"}, user()]
    plain = body(system("Be kind."), user(), *answers) | {"model": "gpt-4o"}
    formatted = {**plain, "response_format": {"type": "json_schema", "json_schema": FORMAT}}
    text = '\n\n# Response Formats\n\n## answer\n\n{"type":"object"}'
    section = newer(f"Be kind.{text}") - newer("Be kind.")
    assert count_request(formatted) == count_request(plain) + section + 2 * (2 + newer("answer"))
    assert count_request(formatted).doubts == ()
    for kind in ("text", "json_object"):
        other = count_request({**plain, "response_format": {"type": kind}})
        assert other == count_request(plain)
        assert other.doubts == ()


def test_tools_of_the_api_are_doubtful() -> None:
    counted = count_request(body(user(), tools=[{"type": "file_search"}]))
    assert counted == 8 + 1142
    assert counted.doubts == (
        "tools[0] (file_search) is counted as 1,142 tokens: bills had 846 to 1,154",
    )
    assert counted.most is None
    unknown = count_request(body(user(), tools=[{"type": "teleport"}]))
    assert unknown == 8
    assert unknown.doubts == ("tools[0] is not counted: no bill had a tool of type teleport",)
    assert "web_search_options" in count_request(body(user(), web_search_options={})).doubts[0]


def test_a_custom_tool_is_a_function_of_free_form() -> None:
    custom: Json = {"name": "note", "description": "Take a note"}
    counted = parts_of(body(user(), tools=[{"type": "custom", "custom": custom}]))
    alone = "// IMPORTANT: Do NOT call this tool in parallel with other tools.\n"
    assert f"// Take a note\n{alone}type note = (FREEFORM) => any;" in counted.texts[1]
    assert any("without a grammar" in doubt for doubt in counted.doubts)
    custom["format"] = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "a: b\nb:"}}
    request = body(user(), tools=[{"type": "custom", "custom": custom}]) | {"model": "gpt-5"}
    counted = parts_of(request)
    rule = (
        "// IMPORTANT: This tool only accepts string inputs that obey the lark grammar a: b\n// b:."
    )
    assert f"// Take a note\n{rule} You must reason" in counted.texts[1]
    assert counted.doubts == ()
    call = {"id": "a", "type": "custom", "custom": {"name": "note", "input": "milk"}}
    called = parts_of(body({"role": "assistant", "tool_calls": [call]}))
    assert called.texts == ["assistant", "", " to=functions.note", "milk"]


def test_newer_models_are_doubtful() -> None:
    counted = count_request({**body(user()), "model": "gpt-7"})
    assert counted == 7
    assert counted.doubts == ("no bill was seen for gpt-7 yet: counted as gpt-5.6",)
    assert counted.most is not None
    assert 100 < counted.most < 200


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("hello world", 2),
        (["hello", "hello world"], 3),
        ([15339, 1917, 0], 3),
        ([[15339], [15339, 1917]], 3),
        (["hello", [15339, 1917]], 3),
        ([], 0),
        (None, 1),
    ],
)
def test_prompts_and_inputs_in_every_form(prompt: Any, expected: int) -> None:
    completion = {"model": "gpt-3.5-turbo-instruct", "prompt": prompt}
    assert count_request(completion, endpoint="/v1/completions") == expected
    if prompt is not None:
        embedding = {"model": "text-embedding-3-small", "input": prompt}
        assert count_request(embedding, endpoint="/v1/embeddings") == expected
        assert parts_of(embedding).doubts == parts_of(completion).doubts == ()


def test_a_suffix_is_doubtful() -> None:
    counted = count_request({"model": "gpt-3.5-turbo-instruct", "prompt": "a", "suffix": " hello"})
    assert counted == 1 + 1
    assert "suffix" in counted.doubts[0]


def test_a_fine_tuned_model_counts_as_what_it_was_made_from() -> None:
    counted = count_request({**body(user()), "model": "ft:gpt-4o-mini-2024-07-18:org::id"})
    assert counted == 8
    assert counted.doubts == ()


def as_chat(*messages: Json, **more: Any) -> int:
    return count_request({"model": "gpt-4o", "messages": list(messages), **more})


RESPONSES: list[tuple[Json, int]] = [
    ({"input": "hello"}, as_chat(user())),
    ({"input": "hello", "instructions": "Be kind"}, as_chat(system("Be kind"), user())),
    (
        {
            "input": [
                user([{"type": "input_text", "text": "hello"}]),
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "hi", "annotations": []}],
                    "id": "msg_1",
                    "status": "completed",
                },
                {"role": "user", "content": "bye"},
            ]
        },
        as_chat(user(), {"role": "assistant", "content": "hi"}, user("bye")),
    ),
]


@pytest.mark.parametrize(("request_body", "expected"), RESPONSES)
def test_responses_are_counted_as_chat_of_the_same(request_body: Json, expected: int) -> None:
    request_body = {"model": "gpt-4o", **request_body}
    assert count_request(request_body) == expected
    assert count_request(request_body, endpoint="/v1/responses") == expected
    assert count_request(request_body, on=date(2026, 8, 1)).doubts == ()


@pytest.mark.parametrize(
    ("more", "doubt"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"input": [user(), {"type": "item_reference", "id": "a"}]}, "input[1]"),
        ({"input": [user(), {"id": "msg_1"}]}, "input[1]"),
        ({"input": [user(), {"type": "reasoning", "summary": []}]}, "input[1]"),
        ({"input": [user(), {"type": "web_search_call", "id": "ws_1"}]}, "input[1]"),
    ],
)
def test_what_is_not_in_a_responses_body_is_named(more: Json, doubt: str) -> None:
    counted = count_request({"model": "gpt-4o", "input": "hello", **more})
    assert counted == 8
    assert any(doubt in text and "not counted" in text for text in counted.unbounded)


@pytest.mark.parametrize(
    ("request_body", "endpoint"),
    [
        (body(user()), "/v1/chat/completions"),
        ({"prompt": "hello"}, "/v1/completions"),
        ({"prompt": [1, 2]}, "/v1/completions"),
        ({"prompt": None}, "/v1/completions"),
        ({"input": "hello"}, "/v1/responses"),
        ({"input": []}, "/v1/responses"),
        ({"input": [user()]}, "/v1/responses"),
        ({"prompt": {"id": "pmpt_1"}}, "/v1/responses"),
        ({"instructions": "hello"}, "/v1/responses"),
        ({"input": ["hello"]}, "/v1/embeddings"),
        ({"input": [1, 2]}, "/v1/embeddings"),
        ({"input": "hello", "encoding_format": "float"}, "/v1/embeddings"),
        ({"input": "hello", "dimensions": 8}, "/v1/embeddings"),
        ({"input": "hello", "model": "text-embedding-3-small"}, "/v1/embeddings"),
    ],
)
def test_the_endpoint_is_told_from_the_body(request_body: Json, endpoint: str) -> None:
    request_body = {"model": TURBO, **request_body}
    expected = parts_of(request_body, endpoint=endpoint)
    assert parts_of(request_body) == expected
    assert parts_of(request_body, endpoint=endpoint.removeprefix("/v1")) == expected


@pytest.mark.parametrize(
    ("request_body", "endpoint"),
    [
        ({"model": "gpt-image-1", "prompt": "a cat"}, "/images/generations"),
        ({"prompt": "a cat", "size": "1024x1024"}, "/images/generations"),
        ({"model": "gpt-4o-mini-tts", "input": "hello"}, "/audio/speech"),
        ({"input": "hello", "voice": "alloy"}, "/audio/speech"),
        ({"model": "whisper-1", "file": "a.wav"}, "/audio/transcriptions"),
        ({"model": "gpt-4o-transcribe", "prompt": "hello"}, "/audio/transcriptions"),
        ({"model": "omni-moderation-latest", "input": "hello"}, "/moderations"),
    ],
)
def test_a_body_without_prompt_tokens_is_wrong_usage(request_body: Json, endpoint: str) -> None:
    with pytest.raises(UsageError, match=f"a request to {endpoint} cannot be counted"):
        parts_of(request_body)


def test_what_an_image_has_too_may_be_a_response() -> None:
    assert count_request({"model": "gpt-4.1", "input": "hello", "background": True}) == 8


@pytest.mark.parametrize("endpoint", ["/v1/moderations", "", "chat", "/v2/completions"])
def test_another_endpoint_is_wrong_usage(endpoint: str) -> None:
    with pytest.raises(UsageError, match="cannot be counted") as caught:
        parts_of(body(user()), endpoint=endpoint)
    assert "/chat/completions" in str(caught.value.hint)


def test_a_model_may_be_given() -> None:
    request = body(user())
    assert parts_of(request, model="gpt-4o").encoding == "o200k_base"
    assert parts_of(request).encoding == "cl100k_base"
    assert request["model"] == TURBO


def test_without_a_model_it_is_the_default_one() -> None:
    counted = count_request({"messages": [user()]})
    assert counted == 7
    assert "the body names no model: counted like gpt-6-luna" in counted.doubts


def test_a_model_that_nobody_knows_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="'gtp-4o'") as caught:
        count_request({**body(user()), "model": "gtp-4o"})
    assert caught.value.parameter == "model"


CALL = {"name": "f", "arguments": "{}"}


@pytest.mark.parametrize(
    ("request_body", "place"),
    [
        (body() | {"messages": "hello"}, "messages"),
        (body() | {"messages": None}, "messages"),
        (body() | {"model": 4}, "model"),
        (body("hello"), "messages[0]"),  # type: ignore[arg-type]
        (body(user(), {"content": "hello"}), "messages[1].role"),
        (body(user(), {"role": ["user"], "content": "hello"}), "messages[1].role"),
        (body(user(5)), "messages[0].content"),
        (body(user(name=5)), "messages[0].name"),
        (body(user(["hello"])), "messages[0].content[0]"),
        (body(user([{"type": "text"}])), "messages[0].content[0].text"),
        (body(user([{"type": "image_url", "image_url": {"url": 1}}])),
         "messages[0].content[0].image_url.url"),
        (body(user([{"type": "image_url", "image_url": {"url": "data:,"}}])),
         "messages[0].content[0].image_url"),
        (body({"role": "assistant", "function_call": "f"}), "messages[0].function_call"),
        (body({"role": "assistant", "function_call": {"name": "f"}}),
         "messages[0].function_call.arguments"),
        (body({"role": "assistant", "tool_calls": [CALL]}), "messages[0].tool_calls[0].function"),
        (body({"role": "assistant", "tool_calls": [{"id": 1, "function": CALL}]}),
         "messages[0].tool_calls[0].id"),
        (body(user(), functions={}) | {"functions": "f"}, "functions"),
        (body(user(), functions=[{}]), "functions[0].name"),
        (body(user(), tools=[{"type": "function"}]), "tools[0].name"),
        (body(user(), tools=[{"type": "function", "function": "f"}]), "tools[0]"),
        (body(user(), tools=["f"]), "tools[0]"),
        ({"model": TURBO, "prompt": [1, "a", None]}, "prompt"),
        ({"model": TURBO, "prompt": [1.5]}, "prompt"),
        ({"model": TURBO, "prompt": "a", "suffix": 1}, "suffix"),
        ({"model": TURBO, "input": {}}, "input"),
        ({"model": TURBO, "input": [True]}, "input"),
        ({"model": TURBO, "input": [user(), {"type": "function_call"}]}, "input[1].name"),
        ({"model": TURBO, "input": "a", "instructions": 1}, "instructions"),
    ],
)  # fmt: skip
def test_a_body_of_another_shape_is_wrong_usage(request_body: Json, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        parts_of(request_body)
    assert caught.value.parameter == place
    assert caught.value.problem.startswith(place)


@pytest.mark.parametrize("request_body", [{}, {"model": TURBO}, [], "hello", 5])
def test_what_is_no_body_is_wrong_usage(request_body: Any) -> None:
    with pytest.raises(UsageError, match="request body"):
        parts_of(request_body)


def nested(times: int, wrap: Callable[[Any], Any]) -> Any:
    value: Any = {}
    for _ in range(times):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    "schema",
    [
        nested(900, lambda inner: {"type": "array", "items": inner}),
        nested(900, lambda inner: {"type": "object", "properties": {"a": inner}}),
    ],
)
def test_what_is_nested_too_deeply_is_wrong_usage(schema: Json) -> None:
    function = {"name": "f", "parameters": {"properties": {"a": schema}}}
    with pytest.raises(UsageError, match="nested too deeply"):
        parts_of(body(user(), functions=[function]))


NAMES = [
    "model", "messages", "prompt", "input", "role", "content", "name", "type", "text", "refusal",
    "image_url", "url", "detail", "function_call", "tool_calls", "tool_call_id", "id", "function",
    "custom", "arguments", "functions", "tools", "tool_choice", "response_format", "json_schema",
    "schema", "parameters", "properties", "description", "instructions", "call_id", "output",
    "suffix", "format", "file_id", "audio",
]  # fmt: skip
VALUES = [
    TURBO, "gpt-4o", "user", "system", "assistant", "tool", "function", "custom", "text",
    "input_text", "image_url", "input_image", "json_schema", "none", "auto", PIXEL, "data:,",
    "https://example.com", "high", "message", "function_call", "function_call_output", "a", "",
]  # fmt: skip
ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(VALUES)),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)
    ),
    max_leaves=30,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "system", "assistant", "tool", "function"])},
        optional={
            "content": ANY,
            "name": st.sampled_from(["ann", None]),
            "tool_call_id": st.sampled_from(["a", "b"]),
            "tool_calls": st.lists(
                st.fixed_dictionaries(
                    {"id": st.sampled_from(["a", "b"]), "function": st.just(CALL)}
                ),
                max_size=3,
            ),
            "function_call": st.one_of(st.just(CALL), ANY),
        },
    ),
    max_size=4,
)
BODIES = st.fixed_dictionaries(
    {"model": st.sampled_from([TURBO, "gpt-4o", "gpt-5", "text-davinci-003"])},
    optional={
        "messages": st.one_of(MESSAGES, ANY),
        "input": st.one_of(MESSAGES, ANY),
        "prompt": ANY,
        "functions": ANY,
        "tools": ANY,
        "tool_choice": ANY,
        "function_call": ANY,
        "response_format": ANY,
        "text": ANY,
        "instructions": ANY,
    },
)
ENDPOINTS = [None, "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/embeddings"]


@settings(max_examples=400)
@given(request_body=st.one_of(BODIES, ANY), endpoint=st.sampled_from(ENDPOINTS))
def test_any_body_is_counted_or_refused(request_body: Any, endpoint: str | None) -> None:
    try:
        parts = parts_of(request_body, endpoint=endpoint, model="gpt-4o")
    except UsageError:
        return
    assert parts.overhead >= 0
    assert all(isinstance(text, str) for text in parts.texts)
    assert len(set(parts.doubts)) == len(parts.doubts)


@settings(max_examples=100)
@given(
    messages=st.lists(
        st.fixed_dictionaries(
            {"role": st.sampled_from(["user", "system", "assistant"]), "content": st.text()},
            optional={"name": st.text(min_size=1, max_size=5)},
        ),
        max_size=5,
    )
)
def test_messages_by_the_cookbooks_own_rule(messages: list[dict[str, str]]) -> None:
    """3 for each message, 1 for each name, the tokens of each value, and 3 for the reply.

    A name may begin with what makes one token with the colon before it: then they are one text.
    """
    expected = 3 + 3 * len(messages)
    for message in messages:
        name = message.get("name")
        role = message["role"] if name is None else f"{message['role']}:{name}"
        expected += tokens(role) + tokens(message["content"])
    assert count_request(body(*messages)) == expected
