"""A request as the lines of fixed answers see it, and what makes two requests alike."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from openai_cli.sandbox.exchange import described, strict_json
from openai_cli.sandbox.forms import FORM, fields_of
from openai_cli.sandbox.record import is_plain_parameter
from openai_cli.sandbox.refusals import Refusal

_HASHED = "sha256-[0-9a-f]{16}"


@dataclass(frozen=True)
class Asked:
    """A request: `target` is its path and query, `content` its body of this `content_type`.

    `check` returns the body checked for its endpoint, or raises a Refusal.
    """

    method: str
    target: str
    content: bytes
    content_type: str
    check: Callable[[], Any]

    @cached_property
    def body(self) -> Any:
        """What the body is compared by: a JSON value, the fields of a form, or a text.

        Any other body is represented by its size and hash; None means no body.
        """
        try:
            return body_of(self.content, self.content_type)
        except ValueError:
            return {"size": len(self.content), "sha256": hashlib.sha256(self.content).hexdigest()}

    @cached_property
    def checked(self) -> Any:
        """The body that conditions apply to."""
        return described(self.check())


def body_of(content: bytes, content_type: str) -> Any:
    """The value of a JSON body, the fields of a form, or a text; ValueError for other bytes.

    All fields of a form are texts, whatever type the endpoint gives them.
    """
    if not content:
        return None
    if content_type.lower().startswith(FORM):
        try:
            return described(fields_of(content, content_type))
        except Refusal:
            pass  # not a form
    try:
        return strict_json(content)
    except (ValueError, RecursionError):
        return content.decode()


def canonical(value: Any) -> str:
    """Return the same text for values that are equal as JSON, and for no others.

    The order of an object's properties is ignored (RFC 8259, section 4), and 1.0 equals 1.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def sorted_target(target: str, text: Callable[[str], str] = str) -> str:
    """The path with its query parameters sorted.

    Values that may be secret are replaced by a hash, which still tells them apart. `text` is
    applied to the path and to each part of the query.
    """
    path, _, query = target.partition("?")
    plain = unquote(path)
    if text(plain) != plain:
        path = quote(text(plain), safe="/*")
    pairs = [
        (text(name), text(_shown(name, value)))
        for name, value in parse_qsl(query, keep_blank_values=True)
    ]
    return f"{path}?{urlencode(sorted(pairs))}" if pairs else path


def _shown(name: str, value: str) -> str:
    if is_plain_parameter(name) or re.fullmatch(_HASHED, value):
        return value
    return f"sha256-{hashlib.sha256(value.encode()).hexdigest()[:16]}"
