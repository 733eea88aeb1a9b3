"""Read JSON without losing anything, write it, and quote text in messages."""

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
_BLOCK = 64 * 1024
# What stands in the numbers that orjson writes differently from json: very small ones, very large
# ones, and null for NaN.
_UNLIKE_JSON = "0.0000", "e", "n"
# With such a number in less than so many characters, json takes less time.
_RARE = 400

_BLANK = r"[ \t\r\n]*"


class NotJsonError(ValueError):
    """The text is not JSON."""


def weight(raw: bytes, *, of_items: bool = True) -> int:
    """Estimate the most bytes that the values of this JSON take in addition to their characters.

    Measured with CPython 3.11: an object takes 64 to 232 bytes, an array 56, and a member or an
    item up to 60. Without `of_items` only objects and arrays count.
    """
    of_objects = 200 * raw.count(b"{") + 80 * raw.count(b"[")
    return of_objects + (60 * raw.count(b",") if of_items else 0)


def parse_json(source: str | bytes) -> Json:
    """Parse JSON (RFC 8259: UTF-8, no NaN, no infinity); the ValueError says where it is wrong.

    Integers keep every digit. A byte order mark is skipped, as section 8.1 allows.
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
    """Return the source text of a nested member of an object, by the names on its path.

    Returns None if there is none. The text must be valid for `parse_json`.
    """
    span, _ = _span(text, _solid(text, 1 if text[:1] == "\ufeff" else 0), names)
    return None if span is None else text[slice(*span)]


def _span(text: str, at: int, names: Sequence[str]) -> tuple[tuple[int, int] | None, int]:
    """Return the span of the member in the value that begins at `at`, and that value's end."""
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
        if name == names[0]:  # of duplicates, the last one counts, as usual
            found, at = _span(text, at, names[1:])
        else:
            at = decode(text, at)[1]
        at = _solid(text, at)
        if text[at] == ",":
            at = _solid(text, at + 1)
    return found, at + 1


def _solid(text: str, at: int) -> int:
    """Return the first position from `at` that is not white space."""
    found = re.compile(_BLANK).match(text, at)
    return at if found is None else found.end()


@lru_cache
def quick_loads() -> Callable[[bytes], Json]:
    """Return a parser for many lines of JSON: orjson, three times as fast as json, if installed.

    orjson raises ValueError for some values that json accepts: lone surrogates, NaN, long integers.
    """
    try:
        import orjson
    except ImportError:
        import json

        return json.loads
    return orjson.loads


def load_numbers(raw: bytes) -> Json:
    """Parse like json.loads, in a tenth of the time for many numbers if orjson is installed.

    orjson turns integers of more than 64 bits into floats, and raises ValueError for the values in
    `quick_loads`.
    """
    if not _has_long_integers(raw):
        with suppress(ValueError):
            return quick_loads()(raw)
    import json

    return json.loads(raw)


def _has_long_integers(raw: bytes) -> bool:
    """Return whether JSON may have integers of more than 64 bits; fractions may be as long.

    The blocks stay in the processor's cache, which a copy of all would not.
    """
    begins = range(0, len(raw), _BLOCK - len(_LONG))
    if not any(_LONG in raw[begin : begin + _BLOCK].translate(_DIGITS) for begin in begins):
        return False
    digits = raw.translate(_DIGITS)
    return digits.count(_LONG) != digits.count(b"." + _LONG)


def write_numbers(numbers: Sequence[float]) -> str:
    """Write numbers like json.dumps, in a fifth of the time if orjson is installed.

    Integers of more than 64 bits, and many very small or large numbers, are left to json.
    """
    try:
        from orjson import dumps

        text: str = dumps(numbers).decode()
        for mark in _UNLIKE_JSON:
            text = _rewritten(text, mark)
    except (ImportError, TypeError, ValueError):
        import json

        return json.dumps(numbers, separators=(",", ":"))
    return text


def _rewritten(text: str, mark: str) -> str:
    """Write the numbers of an array in which a mark stands as Python does.

    Raises ValueError for what is not a number, and for so many that json is quicker.
    """
    pieces: list[str] = []
    done = 0
    while (at := text.find(mark, done)) >= 0:
        if len(pieces) // 2 > len(text) // _RARE:
            raise ValueError
        begin = max(text.rfind(",", done, at), 0) + 1
        end = text.find(",", at)  # or -1, the bracket behind the last number
        pieces += (text[done:begin], repr(float(text[begin:end])))
        done = end
    return "".join((*pieces, text[done:]))


def json_or_text(text: str) -> Json:
    """Parse a text as JSON, or return the text itself if it is not JSON.

    Raises ValueError for JSON that cannot be represented, such as a number larger than any float.
    """
    try:
        return parse_json(text)
    except NotJsonError:
        return text


@lru_cache
def _encode() -> Callable[[Json], str]:
    """Return an encoder for JSON on one line; `json.dumps` spends half its time creating one."""
    from json import JSONEncoder

    return JSONEncoder(ensure_ascii=False).encode


def encode_json(value: Any, *, indent: int | None = None) -> bytes:
    """Encode JSON in UTF-8, on one line unless `indent` is given.

    Non-ASCII text is escaped only if it has a lone surrogate, which UTF-8 cannot encode. Raises
    UsageError if the value is nested too deeply.
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
    """Decode UTF-8; the ValueError names the first invalid byte."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"is not UTF-8: byte {data[error.start]:#04x} at offset {error.start}"
        ) from None


def quoted(text: str, most: int = 60) -> str:
    """Quote a text for a message, and shorten it if it is long."""
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
