"""What the first bytes of a file tell of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.media import HEAD, is_named_so, kind_of, one_of

FILES = [
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff\xe0", "jpeg"),
    (b"GIF89a", "gif"),
    (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
    (b"RIFF\0\0\0\0WAVEfmt ", "wav"),
    (b"RF64\xff\xff\xff\xffWAVE", "wav"),
    (b"RIFF\0\0\0\0AVI ", None),
    (b"\0\0\0\x20ftypM4A ", "m4a"),
    (b"\0\0\0\x20ftypisom", "mp4"),
    (b"\0\0\0\x14ftypqt  ", "mp4"),
    (b"\0\0\0\x08wide\0\0\x10\0mdat", "mp4"),
    (b"\0\0\x10\0moov\0\0", "mp4"),
    (b"%PDF-1.7", "pdf"),
    (b"fLaC\0", "flac"),
    (b"OggS\0", "ogg"),
    (b"\x1aE\xdf\xa3", "webm"),
    (b"ID3\x04", "mp3"),
    (b"\xff\xfb\x90", "mp3"),
    (b"\xff\xf3\x90", "mp3"),
    (b"\xff\xfd\x90", "mpga"),
    (b"\xff\xff\x90", "mpga"),
    (b"\xff\xeb\x90", None),
    (b"\xff\xf9\x90", None),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"\x00\x00\x01\xb3", "mpeg"),
    (b'\n <svg xmlns="http', "svg"),
    (b"<?xml version", "svg"),
    (b" %PDF-1.7", None),
    (b"BM\0\0", None),
    (b"", None),
]


@pytest.mark.parametrize(("head", "kind"), FILES)
def test_the_kind_of_a_file(head: bytes, kind: str | None) -> None:
    assert kind_of(head) == kind
    assert kind_of(head.ljust(HEAD, b"\0")) == kind


@given(st.binary(max_size=HEAD))
def test_any_bytes_have_a_kind_or_none(head: bytes) -> None:
    assert kind_of(head) is None or kind_of(head + b"more") == kind_of(head)


def test_the_kinds_that_an_endpoint_takes() -> None:
    taken = one_of("png", "webp")
    assert taken(b"\x89PNG\r\n\x1a\n") == "png"
    assert taken(b"GIF89a") is None


WAV, OGG, MP3, ID3 = b"RIFF\0\0\0\0WAVEfmt ", b"OggS\0", b"\xff\xfb\x90", b"ID3\x04"
MATROSKA, QUICKTIME, MP4 = b"\x1aE\xdf\xa3", b"\0\0\0\x14ftypqt  ", b"\0\0\0\x20ftypisom"


@pytest.mark.parametrize(
    ("head", "good", "bad"),
    [
        (WAV, ("wav", "WAV"), ("mp3", "wave", "", "ogg")),
        (OGG, ("ogg", "oga"), ("opus", "spx", "mp3")),
        (MP3, ("mp3", "mpga", "mpeg"), ("wav", "mp2", "flac")),
        (ID3, ("mp3", "flac"), ("wav", "aac")),
        (MATROSKA, ("webm",), ("mkv", "mka", "mp4")),
        (QUICKTIME, ("mp4", "m4a"), ("mov", "qt")),
        (MP4, ("mp4", "m4a"), ("m4v", "mov", "mp3")),
        (b"fLaC", ("flac",), ("mp3",)),
        (b"\xff\xd8\xff", ("jpg", "jpeg", "JPG"), ("png",)),
        (b"\x89PNG\r\n\x1a\n", ("png",), ("jpg",)),
        (b"unknown", ("", "mov", "txt"), ()),
    ],
)
def test_the_extensions_of_a_kind(head: bytes, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    assert all(is_named_so(extension, head) for extension in good)
    assert not any(is_named_so(extension, head) for extension in bad)
