"""--attach: a file or URL as a content part of a chat message, in the API's form.

The forms are those of ChatCompletionRequestMessageContentPart in OpenAI's published description:
an image by URL or data URL, audio as base64 of WAV or MP3, a PDF as a file with a data URL, and all
that is text as text, under its name as a heading.
"""

from base64 import b64encode
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from openai_cli.errors import UsageError
from openai_cli.jsontext import quoted, utf8
from openai_cli.media import kind_of
from openai_cli.request.inputs import Inputs

_IMAGES = "PNG, JPEG, GIF and WebP images"
_NOT_TEXT = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".wav", ".mp3", ".pdf")
_NOT_BY_URL = (".pdf", ".wav", ".mp3")


def content_part(
    source: str,
    inputs: Inputs,
    *,
    taken: str = f"{_IMAGES}, WAV and MP3 audio, PDF files and UTF-8 text",
    reader: str = "--attach",
) -> dict[str, Any]:
    """The content part of a path, `-`, or a URL.

    A message has `taken` as the names of the kinds, and `reader` as that of who asks.

    A file's kind is told from its first bytes. Raises UsageError for a file that cannot be read,
    is empty, or is of a kind that the API does not take, and for a URL of audio or PDF, which the
    API takes only as data.
    """
    if source.startswith(("http://", "https://", "data:")):
        if _is_no_image(source):
            raise UsageError(
                f"{reader}: the API takes only images by URL, not {quoted(source)}",
                hint="attach it as a file",
            )
        return {"type": "image_url", "image_url": {"url": source}}
    data = inputs.source(reader, source)
    if not data:
        raise UsageError(f"{reader}: '{source}' is empty")
    part = _part_of(data, source) or _text_of(data, source)
    if part is None:
        raise _unknown(source, taken, reader)
    return part


def image_part(source: str, inputs: Inputs) -> dict[str, Any]:
    """The content part of an image's path, `-`, or URL; UsageError for all else."""
    part = content_part(source, inputs, taken=_IMAGES)
    if part["type"] == "text":
        raise _unknown(source, _IMAGES, "--attach")
    if part["type"] != "image_url":
        raise UsageError(f"--attach: '{source}' is not an image")
    return part


def input_part(source: str, inputs: Inputs) -> dict[str, Any]:
    """The same in the form of POST /responses (InputContent): a PDF by URL too, and no audio."""
    if source.startswith(("http://", "https://")) and _path(source).endswith(".pdf"):
        return {"type": "input_file", "file_url": source}
    part = content_part(source, inputs, taken=f"{_IMAGES}, PDF files and UTF-8 text")
    match part["type"]:
        case "text":
            return {"type": "input_text", "text": part["text"]}
        case "image_url":
            # The published description demands `detail` here; auto is its default.
            return {"type": "input_image", "detail": "auto", "image_url": part["image_url"]["url"]}
        case "file":
            return {"type": "input_file", **part["file"]}
    raise UsageError(f"--attach: '{source}' is audio, which POST /responses does not take")


def _unknown(source: str, taken: str, reader: str) -> UsageError:
    return UsageError(
        f"{reader}: '{source}' is not of a kind that the API takes", hint=f"{taken} can be attached"
    )


def _is_no_image(url: str) -> bool:
    """Whether the URL itself says that it is not of an image."""
    if url.startswith("data:"):
        return not url.startswith("data:image/")
    return _path(url).endswith(_NOT_BY_URL)


def _path(url: str) -> str:
    return urlsplit(url).path.lower()


def _part_of(data: bytes, source: str) -> dict[str, Any] | None:
    """The content part of a file, by its first bytes; None for a kind that no endpoint takes."""
    encoded = b64encode(data).decode()
    match kind := kind_of(data):
        case "png" | "jpeg" | "gif" | "webp":
            return {
                "type": "image_url",
                "image_url": {"url": f"data:image/{kind};base64,{encoded}"},
            }
        case "wav" | "mp3":
            return {"type": "input_audio", "input_audio": {"data": encoded, "format": kind}}
        case "pdf":
            name = "stdin.pdf" if source == "-" else PurePath(source).name
            url = f"data:application/pdf;base64,{encoded}"
            return {"type": "file", "file": {"filename": name, "file_data": url}}
    return None


def _text_of(data: bytes, source: str) -> dict[str, Any] | None:
    """The text of a file under its name, which is a path only where it was typed as a relative one.

    None for what is no UTF-8, has a NUL, as no text has, or has the name of another kind.
    """
    path = PurePath(source)
    if path.suffix.lower() in _NOT_TEXT:
        return None
    try:
        text = utf8(data)
    except ValueError:
        return None
    if "\0" in text:
        return None
    name = "stdin" if source == "-" else path.name if path.is_absolute() else str(path)
    return {"type": "text", "text": f"# {' '.join(name.splitlines())}\n\n{text}"}
