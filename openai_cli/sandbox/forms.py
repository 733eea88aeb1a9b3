"""Multipart forms (RFC 7578) as request bodies: fields typed by the schema, files as Uploads."""

from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import HeaderParser
from typing import Any

from openai_cli.sandbox.checks import resolved
from openai_cli.sandbox.exchange import Upload, strict_json
from openai_cli.sandbox.refusals import Refusal

FORM = "multipart/form-data"


def form_body(content: bytes, content_type: str, schema: str) -> dict[str, Any]:
    """The body of a form; a Refusal if it is not a form.

    Fields that are not text in the schema are parsed as JSON.
    """
    properties = resolved({"$ref": schema})["properties"]
    body = fields_of(content, content_type)
    return {name: typed(value, properties.get(name)) for name, value in body.items()}


def fields_of(content: bytes, content_type: str) -> dict[str, Any]:
    """The fields of a form, as texts and Uploads; a Refusal if it is not a form.

    `name[]`, or a repeated name, is an array; `name[key]` is a property of an object.
    """
    body: dict[str, Any] = {}
    for field, value in _parts(content, content_type):
        name, bracket, key = field.partition("[")
        key = key.removesuffix("]")
        if bracket and key:
            _object(body, name)[key] = value
        elif bracket or name in body:
            _array(body, name).append(value)
        else:
            body[name] = value
    return body


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    found = body.setdefault(name, {})
    if not isinstance(found, dict):
        raise Refusal(f"Invalid form: '{name}' is given twice.", param=name)
    return found


def _array(body: dict[str, Any], name: str) -> list[Any]:
    found = body.setdefault(name, [])
    if not isinstance(found, list):
        found = body[name] = [found]
    return found


def boundary_of(content_type: str) -> bytes:
    """The boundary between the parts of a form; empty if the content type has none."""
    head = Message()
    head["Content-Type"] = content_type
    return str(head.get_param("boundary", "")).encode()


def _parts(content: bytes, content_type: str) -> Iterator[tuple[str, str | Upload]]:
    """Yield the fields of a form in order."""
    boundary = boundary_of(content_type)
    if not boundary:
        raise Refusal("Could not parse multipart form: it has no boundary.")
    # The first delimiter has no line break before it: RFC 2046, section 5.1.1.
    _, *parts = (b"\r\n" + content).split(b"\r\n--" + boundary)
    if not parts or not parts[-1].startswith(b"--"):
        raise Refusal("Could not parse multipart form: it has no end.")
    for part in parts[:-1]:
        fields, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        # RFC 7578, section 5.1: names are in UTF-8.
        yield _part(HeaderParser().parsestr(fields.decode("utf-8", "replace")), data)


def _part(head: Message, data: bytes) -> tuple[str, str | Upload]:
    name = head.get_param("name", header="Content-Disposition")
    filename = head.get_filename()
    if not isinstance(name, str):
        raise Refusal("Could not parse multipart form: a part has no name.")
    if filename is not None:
        return name, Upload(filename, head.get_content_type(), data)
    return name, data.decode("utf-8", "replace")


def typed(value: Any, schema: Mapping[str, Any] | None) -> Any:
    """The value that a field's text stands for, if the schema does not take text."""
    if schema is None or isinstance(value, Upload):
        return value
    schema = resolved(schema)
    members = [resolved(member) for member in schema.get("anyOf", [schema])]
    if isinstance(value, list):
        items = next((member["items"] for member in members if member["type"] == "array"), None)
        return [typed(item, items) for item in value]
    if isinstance(value, dict):
        found = next((member for member in members if member["type"] == "object"), {})
        properties = found.get("properties", {})
        return {key: typed(item, properties.get(key)) for key, item in value.items()}
    if any(member["type"] == "string" for member in members):
        return value
    try:
        return strict_json(value.encode())
    except ValueError:
        return value
