"""Rules across the parameters of a request, which its schema cannot express, in the API's words."""

from collections.abc import Mapping
from typing import Any

from openai_cli.sandbox.refusals import Refusal

Body = Mapping[str, Any]


def check_completion(body: Body) -> None:
    """Check the rules of POST /completions, for a body that matches its schema."""
    _check_stream_options(body)
    n, best_of = body.get("n") or 1, body.get("best_of")
    if best_of is not None and best_of < n:
        raise Refusal(
            "You requested that the server return more choices than it will generate (HINT: you "
            f"must set 'n' (currently {n}) to be at most 'best_of' (currently {best_of}), or omit "
            "either parameter if you don't specifically want to use them.)",
            param="best_of",
        )
    if best_of is not None and best_of > 1 and body.get("stream"):
        raise Refusal("Results with 'best_of' above 1 cannot be streamed.", param="best_of")


def check_chat(body: Body) -> None:
    """Check the rules of POST /chat/completions, for a body that matches its schema."""
    _check_stream_options(body)
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        raise _only_with("top_logprobs", "logprobs")
    for choice, offers in (("tool_choice", "tools"), ("function_call", "functions")):
        if choice in body and not body.get(offers):
            raise Refusal(
                f"Invalid value for '{choice}': '{choice}' is only allowed when '{offers}' are "
                "specified.",
                param=choice,
            )


def _check_stream_options(body: Body) -> None:
    if body.get("stream_options") is not None and not body.get("stream"):
        raise _only_with("stream_options", "stream")


def _only_with(name: str, other: str) -> Refusal:
    message = f"The '{name}' parameter is only allowed when '{other}' is enabled."
    return Refusal(message, param=name)
