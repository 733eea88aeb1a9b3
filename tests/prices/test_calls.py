"""What is billed by the call: what answers have, and what requests may."""

from typing import Any

import pytest

from openai_cli.prices.calls import AskedCalls, Calls, asked_calls, calls_of, images_of

WEB = {"type": "web_search_call", "action": {"type": "search"}}
SEARCH = {"type": "web_search"}


def response(*output: Any, tools: Any = (), **more: Any) -> dict[str, Any]:
    return {"output": list(output), "tools": list(tools), **more}


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        (response(), Calls()),
        (response({"type": "message"}, {"type": "reasoning"}, {"type": "mcp_call"}), Calls()),
        (response(WEB, WEB, tools=[SEARCH]), Calls({"web_search": 2})),
        (response(WEB, {**WEB, "action": {"type": "open_page"}}, tools=[SEARCH]),
         Calls({"web_search": 1})),
        (response({"type": "web_search_call"}, tools=[SEARCH]), Calls({"web_search": 1})),
        # The API counts what it bills.
        (response(WEB, WEB, tools=[SEARCH], tool_usage={"web_search": {"num_requests": 1}}),
         Calls({"web_search": 1})),
        (response(tools=[SEARCH], tool_usage={"web_search": {"num_requests": 3}}),
         Calls({"web_search": 3})),
        (response(WEB, tools=[{"type": "web_search_2025_08_26", "search_context_size": "high"}]),
         Calls({"web_search_high": 1})),
        (response(WEB, tools=[{"type": "web_search_preview_2025_03_11"}]),
         Calls({"web_search_preview": 1})),
        # Which tool it was is not told: the older one may cost more.
        (response(WEB), Calls({"web_search_preview": 1})),
        (response({"type": "file_search_call"}, {"type": "file_search_call"}),
         Calls({"file_search": 2})),
        # A container is paid for once, however many calls run in it.
        (response({"type": "code_interpreter_call", "container_id": "a"},
                  {"type": "code_interpreter_call", "container_id": "a"},
                  {"type": "shell_call", "environment": {"container_id": "b"}}),
         Calls({"code_interpreter": 2})),
        (response({"type": "shell_call"}, {"type": "shell_call", "environment": None}), Calls()),
        (response({"type": "code_interpreter_call", "container_id": "a"},
                  tools=[{"type": "code_interpreter",
                          "container": {"type": "auto", "memory_limit": "4g"}}]),
         Calls({"code_interpreter": 1}, ("a container of 4g has no known fee",))),
        (response({"type": "oracle_call"}), Calls({}, ("oracle_call has no known fee",))),
        (response("no item", {"type": None}), Calls({}, ("None has no known fee",))),
    ],
)  # fmt: skip
def test_the_calls_of_a_response(body: dict[str, Any], calls: Calls) -> None:
    assert calls_of(body) == calls


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"output": None}])
def test_other_answers_tell_of_no_calls(body: dict[str, Any]) -> None:
    assert calls_of(body) is None


IMAGE = {"type": "image_generation_call"}
TOOL = {"type": "image_generation", "model": "gpt-image-2"}
USAGE = {
    "input_tokens": 5, "output_tokens": 9, "input_tokens_details": {"image_tokens": 2},
    "cached_tokens": 3, "cached_tokens_details": {"cached_image_tokens": 1},
}  # fmt: skip


def test_images_that_a_response_had_made() -> None:
    found = images_of(response(IMAGE, tools=[TOOL], tool_usage={"image_gen": USAGE}))
    assert isinstance(found, tuple)
    model, usage = found
    assert model == "gpt-image-2"
    assert usage["output_tokens"] == 9
    assert usage["input_tokens_details"] == {
        "image_tokens": 2, "cached_tokens": 3, "cached_tokens_details": {"image_tokens": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        response(IMAGE, tools=[TOOL]),
        response(IMAGE, tools=[{"type": "image_generation"}], tool_usage={"image_gen": USAGE}),
        response(IMAGE, tools=[TOOL], tool_usage={"image_gen": {"output_tokens": 0}}),
        response(IMAGE, tools=[TOOL, {**TOOL, "model": "x"}], tool_usage={"image_gen": USAGE}),
    ],
)
def test_images_whose_tokens_are_not_told(body: dict[str, Any]) -> None:
    assert images_of(body) == "the tokens of its images are not reported"


def test_no_images() -> None:
    assert images_of(response(WEB, tool_usage={"image_gen": {"output_tokens": 0}})) is None


@pytest.mark.parametrize(
    ("body", "searches", "calls"),
    [
        ({"input": "x"}, False, AskedCalls()),
        ({"input": "x", "tools": [{"type": "function"}, {"type": "mcp"}]}, False, AskedCalls()),
        ({"tools": [SEARCH, {"type": "file_search"}], "max_tool_calls": 4}, False,
         AskedCalls(("web_search", "file_search"), 4)),
        ({"tools": [SEARCH]}, False, AskedCalls(("web_search",))),
        ({"tools": [{"type": "web_search_preview", "search_context_size": "low"}]}, False,
         AskedCalls(("web_search_preview_low",))),
        ({"tools": [{"type": "code_interpreter", "container": "cntr_1"}]}, False,
         AskedCalls(("code_interpreter",))),
        ({"tools": [{"type": "code_interpreter", "container": {"memory_limit": "16g"}}]}, False,
         AskedCalls((), None, ("a container of 16g",))),
        ({"tools": [{"type": "shell"}]}, False, AskedCalls()),
        ({"tools": [{"type": "shell", "environment": {"type": "container_auto"}}]}, False,
         AskedCalls(("code_interpreter",))),
        ({"tools": [{"type": "image_generation"}]}, False,
         AskedCalls((), None, ("the tool image_generation",))),
        ({"tools": [{"type": "oracle"}], "max_tool_calls": 2}, False,
         AskedCalls((), 2, ("the tool oracle",))),
        ({"messages": []}, False, AskedCalls()),
        ({"messages": []}, True, AskedCalls(("web_search",), 1)),
        ({"messages": [], "n": 3, "web_search_options": {"search_context_size": "high"}}, False,
         AskedCalls(("web_search_high",), 3)),
    ],
)  # fmt: skip
def test_the_calls_that_a_request_may_make(
    body: dict[str, Any], searches: bool, calls: AskedCalls
) -> None:
    assert asked_calls(body, searches=searches) == calls


@pytest.mark.parametrize(
    ("calls", "is_open"),
    [
        (AskedCalls(), False),
        (AskedCalls(("file_search",), 3), False),
        (AskedCalls(("file_search",)), True),
        (AskedCalls((), 3, ("the tool oracle",)), True),
    ],
)
def test_what_nothing_bounds(calls: AskedCalls, is_open: bool) -> None:
    assert calls.is_open == is_open
