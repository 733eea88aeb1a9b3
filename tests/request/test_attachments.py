"""--attach: what a file's first bytes make of it, in the forms of the published description.

The forms are those of ChatCompletionRequestMessageContentPart: image_url, input_audio, file.
"""

import base64
from pathlib import Path
from typing import Any

import pytest

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.request.attachments import content_part, input_part
from openai_cli.request.inputs import Inputs
from tests.flags.published import CHAT


def part(source: str, stdin: bytes | None = None) -> dict[str, Any]:
    """The content part of a source, which the official package's types allow."""
    found = content_part(source, Inputs(Context.test(stdin=stdin)))
    CHAT.check({"model": "m", "messages": [{"role": "user", "content": [found]}]})
    return found


def why_not(source: str, stdin: bytes | None = None) -> UsageError:
    with pytest.raises(UsageError) as caught:
        content_part(source, Inputs(Context.test(stdin=stdin)))
    return caught.value


IMAGES = [
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
    (b"\xff\xd8\xff\xe1\x00\x10Exif", "image/jpeg"),
    (b"GIF87a\x01\x00", "image/gif"),
    (b"GIF89a\x01\x00", "image/gif"),
    (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
]
AUDIO = [
    (b"RIFF\x24\x00\x00\x00WAVEfmt ", "wav"),
    (b"ID3\x04\x00\x00\x00\x00\x00\x00", "mp3"),
    (b"\xff\xfb\x90\x00", "mp3"),
    (b"\xff\xf3\x40\x00", "mp3"),
    (b"\xff\xe3\x40\x00", "mp3"),
]


@pytest.mark.parametrize(("data", "kind"), IMAGES)
@pytest.mark.parametrize("name", ["picture", "misleading.pdf"])
def test_an_image_is_a_data_url(data: bytes, kind: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    encoded = base64.b64encode(data).decode("ascii")
    assert part(f"{tmp_path}/{name}") == {
        "type": "image_url",
        "image_url": {"url": f"data:{kind};base64,{encoded}"},
    }


@pytest.mark.parametrize(("data", "form"), AUDIO)
def test_audio_is_base64_with_its_format(data: bytes, form: str, tmp_path: Path) -> None:
    (tmp_path / "sound").write_bytes(data)
    assert part(f"{tmp_path}/sound") == {
        "type": "input_audio",
        "input_audio": {"data": base64.b64encode(data).decode("ascii"), "format": form},
    }


def test_a_pdf_is_a_file_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "Report é.pdf").write_bytes(b"%PDF-1.7\n")
    assert part(f"{tmp_path}/Report é.pdf") == {
        "type": "file",
        "file": {
            "filename": "Report é.pdf",
            "file_data": "data:application/pdf;base64,JVBERi0xLjcK",
        },
    }


def test_stdin_may_be_attached() -> None:
    assert part("-", b"GIF89a") == {
        "type": "image_url",
        "image_url": {"url": "data:image/gif;base64,R0lGODlh"},
    }
    named = part("-", b"%PDF-1.7\n")["file"]
    assert named["file_data"] == "data:application/pdf;base64,JVBERi0xLjcK"
    assert named["filename"].endswith(".pdf")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.png",
        "http://example.com/picture?format=png#top",
        "https://example.com/view?file=report.pdf",
        "data:image/png;base64,iVBORw0KGgo=",
    ],
)
def test_a_url_is_sent_as_it_is(url: str) -> None:
    assert part(url) == {"type": "image_url", "image_url": {"url": url}}


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/report.pdf",
        "https://example.com/REPORT.PDF?download=1",
        "https://example.com/report.pdf#page=2",
        "http://example.com/a.wav",
        "http://example.com/a.mp3",
        "data:application/pdf;base64,JVBERi0=",
        "data:audio/mpeg;base64,SUQz",
    ],
)
def test_the_api_takes_no_pdf_and_no_audio_by_url(url: str) -> None:
    assert url in why_not(url).problem


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n",
        b"\x00",
        b"\xff",
        b"\xff\xf1\x50\x80",
        b"RIFF\x24\x00\x00\x00AVI LIST",
        b"RIFF",
        b"\x89PNG",
        b"<svg/>",
        b"BM\x00\x00",
        b"OggS",
        b"\x1a\x45\xdf\xa3",
        b"\x00\x00\x00\x20ftypM4A ",
        b"II*\x00",
    ],
)
def test_what_the_api_takes_in_no_form(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "misleading.png"
    path.write_bytes(data)
    error = why_not(str(path))
    assert f"--attach: '{path}' is not of a kind that the API takes" in error.problem
    assert error.hint is not None
    for kind in ("PNG", "JPEG", "GIF", "WebP", "WAV", "MP3", "PDF"):
        assert kind in error.hint


@pytest.mark.parametrize("data", [b"a\0b", b"\xffa", "é".encode("utf-16"), "é".encode("latin-1")])
def test_what_is_no_text_whatever_its_name(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_bytes(data)
    assert "is not of a kind that the API takes" in why_not(str(path)).problem


TEXTS = ["hello", "# Title\r\n\n```\ncode\n```\n\n", "\ufeff<svg/>", "{}", "\x1b[1m", " "]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", ["notes.md", "main.ts", "picture.svg", "Makefile"])
def test_a_text_stands_under_its_name(text: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode())
    expected = f"# {name}\n\n{text}"
    assert part(str(path)) == {"type": "text", "text": expected}
    found = input_part(str(path), Inputs(Context.test()))
    assert found == {"type": "input_text", "text": expected}


def test_a_name_is_as_it_was_typed_but_never_from_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    for name in ("it.py", "a/it.py", "two\nlines"):
        (tmp_path / name).write_text("x")
    assert part("./it.py")["text"] == "# it.py\n\nx"
    assert part("a/it.py")["text"] == "# a/it.py\n\nx"
    assert part(f"{tmp_path}/a/it.py")["text"] == "# it.py\n\nx"
    assert part("two\nlines")["text"] == "# two lines\n\nx"
    assert part("-", b"x\n")["text"] == "# stdin\n\nx\n"


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    assert why_not(f"{tmp_path}/empty.png").problem == f"--attach: '{tmp_path}/empty.png' is empty"
    assert why_not("-", b"").problem == "--attach: '-' is empty"
    assert why_not(str(tmp_path)).problem.endswith(": Is a directory")
    assert why_not(f"{tmp_path}/none.png").problem.endswith(": No such file or directory")
    assert "is not a file name" in why_not("a\0.png").problem
