"""The files of `/attach`, which are sent with the next message."""

import shlex
from typing import Any

from openai_cli.config.values import expanded
from openai_cli.conversation.shortening import Message
from openai_cli.errors import UsageError
from openai_cli.records import NamedTuple
from openai_cli.request.attachments import content_part
from openai_cli.request.inputs import Inputs

_KINDS = {"text": "text", "image_url": "image", "input_audio": "audio", "file": "PDF"}


class Attachment(NamedTuple):
    """A file or URL as it was typed, and the content part made from it."""

    name: str
    part: dict[str, Any]


def attachments(argument: str, inputs: Inputs) -> list[Attachment]:
    """Read the named files, quoted as in a shell: all of them, or UsageError for the first bad one.

    Files are read now, so the message gets their present content.
    """
    try:
        names = shlex.split(argument)
    except ValueError:
        raise UsageError(
            f"/attach: an unmatched quote or backslash: {argument}",
            hint="a name with blanks is 'quoted', a quote in it is \\'",
        ) from None
    return [Attachment(name, _part(expanded(name), inputs)) for name in names]


def _part(source: str, inputs: Inputs) -> dict[str, Any]:
    if source == "-":
        raise UsageError("/attach: stdin is used by the conversation", hint="name a file")
    return content_part(source, inputs, reader="/attach")


def listed(waiting: list[Attachment]) -> str:
    """A line for each attachment of the next message."""
    lines = [f"{_KINDS[each.part['type']]}: {each.name}" for each in waiting]
    if not lines:
        return "nothing is attached"
    return "\n".join([*lines, "sent with the next message; /detach discards them"])


def with_attachments(text: str, waiting: list[Attachment]) -> Message:
    """The user's message, with a text and all attachments."""
    if not waiting:
        return {"role": "user", "content": text}
    parts = [{"type": "text", "text": text}, *(each.part for each in waiting)]
    return {"role": "user", "content": parts}
