"""Print requests and responses for --debug: header names and sizes, never a secret."""

from collections.abc import Mapping

from openai_cli.http.library import requests
from openai_cli.messages import Messages

# Headers whose values reveal nothing about the user; all other values are masked.
_PLAIN = frozenset(
    {
        "accept",
        "accept-encoding",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "openai-processing-ms",
        "openai-version",
        "retry-after",
        "retry-after-ms",
        "server",
        "transfer-encoding",
        "user-agent",
        "x-request-id",
        "x-should-retry",
    }
)


def request(messages: Messages, prepared: requests.PreparedRequest) -> None:
    """Print the request line, the headers and the size of the body."""
    messages.debug(f"> {prepared.method} {prepared.url}")
    _headers(messages, ">", prepared.headers)
    messages.debug(f"> {prepared.headers.get('Content-Length', '0')} bytes of body")


def response(messages: Messages, answer: requests.Response) -> None:
    """Print the status line, the headers and the time until they arrived."""
    seconds = answer.elapsed.total_seconds()
    messages.debug(f"< HTTP {answer.status_code} {answer.reason} after {seconds:.3f} s")
    _headers(messages, "<", answer.headers)


def _headers(messages: Messages, side: str, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        shown = (
            value if name.lower() in _PLAIN or name.lower().startswith("x-ratelimit-") else "***"
        )
        messages.debug(f"{side} {name}: {shown}")
