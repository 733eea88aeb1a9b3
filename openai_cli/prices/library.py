"""`estimate` and `cost_of`, for Python: what the commands say of costs, of objects."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from os import PathLike
from typing import Any, NamedTuple

from openai_cli.errors import UsageError
from openai_cli.models.table import load_table, tier_of
from openai_cli.prices.billed import Billed, billed_in
from openai_cli.prices.bound import bound
from openai_cli.prices.costs import Cost, price_answer
from openai_cli.prices.records import is_record, of_record

Path = str | PathLike[str]


class Estimate(NamedTuple):
    """The most that a request can cost, in USD, and the tokens that it is reckoned from.

    `output_tokens` are those of all its outputs at their limit, or where the request sets none, at
    the longest that the model gives. `doubts` tell why the count of its input is an estimate, and
    are empty where it is exact. With any `unbounded`, parts that may cost any amount, `usd` is no
    bound but an estimate. `notes` tell what to know of the prices, as that a model was retired.
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
    """The most that sending a request body can cost, as `--max-cost` reckons it.

    `body` is that of a request of chat, completions, responses or embeddings; `endpoint`, such as
    `/chat/completions`, is told by its properties where it is None. `region` is the one in whose
    host it is processed, such as `eu`, and `on` the day of the prices, by default today in UTC.
    `prices` is the path of a table to lay over that of this package, as `--prices` takes it.

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
    """What an answer did cost, with its cached tokens, sound, images and calls of tools.

    `answer` is an answer of the API, its usage object alone, or a line of `--usage-file`: parsed
    from JSON, or an object of the `openai` package. `model` and `tier` are for what names none, as
    a usage object; what it names goes before them. The others are as `estimate` has them; a line of
    a usage file has its own region, and the prices of its own day where it tells a time.

    Raises `openai_cli.errors.UsageError` where the model, the tier or the day has no known price,
    and for what has no usage.
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
    """What an answer is billed by, its own model first; of a usage object alone, that."""
    if not isinstance(body.get("usage"), dict):
        return [Billed(model, tier_of(tier), body)]
    named = body.get("service_tier")
    own = tier_of(named if isinstance(named, str) else tier)
    return sorted(billed_in(body, tier=own), key=lambda part: part.is_extra)


def _filled(billed: Billed, model: str | None, region: str | None) -> Billed:
    billed = billed if billed.model else billed._replace(model=model)
    return billed if billed.is_record else billed._replace(region=region)


def _plain(answer: Any) -> dict[str, Any]:
    """The answer as parsed JSON."""
    found = answer.model_dump() if hasattr(answer, "model_dump") else answer
    if not isinstance(found, Mapping):
        raise UsageError("an answer must be an object of JSON, or of the openai package")
    return dict(found)


def _today() -> date:
    return datetime.now(UTC).date()
