"""A file of what was asked: `--record FILE`, a line of JSON for each request, keys masked."""

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.sandbox.exchange import described, strict_json
from openai_cli.sandbox.forms import FORM, fields_of
from openai_cli.sandbox.refusals import Refusal

MASK = "***"

# In characters: below this it is no key.
SHORTEST = 12

_SECRET = re.compile(r"authorization|cookie|api-?key|token|secret", re.IGNORECASE)


class Recorder:
    """Appends to a file; UsageError where that cannot be written.

    A line is written whole, and before its request is answered: who has the answer finds the line.
    """

    def __init__(self, path: str) -> None:
        try:
            self._path = Path(path)
            self._append(b"")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise UsageError(f"--record: cannot write '{path}': {why}") from None
        self._lock = Lock()

    def add(
        self,
        method: str,
        path: str,
        headers: Iterable[tuple[str, str]],
        content: bytes,
        status: int,
    ) -> None:
        """Add a request; `status` is that of its answer, 0 where it has none."""
        given = list(headers)
        types = (value for name, value in given if name.lower() == "content-type")
        content_type = next(types, "")
        row = {
            "method": method,
            "path": path,
            "headers": {name.lower(): _masked(name, value) for name, value in given},
            "body": _body(content, content_type),
            "status": status or None,
        }
        line = json.dumps(row, ensure_ascii=False)
        for secret in _secrets(given):
            line = line.replace(json.dumps(secret, ensure_ascii=False)[1:-1], MASK)
        with self._lock:
            self._append(line.encode("utf-8", "replace") + b"\n")

    def _append(self, data: bytes) -> None:
        with self._path.open("ab", buffering=0) as file:
            file.write(data)


def _masked(name: str, value: str) -> str:
    if not _SECRET.search(name):
        return value
    scheme, blank, _ = value.strip().partition(" ")
    return f"{scheme} {MASK}" if blank else MASK


def _secrets(headers: Iterable[tuple[str, str]]) -> list[str]:
    """The keys that a request came with, for they may stand in its body or its path too.

    What is shorter than any key, as `test`, may stand there for itself.
    """
    words = (value.strip().rpartition(" ")[2] for name, value in headers if _SECRET.search(name))
    return [word for word in words if len(word) >= SHORTEST]


def _body(content: bytes, content_type: str) -> Any:
    """The body as JSON, the fields of a form, or text where it is neither; None for no body."""
    if content_type.lower().startswith(FORM):
        with suppress(Refusal):
            return described(fields_of(content, content_type))
    try:
        return strict_json(content)
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace") or None
