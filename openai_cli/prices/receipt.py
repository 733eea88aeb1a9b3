"""The usage and the cost of a call, as a line for stderr and a line for --usage-file."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

from openai_cli.answer.base import Answer
from openai_cli.answer.shape import is_finite
from openai_cli.errors import ExitCode, UsageError
from openai_cli.models.table import Table, tier_of
from openai_cli.prices.bill import made_calls
from openai_cli.prices.billed import Billed, billed_in
from openai_cli.prices.calls import Calls
from openai_cli.prices.charges import Usage, tariff
from openai_cli.prices.costs import price_answer
from openai_cli.prices.money import exact_json, plain
from openai_cli.prices.occasion import Occasion, Outcome
from openai_cli.prices.records import parts_of
from openai_cli.prices.usage import usage_of
from openai_cli.records import field, fields_of, record, replace

# The fields that only some calls have.
_SOMETIMES = (
    "seconds", "characters", "calls", "region", "unknown", "also", "cache_age", "saved_usd",
)  # fmt: skip

# The names of the counts at chat, completions and embeddings, then at all other endpoints.
_INPUT = ("prompt_tokens", "input_tokens")
_OUTPUT = ("completion_tokens", "output_tokens")
_INPUT_DETAILS = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
_OUTPUT_DETAILS = (
    "completion_tokens_details",
    "output_tokens_details",
    "output_token_details",
)


@record
class Receipt:
    """The tokens of one call, or what it is billed by; None means that it was not reported.

    `input_tokens` include `cached_tokens` and `cache_write_tokens`, and `output_tokens` include
    `reasoning_tokens`, as the API counts them. `seconds` are of transcribed speech, `characters` of
    spoken text. `usd` is the cost in US dollars, or None if the price is unknown; it is a lower
    bound if something is `unknown` and so not included. `parts` are the other counts that the price
    depends on, by their names in `records`, and `calls` are tool calls by kind of fee. `also` has
    the same for the work of other models. `exit_code` is that of the call. An answer from the cache
    has its `cache_age` in seconds and `saved_usd`, the cost of the original call.
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
    parts: Mapping[str, int] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    region: str | None = None
    unknown: tuple[str, ...] = ()
    also: tuple[dict[str, Any], ...] = ()
    exit_code: int = ExitCode.DONE
    cache_age: int | None = None
    saved_usd: Decimal | None = None

    @classmethod
    def of(cls, answer: Answer, table: Table, on: date, *, region: str | None = None) -> "Receipt":
        """Return the receipt for an answer, priced by `table` as of the day `on`."""
        model = answer.model or answer.asked_model
        body = {**answer.billable, "usage": answer.usage or {}, "model": model}
        tier = tier_of(answer.service_tier)
        billed = [part._replace(region=region) for part in billed_in(body, tier=tier)]
        billed.sort(key=lambda part: part.is_extra)
        cost = price_answer(billed, table=table, on=on)
        return cls._told(
            answer,
            cost.usd,
            region,
            **_counts(billed[0], table, on),
            unknown=cost.unknown if cost.usd is not None else (),
            also=tuple(_record_of(part, table, on) for part in billed[1:]),
        )

    @classmethod
    def of_tokens(
        cls,
        answer: Answer,
        usage: Usage,
        *,
        mode: str | None,
        usd: Decimal | None,
        region: str | None,
        exit_code: int,
    ) -> "Receipt":
        """That of an answer which is billed by its own tokens alone, of their `usage` and cost.

        `mode` is that of its model.
        """
        parts = parts_of(usage, mode)
        return cls._told(answer, usd, region, parts=parts, exit_code=exit_code)

    @classmethod
    def _told(
        cls, answer: Answer, usd: Decimal | None, region: str | None, **more: Any
    ) -> "Receipt":
        """What an answer tells, with its cost and what `more` it has."""
        found = answer.usage or {}
        inputs = _first(found, _INPUT_DETAILS) or {}
        outputs = _first(found, _OUTPUT_DETAILS) or {}
        return cls(
            model=answer.model or answer.asked_model,
            service_tier=answer.service_tier,
            input_tokens=_tokens(found, *_INPUT),
            cached_tokens=_tokens(inputs, "cached_tokens"),
            cache_write_tokens=_tokens(inputs, "cache_write_tokens"),
            output_tokens=_tokens(found, *_OUTPUT),
            reasoning_tokens=_tokens(outputs, "reasoning_tokens"),
            usd=usd,
            request_id=answer.request_id,
            seconds=_number(found.get("seconds")),
            characters=_tokens(found, "characters"),
            region=region,
            **more,
        )

    def of_failed(self, outcome: Outcome) -> "Receipt":
        """Return the receipt for a failed call, which is free if the API refused it."""
        request_id = outcome.request_id or self.request_id
        failed = replace(self, exit_code=outcome.exit_code, request_id=request_id)
        if failed.usd is not None:
            return replace(failed, unknown=(*failed.unknown, "the call was cut off"))
        nothing = failed.input_tokens is None and failed.output_tokens is None
        return replace(failed, usd=Decimal(0)) if outcome.is_refused and nothing else failed

    def of_cache(self, age: float) -> "Receipt":
        """Return the receipt for the answer reused from the cache, `age` seconds after its call."""
        return replace(
            self,
            input_tokens=None,
            cached_tokens=None,
            cache_write_tokens=None,
            output_tokens=None,
            reasoning_tokens=None,
            usd=Decimal(0),
            seconds=None,
            characters=None,
            parts={},
            calls={},
            unknown=(),
            also=(),
            cache_age=int(age),
            saved_usd=self.usd,
        )

    def line(self) -> str:
        """Format the usage as a line for people."""
        cost = self.cost
        if self.cache_age is not None:
            saved = "" if self.saved_usd is None else f", {plain(self.saved_usd)} USD saved"
            return f"from the cache; {cost}{saved} ({self.model or 'unknown model'})"
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

    @property
    def cost(self) -> str:
        """The cost for people, with the tool calls in it and what is not included."""
        if self.usd is None:
            return "USD unknown"
        calls = "".join(f", with {count} {kind}" for kind, count in self.calls.items())
        least = "at least " if self.unknown else ""
        why = f" ({'; '.join(self.unknown)})" if self.unknown else ""
        return f"{least}{plain(self.usd)} USD{calls}{why}"

    def record(self, occasion: Occasion, *, batch_id: str | None = None) -> str:
        """Format the usage as a line of JSON for --usage-file, with the exact cost.

        The fields after `exit_code` are present only if they have a value; the first of them is
        `batch_id`, that of the run that the call belongs to.
        """
        found = {one.name: getattr(self, one.name) for one in fields_of(type(self))}
        parts, code = found.pop("parts"), int(found.pop("exit_code"))
        some = {name: found.pop(name) for name in _SOMETIMES}
        some = {"batch_id": batch_id, **some}
        some = {name: value for name, value in some.items() if value not in (None, {}, ())}
        return exact_json({**vars(occasion), **found, "exit_code": code, **some, **parts})


def _counts(billed: Billed, table: Table, on: date) -> dict[str, Any]:
    """Return the other counts and the calls of what is billed, as far as they are known."""
    model = table.find(billed.model or "")
    mode = None if model is None else model.mode
    try:
        usage = usage_of(billed.usage or {}, mode=mode)
    except UsageError:
        return {}
    calls = (billed.calls or Calls()).counts
    with suppress(UsageError):
        prices = tariff(table, billed.model or "", billed.tier, on)
        calls = made_calls(billed, prices).counts
    return {"parts": parts_of(usage, mode), "calls": calls}


def _record_of(billed: Billed, table: Table, on: date) -> dict[str, Any]:
    """Return the work of another model in the form of a record."""
    usage = billed.usage or {}
    counts = _counts(billed, table, on)
    return {
        "model": billed.model,
        "service_tier": billed.tier,
        "input_tokens": _tokens(usage, *_INPUT),
        "cached_tokens": _tokens(_first(usage, _INPUT_DETAILS), "cached_tokens"),
        "output_tokens": _tokens(usage, *_OUTPUT),
        **counts.get("parts", {}),
    }


def _first(found: Any, names: tuple[str, ...]) -> Any:
    """Return the first of the named values that is present, or None."""
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
