"""Token counts of texts and of requests, offline.

`count`, `count_all`, `encode` and `decode` are for texts, `count_request` for a request body.
tiktoken and the data are loaded when a function needs them.
"""

from typing import TYPE_CHECKING, Any

from openai_cli.tokens.encoding import (
    count,
    count_all,
    decode,
    encode,
    encoding_for_model,
    encoding_names,
)

if TYPE_CHECKING:
    from openai_cli.tokens.counted import Doubt, TokenCount
    from openai_cli.tokens.messages import count_request

__all__ = [
    "Doubt",
    "TokenCount",
    "count",
    "count_all",
    "count_request",
    "decode",
    "encode",
    "encoding_for_model",
    "encoding_names",
]


def __getattr__(name: str) -> Any:
    """What requests need, loaded when it is first asked for: a text needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from openai_cli.tokens import counted, messages

    return messages.count_request if name == "count_request" else getattr(counted, name)
