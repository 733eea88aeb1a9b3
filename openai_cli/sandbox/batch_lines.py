"""The lines of a batch's input file, and the errors that the API finds before it starts."""

from collections.abc import Iterator
from typing import Any

from openai_cli.records import NamedTuple
from openai_cli.sandbox.exchange import Json, strict_json

# https://platform.openai.com/docs/guides/batch ("Rate limits").
MOST_LINES = 50_000
# How many errors of a failed batch are listed.
MOST_ERRORS = 100

# Bytes per token, for the size of a queue.
_OF_TOKEN = 4


class BatchLine(NamedTuple):
    """A line: its `number`, from 1, and its `value`, None if it is not a JSON object."""

    number: int
    size: int
    value: Json | None

    @property
    def custom_id(self) -> str:
        return str((self.value or {}).get("custom_id"))

    @property
    def body(self) -> Json:
        body = (self.value or {}).get("body")
        return body if isinstance(body, dict) else {}

    @property
    def tokens(self) -> int:
        """The tokens that it counts for in the queue."""
        return -(-self.size // _OF_TOKEN)


def lines_of(content: bytes) -> Iterator[BatchLine]:
    """Yield the lines of a file that are not empty."""
    for number, raw in enumerate(content.split(b"\n"), 1):
        if raw.strip():
            yield BatchLine(number, len(raw), _object(raw))


def _object(raw: bytes) -> Json | None:
    try:
        value = strict_json(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def errors_of(lines: list[BatchLine], endpoint: str) -> Iterator[Json]:
    """Yield the errors of a batch: of the whole file first, then line by line."""
    if not lines:
        yield {"code": "empty_file", "message": "The input file has no requests."}
    if len(lines) > MOST_LINES:
        message = f"The input file has {len(lines)} requests; a batch has at most {MOST_LINES}."
        yield {"code": "too_many_tasks", "message": message}
        return
    seen: set[str] = set()
    model: Any = None
    for line in lines:
        if line.value is None:
            yield _error(line, "invalid_json_line", "This line is not parseable as valid JSON.")
            continue
        yield from _wrong(line, line.value, endpoint, seen)
        seen.add(line.custom_id)
        own = line.body.get("model")
        model = model or own
        if own and own != model:
            message = f"The model '{own}' differs from that of earlier lines, '{model}'."
            yield _error(line, "model_mismatch", message, "body.model")


def _wrong(line: BatchLine, value: Json, endpoint: str, seen: set[str]) -> Iterator[Json]:
    """Yield the errors of a line that is a JSON object."""
    for name, kind in (("custom_id", str), ("method", str), ("url", str), ("body", dict)):
        if name not in value:
            message = f"Missing required parameter: '{name}'."
            yield _error(line, "missing_required_parameter", message, name)
        elif not isinstance(value[name], kind):
            message = f"Invalid type for '{name}'."
            yield _error(line, "invalid_type", message, name)
    if line.custom_id in seen and "custom_id" in value:
        message = f"The custom_id '{line.custom_id}' is already used on another line."
        yield _error(line, "duplicate_custom_id", message, "custom_id")
    if value.get("method", "POST") != "POST":
        yield _error(line, "invalid_method", "The method of a request must be 'POST'.", "method")
    if value.get("url", endpoint) != endpoint:
        message = f"The URL provided for this request does not match the batch's '{endpoint}'."
        yield _error(line, "url_mismatch", message, "url")
    if value.get("body", {}) and line.body.get("stream"):
        yield _error(line, "invalid_value", "A batch does not support 'stream'.", "body.stream")


def _error(line: BatchLine, code: str, message: str, param: str | None = None) -> Json:
    return {"code": code, "message": message, "param": param, "line": line.number}
