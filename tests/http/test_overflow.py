"""What a refusal tells of a window: as many servers say it."""

import pytest

from openai_cli.errors import BadAnswerError, RefusedError
from openai_cli.http.overflow import Overflow, overflow_of

NONE = Overflow()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("This model's maximum context length is 1024 tokens, however you requested 1053 tokens "
         "(1003 in your prompt; 50 for the completion). Please reduce your prompt",
         Overflow(1024, 1053)),
        ("Requested tokens (1053) exceed context window of 1024", Overflow(1024, 1053)),
        ("prompt is too long: 210,000 tokens > 200,000 maximum", Overflow(200_000, 210_000)),
        ("The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).",
         Overflow(1_048_576, 1_100_000)),
        ("Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum "
         "context length", Overflow(32_768, 40_000)),
        ("litellm.ContextWindowExceededError: something", NONE),
        ("the request exceeds the available context size. try increasing the context size", NONE),
        ("Please reduce the length of the messages.", NONE),
        ("Input is too long for requested model.", NONE),
        ("Unknown parameter: 'messages'.", None),
        ("Invalid image", None),
        ("The model does not exist", None),
    ],
)  # fmt: skip
def test_what_a_refusal_says(text: str, found: Overflow | None) -> None:
    assert overflow_of(RefusedError(text, status=400)) == found


def test_numbers_of_a_body() -> None:
    body = (
        b'{"error":{"code":400,"type":"exceed_context_size_error","n_prompt_tokens":1053,'
        b'"n_ctx":1024}}'
    )
    assert overflow_of(RefusedError("no", status=400, body=body)) == Overflow(1024, 1053)


def test_what_has_another_status_is_something_else() -> None:
    text = "context_length_exceeded"
    assert overflow_of(RefusedError(text, status=404)) is None
    assert overflow_of(RefusedError(text)) is None
    assert overflow_of(BadAnswerError(text, status=500)) is None
