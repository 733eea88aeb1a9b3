"""Responses that are files or texts: pass them on, unless an error or a page came instead."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from openai_cli.errors import BadAnswerError
from openai_cli.http import failure
from openai_cli.http.errorbody import error_in

if TYPE_CHECKING:
    from openai_cli.http.decoding import Incoming

BOM = b"\xef\xbb\xbf"
_PAGES = ("text/html", "application/xhtml+xml")
# In bytes.
_LARGEST_ERROR = 64 * 1024


def file_pieces(http: "Incoming") -> Iterator[bytes]:
    """Yield the pieces of a response that may be any kind of file, as they arrive.

    Raises the error if an error object came instead. Only data that may be one is held back.
    """
    held: bytes | None = b""
    for piece in http.pieces():
        if held is None:
            yield piece
            continue
        held += piece
        if not _may_be_error(held):
            yield held
            held = None
    if held:
        refuse_error(held, http.request_id)
        yield held


def _may_be_error(start: bytes) -> bool:
    """Return whether data that begins with `start` may be an error object.

    It is not if it is too long or its first line is other JSON.
    """
    if start.lstrip()[:1] not in (b"", b"{", b"[") or len(start) > _LARGEST_ERROR:
        return False
    try:
        value = json.loads(start.lstrip().partition(b"\n")[0])
    except (ValueError, RecursionError):
        return True
    return error_in(value) is not None


def refuse_error(raw: bytes, request_id: str | None) -> None:
    """Raise the error if a response that should be a text or a file is an error object.

    It must be nothing but an error object: a file may contain any other JSON.
    """
    if len(raw) > _LARGEST_ERROR or raw.lstrip(BOM + b" \t\r\n")[:1] not in (b"{", b"["):
        return
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return
    if (error := error_in(value)) is not None:
        raise failure.of_error(error, request_id, raw)


def refuse_page(raw: bytes, http: "Incoming") -> None:
    """Raise BadAnswerError for an HTML page, which a proxy or a wrong address sends with 200."""
    is_named = http.content_type.partition(";")[0].strip().lower() in _PAGES
    if is_named or raw.lstrip(BOM + b" \t\r\n")[:9].lower().startswith((b"<!doctype", b"<html")):
        raise BadAnswerError("the answer is an HTML page", request_id=http.request_id, body=raw)
