"""What a call took: the tokens that the API reports, as a line on stderr and a line of a file."""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from openai_cli.answer.base import Answer
from openai_cli.answer.shape import is_finite
from openai_cli.models.table import Table
from openai_cli.prices.estimate import price_usage
from openai_cli.prices.money import exact_json, plain

# What the endpoints call the same: chat, completions and embeddings; all others.
_INPUT = ("prompt_tokens", "input_tokens")
_OUTPUT = ("completion_tokens", "output_tokens")
_INPUT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
_OUTPUT_DETAILS = (
    "completion_tokens_details",
    "output_tokens_details",
    "output_token_details",
)


@dataclass(frozen=True)
class Receipt:
    """The tokens of one call, or what it is billed by; None is what the server did not report.

    `input_tokens` include `cached_tokens` and `cache_write_tokens`, `output_tokens` include
    `reasoning_tokens`, as the API counts them. `seconds` are of speech, `characters` of a text that
    is said. `usd` is the cost in US dollars, None where the
    price is unknown.
    """

    model: str | None
    service_tier: str | None
    input_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    usd: Decimal | None
    request_id: str | None
    seconds: float | None = None
    characters: int | None = None

    @classmethod
    def of(cls, answer: Answer, table: Table, on: date) -> "Receipt":
        """The usage that an answer reports, priced by `table` as of the day `on`."""
        found = answer.usage or {}
        inputs = _first(found, _INPUT_DETAILS) or {}
        outputs = _first(found, _OUTPUT_DETAILS) or {}
        model = answer.model or answer.asked_model
        return cls(
            model=model,
            service_tier=answer.service_tier,
            input_tokens=_tokens(found, *_INPUT),
            cached_tokens=_tokens(inputs, "cached_tokens"),
            cache_write_tokens=_tokens(inputs, "cache_write_tokens"),
            output_tokens=_tokens(found, *_OUTPUT),
            reasoning_tokens=_tokens(outputs, "reasoning_tokens"),
            usd=price_usage(
                found,
                model=model,
                service_tier=answer.service_tier,
                table=table,
                on=on,
            ),
            request_id=answer.request_id,
            seconds=_number(found.get("seconds")),
            characters=_tokens(found, "characters"),
        )

    def line(self) -> str:
        """The usage for a person."""
        cost = "USD unknown" if self.usd is None else f"{plain(self.usd)} USD"
        if self.seconds is not None:
            return f"{self.seconds} seconds of speech; {cost} ({self.model or 'unknown model'})"
        if self.characters is not None:
            return f"{self.characters} characters; {cost} ({self.model or 'unknown model'})"
        if self.input_tokens is None and self.output_tokens is None:
            return f"the server reported no tokens ({self.model or 'unknown model'})"
        input_parts = _parts(cached=self.cached_tokens, written=self.cache_write_tokens)
        output_parts = _parts(reasoning=self.reasoning_tokens)
        tier = f", {self.service_tier} tier" if self.service_tier else ""
        output = (
            "" if self.output_tokens is None else f", {self.output_tokens} output{output_parts}"
        )
        return (
            f"{_shown(self.input_tokens)} input{input_parts}{output} tokens; "
            f"{cost} ({self.model or 'unknown model'}{tier})"
        )

    def record(self) -> str:
        """The usage for --usage-file: JSON on one line, with the cost to the last digit.

        `seconds` and `characters` are there only where the call is billed by them.
        """
        found = asdict(self)
        for name in ("seconds", "characters"):
            if found[name] is None:
                del found[name]
        return exact_json(found)


def _first(found: Any, names: tuple[str, ...]) -> Any:
    """The first of the named values that there is."""
    if not isinstance(found, dict):
        return None
    return next((found[name] for name in names if found.get(name) is not None), None)


def _tokens(found: Any, *names: str) -> int | None:
    value = _first(found, names)
    return value if type(value) is int else None


def _number(value: Any) -> float | None:
    return value if is_finite(value) else None


def _parts(**named: int | None) -> str:
    shown = ", ".join(f"{count} {name}" for name, count in named.items() if count)
    return f" ({shown})" if shown else ""


def _shown(count: int | None) -> str:
    return "unknown" if count is None else str(count)
