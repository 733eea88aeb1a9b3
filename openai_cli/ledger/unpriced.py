"""Keep calls without their price until it is needed, because pricing takes the most time.

A call is kept as JSON: its occasion, the counts in its answer without any text, and the prices of
its models at the time, so that a newer table does not change its cost.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from openai_cli.models.lines import known_name, packaged

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer
    from openai_cli.prices.occasion import Occasion, Outcome

# The properties of an answer's items and tools that its price depends on, and their parents.
_NAMES = ("type", "container_id", "memory_limit", "search_context_size", "model")
_PLACES = ("action", "environment", "container")


def told(
    answer: "Answer",
    occasion: "Occasion",
    *,
    region: str | None,
    batch_id: str | None,
    exit_code: int,
    outcome: "Outcome | None",
) -> tuple[str, str]:
    """Return what is known of a call and the prices of its models, for `pricing.priced`.

    `outcome` is that of a failed call.
    """
    billable = {name: _billable(value) for name, value in answer.billable.items()}
    found = {
        "occasion": vars(occasion),
        "batch_id": batch_id,
        "region": region,
        "exit_code": int(exit_code),
        "outcome": None if outcome is None else vars(outcome),
        "answer": {
            "model": answer.model,
            "asked_model": answer.asked_model,
            "service_tier": answer.service_tier,
            "request_id": answer.request_id,
            "age": answer.age,
            "usage": _numbers(answer.usage),
            "billable": billable,
        },
    }
    models = {answer.model or answer.asked_model, *_models_in(billable)}
    return json.dumps(found), _prices({name for name in models if isinstance(name, str)})


def _prices(names: set[str]) -> str:
    """Return the table's entries for these models, in the table's JSON format."""
    table = packaged()
    known = {known for name in names if (known := known_name(name, table)) is not None}
    lines = (f"{json.dumps(name)}: {(table.line(name) or b'').decode()}" for name in sorted(known))
    return f'{{"date": "{table.date}", "models": {{{", ".join(lines)}}}}}'


def _numbers(value: Any) -> Any:
    """Return the counts of a usage object; strings in it become empty."""
    if isinstance(value, dict):
        return {name: _numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return []
    return "" if isinstance(value, str) else value


def _billable(value: Any) -> Any:
    """Reduce a billable part to what the price depends on, including the model of a drawing."""
    if isinstance(value, dict) and "model" in value:
        return {**_numbers(value), "model": value["model"]}
    return _bare(value) if isinstance(value, list) else _numbers(value)


def _bare(value: Any, name: str = "") -> Any:
    """Reduce the items and tools of an answer to what the price depends on."""
    if isinstance(value, list):
        return [_bare(part) for part in value if isinstance(part, dict)]
    if isinstance(value, dict):
        names = (*_NAMES, *_PLACES)
        return {part: _bare(item, part) for part, item in value.items() if part in names}
    return value if name in _NAMES else None


def _models_in(value: Any) -> Iterator[Any]:
    """Yield the models that a part of an answer names, at any depth."""
    if isinstance(value, dict):
        yield value.get("model")
        value = list(value.values())
    for part in value if isinstance(value, list) else ():
        yield from _models_in(part)
