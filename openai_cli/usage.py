"""What a call took: the tokens that the API reports, as a line on stderr and a line of a file."""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from openai_cli.answer.parts import Answer
from openai_cli.money import exact_json, plain
from openai_cli.prices.estimate import price_usage
from openai_cli.prices.table import Table


@dataclass(frozen=True)
class Usage:
    """The tokens of one call; None is what the server did not report.

    `input_tokens` include `cached_tokens` and `cache_write_tokens`, `output_tokens` include
    `reasoning_tokens`, as the API counts them. `usd` is the cost in US dollars, None where the
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

    @classmethod
    def of(cls, answer: Answer, table: Table, on: date) -> "Usage":
        """The usage that an answer of POST /completions or /chat/completions reports.

        It is priced by `table` as of the day `on`.
        """
        found = answer.usage or {}
        inputs = found.get("prompt_tokens_details") or {}
        outputs = found.get("completion_tokens_details") or {}
        return cls(
            model=answer.model,
            service_tier=answer.service_tier,
            input_tokens=_tokens(found, "prompt_tokens"),
            cached_tokens=_tokens(inputs, "cached_tokens"),
            cache_write_tokens=_tokens(inputs, "cache_write_tokens"),
            output_tokens=_tokens(found, "completion_tokens"),
            reasoning_tokens=_tokens(outputs, "reasoning_tokens"),
            usd=price_usage(
                found,
                model=answer.model,
                service_tier=answer.service_tier,
                table=table,
                on=on,
            ),
            request_id=answer.request_id,
        )

    def line(self) -> str:
        """The usage for a person."""
        if self.input_tokens is None and self.output_tokens is None:
            return f"the server reported no tokens ({self.model or 'unknown model'})"
        input_parts = _parts(cached=self.cached_tokens, written=self.cache_write_tokens)
        output_parts = _parts(reasoning=self.reasoning_tokens)
        tier = f", {self.service_tier} tier" if self.service_tier else ""
        cost = "USD unknown" if self.usd is None else f"{plain(self.usd)} USD"
        return (
            f"{_shown(self.input_tokens)} input{input_parts}, "
            f"{_shown(self.output_tokens)} output{output_parts} tokens; "
            f"{cost} ({self.model or 'unknown model'}{tier})"
        )

    def record(self) -> str:
        """The usage for --usage-file: JSON on one line, with the cost to the last digit."""
        return exact_json(asdict(self))


def _tokens(found: Any, name: str) -> int | None:
    value = found.get(name) if isinstance(found, dict) else None
    return value if type(value) is int else None


def _parts(**named: int | None) -> str:
    shown = ", ".join(f"{count} {name}" for name, count in named.items() if count)
    return f" ({shown})" if shown else ""


def _shown(count: int | None) -> str:
    return "unknown" if count is None else str(count)
