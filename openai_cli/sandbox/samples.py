"""Sounds and images for answers: short, small, and valid."""

import io
import math
import struct
import wave
import zlib
from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "samples"
RATE = 24_000
COLOUR = (0x3F, 0x7F, 0x5F)


def sample_sound(kind: str) -> bytes:
    """A tone of 0.2 s in a format of POST /audio/speech."""
    if kind == "pcm":
        return _tone()
    if kind != "wav":
        return (FOLDER / f"sound.{kind}").read_bytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes(_tone())
    return file.getvalue()


def _tone() -> bytes:
    values = (int(8000 * math.sin(2 * math.pi * 440 * i / RATE)) for i in range(RATE // 5))
    return b"".join(struct.pack("<h", value) for value in values)


def image(kind: str, width: int, height: int) -> bytes:
    """An image of one colour; PNG and SVG have the given size, other formats are small."""
    if kind == "png":
        return png(width, height)
    if kind == "svg":
        colour = "#{:02x}{:02x}{:02x}".format(*COLOUR)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
            f'<rect width="100%" height="100%" fill="{colour}"/></svg>\n'
        ).encode()
    return (FOLDER / f"image.{'jpg' if kind == 'jpeg' else kind}").read_bytes()


def png(width: int, height: int) -> bytes:
    """A PNG of one colour (https://www.w3.org/TR/png-3/): one palette entry, one bit per pixel."""
    rows = (b"\0" + bytes((width + 7) // 8)) * height
    head = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", head),
        (b"PLTE", bytes(COLOUR)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
