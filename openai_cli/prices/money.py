"""Money as text: Decimal to the last digit, in tables and in JSON."""

import json
import re
from decimal import Decimal
from math import ceil
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.jsontext import quoted

_AMOUNT = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"

# Money that is kept is in whole units of so many to the dollar.
UNITS = 10**12


def units(usd: Decimal) -> int:
    """An amount in units, never less than it is."""
    return ceil(usd * UNITS)


def dollars(count: int) -> Decimal:
    """The amount of so many units, in USD."""
    return Decimal(count) / UNITS


def amount(flag: str, raw: str) -> Decimal:
    """The USD typed for a flag; UsageError names the flag."""
    if re.fullmatch(_AMOUNT, raw) is None:
        raise UsageError(f"{flag} must be an amount of USD, such as 0.05, not {quoted(raw)}")
    return Decimal(raw)


def plain(amount: Decimal) -> str:
    """The amount with all its digits, without exponent and without zeros at its end."""
    text = f"{amount:f}"  # normalize() would round to the context's 28 digits
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact_json(value: Any) -> str:
    """JSON on one line, in which a Decimal is a number with all its digits.

    Python's own encoder takes no Decimal but as a float, which rounds.
    """
    match value:
        case Decimal():
            return plain(value)
        case dict():
            items = (f"{json.dumps(str(key))}: {exact_json(item)}" for key, item in value.items())
            return f"{{{', '.join(items)}}}"
        case list() | tuple():
            return f"[{', '.join(map(exact_json, value))}]"
    return json.dumps(value, ensure_ascii=False)
