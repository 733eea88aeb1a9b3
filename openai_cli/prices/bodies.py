"""Read what a request's cost depends on besides its prompt: model, tier, choices, limit, cache."""

from collections.abc import Mapping
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.models.table import tier_of
from openai_cli.prices.charges import Tariff
from openai_cli.records import NamedTuple

# The output limits of /chat/completions (and its older name), /responses and /completions. A body
# has the names of one endpoint.
_LIMITS = ("max_completion_tokens", "max_output_tokens", "max_tokens")


class Asked(NamedTuple):
    """What a body requests.

    `choices` is the number of billed outputs, `limit` the maximum number of tokens of each (None:
    no limit), and `limit_name` the property that sets it. `written_as` is the kind of rate for
    writing the prompt to the cache; `speaks` says that an output may be sound.
    """

    model: str
    tier: str = "standard"
    choices: int = 1
    limit: int | None = None
    limit_name: str = "max_completion_tokens"
    written_as: str = "cache_write"
    speaks: bool = False


def asked(body: Mapping[str, Any], *, model: str, tier: str | None = None) -> Asked:
    """Return what a body requests of `model` and, if given, at `tier`.

    Raises UsageError, with the property as its parameter, for a value of the wrong type.
    """
    service_tier = body.get("service_tier")
    if service_tier is not None and not isinstance(service_tier, str):
        raise _wrong("service_tier", "a string")
    return Asked(
        model,
        tier or tier_of(service_tier),
        _choices(body),
        _limit(body),
        _limit_name(body),
        _written_as(body),
        _speaks(body),
    )


def body_of(text: str, prices: Tariff) -> tuple[dict[str, Any], str]:
    """Return the body that sends a text to a model, and its endpoint; for most, that is chat."""
    if prices.is_silent:
        return {"model": prices.name, "input": text}, "/embeddings"
    if prices.completes:
        return {"model": prices.name, "prompt": text}, "/completions"
    message = {"role": "user", "content": text}
    return {"model": prices.name, "messages": [message]}, "/chat/completions"


def _limit(body: Mapping[str, Any]) -> int | None:
    for name in _LIMITS:
        if (value := _number(body, name)) is not None:
            return value
    return None


def _limit_name(body: Mapping[str, Any]) -> str:
    if "messages" in body:
        return "max_completion_tokens"
    return "max_output_tokens" if "input" in body else "max_tokens"


def _choices(body: Mapping[str, Any]) -> int:
    """Return the number of outputs: `n`, or at /completions `best_of` if larger, per prompt."""
    choices = _number(body, "n")
    choices = 1 if choices is None else choices
    prompt = body.get("prompt")
    if prompt is None or "messages" in body:
        return choices
    several = isinstance(prompt, list) and bool(prompt) and isinstance(prompt[0], (str, list))
    return max(choices, _number(body, "best_of") or 0) * (len(prompt) if several else 1)


def _written_as(body: Mapping[str, Any]) -> str:
    """Return the kind of cache write, by PromptCacheOptionsParam of the openai package."""
    options = body.get("prompt_cache_options")
    lives_12h = isinstance(options, Mapping) and options.get("ttl") == "12h"
    return "cache_write_12h" if lives_12h else "cache_write"


def _speaks(body: Mapping[str, Any]) -> bool:
    modalities = body.get("modalities")
    return isinstance(modalities, list) and "audio" in modalities


def _number(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int or value < 0:
        raise _wrong(name, "an integer of at least 0")
    return value


def _wrong(name: str, noun: str) -> UsageError:
    return UsageError(f"{name} must be {noun}", parameter=name)
