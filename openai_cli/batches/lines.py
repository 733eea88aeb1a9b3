"""The lines of a file of requests: in the form of the Batch API, or bare request bodies."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from openai_cli.batches.source import Source
from openai_cli.errors import UsageError
from openai_cli.jsontext import encode_json, parse_json, quick_loads
from openai_cli.records import NamedTuple
from openai_cli.tokens.endpoints import endpoint_of

VERSION = "/v1"

# https://platform.openai.com/docs/api-reference/batch/create
ENDPOINTS = (
    "/responses", "/chat/completions", "/embeddings", "/completions", "/moderations",
    "/images/generations", "/images/edits", "/videos",
)  # fmt: skip


# Keys that tell a Batch API line from a bare body.
_OF_BATCH = {"custom_id", "url", "method"}


class Line(NamedTuple):
    """A request: the `number` of its line, from 1, where it starts in the file, and its bytes.

    `path` is that of the endpoint, such as `/embeddings`. If it `is_bare`, the line is only the
    body, and its `custom_id` is the line's number.
    """

    number: int
    start: int
    raw: bytes
    custom_id: str
    path: str
    body: dict[str, Any]
    is_bare: bool = False

    def encoded(self) -> bytes:
        """The body as it is sent."""
        return encode_json(self.body)

    def digest(self, encoded: bytes | None = None) -> bytes:
        """A hash that identifies the request; `encoded` is its body, if it is at hand."""
        body = self.encoded() if encoded is None else encoded
        told = (self.custom_id.encode(errors="replace"), self.path.encode(), body)
        return blake2b(b"\0".join(told), digest_size=16).digest()

    def as_input(self, **more: Any) -> bytes:
        """The line in the form of the Batch API, with additional properties."""
        url = VERSION + self.path
        line = {"custom_id": self.custom_id, "method": "POST", "url": url, "body": self.body}
        return encode_json({**line, **more}) + b"\n"


def lines_of(source: Source) -> Iterator[Line]:
    """Yield the requests of a file, skipping empty lines.

    Raises UsageError, with the line's number, for a line that is not a request.
    """
    for number, start, raw in source.lines():
        if not raw.isspace():
            yield parsed(number, start, raw)


def parsed(number: int, start: int, raw: bytes) -> Line:
    """Parse the request on a line; UsageError, with the line's number, if it is not one."""
    try:
        found = _request(_value(raw))
    except (UsageError, ValueError) as error:
        problem = error.problem if isinstance(error, UsageError) else f"it {error}"
        hint = error.hint if isinstance(error, UsageError) else None
        raise UsageError(f"line {number}: {problem}", hint=hint) from None
    custom_id, path, body = found
    return Line(number, start, raw, custom_id or str(number), path, body, is_bare=custom_id is None)


def _value(raw: bytes) -> Any:
    load = quick_loads()
    if load.__module__ != "json":
        try:
            return load(raw)
        except ValueError:  # json accepts it, or words the error better
            pass
    return parse_json(raw.rstrip(b"\r\n"))  # its end would be a second line to name


def _request(value: Any) -> tuple[str | None, str, dict[str, Any]]:
    """The custom_id, the path and the body."""
    if not isinstance(value, dict):
        raise UsageError("it is not a JSON object")
    return _of_batch(value) if _OF_BATCH & value.keys() else _bare(value)


def _of_batch(value: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    custom_id, url, body = (value.get(name) for name in ("custom_id", "url", "body"))
    if not isinstance(custom_id, str) or not custom_id:
        raise UsageError("custom_id must be a non-empty string")
    if (method := value.get("method")) != "POST":
        raise UsageError(f"method must be POST, not {_shown(method)}")
    path = url.removeprefix(VERSION) if isinstance(url, str) else None
    if not isinstance(url, str) or path not in ENDPOINTS:
        raise UsageError(
            f"url must be an endpoint that the Batch API takes, not {_shown(url)}",
            hint=f"those are {', '.join(VERSION + one for one in ENDPOINTS)}",
        )
    if not isinstance(body, dict):
        raise UsageError(f"body must be an object, not {_shown(body)}")
    return custom_id, path, body


def _bare(body: dict[str, Any]) -> tuple[None, str, dict[str, Any]]:
    path = endpoint_of(body)
    if path not in ENDPOINTS:
        raise UsageError(f"the Batch API takes no requests to {path}")
    return None, path, body


def _shown(value: Any) -> str:
    text = encode_json(value).decode()
    return text if len(text) <= 60 else f"{text[:60]}…"
