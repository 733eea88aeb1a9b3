"""Refusals of parameters that do not go together, with their words written by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from openai_cli.sandbox import Sandbox
from tests.sandbox.client import Answer, chat, complete, error

FUNCTION = {"type": "function", "function": {"name": "look_up"}}


@pytest.mark.parametrize(
    ("body", "message", "param"),
    [
        (
            {"n": 2, "best_of": 1},
            "You requested that the server return more choices than it will generate (HINT: you "
            "must set 'n' (currently 2) to be at most 'best_of' (currently 1), or omit either "
            "parameter if you don't specifically want to use them.)",
            "best_of",
        ),
        (
            {"best_of": 2, "stream": True},
            "Results with 'best_of' above 1 cannot be streamed.",
            "best_of",
        ),
        (
            {"stream_options": {"include_usage": True}},
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
        ),
    ],
)
def test_completions_refuses(
    sandbox: Sandbox, body: dict[str, Any], message: str, param: str
) -> None:
    answer = complete(sandbox, **body)
    assert (answer.status, answer.json) == (400, error(message, param))


@pytest.mark.parametrize(
    ("body", "message", "param"),
    [
        (
            {"stream": False, "stream_options": {}},
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
        ),
        (
            {"top_logprobs": 2},
            "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
            "top_logprobs",
        ),
        (
            {"tool_choice": "auto"},
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are "
            "specified.",
            "tool_choice",
        ),
        (
            {"function_call": "none"},
            "Invalid value for 'function_call': 'function_call' is only allowed when 'functions' "
            "are specified.",
            "function_call",
        ),
        (
            {
                "tools": [FUNCTION],
                "tool_choice": {"type": "function", "function": {"name": "look"}},
            },
            "Invalid value for 'tool_choice': no tool named 'look' was specified.",
            "tool_choice",
        ),
        (
            {"tools": [FUNCTION], "tool_choice": {"type": "custom", "custom": {"name": "look_up"}}},
            "Invalid value for 'tool_choice': no tool named 'look_up' was specified.",
            "tool_choice",
        ),
        (
            {
                "tools": [FUNCTION],
                "tool_choice": {
                    "type": "allowed_tools",
                    "allowed_tools": {"mode": "required", "tools": [{"type": 7}, {}]},
                },
            },
            "Invalid value for 'tool_choice': none of its tools was specified.",
            "tool_choice",
        ),
        (
            {"functions": [{"name": "look_up"}], "function_call": {"name": "look"}},
            "Invalid value for 'function_call': no function named 'look' was specified.",
            "function_call",
        ),
    ],
)
def test_chat_refuses(sandbox: Sandbox, body: dict[str, Any], message: str, param: str) -> None:
    answer = chat(sandbox, **body)
    assert (answer.status, answer.json) == (400, error(message, param))


@pytest.mark.parametrize(
    ("send", "body"),
    [
        (complete, {"n": 2, "best_of": 2}),
        (complete, {"n": 2, "best_of": None}),
        (complete, {"best_of": 1, "stream": True}),
        (complete, {"stream": True, "stream_options": None}),
        (chat, {"stream_options": None, "top_logprobs": None}),
        (chat, {"tools": [FUNCTION], "tool_choice": "none"}),
    ],
)
def test_taken(sandbox: Sandbox, send: Callable[..., Answer], body: dict[str, Any]) -> None:
    assert send(sandbox, **body).status == 200
