"""Count files in a message from their data, if the body contains it.

By the bills, a PDF takes its text and a few tokens, and on /chat/completions also a picture of each
page; a text file takes its text.
"""

import re
import zlib
from binascii import a2b_base64
from collections.abc import Iterator

from openai_cli.records import NamedTuple
from openai_cli.tokens.families import CHAT
from openai_cli.tokens.prompt import UNSEEN, Prompt
from openai_cli.tokens.shapes import Json, optional

# The overhead of a file: 4 with a page of text, up to 7 with a line.
_FRAME = 4

# The tokens of the picture of a page at /chat/completions: as billed for gpt-4o and gpt-5-mini, and
# for one other model.
_PAGE = 216
_PAGES = {"gpt-4.1-nano": 980}

# Glyphs per token, for glyphs of an embedded font whose letters are not known.
_GLYPHS = 4

# The maximum number of decompressed bytes: a small file may expand enormously.
_MOST = 2**26

_PAGE_OBJECT = re.compile(rb"/Type\s*/Page\b(?!s)")
_STREAM = re.compile(rb"stream\r?\n")
_SHOWN = re.compile(rb"\(((?:[^()\\]|\\.)*)\)|<([0-9A-Fa-f\s]+)>|\b(Tj|TJ|ET)\b", re.DOTALL)


class Pdf(NamedTuple):
    """The contents of a PDF: its pages, its readable text, and the number of other glyphs."""

    pages: int
    text: str
    glyphs: int


def add_file(fields: Json, place: str, prompt: Prompt) -> None:
    """Count a file part by its `fields`; UsageError if it does not have the API's shape."""
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
    prompt.doubt(f"{place}: the text of a PDF of {pages} is a rough estimate{pictures}", None)


def read_pdf(data: bytes) -> Pdf:
    """Read a PDF's text from its streams (ISO 32000-1, 7.3.8 and 9.4.3), ignoring its fonts."""
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
    """Yield the decompressed streams of a PDF."""
    left = _MOST
    for start in _STREAM.finditer(data):
        try:
            stream = zlib.decompressobj().decompress(data[start.end() :], left)
        except zlib.error:  # not compressed, or in another way
            stream = data[start.end() : data.find(b"endstream", start.end())][:left]
        left -= len(stream)
        yield stream
        if left <= 0:
            return


def _data(url: str) -> bytes | None:
    """Decode a data URL or plain base64; return None for anything else."""
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
