"""The API endpoints of commands and what they accept."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from openai_cli.errors import UsageError
from openai_cli.records import NamedTuple


class Endpoint(NamedTuple):
    """An endpoint: its `path` below the base URL, with `{name}` for each path parameter.

    `default_model` is used if the user names no model; if it is empty, the endpoint takes none.
    `streams` says that the answer is streamed on a terminal, and `asks_for_usage` that a stream
    reports usage only with `stream_options.include_usage`. `takes_general_model` says that
    OPENAI_MODEL and the top-level model of the configuration file apply; these are text models,
    which other endpoints do not serve. An `is_admin` endpoint takes only the admin key. `headers`
    are sent with each request.
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
        """Fill in the path parameters; raise UsageError for an id that would change the path."""
        return self.path.format_map({name: segment(value) for name, value in values.items()})


OFFLINE = Endpoint("")


def segment(name: str) -> str:
    """Quote an id as a path segment; raise UsageError if it is empty, `.` or `..`."""
    if not name:
        raise UsageError("the id is empty")
    if name in (".", ".."):
        raise UsageError(f"'{name}' is not an id")
    return quote(name, safe=":")
