"""Parse usage objects: the tokens that an answer reports, or what it is billed by instead.

The formats are those of OpenAI's published description and of the openai package: CompletionUsage,
ResponseUsage, ImagesResponse, the usage of transcriptions and of realtime responses.
"""

from collections.abc import Mapping
from decimal import Decimal
from math import inf
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.prices.charges import ONE_KIND, SILENT_MODES, Usage, as_one_kind

Json = Any

_INPUT = ("prompt_tokens", "input_tokens")
_OUTPUT = ("completion_tokens", "output_tokens")


def usage_of(found: Mapping[str, Json], *, mode: str | None = None) -> Usage:
    """Parse a usage object of a model of that mode: its tokens, or what is billed instead.

    That is seconds of speech, from the API, or characters of text, from one of our records. A
    missing count is computed from the total; without a total, it is `unknown`. Raises UsageError
    for a usage without tokens, and for numbers that contradict each other.
    """
    if found.get("seconds") is not None:
        return Usage(seconds=_seconds(found["seconds"]))
    if "characters" in found:
        return Usage(characters=_tokens(found, "characters"))
    if not any(found.get(name) is not None for name in (*_INPUT, *_OUTPUT)):
        raise UsageError("the usage has no tokens")
    into = _details(found, "prompt_tokens_details", "input_tokens_details", "input_token_details")
    out = _details(
        found, "completion_tokens_details", "output_tokens_details", "output_token_details"
    )
    cached = _details(into, "cached_tokens_details")
    by_life = _details(into, "cache_write_tokens_details")
    written, written_12h = _tokens(into, "cache_write_tokens"), _tokens(by_life, "ttl_12h_tokens")
    counts = _wholes(found)
    usage = Usage(
        input=counts[0] or 0,
        output=counts[1] or 0,
        cached=_tokens(into, "cached_tokens"),
        cache_write=written - written_12h,
        cache_write_12h=written_12h,
        audio_input=_tokens(into, "audio_tokens"),
        image_input=_tokens(into, "image_tokens"),
        cached_audio=_tokens(cached, "audio_tokens"),
        cached_image=_tokens(cached, "image_tokens"),
        audio_output=_tokens(out, "audio_tokens"),
        image_output=_tokens(out, "image_tokens"),
    )
    _check(usage)
    whole, _ = ONE_KIND.get(mode, ("", ""))
    if whole and not (into if whole == "input" else out):
        usage = as_one_kind(usage, mode)
    return usage._replace(unknown=_unknown(counts, mode))


def _wholes(found: Mapping[str, Json]) -> tuple[int | None, int | None]:
    """Return the input and the output tokens; None means not reported."""
    into, out = (_count(found, names) for names in (_INPUT, _OUTPUT))
    total = _count(found, ("total_tokens",))
    if total is not None and into is None and out is not None and total >= out:
        into = total - out
    if total is not None and out is None and into is not None and total >= into:
        out = total - into
    return into, out


def _count(found: Mapping[str, Json], names: tuple[str, ...]) -> int | None:
    is_told = any(found.get(name) is not None for name in names)
    return _tokens(found, *names) if is_told else None


def _unknown(counts: tuple[int | None, int | None], mode: str | None) -> tuple[str, ...]:
    into, out = counts
    names = ["input"] if into is None else []
    if out is None and mode not in SILENT_MODES:
        names.append("output")
    return tuple(f"the {name} tokens are not reported" for name in names)


def _check(usage: Usage) -> None:
    """Raise UsageError if the parts of a count exceed the whole."""
    written = usage.cache_write + usage.cache_write_12h
    wrong = (
        usage.cache_write < 0
        or usage.cached + written > usage.input
        or usage.audio_input + usage.image_input > usage.input
        or usage.audio_output + usage.image_output > usage.output
        or usage.cached_audio + usage.cached_image > usage.cached
        or usage.cached_audio > usage.audio_input
        or usage.cached_image > usage.image_input
    )
    if wrong:
        raise UsageError("the parts of the usage exceed its total")


def _details(found: Mapping[str, Json], *names: str) -> Mapping[str, Json]:
    """Return the first of these members that is an object, or an empty one."""
    for name in names:
        if isinstance(value := found.get(name), dict):
            return value
    return {}


def _tokens(found: Mapping[str, Json], *names: str) -> int:
    """Return the first of these numbers that is present, or 0."""
    for name in names:
        if (value := found.get(name)) is not None:
            if type(value) is not int or value < 0:
                raise UsageError(f"{name} of the usage must be an integer of at least 0")
            return value
    return 0


def _seconds(value: Json) -> Decimal:
    if type(value) not in (int, float) or not 0 <= value < inf:
        raise UsageError("seconds of the usage must be a number of at least 0")
    return Decimal(str(value))
