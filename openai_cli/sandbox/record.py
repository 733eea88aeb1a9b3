"""`--record FILE`: a JSON line for each request, with keys masked."""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_plus

from openai_cli.errors import OutputError, UsageError
from openai_cli.sandbox.exchange import described, strict_json
from openai_cli.sandbox.forms import FORM, fields_of
from openai_cli.sandbox.linefile import LineFile, reason
from openai_cli.sandbox.refusals import Refusal

MASK = "***"

# In characters; anything shorter is not a key.
SHORTEST = 12

# What to show of a request. All else is masked, as any header or query may hold a key.
_HEADERS = re.compile(
    r"accept(-.*)?|cache-control|connection|content-(encoding|length|type)|date|expect|host|"
    r"openai-(beta|organization|project|version)|te|traceparent|user-agent|"
    r"x-(client-)?request-id|x-sandbox-fault|x-stainless-.*",
    re.IGNORECASE,
)
_QUERY = re.compile(
    r"after|api-version|before|effective_at.*|include(\[\])?|include_obfuscation|limit|model|order|"
    r"purpose|starting_after|stream"
)
_PROPERTIES = re.compile(
    r"authorization|(.*[_-])?(api[_-]?key|password|secret|access[_-]?token)", re.IGNORECASE
)
KEY = re.compile(r"\bsk-[A-Za-z0-9_-]{8,}")


class Recorder:
    """Appends to a file that only its owner may read; UsageError if it cannot be written.

    A line is written whole or not at all, and before its request is answered, so whoever has the
    answer finds the line. `failure` is why a line could not be written, if one could not.
    """

    def __init__(self, path: str) -> None:
        self.failure: OutputError | None = None
        try:
            self._file = LineFile(path)
        except (OSError, ValueError) as error:
            raise UsageError(f"--record: cannot write '{path}': {reason(error)}") from None

    def add(
        self,
        method: str,
        path: str,
        headers: Iterable[tuple[str, str]],
        content: bytes,
        status: int,
    ) -> None:
        """Add a request; `status` is that of its response, 0 if it has none. Raises OSError."""
        given = list(headers)
        types = (value for name, value in given if name.lower() == "content-type")
        content_type = next(types, "")
        row = {
            "method": method,
            "path": _masked_path(path),
            "headers": {name.lower(): _masked_header(name, value) for name, value in given},
            "body": _body(content, content_type),
            "status": status or None,
        }
        line = KEY.sub(MASK, json.dumps(row, ensure_ascii=False))
        for secret in _secrets(given, path):
            line = line.replace(json.dumps(secret, ensure_ascii=False)[1:-1], MASK)
        try:
            self._file.append(line.encode("utf-8", "replace"))
        except (OSError, ValueError) as error:
            problem = (
                f"--record: a request could not be written to '{self._file.path}': {reason(error)}"
            )
            self.failure = OutputError(problem)
            raise


def _masked_path(path: str) -> str:
    """The path, with only those values of its query that are known not to be secret."""
    path, mark, query = path.partition("?")
    return f"{path}{mark}{'&'.join(map(_masked_pair, query.split('&')))}"


def is_plain_parameter(name: str) -> bool:
    """Whether the values of this query parameter are known not to be secret."""
    return _QUERY.fullmatch(name) is not None


def _masked_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    if not pair or is_plain_parameter(unquote_plus(name)):
        return pair
    return f"{name}={MASK}" if equals else MASK


def _masked_header(name: str, value: str) -> str:
    if _HEADERS.fullmatch(name):
        return value
    scheme, blank, _ = value.strip().partition(" ")
    is_scheme = name.lower().endswith("authorization") and blank
    return f"{scheme} {MASK}" if is_scheme else MASK


def masked_body(value: Any) -> Any:
    """The body without credentials that have a property of their own, as those of MCP tools."""
    if isinstance(value, list):
        return [masked_body(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _masked_property(name, item) for name, item in value.items()}


def _masked_property(name: str, value: Any) -> Any:
    if name == "headers" and isinstance(value, Mapping):
        return {each: _masked_header(each, str(item)) for each, item in value.items()}
    if isinstance(value, str) and _PROPERTIES.fullmatch(name):
        return MASK
    return masked_body(value)


def _secrets(headers: Iterable[tuple[str, str]], path: str) -> list[str]:
    """The keys that a request came with, which may also occur in its body or path.

    Words shorter than any key, such as `test`, may occur there by chance.
    """
    words = [
        value.strip().rpartition(" ")[2] for name, value in headers if not _HEADERS.fullmatch(name)
    ]
    for pair in path.partition("?")[2].split("&"):
        if _masked_pair(pair) != pair:
            value = pair.rpartition("=")[2]
            words += [value, unquote_plus(value)]
    return [word for word in words if len(word) >= SHORTEST]


def _body(content: bytes, content_type: str) -> Any:
    """The body as JSON, as the fields of a form, or else as text; None for no body."""
    if content_type.lower().startswith(FORM):
        with suppress(Refusal):
            return masked_body(described(fields_of(content, content_type)))
    try:
        return masked_body(strict_json(content))
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace") or None
