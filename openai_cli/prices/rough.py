"""A looser bound than `bound`, for requests with only plain texts, without counting tokens.

Counting takes ten times as long, and is not needed if the budget has room for a looser bound. A
token covers at least one byte, so a text has no more tokens than bytes.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from openai_cli.models.lines import known_name, packaged
from openai_cli.prices.money import scaled
from openai_cli.records import record

# The properties that change neither the prompt nor the price.
_SILENT = frozenset(
    {"model", "max_completion_tokens", "max_output_tokens", "max_tokens", "n", "temperature",
     "top_p", "stop", "seed", "user", "presence_penalty", "frequency_penalty", "logit_bias",
     "logprobs", "top_logprobs", "stream", "stream_options", "metadata", "store",
     "safety_identifier", "prompt_cache_key", "dimensions", "encoding_format"}
)  # fmt: skip
_LIMITS = ("max_completion_tokens", "max_output_tokens", "max_tokens")
_TEXTS = {
    "/chat/completions": ("messages",),
    "/responses": ("input", "instructions"),
    "/completions": ("prompt",),
    "/embeddings": ("input",),
}
_ROLES = ("system", "developer", "user", "assistant")
# The modes of models that each endpoint serves: counts for other models need a margin.
_MODES = {
    "/chat/completions": ("chat", "responses"),
    "/responses": ("chat", "responses"),
    "/completions": ("completion",),
    "/embeddings": ("embedding",),
}
_SILENT_MODE = "embedding"

_INPUTS = ("input", "cache_write", "cache_write_12h")

# In tokens: more than any model adds around a message, and before its answer.
_AROUND = 64
# In tokens: what a prompt may have more if no bill of its model or of its kind was seen.
_UNSEEN = 200
# The decimal places by which a rate in USD per million tokens is shifted to units per token.
_PLACES = 6


@record
class _Rates:
    """The highest rates of a model, in units per token, and its longest output in tokens."""

    input: int
    output: int
    longest: int | None


def rough(body: Mapping[str, Any], *, endpoint: str, on: str, region: str | None) -> int | None:
    """Return an upper bound for the cost of a body on a day, in units; None if it is not simple.

    The prices are those of this package's table at the standard tier.
    """
    texts = _TEXTS.get(endpoint, ())
    if region is not None or not body.keys() <= {*_SILENT, *texts}:
        return None
    found = list(_texts_of(body, texts))
    rates = _rates(body.get("model"), on, _MODES.get(endpoint, ()))
    if None in found or rates is None:
        return None
    most = _most_output(body, rates)
    if most is None:
        return None
    sizes = [len((text or "").encode(errors="surrogatepass")) + _AROUND for text in found]
    return (sum(sizes) + _AROUND + _UNSEEN) * rates.input + most * rates.output


def _texts_of(body: Mapping[str, Any], names: Iterable[str]) -> Iterator[str | None]:
    """Yield the texts of the prompt, and None for any other content."""
    for name in names:
        value = body.get(name)
        if name == "messages":
            yield from map(_text_of, value if isinstance(value, list) else [None])
        elif value is not None:
            yield value if isinstance(value, str) else None


def _text_of(message: Any) -> str | None:
    """Return the text of a message that has nothing else, or None."""
    if not isinstance(message, dict) or message.keys() != {"role", "content"}:
        return None
    text = message["content"] if message["role"] in _ROLES else None
    return text if isinstance(text, str) else None


def _most_output(body: Mapping[str, Any], rates: _Rates) -> int | None:
    """Return the maximum number of output tokens; None if it is not known."""
    limits = (body[name] for name in _LIMITS if body.get(name) is not None)
    limit: Any = next(limits, rates.longest)
    choices: Any = 1 if body.get("n") is None else body["n"]
    is_known = type(limit) is int and type(choices) is int and limit >= 0 and choices >= 0
    return int(limit * choices) if is_known else None


def _rates(model: Any, on: str, modes: Container[str]) -> _Rates | None:
    """Return the rates of a model of these modes on a day; None if not known or not simple."""
    table = packaged()
    known = known_name(model, table) if isinstance(model, str) else None
    facts: Mapping[str, Any] = {} if known is None else table[known]
    if facts.get("mode") not in modes or facts.get("searches"):
        return None
    rows = [row for row in facts["prices"] if _holds(row, on)]
    standard: Mapping[str, Any] = rows[-1]["tiers"].get("standard", {}) if rows else {}
    bands = (standard, *standard.get("above", {}).values())
    into = [rate for band in bands for kind, rate in band.items() if kind in _INPUTS]
    out = [band["output"] for band in bands if "output" in band]
    rates = [[scaled(rate, _PLACES) for rate in found] for found in (into, out)]
    if "input" not in standard or any(rate is None for found in rates for rate in found):
        return None
    most_into, most_out = (max((rate or 0 for rate in found), default=0) for found in rates)
    if facts["mode"] == _SILENT_MODE:
        return _Rates(most_into, 0, 0)
    longest = facts.get("max_output_tokens") or facts.get("context_window")
    return _Rates(most_into, most_out, longest) if out else None


def _holds(row: Mapping[str, Any], on: str) -> bool:
    """Return whether prices apply on a day, as in `Model.row`; ISO 8601 days compare as text."""
    start, end = row["from"], row["to"]
    return (start is None or start <= on) and (end is None or on < end)
