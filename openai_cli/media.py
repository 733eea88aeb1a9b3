"""What the bytes of a file are: images, sound, video, PDF, told from the first of them."""

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

# QuickTime before it had a file type box (QuickTime File Format, "Movie Atoms"): its first box.
_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

# The extensions that files of a kind go by; of the others it is the kind alone. As OpenAI takes
# sound by its name: "Supported formats: flac, m4a, mp3, mp4, mpeg, mpga, oga, ogg, wav, webm".
_EXTENSIONS: Mapping[str, frozenset[str]] = {
    "jpeg": frozenset({"jpeg", "jpg"}),
    "m4a": frozenset({"m4a", "mp4"}),
    "mp4": frozenset({"m4a", "mp4"}),
    "mp3": frozenset({"mp3", "mpga", "mpeg"}),
    "mpga": frozenset({"mp3", "mpga", "mpeg"}),
    "ogg": frozenset({"ogg", "oga"}),
}

# In bytes: enough to tell all kinds apart.
HEAD = 64


def kind_of(head: bytes) -> str | None:
    """The kind of file that begins so, by its usual extension; None for a kind that is not known.

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
    """Whether files of the kind that begins so go by this extension, as `mp3` or `JPG`.

    Any extension goes for a kind that is not known, and that of FLAC behind a tag of ID3, which
    tells MP3 elsewhere.
    """
    kind, name = kind_of(head), extension.lower()
    if kind is None or (name == "flac" and head.startswith(b"ID3")):
        return True
    return name in _EXTENSIONS.get(kind, (kind,))


def is_image(data: bytes) -> bool:
    """Whether this is a whole file of one of the IMAGES: what begins as XML may be anything."""
    kind = kind_of(data)
    return kind in IMAGES and (kind != "svg" or b"<svg" in data)


def one_of(*kinds: str) -> Callable[[bytes], str | None]:
    """`kind_of` for these kinds alone."""

    def kind_among(head: bytes) -> str | None:
        return kind if (kind := kind_of(head)) in kinds else None

    return kind_among


def _mpeg_audio(head: bytes) -> str | None:
    """MPEG audio that begins with a frame (ISO 11172-3): layer III is mp3, the others are mpga.

    A frame has 11 sync bits, any version but 01 and any layer but 00.
    """
    is_frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    if not is_frame or head[1] & 0x18 == 0x08 or not head[1] & 0x06:
        return None
    return "mp3" if head[1] & 0x06 == 0x02 else "mpga"
