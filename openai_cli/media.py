"""Recognise images, audio, video and PDF by the first bytes of a file."""

from collections.abc import Callable, Mapping

# A kind is the usual extension of its files.
IMAGES = frozenset({"png", "jpeg", "gif", "webp", "svg"})

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"%PDF-", "pdf"),
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"\x1aE\xdf\xa3", "webm"),
    (b"ID3", "mp3"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"\x00\x00\x01\xb3", "mpeg"),
    (b"<svg ", "svg"),
    (b"<?xml", "svg"),
)

# The first box of QuickTime files without a file type box (QuickTime File Format, "Movie Atoms").
_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

# The extensions of a kind's files; for kinds not listed, the kind itself. OpenAI accepts audio by
# its name: "Supported formats: flac, m4a, mp3, mp4, mpeg, mpga, oga, ogg, wav, webm".
_EXTENSIONS: Mapping[str, frozenset[str]] = {
    "jpeg": frozenset({"jpeg", "jpg"}),
    "m4a": frozenset({"m4a", "mp4"}),
    "mp4": frozenset({"m4a", "mp4"}),
    "mp3": frozenset({"mp3", "mpga", "mpeg"}),
    "mpga": frozenset({"mp3", "mpga", "mpeg"}),
    "ogg": frozenset({"ogg", "oga"}),
}

# The number of bytes that is enough to recognise all kinds.
HEAD = 64


def kind_of(head: bytes) -> str | None:
    """Return the kind of a file that begins with `head`, by its usual extension, or None.

    The signatures are those of the formats' specifications: PNG (ISO 15948), JPEG (T.81), RIFF,
    the file type box of ISO 14496-12, Matroska's EBML, and the frames of MPEG audio.
    """
    if head[:4] in (b"RIFF", b"RF64"):
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return "m4a" if head[8:11] == b"M4A" else "mp4"
    if head[4:8] in _QUICKTIME:
        return "mp4"
    text = head.lstrip()
    for start, kind in _STARTS:
        if (text if kind == "svg" else head).startswith(start):
            return kind
    return _mpeg_audio(head)


def is_named_so(extension: str, head: bytes) -> bool:
    """Return whether an extension, such as `mp3` or `JPG`, suits a file that begins with `head`.

    Any extension suits an unknown kind, and that of FLAC also suits an ID3 tag, which otherwise
    means MP3.
    """
    kind, name = kind_of(head), extension.lower()
    if kind is None or (name == "flac" and head.startswith(b"ID3")):
        return True
    return name in _EXTENSIONS.get(kind, (kind,))


def is_image(data: bytes) -> bool:
    """Return whether a complete file is one of the IMAGES: XML may be something other than SVG."""
    kind = kind_of(data)
    return kind in IMAGES and (kind != "svg" or b"<svg" in data)


def one_of(*kinds: str) -> Callable[[bytes], str | None]:
    """Return a `kind_of` that recognises only these kinds."""

    def kind_among(head: bytes) -> str | None:
        return kind if (kind := kind_of(head)) in kinds else None

    return kind_among


def _mpeg_audio(head: bytes) -> str | None:
    """Recognise MPEG audio by its first frame (ISO 11172-3): layer III is mp3, others are mpga.

    A frame has 11 sync bits, any version but 01 and any layer but 00.
    """
    is_frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    if not is_frame or head[1] & 0x18 == 0x08 or not head[1] & 0x06:
        return None
    return "mp3" if head[1] & 0x06 == 0x02 else "mpga"
