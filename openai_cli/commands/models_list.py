"""`models list`: the models of the server, or those in this version's own table."""

import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from openai_cli.answer.page import Models
from openai_cli.calls.stored import StoredOptions, ask
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import OPTIONS, options_group, ours, switch
from openai_cli.models.table import FEES, Model, Rates, Row, load_table
from openai_cli.output.columns import aligned, tabbed
from openai_cli.output.sink import open_sink, utf8_bytes
from openai_cli.prices.money import exact_json, plain
from openai_cli.records import Annotated

_HEAD = ("model", "context", "output", "encoding", "USD in", "USD out", "retired")
_NUMBERS = ("context", "output", "USD in", "USD out")
# Columns that a narrow terminal leaves out, in this order.
_LESS = ("encoding", "output", "context", "retired")

EXAMPLES = (
    "openai-cli models list",
    "openai-cli models list --local",
    "openai-cli models list --local --json -o models.json",
)


@options_group
class Options(StoredOptions):
    """The ids of the server's models are printed one per line, sorted by name.

    With --local, this version's own table is printed, offline: the models that are not retired, or
    with --retired those that are. Prices are in USD per million tokens at the standard tier. What
    is not known is left empty. A terminal shows aligned columns with a heading, as many as fit,
    or below each name if it is narrow; elsewhere columns are separated by tabs.
    """

    endpoint = Endpoint("/models", method="GET")

    local: Annotated[bool, switch(OPTIONS, "local", "List this version's own table, offline")] = (
        False
    )
    retired: Annotated[
        bool, switch(OPTIONS, "retired", "With --local, list the retired models")
    ] = False
    prices: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--prices",
            "With --local, add or override models from your table",
            metavar="FILE",
        ),
    ] = None


def run(context: Context, options: Options) -> None:
    """Print the models of the server, or of our own table."""
    if options.local:
        _list_table(context, options)
        return
    if options.prices is not None or options.retired:
        flag = "--retired" if options.retired else "--prices"
        raise UsageError(f"{flag} is for the built-in table: add --local")
    ask(context, options, _ids, lambda _request: Models())


def _ids(body: dict[str, Any]) -> str:
    from openai_cli.answer.page import items
    from openai_cli.answer.shape import as_string

    ids = [as_string(model.get("id"), "id") for model in items(body)]
    return "".join(f"{name}\n" for name in sorted(ids))


def _list_table(context: Context, options: Options) -> None:
    if options.query is not None:
        raise UsageError(
            "--query works on the server's answer: leave --local out",
            hint="openai-cli models list --local --json | jq has the table",
        )
    table = load_table(options.prices)
    models = [table.models[name] for name in sorted(table.models)]
    on = context.today()
    with open_sink(context, options.output) as sink:
        if options.json:
            described = {model.name: _described(model, on) for model in models}
            found = {"date": str(table.date), "digest": table.digest, "models": described}
            sink.write_json(utf8_bytes(f"{exact_json(found)}\n"))
        else:
            rows = [_row(model, on) for model in models if model.is_retired(on) == options.retired]
            text = _columns(rows) if sink.is_terminal else tabbed(rows)
            sink.write(utf8_bytes(text))


def _columns(rows: list[list[str]]) -> str:
    """Align the rows under headings, leaving out columns of _LESS that do not fit.

    If not even the prices fit, each model's facts are printed below its name.
    """
    width = shutil.get_terminal_size().columns
    heads = list(_HEAD)
    for less in (None, *_LESS):
        heads = [head for head in heads if head != less]
        kept = [[row[_HEAD.index(head)] for head in heads] for row in rows]
        numbers = [place for place, head in enumerate(heads) if head in _NUMBERS]
        text = aligned([heads, *kept], numbers=numbers)
        if max(map(len, text.splitlines())) <= width:
            return text
    return "".join(f"{line}\n" for row in rows for line in _beneath(row, width))


def _beneath(row: list[str], width: int) -> Iterator[str]:
    """Yield the name of a model and, below it, what is known except its encoding, with headings."""
    yield row[0]
    line = ""
    for head, cell in zip(_HEAD[1:], row[1:], strict=True):
        if cell and head != _LESS[0]:
            added = f"{line}, {head} {cell}" if line else f"  {head} {cell}"
            if len(added) > width and line:
                yield line
                added = f"  {head} {cell}"
            line = added
    if line:
        yield line


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
        "fees": _fees(row),
        "regions": model.regions,
        "searches": model.searches,
    }


def _fees(row: Row | None) -> dict[str, Decimal]:
    """The fees for tool calls, in USD per call."""
    if row is None:
        return {}
    rates = row.rates(row.tiers[0], 0)
    return {kind: rates[kind] for kind in FEES if kind in rates}


def _tier(row: Row, tier: str) -> dict[str, Any]:
    """The rates and, where they differ above a number of input tokens, the rates above it."""
    above = {limit: _rates(row, tier, limit + 1) for limit in row.thresholds(tier)}
    return {**_rates(row, tier, 0), **({"above": above} if above else {})}


def _rates(row: Row, tier: str, input_tokens: int) -> dict[str, Decimal]:
    rates = row.rates(tier, input_tokens)
    return {kind: rate for kind, rate in rates.items() if kind not in FEES}


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
