"""`models list`: the models that the table of this version has."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.ours import INPUT, OUTPUT, Talk, Written, options_group, ours, switch
from openai_cli.money import exact_json, plain
from openai_cli.output import open_sink, utf8_bytes
from openai_cli.prices.table import Model, Rates, Row, load

_HEAD = ("model", "context", "output", "encoding", "input USD", "output USD", "retired")


@options_group
class Options(Talk, Written):
    """USD is for a million tokens at the standard tier; a column is empty where nothing is known.

    At a terminal the columns are aligned under a head; elsewhere a tab stands between them.
    """

    local: Annotated[
        bool, switch(INPUT, "local", "The models of the table of prices, with no network")
    ] = False
    prices: Annotated[
        str | None,
        ours(INPUT, "--prices", "Lay your own table of models and prices over it", metavar="FILE"),
    ] = None
    json: Annotated[
        bool, switch(OUTPUT, "json", "Print JSON: the table's date, digest, models")
    ] = False


def run(context: Context, options: Options) -> None:
    """Print the models of the table."""
    if not options.local:
        raise UsageError(
            "this version lists the models of its own table alone",
            hint="openai-cli models list --local",
        )
    table = load(options.prices)
    models = [table.models[name] for name in sorted(table.models)]
    on = context.today()
    with open_sink(context, options.output) as sink:
        if options.json:
            described = {model.name: _described(model, on) for model in models}
            found = {"date": str(table.date), "digest": table.digest, "models": described}
            text = f"{exact_json(found)}\n"
        else:
            rows = [_row(model, on) for model in models]
            text = _aligned([_HEAD, *rows]) if sink.is_terminal else _tabbed(rows)
        sink.write(utf8_bytes(text))


def _prices(model: Model, on: date) -> Row | None:
    try:
        return model.row(on)
    except UsageError:
        return None


def _described(model: Model, on: date) -> dict[str, Any]:
    row = _prices(model, on)
    return {
        "mode": model.mode,
        "encoding": model.encoding,
        "context_window": model.context_window,
        "max_output_tokens": model.max_output_tokens,
        "retired": model.retired and str(model.retired),
        "source": row and row.source,
        "tiers": {tier: _tier(row, tier) for tier in row.tiers} if row else {},
    }


def _tier(row: Row, tier: str) -> dict[str, Any]:
    """The rates, and those of requests above a number of input tokens where they are others."""
    above = {limit: row.rates(tier, limit + 1) for limit in row.thresholds(tier)}
    return {**row.rates(tier, 0), **({"above": above} if above else {})}


def _row(model: Model, on: date) -> list[str]:
    row = _prices(model, on)
    rates: Rates = row.rates("standard", 0) if row and "standard" in row.tiers else {}
    cells = (
        model.name,
        model.context_window,
        model.max_output_tokens,
        model.encoding,
        rates.get("input"),
        rates.get("output"),
        model.retired,
    )
    return [
        plain(cell) if isinstance(cell, Decimal) else "" if cell is None else str(cell)
        for cell in cells
    ]


def _tabbed(rows: Iterable[Sequence[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)
