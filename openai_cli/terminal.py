"""Make text safe for a terminal: nothing that it would execute, reorder or hide."""

import codecs
import re

# Control characters that a terminal may execute (ECMA-48, 5.2 and 5.3): C0 except newline and tab,
# DEL and C1.
_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f"
# Characters that are invisible or reorder the text around them: the Default_Ignorable_Code_Point
# characters of Unicode 16, and those of Bidi_Control that are not among them.
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# Compiled on first use, because most calls do not write to a terminal.
_UNSHOWN = f"[{_CONTROL}{_UNSEEN}]"

# Places where an invisible character is part of visible text: a joiner after an emoji or after a
# letter of a joining script (UAX 31, 2.3), and a single variation selector after its base.
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
_SEEN = (
    f"[{_EMOJI}\ufe0f\u0620-\u10ff\u1700-\u17b3\u1820-\u1d7f][\u200c\u200d]"
    f"|[{_EMOJI}{_HAN}#*0-9\xa9\xae\u203c-\u205f\u2070-\u3163\u3165-\u3299][\ufe00-\ufe0f]"
    f"|[{_HAN}][\U000e0100-\U000e01ef]"
)

# The control sequences that this program writes: colours, and moving up to redraw lines.
_OWN = r"(\x1b\[[0-9;]*m|\r\x1b\[[0-9]+A\x1b\[J)"


def visible(text: str) -> str:
    """Make control and invisible characters visible: ESC as `^[`, U+202E as `<U+202E>`."""
    if text.isascii() and text.isprintable():  # nearly all: the pattern takes 0.4 ms to compile
        return text
    return re.sub(_UNSHOWN, _picture, text)


def escaped(json_text: str) -> str:
    """Escape the same characters in JSON text, which keeps its value."""
    json_text = json_text.replace("\r\n", "\n").replace("\r", "\n")  # only between its tokens
    return re.sub(_UNSHOWN, _escape, json_text)


def drawn(text: str) -> str:
    """Make text visible, but keep the control sequences that this program writes."""
    parts = re.split(_OWN, text)
    return "".join(part if number % 2 else visible(part) for number, part in enumerate(parts))


class Cleaner:
    """Makes bytes that arrive in pieces visible; invalid UTF-8 is shown as `\\xe2`."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._before = ""

    def clean(self, data: bytes | bytearray | memoryview, *, is_last: bool = False) -> bytes:
        """Return what can be shown so far; an incomplete character waits for its rest."""
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
