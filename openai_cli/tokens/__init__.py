"""Count tokens of texts and of requests, offline.

`count`, `count_all`, `encode` and `decode` are for texts, `count_request` for a request body, and
`Counter`, `count_texts` and `count_files` for large amounts of text, on this machine or on the
workers of a cluster. tiktoken and the data are loaded when a function needs them.
"""

from typing import TYPE_CHECKING, Any

from openai_cli.tokens.encoders import encoding_names
from openai_cli.tokens.encoding import (
    count,
    count_all,
    decode,
    encode,
    encoding_for_model,
)

if TYPE_CHECKING:
    from openai_cli.tokens.corpus import FileCount, LeftOut
    from openai_cli.tokens.counted import Doubt, TokenCount
    from openai_cli.tokens.library import Counter, count_files, count_texts
    from openai_cli.tokens.messages import count_request

__all__ = [
    "Counter",
    "Doubt",
    "FileCount",
    "LeftOut",
    "TokenCount",
    "count",
    "count_all",
    "count_files",
    "count_request",
    "count_texts",
    "decode",
    "encode",
    "encoding_for_model",
    "encoding_names",
]


# The modules of names that are loaded on first access: counting a text needs none of them.
_LATER = {
    **dict.fromkeys(("Counter", "count_files", "count_texts"), "library"),
    **dict.fromkeys(("FileCount", "LeftOut"), "corpus"),
    **dict.fromkeys(("Doubt", "TokenCount"), "counted"),
    "count_request": "messages",
}


def __getattr__(name: str) -> Any:
    """Load the names that not every count needs."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
