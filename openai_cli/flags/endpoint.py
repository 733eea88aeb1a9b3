"""Where the API takes a command's request, and what it takes there."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from openai_cli.errors import UsageError


class Endpoint(NamedTuple):
    """An endpoint: `path` is below the base URL, with `{name}` for each parameter of the path.

    `default_model` is the model when nobody named one; where that is empty, the endpoint takes
    none. `streams` says that a terminal gets the answer as a stream, and `asks_for_usage` that
    such a stream tells its usage only for `stream_options.include_usage`.
    `takes_general_model` says that OPENAI_MODEL is for it, and the model that the configuration
    file has for no command by name: that is one of text, which other endpoints do not serve.
    Where it `is_admin`, it takes the admin key and no other. `headers` go with its requests.
    """

    path: str
    default_model: str = ""
    method: str = "POST"
    streams: bool = False
    asks_for_usage: bool = False
    takes_general_model: bool = False
    is_admin: bool = False
    headers: Mapping[str, str] = MappingProxyType({})

    def filled(self, values: Mapping[str, str]) -> str:
        """The path with its parameters; UsageError for an id that would lead elsewhere."""
        return self.path.format_map({name: segment(value) for name, value in values.items()})


OFFLINE = Endpoint("")


def segment(name: str) -> str:
    """An id as a part of a path; UsageError for one that is empty, or would lead elsewhere."""
    if not name:
        raise UsageError("the id is empty")
    if name in (".", ".."):
        raise UsageError(f"'{name}' is not an id")
    return quote(name, safe=":")
