"""What a server's refusal says of a prompt that is longer than the model's window."""

import re
from typing import NamedTuple

from openai_cli.errors import CliError

_STATUSES = frozenset({400, 413, 422})

# As it is named or said by OpenAI, vLLM, llama.cpp, llama-cpp-python, litellm, Anthropic, Mistral,
# Gemini, LM Studio and Ollama; other words may come, and then a prompt is only not shortened.
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
    """The server's own numbers of tokens, None where it tells none: its window, and the request."""

    window: int | None = None
    asked: int | None = None


def overflow_of(refused: CliError) -> Overflow | None:
    """What a refusal tells of a prompt that was too long; None for one that is of something else.

    Of the numbers that it has the largest is what was asked for, and the next one the window: of
    "maximum context length is 1024 tokens, however you requested 1053 tokens (1003 in your prompt;
    50 for the completion)" 1053 and 1024.
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
