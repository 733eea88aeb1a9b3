"""Multipart forms as a server parses them: with the standard library, not with our own code."""

from email import message_from_bytes
from email.message import Message
from typing import Any, NamedTuple

from tests.servers import Received


class Field(NamedTuple):
    """A field of a form; a file has a `filename` and a type."""

    name: str
    data: bytes
    filename: str | None = None
    content_type: str | None = None


def fields_of(request: Received) -> list[Field]:
    """The fields of the form that a server received, in order."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    form = message_from_bytes(head + request.body)
    assert form.get_content_type() == "multipart/form-data"
    assert form.is_multipart()
    assert not form.defects
    return [_field(part) for part in form.get_payload()]


def _field(part: Any) -> Field:
    # The parser keeps non-ASCII bytes of a header as surrogates; in RFC 7578 they are UTF-8.
    raw = dict(part.raw_items())["Content-Disposition"].encode("ascii", "surrogateescape")
    head = Message()
    head["Content-Disposition"] = raw.decode()
    assert head.get_content_disposition() == "form-data"
    name, filename = (
        head.get_param(key, header="Content-Disposition") for key in ("name", "filename")
    )
    assert isinstance(name, str)
    data = part.get_payload(decode=True)
    if not isinstance(filename, str):
        return Field(name, data)
    return Field(name, data, filename, part.get_content_type())
