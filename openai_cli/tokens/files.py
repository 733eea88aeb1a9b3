"""Files in a message: what they take is told from their data where the body has it.

Bills had the text of a PDF with a few tokens more, and on /chat/completions a picture of each page;
of a text file they had its text.
"""

import re
import zlib
from binascii import a2b_base64
from collections.abc import Iterator
from typing import NamedTuple

from openai_cli.tokens.families import CHAT
from openai_cli.tokens.prompt import UNSEEN, Prompt
from openai_cli.tokens.shapes import Json, optional

# Of a file: 4 with a page of text, to 7 with a line.
_FRAME = 4

# Of the picture of a page, at /chat/completions: as billed for gpt-4o and gpt-5-mini, and for one
# other.
_PAGE = 216
_PAGES = {"gpt-4.1-nano": 980}

# Glyphs that a font of its own draws, whose letters are not known, to a token.
_GLYPHS = 4

# In bytes, how much is unpacked: a small file may stand for very much.
_MOST = 2**26

_PAGE_OBJECT = re.compile(rb"/Type\s*/Page\b(?!s)")
_STREAM = re.compile(rb"stream\r?\n")
_SHOWN = re.compile(rb"\(((?:[^()\\]|\\.)*)\)|<([0-9A-Fa-f\s]+)>|\b(Tj|TJ|ET)\b", re.DOTALL)


class Pdf(NamedTuple):
    """What a PDF shows: the text that can be read, and how many glyphs that cannot."""

    pages: int
    text: str
    glyphs: int


def add_file(fields: Json, place: str, prompt: Prompt) -> None:
    """Count a file part, by its `fields`; UsageError for one that is not of the API's shape."""
    url = optional(fields, "file_data", f"{place}.")
    data = None if url is None else _data(url)
    if data is None:
        prompt.doubt(f"{place} is not counted: the file is on a server", None)
    elif data.startswith(b"%PDF"):
        _add_pdf(read_pdf(data), place, prompt)
    elif (text := _text(data)) is not None:
        prompt.overhead += _FRAME
        prompt.texts.append(text)
        prompt.doubt(f"{place}: one bill had a text file, as its text and {_FRAME} tokens", UNSEEN)
    else:
        prompt.doubt(f"{place} is not counted: it is neither a PDF nor a text", None)


def _add_pdf(pdf: Pdf, place: str, prompt: Prompt) -> None:
    prompt.overhead += _FRAME + pdf.glyphs // _GLYPHS
    prompt.texts.append(pdf.text)
    pictures = ""
    if prompt.endpoint == CHAT:
        prompt.overhead += pdf.pages * _PAGES.get(prompt.model.partition("-20")[0], _PAGE)
        pictures = ", with a picture of each"
    pages = f"{pdf.pages} page{'s' if pdf.pages != 1 else ''}"
    prompt.doubt(f"{place}: the text of a PDF of {pages} is roughly told{pictures}", None)


def read_pdf(data: bytes) -> Pdf:
    """What a PDF shows, told from its streams (ISO 32000-1, 7.3.8 and 9.4.3) and not its fonts."""
    pages = len(_PAGE_OBJECT.findall(data))
    words: list[str] = []
    glyphs = 0
    for stream in _streams(data):
        pages += len(_PAGE_OBJECT.findall(stream))
        if b"BT" not in stream:
            continue
        for text, drawn, end in _SHOWN.findall(stream):
            words.append(" " if end else text.decode("latin-1"))
            glyphs += len(drawn) // 4
    return Pdf(pages, " ".join("".join(words).split()), glyphs)


def _streams(data: bytes) -> Iterator[bytes]:
    """The streams of a PDF, unpacked."""
    left = _MOST
    for start in _STREAM.finditer(data):
        try:
            stream = zlib.decompressobj().decompress(data[start.end() :], left)
        except zlib.error:  # not packed, or in another way
            stream = data[start.end() : data.find(b"endstream", start.end())][:left]
        left -= len(stream)
        yield stream
        if left <= 0:
            return


def _data(url: str) -> bytes | None:
    """The bytes of a data URL, or of base64 alone."""
    head, comma, payload = url.partition(",")
    if comma and not head.lower().startswith("data:"):
        return None
    try:
        return a2b_base64(payload if comma else url)
    except ValueError:
        return None


def _text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
