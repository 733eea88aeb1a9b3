"""Tokens of images, as OpenAI's guide works them out, and sizes, of files made by Pillow."""

import base64
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.errors import UsageError
from openai_cli.media import kind_of
from openai_cli.tokens.images import (
    LIKELY,
    MOST_ABOVE_GUIDE,
    RULES,
    Patches,
    above_guide,
    image_size,
    image_tokens,
)

# 300 x 200 pixels, but for JPEG, 17 x 5.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAASwAAADIAQMAAABoEU4WAAAAA1BMVEUAAACnej3aAAAAHklEQVR42u3BMQEAAADCoPVP"
    "bQdvoAAAAAAAAADgNx54AAG94zQeAAAAAElFTkSuQmCC"
)
GIF = base64.b64decode("R0lGODdhLAHIAIAAAAAAAAAAACwAAAAALAHIAEAI")
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////"
    "////////////////////////wAALCAAFABEBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAUEAEAAAAAAAAAAAAAAAAA"
    "AAAA/9oACAEBAAA/AJg//9k="
)
PROGRESSIVE = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////"
    "////////////////////////wgALCAAFABEBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAL/2gAIAQEAAAABk//E"
)
LOSSY = base64.b64decode("UklGRqYAAABXRUJQVlA4IJoAAABwEACdASosAcgAP/3+/3+/uzayICgD8D+J")
LOSSLESS = base64.b64decode("UklGRiIAAABXRUJQVlA4TBYAAAAvK8ExAAcQEf0PACjS//8U0f/U/68B")
EXTENDED = base64.b64decode("UklGRtYAAABXRUJQVlA4WAoAAAAQAAAAKwEAxwAAQUxQSBYAAAABB0AgaYu3/RER")


def png(width: int, height: int) -> bytes:
    """The start of a PNG file of that size."""
    return PNG[:16] + struct.pack(">II", width, height)


def url_of(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}"


def tokens(model: str, width: int, height: int, detail: str | None = None) -> int:
    """The tokens of an image of a known size, which are not doubtful."""
    taken = image_tokens(url_of(png(width, height)), detail, model=model, place="image")
    assert taken.doubts == ()
    return taken.tokens


# The guide's examples: https://developers.openai.com/api/docs/guides/images-vision, in the editions
# of 2024 (tiles), 2025 (a budget of 1,536 patches: 1,452 for 1800 x 2400) and September 2026.
@pytest.mark.parametrize(
    ("model", "width", "height", "detail", "expected"),
    [
        ("gpt-4o", 1024, 1024, "high", 765),
        ("gpt-4o", 2048, 4096, "high", 1105),
        ("gpt-4o", 4096, 8192, "low", 85),
        ("o4-mini", 1024, 1024, "high", 1762),  # 1,024 x 1.72 = 1,761.28
        ("o4-mini", 1800, 2400, "high", 2498),  # 1,452 x 1.72 = 2,497.44
        ("gpt-4.1-nano", 1800, 2400, "high", 3572),  # 1,452 x 2.46 = 3,571.92
        ("gpt-5.4", 1024, 1024, "high", 1229),
        ("gpt-5.4", 2048, 2048, "high", 3000),
        ("gpt-6-astra", 4096, 512, "high", 2458),
    ],
)
def test_the_guides_examples(
    model: str, width: int, height: int, detail: str, expected: int
) -> None:
    assert tokens(model, width, height, detail) == expected
    assert tokens(model, height, width, detail) == expected


@pytest.mark.parametrize(
    ("model", "width", "height", "detail", "expected"),
    [
        # One tile, four, and the two of an image that needs no scaling.
        ("gpt-4o", 512, 512, None, 85 + 170),
        ("gpt-4o", 513, 513, "auto", 85 + 4 * 170),
        ("gpt-4o", 1, 1, "high", 85 + 170),
        ("gpt-4o-2024-08-06", 1000, 500, "high", 85 + 2 * 170),
        ("gpt-4o-mini", 512, 512, "high", 2833 + 5667),
        ("gpt-4o-mini", 512, 512, "low", 2833),
        ("ft:gpt-4o-mini-2024-07-18:org::id", 512, 512, "low", 2833),
        ("o3", 512, 512, "high", 75 + 150),
        ("gpt-5", 512, 512, "high", 70 + 140),
        # 3000 x 1500 fits at 2048 x 1024, and at 1536 x 768: 3 x 2 tiles.
        ("gpt-4.1", 3000, 1500, "high", 85 + 6 * 170),
        # 8000 x 100 fits at 2048 x 26: 4 x 1 tiles.
        ("gpt-4.1", 8000, 100, "high", 85 + 4 * 170),
        # 64 x 64 patches, which is below the budget of 6,144, times 1.62.
        ("gpt-4.1-mini", 4000, 4000, "high", 6636),
        # 16 x 16 patches at 512 x 512, times 1.2.
        ("gpt-5.5", 4000, 4000, "low", 308),
        ("gpt-6-astra", 4000, 4000, "low", 308),
        # With low detail it may take more than with high: 64 x 48 patches and 57 x 43.
        ("gpt-5.4-mini", 4000, 3000, "low", 3687),
        ("gpt-5.4-mini", 4000, 3000, "high", 2942),
        ("gpt-5.4-mini", 4000, 3000, "auto", 2942),
        # auto is original here: 126 x 95 patches, and 115 x 86 of at most 10,000.
        ("gpt-5.6-luna", 4032, 3024, None, 14_364),
        ("gpt-5.5", 4032, 3024, "auto", 11_868),
        ("gpt-5.5", 4032, 3024, "original", 11_868),
        ("gpt-5.2", 32, 32, None, 2),
        ("gpt-5-nano", 32, 33, None, 3),
    ],
)
def test_tokens_by_the_rules(
    model: str, width: int, height: int, detail: str | None, expected: int
) -> None:
    assert tokens(model, width, height, detail) == expected


@settings(max_examples=300)
@given(
    model=st.sampled_from([name for name, rule in RULES.items() if isinstance(rule, Patches)]),
    width=st.integers(1, 70_000),
    height=st.integers(1, 70_000),
    detail=st.sampled_from(["low", "high", "auto"]),
)
def test_patches_are_as_many_as_the_guides_formula_says(
    model: str, width: int, height: int, detail: str
) -> None:
    """The formula as the guide has it, in floating point, may miss a patch by its rounding."""
    rule = RULES[model]
    assert isinstance(rule, Patches)
    side, budget = rule.limits[detail]
    scale = min(1, side / max(width, height))
    w, h = max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5))
    patches = -(-w // 32) * -(-h // 32)
    if budget is not None and patches > budget:
        shrink = (32**2 * budget / (w * h)) ** 0.5
        columns, rows = w * shrink / 32, h * shrink / 32
        shrink *= min((columns + 1e-9) // 1 / columns, (rows + 1e-9) // 1 / rows)
        across = -(-int(w * shrink + 1e-6) // 32)
        patches = across * -(-int(h * shrink + 1e-6) // 32)
        assert patches <= budget
    taken = image_tokens(url_of(png(width, height)), detail, model=model, place="image")
    assert taken.tokens == -(-patches * rule.hundredths // 100)


@pytest.mark.parametrize(
    ("model", "detail", "most"),
    [
        ("gpt-4o", "high", 85 + 8 * 170),
        ("gpt-4o-mini", None, 2833 + 8 * 5667),
        ("o4-mini", "high", 2642),
        ("gpt-4.1-mini", "high", 6636),
        ("gpt-5.4", "high", 3000),
        ("gpt-5.5", "auto", 12_000),
        ("gpt-6-astra", "low", 308),
        ("gpt-6-astra", None, 36_000),
    ],
)
def test_an_image_of_unknown_size_is_of_a_likely_one_and_the_most_is_told(
    model: str, detail: str | None, most: int
) -> None:
    likely = image_tokens(url_of(png(*LIKELY)), detail, model=model, place="image").tokens
    for url in ("https://example.com/a.png", None):
        taken = image_tokens(url, detail, model=model, place="messages[0].content[1].image_url")
        assert taken.tokens == likely
        [doubt] = taken.doubts
        assert doubt == (
            "messages[0].content[1].image_url: its size is not known: counted as 640 x 480 pixels, "
            f"it can take {most:,} tokens at most"
        )
        assert doubt.more == most - likely


def test_bills_above_the_guide() -> None:
    assert above_guide("gpt-4.1-mini-2025-04-14") == 2
    assert above_guide("o4-mini") == above_guide("gpt-5-nano") == 1
    assert above_guide("gpt-4o") == above_guide("gpt-5") == 0
    assert 0 < above_guide("gpt-9") < MOST_ABOVE_GUIDE


@settings(max_examples=300)
@given(
    model=st.sampled_from(list(RULES)),
    width=st.integers(1, 6000),
    height=st.integers(1, 5000),
    detail=st.sampled_from(["low", "high", "auto", "original", None]),
)
def test_no_image_that_the_api_takes_needs_more(
    model: str, width: int, height: int, detail: str | None
) -> None:
    known = image_tokens(url_of(png(width, height)), detail, model=model, place="image")
    unknown = image_tokens(None, detail, model=model, place="image")
    more = sum(doubt.more or 0 for doubt in unknown.doubts)
    assert 0 < known.tokens <= unknown.tokens + more


def test_low_detail_in_tiles_needs_no_size() -> None:
    taken = image_tokens("https://example.com/a.png", "low", model="gpt-4.1", place="image")
    assert taken == (85, ())


@pytest.mark.parametrize(
    ("model", "detail", "rule", "doubt"),
    [
        ("gpt-6-luna", "high", "gpt-6-astra", "no image rule is published for gpt-6-luna"),
        ("gpt-9", "high", "gpt-6-astra", "that of gpt-6-astra is used"),
        ("gpt-4o-audio-preview", "high", "gpt-4o", "that of gpt-4o is used"),
        ("gpt-5.1-codex-mini", "high", "gpt-5.1", "that of gpt-5.1 is used"),
        ("gpt-5.2", "original", "gpt-5.2", "image: gpt-5.2 has no detail 'original'"),
    ],
)
def test_what_the_guide_does_not_say_is_doubtful(
    model: str, detail: str, rule: str, doubt: str
) -> None:
    taken = image_tokens(url_of(png(640, 480)), detail, model=model, place="image")
    assert taken.tokens == tokens(rule, 640, 480, "high")
    (found,) = taken.doubts
    assert doubt in found


def test_more_than_30000_patches_are_refused() -> None:
    assert tokens("gpt-5.6", 32 * 150, 32 * 200) == 36_000
    taken = image_tokens(url_of(png(32 * 150 + 1, 32 * 200)), None, model="gpt-5.6", place="here")
    assert taken.tokens == 36_240
    assert taken.doubts == ("here: the API refuses an image of more than 30,000 patches",)


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64,",
        "data:image/png;base64,iVBO",
        "data:image/png;base64,a",
        "data:image/png,iVBORw0KGgo=",
        "data:,",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "DATA:text/plain;base64,aGVsbG8gd29ybGQ=",
        "data:image/png;base64,\u00e9\u00e9",
        url_of(png(0, 5)),
    ],
)
def test_a_data_url_of_no_image_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError, match=r"messages\[2\]\.image_url is not a data URL") as caught:
        image_tokens(url, None, model="gpt-4o", place="messages[2].image_url")
    assert caught.value.parameter == "messages[2].image_url"


def test_a_data_url_is_of_any_type_and_case() -> None:
    url = url_of(png(512, 512)).replace("data:image/png", "Data:IMAGE/x")
    assert image_tokens(url, "high", model="gpt-4o", place="image").tokens == 255


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def frame(marker: int, width: int, height: int) -> bytes:
    return segment(marker, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")


@pytest.mark.parametrize(
    ("data", "kind", "size"),
    [
        (PNG, "png", (300, 200)),
        (GIF, "gif", (300, 200)),
        (GIF.replace(b"87a", b"89a"), "gif", (300, 200)),
        (JPEG, "jpeg", (17, 5)),
        (PROGRESSIVE, "jpeg", (17, 5)),
        (LOSSY, "webp", (300, 200)),
        (LOSSLESS, "webp", (300, 200)),
        (EXTENDED, "webp", (300, 200)),
    ],
)
def test_sizes_of_files(data: bytes, kind: str, size: tuple[int, int]) -> None:
    assert kind_of(data) == kind
    assert image_size(data) == size
    # Nothing shorter tells another size, and nothing fails.
    assert {image_size(data[:length]) for length in range(len(data))} <= {None, size}


@pytest.mark.parametrize("marker", [*range(0xC0, 0xC4), *range(0xC5, 0xC8), 0xC9, 0xCA, 0xCB, 0xCF])
def test_every_frame_of_jpeg(marker: int) -> None:
    """Behind other segments, fill bytes, a marker that stands alone, and a thumbnail."""
    exif = segment(0xE1, b"Exif\0\0" + b"\xff\xd8" + frame(0xC0, 160, 120))
    tables = segment(0xC4, b"\x00" * 17) + segment(0xDB, b"\x00" * 65) + segment(0xCC, b"\x00\x10")
    data = b"\xff\xd8" + exif + b"\xff\x01" + tables + b"\xff\xff" + frame(marker, 4000, 3000)
    assert image_size(data) == (4000, 3000)


def test_a_jpeg_with_a_long_start_is_read_to_its_frame() -> None:
    profile = b"".join(segment(0xE2, b"\xff" * 60_000) for _ in range(5))
    data = b"\xff\xd8" + profile + frame(0xC0, 512, 512)
    assert image_tokens(url_of(data), "high", model="gpt-4o", place="image").tokens == 255


def test_a_jpeg_without_a_frame_has_no_size() -> None:
    assert image_size(b"\xff\xd8" + segment(0xDA, b"\0" * 10) + b"\x12" * 99) is None


@given(data=st.binary(max_size=64), start=st.sampled_from([PNG, GIF, JPEG, LOSSY, b""]))
def test_any_data_has_a_size_or_none(data: bytes, start: bytes) -> None:
    for length in (3, 8, 12, 16, 20):
        size = image_size(start[:length] + data)
        assert size is None or min(size) > 0


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\x24\0\0\0WAVEfmt ", b"BM\0\0", b"<svg/>"])
def test_other_data_is_no_image(data: bytes) -> None:
    assert image_size(data) is None
