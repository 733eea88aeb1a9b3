"""Count the tokens of an image from the first bytes of its file.

The rules are those of "Calculating costs" and "Model sizing behavior" in OpenAI's guide
https://developers.openai.com/api/docs/guides/images-vision as of September 2026. A model uses
either tiles of 512 pixels, or patches of 32 pixels times a factor. For models without sizes in this
edition (gpt-5-mini, gpt-5-nano, gpt-4.1-nano, o4-mini), and for those no longer in it (gpt-4-turbo,
gpt-4.5, computer-use-preview), the figures are those of the last edition that had them.
"""

import re
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from math import isqrt

from openai_cli.errors import UsageError
from openai_cli.media import kind_of
from openai_cli.records import NamedTuple
from openai_cli.tokens.counted import Doubt
from openai_cli.tokens.encoding import base_of

# The API refuses an image with more patches.
MOST_PATCHES = 30_000

# The characters of base64 that are decoded first: an image's size is nearly always in its first
# 6 kB.
_HEAD = 8192

# Start of frame (ITU-T T.81, table B.1): C0 to CF without tables, restarts and arithmetic coding.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})

_SNAPSHOT = re.compile(r"-\d{4}-\d\d-\d\d$")


class Size(NamedTuple):
    """The size of an image, in pixels."""

    width: int
    height: int


class Tiles(NamedTuple):
    """A rule that counts squares of 512 pixels; low detail takes just the `base`."""

    base: int
    tile: int


class Limit(NamedTuple):
    """The limit that an image is scaled down to: the longer side in pixels, and the patches."""

    side: int
    patches: int | None = None


class Patches(NamedTuple):
    """A rule that counts squares of 32 pixels, times `hundredths` / 100.

    `limits` are by detail, and always include `auto`.
    """

    hundredths: int
    limits: Mapping[str, Limit]


class ImageTokens(NamedTuple):
    """The tokens of an image, and why they are an estimate."""

    tokens: int
    doubts: tuple[Doubt, ...] = ()


def _same(limit: Limit) -> dict[str, Limit]:
    return dict.fromkeys(("low", "high", "auto"), limit)


_WHOLE = Limit(65_535)
_ASTRA = Patches(
    120, {"low": Limit(512), "high": Limit(65_535, 2500), "original": _WHOLE, "auto": _WHOLE}
)
_GPT_5_6 = Patches(120, {**_ASTRA.limits, "high": Limit(2048, 2500)})
_LARGE = Limit(6000, 10_000)
_GPT_5_5 = Patches(
    120, {"low": Limit(512), "high": Limit(2048, 2500), "original": _LARGE, "auto": _LARGE}
)
_GPT_5_4 = Patches(120, {**_GPT_5_5.limits, "low": Limit(2048, 6144), "auto": Limit(2048, 2500)})

RULES: Mapping[str, Tiles | Patches] = {
    "gpt-6-astra": _ASTRA,
    "gpt-5.6": _GPT_5_6,
    "gpt-5.6-sol": _GPT_5_6,
    "gpt-5.6-terra": _GPT_5_6,
    "gpt-5.6-luna": _GPT_5_6,
    "gpt-5.5": _GPT_5_5,
    "gpt-5.4": _GPT_5_4,
    "gpt-5.4-mini": _GPT_5_4,
    "gpt-5.4-nano": _GPT_5_4,
    "gpt-5.2": Patches(120, _same(Limit(2048, 6144))),
    "gpt-5-mini": Patches(120, _same(Limit(2048, 1536))),
    "gpt-5-nano": Patches(150, _same(Limit(2048, 1536))),
    "gpt-4.1-mini": Patches(162, _same(Limit(2048, 6144))),
    "gpt-4.1-nano": Patches(246, _same(Limit(2048, 1536))),
    "o4-mini": Patches(172, _same(Limit(2048, 1536))),
    "gpt-5.1": Tiles(70, 140),
    "gpt-5": Tiles(70, 140),
    "gpt-5-chat-latest": Tiles(70, 140),
    "gpt-4o": Tiles(85, 170),
    "chatgpt-4o-latest": Tiles(85, 170),
    "gpt-4.1": Tiles(85, 170),
    "gpt-4.5-preview": Tiles(85, 170),
    "gpt-4-turbo": Tiles(85, 170),
    "gpt-4-vision-preview": Tiles(85, 170),
    "gpt-4o-mini": Tiles(2833, 5667),
    "o1": Tiles(75, 150),
    "o1-pro": Tiles(75, 150),
    "o3": Tiles(75, 150),
    "computer-use-preview": Tiles(65, 129),
}
_NEWEST = "gpt-6-astra"

# The assumed size of an image that is given by URL, which is about what such images were billed.
LIKELY = Size(640, 480)

# By how much bills exceeded the guide's figure, for images of one or two sizes per model. No known
# rule explains them all, and two bills since June 2026, of gpt-5-nano and gpt-4.1-mini, did not.
MOST_ABOVE_GUIDE = 5
_ABOVE_GUIDE = {
    "gpt-4.1-mini": 2,
    "gpt-4.1-nano": 1,
    "o4-mini": 1,
    "gpt-5-mini": 1,
    "gpt-5-nano": 1,
    "gpt-5.4": 4,
    "gpt-5.4-mini": 4,
    "gpt-5.4-nano": 4,
}
_ABOVE_NEWEST = 2


def image_size(data: bytes) -> Size | None:
    """Return the size from the start of a PNG, JPEG, GIF or WebP file.

    Returns None for other data, or if `data` ends before the size. A JPEG's orientation is ignored,
    because the rules give the same tokens for both.
    """
    read = _SIZES.get(kind_of(data) or "")
    size = read(data) if read else None
    return size if size and all(size) else None


def image_tokens(url: str | None, detail: str | None, *, model: str, place: str) -> ImageTokens:
    """Return the tokens of an image in a request for `model`.

    `url` is a `data:` URL. For another URL or None (a file id), the size is not known: then the
    image counts as one of size LIKELY, and the doubt has the maximum for any image. `detail` is the
    API's parameter; None is its default. `place` names the image in messages. Raises UsageError for
    a `data:` URL that is not an image.
    """
    size = _data_size(url, place) if url and url[:5].lower() == "data:" else None
    name, rule = _rule(model)
    doubts = []
    if name != _family(model):
        doubts.append(Doubt(f"no image rule is published for {model}: that of {name} is used"))
    if isinstance(rule, Tiles):
        if detail == "low":
            return ImageTokens(rule.base, tuple(doubts))
        tokens = _tile_tokens(rule, size or LIKELY)
        most = _tile_tokens(rule, None)
    else:
        limit, unknown = _limit(name, rule, detail, place)
        doubts += unknown
        tokens = _patch_tokens(rule, size or LIKELY, limit)
        most = _patch_tokens(rule, None, limit)
        if size and _patches(size, limit) > MOST_PATCHES:
            doubts.append(Doubt(f"{place}: the API refuses an image of more than 30,000 patches"))
    if size is None:
        likely = f"counted as {LIKELY.width} x {LIKELY.height} pixels"
        reason = f"{place}: its size is not known: {likely}, it can take {most:,} tokens at most"
        doubts.append(Doubt(reason, most - tokens))
    return ImageTokens(tokens, tuple(doubts))


def _limit(name: str, rule: Patches, detail: str | None, place: str) -> tuple[Limit, list[Doubt]]:
    """Return the limit for a detail; for an unknown detail, that of auto with a doubt."""
    limit = rule.limits.get(detail or "auto")
    if limit is not None:
        return limit, []
    return rule.limits["auto"], [Doubt(f"{place}: {name} has no detail {detail!r}: auto is used")]


def _tile_tokens(rule: Tiles, size: Size | None) -> int:
    return rule.base + rule.tile * _tiles(size)


def _patch_tokens(rule: Patches, size: Size | None, limit: Limit) -> int:
    return -(-_patches(size, limit) * rule.hundredths // 100)


def above_guide(model: str) -> int:
    """Return by how much bills of images exceed the guide's figure; 0 for models with tiles."""
    name, rule = _rule(model)
    return 0 if isinstance(rule, Tiles) else _ABOVE_GUIDE.get(name, _ABOVE_NEWEST)


def _family(model: str) -> str:
    """Return the model without its date; for a fine-tuned model, its base model."""
    return _SNAPSHOT.sub("", base_of(model))


def _rule(model: str) -> tuple[str, Tiles | Patches]:
    """Return the name and the rule of the model, or of the closest model that has one."""
    name = _family(model)
    while name and name not in RULES:
        name = name.rpartition("-")[0]
    name = name or _NEWEST
    return name, RULES[name]


def _tiles(size: Size | None) -> int:
    """Return the number of 512-pixel squares that cover the scaled-down image; 4 x 2 at most."""
    if size is None:
        return 8
    width, height = _fitted(size, 2048)
    shorter = min(width, height)
    if shorter > 768:
        width, height = width * 768 // shorter, height * 768 // shorter
    return -(-width // 512) * -(-height // 512)


def _patches(size: Size | None, limit: Limit) -> int:
    """Return the number of 32-pixel squares that cover the image, scaled down to the limit."""
    budget = limit.patches
    if size is None:
        return min(budget or MOST_PATCHES, (-(-limit.side // 32)) ** 2)
    width, height = _fitted(size, limit.side)
    columns, rows = -(-width // 32), -(-height // 32)
    if budget is None or columns * rows <= budget:
        return columns * rows
    # The guide's shrink_factor times width / 32 is the root of budget * width / height; its
    # adjustment then makes one side a whole number of patches. All of it is exact in integers.
    columns, rows = isqrt(budget * width // height), isqrt(budget * height // width)
    if columns * height <= rows * width:
        return columns * -(-(32 * columns * height // width) // 32)
    return rows * -(-(32 * rows * width // height) // 32)


def _fitted(size: Size, side: int) -> Size:
    """Scale the longer side down to `side`, in whole pixels."""
    longer = max(size)
    if longer <= side:
        return size
    width, height = ((2 * pixels * side + longer) // (2 * longer) for pixels in size)
    return Size(max(width, 1), max(height, 1))


def _data_size(url: str, place: str) -> Size:
    """Return the size of the image in a `data:` URL; raise UsageError if there is none."""
    head, _, payload = url.partition(",")
    size = None
    if head.lower().endswith(";base64"):
        size = _base64_size(payload[:_HEAD]) or _base64_size(payload)
    if size is None:
        raise UsageError(
            f"{place} is not a data URL of a PNG, JPEG, GIF or WebP image in base64",
            parameter=place,
        )
    return size


def _base64_size(text: str) -> Size | None:
    try:
        return image_size(a2b_base64(text + "=="))
    except ValueError:
        return None


def _png(data: bytes) -> Size | None:
    """Read the size from IHDR, the first chunk (W3C PNG, 11.2.1)."""
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    return Size(int.from_bytes(data[16:20]), int.from_bytes(data[20:24]))


def _gif(data: bytes) -> Size | None:
    """Read the size from the logical screen descriptor (GIF89a, 18)."""
    return Size(_little(data, 6, 2), _little(data, 8, 2)) if len(data) >= 10 else None


def _jpeg(data: bytes) -> Size | None:
    """Read the size from the frame header, after other segments (ITU-T T.81, B.1 and B.2.2)."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _FRAMES:
            return Size(
                int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
            )
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def _webp(data: bytes) -> Size | None:
    """Read the size from the first chunk (VP8: RFC 6386, 9.1; VP8L, VP8X: RFC 9649, 2.7, 3.4)."""
    if len(data) < 30:
        return None
    chunk = data[12:16]
    if chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return Size(_little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF)
    if chunk == b"VP8L" and data[20] == 0x2F:
        bits = _little(data, 21, 4)
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8X":
        return Size(_little(data, 24, 3) + 1, _little(data, 27, 3) + 1)
    return None


def _little(data: bytes, at: int, length: int) -> int:
    return int.from_bytes(data[at : at + length], "little")


_SIZES: Mapping[str, Callable[[bytes], Size | None]] = {
    "png": _png,
    "jpeg": _jpeg,
    "gif": _gif,
    "webp": _webp,
}
