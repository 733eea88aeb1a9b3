"""What an answer is billed by: its model, tier and usage, and its calls of tools."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from openai_cli.answer.shape import usage_in
from openai_cli.prices.calls import Calls, calls_of, images_of

Json = Any


class Billed(NamedTuple):
    """What one model is billed by; an answer may have more than one.

    `usage` is the API's usage object, None where nothing is known of a call. `calls` are those of
    tools; None where the answer does not tell of tools. `line` is where it stands, from 1, `day`
    the one when it was made; `label` and `command` are those of its record. Where it `is_record`,
    the calls of a model that always searches are told; where it `is_extra`, another model made
    something for the answer; where it `is_unpriced`, its record says that its price was not known.
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
    """What an answer is billed by, in the form of any endpoint; nothing where it has no usage.

    A drawing has a usage of its own, and so have images that a response had made.
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
