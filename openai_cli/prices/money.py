"""Money as text: Decimal to the last digit, in tables and in JSON."""

import json
import re
from math import ceil
from typing import TYPE_CHECKING, Any

from openai_cli.errors import UsageError
from openai_cli.jsontext import quoted

if TYPE_CHECKING:
    from decimal import Decimal

_AMOUNT = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"

# Money that is kept is in whole units of so many to the dollar.
_PLACES = 12
UNITS: int = 10**_PLACES


def units(usd: "Decimal") -> int:
    """An amount in units, never less than it is."""
    return ceil(usd * UNITS)


def dollars(count: int) -> "Decimal":
    """The amount of so many units, in USD."""
    from decimal import Decimal

    return Decimal(count) / UNITS


def amount(flag: str, raw: str) -> "Decimal":
    """The USD typed for a flag; UsageError names the flag."""
    from decimal import Decimal

    if re.fullmatch(_AMOUNT, raw) is None:
        raise UsageError(f"{flag} must be an amount of USD, such as 0.05, not {quoted(raw)}")
    return Decimal(raw)


def units_of(flag: str, raw: str) -> int:
    """The same in units, never less than it is."""
    found = scaled(raw, _PLACES)
    return units(amount(flag, raw)) if found is None else found


def scaled(number: str, places: int) -> int | None:
    """A plain number such as 2.5, without its point, which is moved by so many places.

    None for one of more places, and of another form: Decimal takes 2 to 3 ms to load.
    """
    whole, _, part = number.partition(".")
    digits = f"{whole}{part}"
    is_plain = digits.isascii() and digits.isdecimal() and len(part) <= places
    return int(digits) * 10 ** (places - len(part)) if is_plain else None


def plain(amount: "Decimal") -> str:
    """The amount with all its digits, without exponent and without zeros at its end."""
    text = f"{amount:f}"  # normalize() would round to the context's 28 digits
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact_json(value: Any) -> str:
    """JSON on one line, in which a Decimal is a number with all its digits.

    Python's own encoder takes no Decimal but as a float, which rounds.
    """
    from decimal import Decimal

    match value:
        case Decimal():
            return plain(value)
        case dict():
            items = (f"{json.dumps(str(key))}: {exact_json(item)}" for key, item in value.items())
            return f"{{{', '.join(items)}}}"
        case list() | tuple():
            return f"[{', '.join(map(exact_json, value))}]"
    return json.dumps(value, ensure_ascii=False)
