"""Read and write the lines of --usage-file, which have every count that a price depends on."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from openai_cli.models.table import FEES, tier_of
from openai_cli.prices.billed import Billed
from openai_cli.prices.calls import Calls
from openai_cli.prices.charges import ONE_KIND, Usage

Json = Any

_TAKEN = ("input_tokens", "output_tokens", "seconds", "characters")

# The names in a record for the counts of Usage that are nested in the API's usage object.
PARTS: Mapping[str, str] = {
    "cache_write_12h": "cache_write_12h_tokens",
    "audio_input": "audio_input_tokens",
    "image_input": "image_input_tokens",
    "cached_audio": "cached_audio_tokens",
    "cached_image": "cached_image_tokens",
    "audio_output": "audio_output_tokens",
    "image_output": "image_output_tokens",
}


def parts_of(usage: Usage, mode: str | None) -> dict[str, int]:
    """Return the counts of PARTS that are not 0, by their names in a record.

    The count that can stand for all tokens of models of that mode is included even if it is 0: it
    shows that the tokens were broken down.
    """
    always = ONE_KIND.get(mode, ("", ""))[1]
    return {
        name: getattr(usage, count)
        for count, name in PARTS.items()
        if getattr(usage, count) or count == always
    }


def is_record(value: Mapping[str, Json]) -> bool:
    """Return whether a value is a line of a usage file."""
    return "usd" in value


def is_free(record: Mapping[str, Json]) -> bool:
    """Return whether a record's call used and cost nothing, such as a refused one."""
    return record["usd"] == 0 and all(record.get(name) is None for name in _TAKEN)


def of_record(line: int, record: Mapping[str, Json]) -> Iterator[Billed]:
    """Yield what a record's call is billed by, and then the work of other models."""
    own = _billed(line, record)._replace(
        region=_string(record, "region"),
        day=day_of(record),
        label=_string(record, "label"),
        command=_string(record, "command"),
    )
    yield own
    also = record.get("also")
    for other in also if isinstance(also, list) else ():
        if isinstance(other, dict):
            made = _billed(line, other)
            yield own._replace(
                model=made.model, tier=made.tier, usage=made.usage, calls=made.calls,
                is_extra=True, is_unpriced=made.is_unpriced,
            )  # fmt: skip


def _billed(line: int, record: Mapping[str, Json]) -> Billed:
    found = record.get("calls")
    counts = {
        kind: count
        for kind, count in (found.items() if isinstance(found, dict) else ())
        if kind in FEES and type(count) is int and count > 0
    }
    reasons = record.get("unknown")
    unknown = tuple(str(reason) for reason in reasons) if isinstance(reasons, list) else ()
    tier = tier_of(_string(record, "service_tier"))
    usage, calls = _usage(record), Calls(counts, unknown)
    return Billed(
        _string(record, "model"), tier, usage, calls, line=line,
        is_record=True, is_unpriced=record.get("usd") is None,
    )  # fmt: skip


def _usage(record: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return the usage of a record in the form of /responses, or None."""
    for name in ("seconds", "characters"):
        if record.get(name) is not None:
            return {name: record[name]}
    if record.get("input_tokens") is None and record.get("output_tokens") is None:
        return None
    into = {
        "cached_tokens": record.get("cached_tokens"),
        "cache_write_tokens": record.get("cache_write_tokens"),
        "cache_write_tokens_details": {"ttl_12h_tokens": record.get("cache_write_12h_tokens")},
        "audio_tokens": record.get("audio_input_tokens"),
        "image_tokens": record.get("image_input_tokens"),
        "cached_tokens_details": {
            "audio_tokens": record.get("cached_audio_tokens"),
            "image_tokens": record.get("cached_image_tokens"),
        },
    }
    out = {
        "audio_tokens": record.get("audio_output_tokens"),
        "image_tokens": record.get("image_output_tokens"),
    }
    return {
        "input_tokens": record.get("input_tokens"),
        "output_tokens": record.get("output_tokens"),
        "input_tokens_details": into,
        "output_tokens_details": out if any(value is not None for value in out.values()) else {},
    }


def day_of(record: Mapping[str, Json]) -> date | None:
    """Return the UTC day of a record's call, or None if it has no time; no zone means UTC."""
    time = record.get("time")
    try:
        made = datetime.fromisoformat(time) if isinstance(time, str) else None
        return made and (made.astimezone(UTC) if made.tzinfo else made).date()
    except (ValueError, OverflowError):
        return None


def _string(found: Mapping[str, Json], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) else None
