"""Extract what an answer is billed by: its model, tier and usage, and its tool calls."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from openai_cli.answer.shape import usage_in
from openai_cli.prices.calls import Calls, calls_of, images_of
from openai_cli.records import NamedTuple

Json = Any


class Billed(NamedTuple):
    """What one model's work is billed by; an answer may have several.

    `usage` is the API's usage object, or None if it is not known. `calls` are the tool calls, or
    None if the answer does not report any. `line` is its line in the input, from 1, and `day` the
    day of the call; `label` and `command` come from its record. An `is_record` includes the calls
    of a model that always searches. `is_extra` marks the work of another model for the answer, and
    `is_unpriced` a record whose price was not known.
    """

    model: str | None
    tier: str
    usage: Mapping[str, Json] | None
    calls: Calls | None = None
    region: str | None = None
    line: int = 1
    day: date | None = None
    label: str | None = None
    command: str | None = None
    is_record: bool = False
    is_extra: bool = False
    is_unpriced: bool = False


def billed_in(body: Mapping[str, Json], *, tier: str, line: int = 1) -> Iterator[Billed]:
    """Yield what an answer of any endpoint is billed by; nothing if it has no usage.

    SVG drawings, and images that a response generated, have a usage of their own.
    """
    usage = usage_in(body)
    if isinstance(drawing := body.get("svg_usage"), dict):
        yield Billed(_string(drawing, "model"), tier, drawing, line=line, is_extra=True)
    if usage is None:
        return
    calls, images = calls_of(body), images_of(body)
    if isinstance(images, str) and calls is not None:
        calls = calls._replace(unknown=(*calls.unknown, images))
    yield Billed(_string(body, "model"), tier, usage, calls, line=line)
    if isinstance(images, tuple):
        yield Billed(images[0], tier, images[1], line=line, is_extra=True)


def _string(found: Mapping[str, Json], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) else None
