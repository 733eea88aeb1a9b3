"""Convert amounts of money between text, Decimal and integer units, without losing digits."""

import json
import re
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring, encode_basestring_ascii
from math import ceil
from typing import TYPE_CHECKING, Any

from openai_cli.errors import UsageError
from openai_cli.jsontext import quoted

if TYPE_CHECKING:
    from decimal import Decimal

_AMOUNT = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"

# Stored amounts are integers, in units of 10**-12 USD.
_PLACES = 12
UNITS: int = 10**_PLACES

# What json.dumps does for these, in a tenth of the time.
_SIMPLE: Mapping[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: str,
    type(None): lambda _: "null",
}


def units(usd: "Decimal") -> int:
    """Convert an amount in USD to units, rounded up."""
    return ceil(usd * UNITS)


def dollars(count: int) -> "Decimal":
    """Convert units to USD."""
    from decimal import Decimal

    return Decimal(count) / UNITS


def amount(flag: str, raw: str) -> "Decimal":
    """Parse the USD given for a flag; the UsageError names the flag."""
    return _number(flag, raw, raw, "an amount of USD, such as 0.05")


def percentage(flag: str, raw: str) -> "Decimal":
    """Parse the percentage given for a flag, with or without `%`; the UsageError names the flag."""
    return _number(flag, raw, raw.removesuffix("%"), "a percentage such as 10")


def _number(flag: str, raw: str, digits: str, such: str) -> "Decimal":
    from decimal import Decimal

    if re.fullmatch(_AMOUNT, digits) is None:
        raise UsageError(f"{flag} must be {such}, not {quoted(raw)}")
    return Decimal(digits)


def units_of(flag: str, raw: str) -> int:
    """Parse the USD given for a flag to units, rounded up; the UsageError names the flag."""
    found = scaled(raw, _PLACES)
    return units(amount(flag, raw)) if found is None else found


def scaled(number: str, places: int) -> int | None:
    """Multiply a plain number such as "2.5" by 10**places; None if that is not an integer.

    Also None for other notations. This avoids Decimal, which takes 2 to 3 ms to load.
    """
    whole, _, part = number.partition(".")
    digits = f"{whole}{part}"
    is_plain = digits.isascii() and digits.isdecimal() and len(part) <= places
    return int(digits) * 10 ** (places - len(part)) if is_plain else None


def plain(amount: "Decimal") -> str:
    """Format an amount with all its digits, without an exponent or trailing zeros."""
    text = f"{amount:f}"  # normalize() would round to the context's 28 digits
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact_json(value: Any) -> str:
    """Encode JSON on one line, with Decimals as numbers with all their digits.

    Python's own encoder would need floats, which round.
    """
    from decimal import Decimal

    if (simple := _SIMPLE.get(type(value))) is not None:
        return simple(value)
    match value:
        case Decimal():
            return plain(value)
        case dict():
            items = (
                f"{encode_basestring_ascii(str(key))}: {exact_json(item)}"
                for key, item in value.items()
            )
            return f"{{{', '.join(items)}}}"
        case list() | tuple():
            return f"[{', '.join(map(exact_json, value))}]"
    return json.dumps(value, ensure_ascii=False)
