"""Where a text may be cut, so that the counts of its pieces add up to the count of the whole.

Each encoding's pattern splits a text before the merges. In none of them does a match go on from a
letter or digit to a character that is no letter, mark, digit or apostrophe; none looks back; and
what looks ahead does so from white space alone. So between two such characters the split is the
same whether the text goes on there or ends, and no merge reaches across it. Nor does a match go on
from any character that is not white to a blank or a tab, nor from a lone newline to what is neither
white nor a slash, so that a text may be cut there too.

Of the letters there are many more than stand here; that these are some, whatever the version of
Unicode, is enough. They let a text be cut that has no Latin letter: measured over 480,000 random
texts of the four vocabularies, none was wrong.
"""

import re
from collections.abc import Iterable, Iterator

_LETTERS = "".join(
    [
        "0-9A-Za-z",
        "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff",  # Latin with accents
        "\u0391-\u03a1\u03a3-\u03ce",  # Greek
        "\u0400-\u0481\u048a-\u052f",  # Cyrillic
        "\u0531-\u0556\u0561-\u0586\u10d0-\u10fa",  # Armenian, Georgian
        "\u05d0-\u05ea\u0620-\u064a",  # Hebrew, Arabic
        "\u0904-\u0939\u0e01-\u0e30",  # Devanagari, Thai
        "\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3",  # kana, ideographs, Hangul
    ]
)
# ASCII that is neither letter, digit nor apostrophe; the same and stops in East Asian width.
_OTHERS = r"\x00-&(-/:-@\[-`{-\x7f" "\u3000-\u3002\uff01-\uff0f"

_BEFORE_A_CUT = rf"(?:[{_LETTERS}](?=[{_OTHERS}])|\S(?=[ \t])|\S\n(?=[^\s/]))"
_UP_TO_LAST_CUT = re.compile(f".*{_BEFORE_A_CUT}", re.DOTALL)
_UP_TO_FIRST_CUT = re.compile(_BEFORE_A_CUT)

# In characters: what stands around a cut, by which it is known.
AROUND = 3

_CUT = re.compile(f"(?<=[{_LETTERS}])(?=[{_OTHERS}])")


def pieces(blocks: Iterable[str]) -> Iterator[str]:
    """The text that the blocks are, in pieces whose counts add up to its own.

    A piece ends at the last place in a block where a cut may be, so it has about a block's length;
    a stretch without such a place is held whole.
    """
    held: list[str] = []
    for block in blocks:
        if held and (cut := _last_cut(held, block)) is not None:
            *whole, last = held
            yield "".join([*whole, last[:cut]])
            held = [last[cut:]]
        held.append(block)
    if any(held):
        yield "".join(held)


def first_cut(text: str) -> int | None:
    """The first place in the text where it may be cut; None where there is none."""
    match = _UP_TO_FIRST_CUT.search(text)
    return match.end() if match else None


def parted(text: str) -> list[str]:
    """A text without white space in as many pieces as it may be cut into."""
    return _CUT.split(text)


def _last_cut(held: list[str], block: str) -> int | None:
    """Where in the last of those held a cut may be, given what comes behind it."""
    before = held[-2][-1:] if len(held) > 1 else ""
    match = _UP_TO_LAST_CUT.match(before + held[-1] + block[:1])
    return match.end() - len(before) if match else None


def blocks_of(text: str, length: int) -> Iterator[str]:
    """The text in blocks of so many characters."""
    return (text[start : start + length] for start in range(0, len(text), length))
