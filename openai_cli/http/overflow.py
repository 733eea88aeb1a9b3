"""Recognise the error for a prompt that exceeds the model's context window."""

import re

from openai_cli.errors import CliError
from openai_cli.records import NamedTuple

_STATUSES = frozenset({400, 413, 422})

# The codes and wordings of OpenAI, vLLM, llama.cpp, llama-cpp-python, litellm, Anthropic, Mistral,
# Gemini, LM Studio and Ollama. If a server words it differently, the prompt is just not shortened.
_WORDS = re.compile(
    r"context_length_exceeded|exceed_context_size|contextwindowexceeded|context_window_exceeded"
    r"|(?:context|sequence)[ _-]?(?:length|window|size|limit)|maximum context"
    r"|(?:prompt|input|messages?|request)\b.{0,40}\btoo (?:long|large)\b"
    r"|too (?:many|long).{0,20}\btokens?\b|tokens?\b.{0,60}\bexceed|exceed.{0,60}\btokens?\b"
    r"|reduce the length",
    re.IGNORECASE | re.DOTALL,
)
_NUMBER = re.compile(r"(?<![\w.])\d{1,3}(?:,\d{3})+(?![\w.]\d)|(?<![\w.])\d{2,9}(?![\w]|\.\d)")


class Overflow(NamedTuple):
    """Token counts from the server's message: the window and the request's; None if not given."""

    window: int | None = None
    asked: int | None = None


def overflow_of(refused: CliError) -> Overflow | None:
    """Return the token counts of an error for a too long prompt; None for any other error.

    The largest number in the message is taken as the request, the second largest as the window:
    1053 and 1024 in "maximum context length is 1024 tokens, however you requested 1053 tokens (1003
    in your prompt; 50 for the completion)".
    """
    body = (refused.body or b"").decode(errors="replace")[:4000]
    if refused.status not in _STATUSES or not _WORDS.search(f"{refused.problem}\n{body}"):
        return None
    for text in (body, refused.problem):
        found = {int(number.replace(",", "")) for number in _NUMBER.findall(text)} - _STATUSES
        if len(found) > 1:
            window, asked = sorted(found)[-2:]
            return Overflow(window, asked)
    return Overflow()
