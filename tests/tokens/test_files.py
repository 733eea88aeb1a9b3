"""Files in messages: what is told of them from their data."""

import base64
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.tokens import count
from openai_cli.tokens.files import Pdf, read_pdf
from openai_cli.tokens.messages import count_request

Json = dict[str, Any]

SHOWN = b"BT /F1 12 Tf (Hello ) Tj [(wor) -20 (ld)] TJ ET"
PAGES = b"1 0 obj <</Type /Pages /Count 2>> endobj 2 0 obj <</Type/Page>> endobj"


def stream(content: bytes, *, packed: bool) -> bytes:
    data = zlib.compress(content) if packed else content
    return b"3 0 obj <<>> stream\n" + data + b"\nendstream endobj "


def pdf(*streams: bytes) -> bytes:
    return b"%PDF-1.4 " + PAGES + b" 4 0 obj << /Type /Page >> endobj " + b"".join(streams)


def url(data: bytes, kind: str = "application/pdf") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def responses(**part: Any) -> Json:
    content = [{"type": "input_file", **part}]
    return {"model": "gpt-4.1", "input": [{"role": "user", "content": content}]}


def chat(model: str = "gpt-4.1", **file: Any) -> Json:
    content = [{"type": "file", "file": file}]
    return {"model": model, "messages": [{"role": "user", "content": content}]}


FRAME = 3 + 1 + 3  # of the message and the answer


@pytest.mark.parametrize("packed", [True, False])
def test_the_text_and_the_pages_of_a_pdf(packed: bool) -> None:
    assert read_pdf(pdf(stream(SHOWN, packed=packed))) == Pdf(2, "Hello world", 0)


def test_pages_in_packed_objects_and_glyphs_of_a_font_of_its_own() -> None:
    objects = stream(b"5 0 <</Type /Page>>", packed=True)
    drawn = stream(b"BT <0001000200030004> Tj ET", packed=True)
    assert read_pdf(pdf(objects, drawn)) == Pdf(3, "", 4)
    assert read_pdf(b"%PDF-1.4 " + stream(b"(no text)", packed=False)) == Pdf(0, "", 0)


def test_a_pdf_is_its_text_and_on_chat_a_picture_of_each_page() -> None:
    data = pdf(stream(SHOWN, packed=True))
    text = count("Hello world", model="gpt-4.1")
    found = count_request(responses(filename="a.pdf", file_data=url(data)))
    assert found == FRAME + 4 + text
    assert found.unbounded == (
        "input[0].content[0]: the text of a PDF of 2 pages is a rough estimate",
    )
    found = count_request(chat(filename="a.pdf", file_data=url(data)))
    assert found == FRAME + 4 + text + 2 * 216
    assert found.doubts[0].endswith("of 2 pages is a rough estimate, with a picture of each")
    nano = chat("gpt-4.1-nano-2025-04-14", file_data=url(data))
    assert count_request(nano) == FRAME + 4 + text + 2 * 980


def test_a_text_is_its_text() -> None:
    data = url("Grüße".encode(), "text/plain")
    found = count_request(responses(file_data=data))
    assert found == FRAME + 4 + count("Grüße", model="gpt-4.1")
    assert found.most == found + 100
    plain = base64.b64encode(b"hello").decode()
    assert count_request(responses(file_data=plain)) == FRAME + 4 + 1


@pytest.mark.parametrize(
    "part",
    [
        {"file_id": "file-1"},
        {"file_url": "https://example.com/a.pdf"},
        {"file_data": "https://example.com/a,b.pdf"},
        {"file_data": url(b"\xff\xfe\x00")},
        {"file_data": "a"},
    ],
)
def test_what_is_not_in_the_body_is_not_counted(part: Json) -> None:
    for body in (responses(**part), chat(**part)):
        found = count_request(body)
        assert found == FRAME
        [doubt] = found.unbounded
        assert "content[0] is not counted: " in doubt


def test_a_file_of_another_shape_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match=r"input\[0\].content\[0\].file_data must be a text"):
        count_request(responses(file_data=5))


@settings(max_examples=200)
@given(content=st.lists(st.one_of(st.binary(), st.just(b"stream\n"), st.just(SHOWN))))
def test_any_data_is_read(content: list[bytes]) -> None:
    found = read_pdf(b"%PDF" + b"".join(content))
    assert min(found.pages, found.glyphs) >= 0
