"""Convert a line of a usage file to a row of the ledger."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Self

from openai_cli.output.sink import utf8_bytes
from openai_cli.prices.money import exact_json, units
from openai_cli.prices.records import day_of, is_record
from openai_cli.records import NamedTuple


class Row(NamedTuple):
    """The columns that reports need; None means that the line does not have it.

    `day` and `time` are in UTC; `units` is the cost in the units of `prices.money`, and a lower
    bound if `is_least`. `record` is the line itself.
    """

    day: str
    time: str
    command: str | None
    host: str | None
    model: str | None
    label: str | None
    profile: str | None
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    units: int | None
    is_least: bool
    exit_code: int | None
    record: str

    @classmethod
    def of(cls, line: str) -> Self:
        """Parse a line; the ValueError says what is wrong with it.

        Half a surrogate pair, which a server may send, is replaced, because SQLite takes none.
        """
        line = _whole(line)
        found = json.loads(line, parse_float=Decimal)
        if not isinstance(found, dict) or not is_record(found):
            raise ValueError("it is not a line of a usage file")
        day = day_of(found)
        if day is None:
            raise ValueError("it does not say when the call was made")
        usd = found["usd"]
        if usd is not None and not (_is_amount(usd)):
            raise ValueError("its usd is not an amount of at least 0")
        return cls(
            day=day.isoformat(),
            time=found["time"],
            command=_text(found, "command"),
            host=_text(found, "host"),
            model=_text(found, "model") or _text(found, "asked_model"),
            label=_text(found, "label"),
            profile=_text(found, "profile"),
            input_tokens=_count(found, "input_tokens"),
            cached_tokens=_count(found, "cached_tokens"),
            output_tokens=_count(found, "output_tokens"),
            units=None if usd is None else units(Decimal(usd)),
            is_least=bool(found.get("unknown")),
            exit_code=_count(found, "exit_code"),
            record=line,
        )


def lost(reserved: str) -> Row:
    """Return the row of a call whose process was killed before its answer arrived.

    `reserved` is the record of its reservation: a line without its outcome.
    """
    reason = "the process was killed before the answer came"
    return unknown(json.loads(reserved), exit_code=137, reason=reason)


def unknown(occasion: Mapping[str, Any], *, exit_code: int, reason: str) -> Row:
    """Return the row of a call whose usage is not known."""
    nothing = dict.fromkeys(("input_tokens", "output_tokens", "usd"))
    rest = {"exit_code": exit_code, "unknown": [reason]}
    return Row.of(exact_json({**occasion, **nothing, **rest}))


def _is_amount(value: Any) -> bool:
    return type(value) in (int, Decimal) and 0 <= value < 1_000_000


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return _whole(value) if isinstance(value, str) else None


def _whole(text: str) -> str:
    return utf8_bytes(text).decode()


def _count(found: Mapping[str, Any], name: str) -> int | None:
    """Return a count if SQLite can store it, else None."""
    value = found.get(name)
    return value if type(value) is int and 0 <= value < 2**63 else None
