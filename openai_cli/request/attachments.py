"""Turn the files and URLs of --attach into content parts of a message.

The parts are those of ChatCompletionRequestMessageContentPart in OpenAI's published description: an
image as a URL or data URL, WAV or MP3 audio in base64, a PDF as a file with a data URL, and a text
file as text with its name as a heading.
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
    """Return the content part for a path, `-` or a URL.

    The first bytes of a file determine its kind. Error messages name the kinds as `taken` and the
    flag as `reader`. Raises UsageError for a file that cannot be read, is empty or has a kind that
    the API does not take, and for the URL of audio or a PDF, which the API takes only as data.
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
    """Return the content part for an image's path, `-` or URL; UsageError if it is not an image."""
    part = content_part(source, inputs, taken=_IMAGES)
    if part["type"] == "text":
        raise _unknown(source, _IMAGES, "--attach")
    if part["type"] != "image_url":
        raise UsageError(f"--attach: '{source}' is not an image")
    return part


def input_part(source: str, inputs: Inputs) -> dict[str, Any]:
    """Return the content part for POST /responses (InputContent).

    Unlike chat, it takes a PDF by URL, and no audio.
    """
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
    """Return whether the URL itself shows that it is not an image."""
    if url.startswith("data:"):
        return not url.startswith("data:image/")
    return _path(url).endswith(_NOT_BY_URL)


def _path(url: str) -> str:
    return urlsplit(url).path.lower()


def _part_of(data: bytes, source: str) -> dict[str, Any] | None:
    """Return the content part for a file, by its first bytes; None if its kind is not known."""
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
    """Return the part for a text file, under its name or, if it was typed so, its relative path.

    Returns None if the file is not UTF-8, contains NUL, or has the extension of another kind.
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
