"""`estimate` and `cost_of`: the Python interface to the costs that the commands report."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from os import PathLike
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.models.table import load_table, tier_of
from openai_cli.prices.billed import Billed, billed_in
from openai_cli.prices.bound import bound
from openai_cli.prices.costs import Cost, price_answer
from openai_cli.prices.records import is_record, of_record
from openai_cli.records import NamedTuple

Path = str | PathLike[str]


class Estimate(NamedTuple):
    """The maximum cost of a request, in USD, and the tokens that it is computed from.

    `output_tokens` are those of all outputs at their limit or, if the request sets none, at the
    model's longest output. `doubts` say why the count of its input is an estimate; they are empty
    if it is exact. If there are `unbounded` parts, which may cost any amount, `usd` is an estimate
    and not a bound. `notes` are about the prices, such as that a model was retired.
    """

    usd: Decimal
    input_tokens: int
    output_tokens: int
    doubts: tuple[str, ...]
    unbounded: tuple[str, ...]
    notes: tuple[str, ...]


def estimate(
    body: Mapping[str, Any],
    *,
    endpoint: str | None = None,
    region: str | None = None,
    on: date | None = None,
    prices: Path | None = None,
) -> Estimate:
    """Return the maximum cost of sending a request body, as `--max-cost` computes it.

    `body` is a request of chat, completions, responses or embeddings. If `endpoint`, such as
    `/chat/completions`, is None, it is inferred from the body's properties. `region` is that of the
    host, such as `eu`, and `on` is the day of the prices, by default today in UTC. `prices` is the
    path of a table that overrides that of this package, as for `--prices`.

    Raises `openai_cli.errors.UsageError` for a model, a tier or a day without a known price, and
    for a request whose tokens cannot be counted.
    """
    table = load_table(prices)
    found = bound(body, endpoint=endpoint, table=table, on=on or _today(), region=region)
    return Estimate(
        found.usd,
        found.most_input,
        found.output_tokens,
        tuple(map(str, found.input_tokens.doubts)),
        tuple(map(str, found.input_tokens.unbounded)),
        found.notes,
    )


def cost_of(
    answer: Any,
    *,
    model: str | None = None,
    tier: str | None = None,
    region: str | None = None,
    on: date | None = None,
    prices: Path | None = None,
) -> Cost:
    """Return what an answer did cost, including cached tokens, audio, images and tool calls.

    `answer` is an answer of the API, just its usage object, or a line of `--usage-file`: parsed
    JSON, or an object of the `openai` package. `model` and `tier` apply only if the answer names
    none, like a usage object. The other arguments are as for `estimate`; a line of a usage file has
    its own region and, if it has a time, the prices of its day.

    Raises `openai_cli.errors.UsageError` if the model, the tier or the day has no known price, or
    if there is no usage.
    """
    body = _plain(answer)
    billed = list(of_record(1, body)) if is_record(body) else _billed(body, model, tier)
    billed = [_filled(part, model, region) for part in billed]
    if not billed or billed[0].usage is None:
        raise UsageError("the answer has no usage")
    found = price_answer(billed, table=load_table(prices), on=on or _today())
    if found.usd is None:
        raise UsageError(found.unknown[0])
    return found


def _billed(body: dict[str, Any], model: str | None, tier: str | None) -> list[Billed]:
    """Return what an answer, or a bare usage object, is billed by, its own model first."""
    if not isinstance(body.get("usage"), dict):
        return [Billed(model, tier_of(tier), body)]
    named = body.get("service_tier")
    own = tier_of(named if isinstance(named, str) else tier)
    return sorted(billed_in(body, tier=own), key=lambda part: part.is_extra)


def _filled(billed: Billed, model: str | None, region: str | None) -> Billed:
    billed = billed if billed.model else billed._replace(model=model)
    return billed if billed.is_record else billed._replace(region=region)


def _plain(answer: Any) -> dict[str, Any]:
    """Return the answer as parsed JSON."""
    found = answer.model_dump() if hasattr(answer, "model_dump") else answer
    if not isinstance(found, Mapping):
        raise UsageError("an answer must be an object of JSON, or of the openai package")
    return dict(found)


def _today() -> date:
    return datetime.now(UTC).date()
