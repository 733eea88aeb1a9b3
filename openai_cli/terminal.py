"""What a terminal may be shown: text, and nothing that it would execute, reorder or hide."""

import codecs
import re

# C0 but newline and tab, DEL and C1: what a terminal may execute (ECMA-48, 5.2 and 5.3).
_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f"
# What is not drawn, or turns round what stands beside it: the code points of Unicode 16 that have
# Default_Ignorable_Code_Point, which all of Bidi_Control but U+061C and its like are too.
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# Compiled when first used, as most calls show a terminal nothing.
_UNSHOWN = f"[{_CONTROL}{_UNSEEN}]"

# Where an unseen character is part of what is seen: a joiner behind an emoji, or behind a letter of
# a script that joins its letters (UAX 31, 2.3), and one variation selector behind its base.
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
_SEEN = (
    f"[{_EMOJI}\ufe0f\u0620-\u10ff\u1700-\u17b3\u1820-\u1d7f][\u200c\u200d]"
    f"|[{_EMOJI}{_HAN}#*0-9\xa9\xae\u203c-\u205f\u2070-\u3163\u3165-\u3299][\ufe00-\ufe0f]"
    f"|[{_HAN}][\U000e0100-\U000e01ef]"
)

# What this program writes itself: colours, and going up some lines to draw them anew.
_OWN = r"(\x1b\[[0-9;]*m|\r\x1b\[[0-9]+A\x1b\[J)"


def visible(text: str) -> str:
    """The text with what a terminal would not show as it is: ESC as `^[`, U+202E as `<U+202E>`."""
    if text.isascii() and text.isprintable():  # nearly all: the pattern takes 0.4 ms to compile
        return text
    return re.sub(_UNSHOWN, _picture, text)


def escaped(json_text: str) -> str:
    """JSON with the same characters as JSON escapes: the same value, and nothing to execute."""
    json_text = json_text.replace("\r\n", "\n").replace("\r", "\n")  # only between its tokens
    return re.sub(_UNSHOWN, _escape, json_text)


def drawn(text: str) -> str:
    """What may be drawn: the control sequences that this program uses stay, all else is shown."""
    parts = re.split(_OWN, text)
    return "".join(part if number % 2 else visible(part) for number, part in enumerate(parts))


class Cleaner:
    """Makes bytes that come in pieces visible: what is no UTF-8 is shown as `\\xe2`."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._before = ""

    def clean(self, data: bytes | bytearray | memoryview, *, is_last: bool = False) -> bytes:
        """What can be shown by now: a character that was cut waits for the rest of it."""
        text = self._decoder.decode(data, is_last)
        shown = visible(self._before + text)[len(visible(self._before)) :]
        self._before = (self._before + text)[-1:]
        return shown.encode()


def _is_part_of_text(match: re.Match[str]) -> bool:
    before = match.string[max(match.start() - 1, 0) : match.end()]
    return re.fullmatch(_SEEN, before) is not None


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x80:
        return f"^{chr(code ^ 0x40)}"
    if code < 0xA0:
        return f"\\x{code:02x}"
    return match[0] if _is_part_of_text(match) else f"<U+{code:04X}>"


def _escape(match: re.Match[str]) -> str:
    if _is_part_of_text(match):
        return match[0]
    units = match[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
