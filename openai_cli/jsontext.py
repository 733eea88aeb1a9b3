"""JSON as text: read so that nothing of it is lost, written, and quoted in messages."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from openai_cli.errors import UsageError

Json = Any

# Integers of 18 digits have less than 64 bits.
_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_LONG = b"0" * 19
# Between these no number has an exponent where it is written, or more than 64 bits.
_WITHOUT_EXPONENT = 1e-4, 1e16

_BLANK = re.compile(r"[ \t\r\n]*")


class NotJsonError(ValueError):
    """The text is no JSON."""


def weight(raw: bytes, *, of_items: bool = True) -> int:
    """About how many bytes the values of this JSON take at most, beside their characters.

    Measured with CPython 3.11: an object takes 64 to 232 bytes, an array 56, and a member or an
    item up to 60. Without `of_items` only objects and arrays count.
    """
    of_objects = 200 * raw.count(b"{") + 80 * raw.count(b"[")
    return of_objects + (60 * raw.count(b",") if of_items else 0)


def parse_json(source: str | bytes) -> Json:
    """The JSON value of a text (RFC 8259: UTF-8, no NaN, no infinity); ValueError says where not.

    Integers keep every digit. A byte order mark is passed over, as section 8.1 allows.
    """
    import json

    if isinstance(source, bytes):
        source = utf8(source)
    try:
        return json.loads(
            source.removeprefix("\ufeff"),
            parse_constant=_refuse,
            parse_float=_float,
            parse_int=_int,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotJsonError(f"is not JSON: {error.msg} at {where}") from None
    except RecursionError:
        raise ValueError("has JSON that nests too deep") from None


def cut_out(text: str, *names: str) -> str | None:
    """The value of a member of a member of an object, by their names, as it stands in the text.

    None where there is none. The text is JSON that `parse_json` takes.
    """
    span, _ = _span(text, _solid(text, 1 if text[:1] == "\ufeff" else 0), names)
    return None if span is None else text[slice(*span)]


def _span(text: str, at: int, names: Sequence[str]) -> tuple[tuple[int, int] | None, int]:
    """Where the member of the value that begins at `at` stands, and where that value ends."""
    from json import JSONDecoder

    decode = JSONDecoder().raw_decode
    if not names or text[at] != "{":
        end = decode(text, at)[1]
        return (None if names else (at, end)), end
    found = None
    at = _solid(text, at + 1)
    while text[at] != "}":
        name, at = decode(text, at)
        at = _solid(text, _solid(text, at) + 1)
        if name == names[0]:  # of several the last one counts, as everywhere
            found, at = _span(text, at, names[1:])
        else:
            at = decode(text, at)[1]
        at = _solid(text, at)
        if text[at] == ",":
            at = _solid(text, at + 1)
    return found, at + 1


def _solid(text: str, at: int) -> int:
    """Where something else than blanks is, from there on."""
    found = _BLANK.match(text, at)
    return at if found is None else found.end()


@lru_cache
def quick_loads() -> Callable[[bytes], Json]:
    """What parses many lines of JSON: orjson, three times as fast as json, where it is installed.

    It raises ValueError for what json takes all the same: halves of surrogates, NaN, long integers.
    """
    try:
        import orjson
    except ImportError:
        import json

        return json.loads
    return orjson.loads


def load_numbers(raw: bytes) -> Json:
    """What json.loads gives, in a tenth of its time for many numbers where orjson is there.

    orjson makes floats of integers with more than 64 bits, and raises ValueError for what
    `quick_loads` names.
    """
    if _LONG not in raw.translate(_DIGITS):
        with suppress(ValueError):
            return quick_loads()(raw)
    import json

    return json.loads(raw)


def write_numbers(numbers: Sequence[float]) -> str:
    """What json.dumps writes of an array of numbers, in a third of its time where orjson is there.

    The two write small and large ones in other forms, so these are handed over as texts.
    """
    try:
        from orjson import Fragment, dumps
    except ImportError:
        import json

        return json.dumps(numbers, separators=(",", ":"))
    least, most = _WITHOUT_EXPONENT
    told: list[Any] = list(numbers)
    for place in [
        place
        for place, number in enumerate(numbers)
        if -least < number < least or not -most < number < most
    ]:
        told[place] = Fragment(repr(numbers[place]))
    return dumps(told).decode()


def json_or_text(text: str) -> Json:
    """The JSON value that the text is, or the text itself when it is no JSON.

    Raises ValueError for JSON that cannot be held, as a number above all floats.
    """
    try:
        return parse_json(text)
    except NotJsonError:
        return text


@lru_cache
def _encode() -> Callable[[Json], str]:
    """What writes JSON on one line; `json.dumps` makes it anew each time, in half of its time."""
    from json import JSONEncoder

    return JSONEncoder(ensure_ascii=False).encode


def encode_json(value: Any, *, indent: int | None = None) -> bytes:
    """JSON in UTF-8, on one line unless `indent` is given.

    Only a lone surrogate is escaped, for UTF-8 has none.
    Raises UsageError for what nests deeper than it can be written.
    """
    import json

    try:
        if indent is None:
            return _encode()(value).encode()
        return json.dumps(value, ensure_ascii=False, indent=indent).encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent).encode()
    except RecursionError:
        raise UsageError("the request is nested too deeply to be sent") from None


def finite_json(value: Any) -> str:
    """JSON on one line, with null for what JSON has no number for: NaN and the infinities."""
    import json

    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    is_number = not isinstance(value, float) or abs(value) < float("inf")
    return value if is_number else None


def utf8(data: bytes) -> str:
    """The text of these bytes; ValueError names the first byte that is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"is not UTF-8: byte {data[error.start]:#04x} at offset {error.start}"
        ) from None


def quoted(text: str, most: int = 60) -> str:
    """The text in quotes for a message, cut when it is long."""
    return f"'{text}'" if len(text) <= most else f"'{text[:most]}…'"


def _refuse(constant: str) -> float:
    raise NotJsonError(f"is not JSON: {constant} is not a JSON number")


def _float(text: str) -> float:
    value = float(text)
    if abs(value) == float("inf"):
        raise ValueError(f"has a number too large to send: {quoted(text)}")
    return value


def _int(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # Python's guard on the digits of an int
        raise ValueError(f"has a number of {len(text)} digits") from None
