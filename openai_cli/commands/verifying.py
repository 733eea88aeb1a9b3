"""`tokens --verify`: compare our counts of requests with what was billed for them."""

from typing import TYPE_CHECKING, Any

from openai_cli.commands.counting import Counting, json_line
from openai_cli.context import Context
from openai_cli.errors import LimitError
from openai_cli.flags.ours import number
from openai_cli.flags.values import Number
from openai_cli.output.sink import open_sink, utf8_bytes
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.tokens.verify import Row, Verdict

# How many of the requests that cannot be counted are reported.
_MOST_REFUSED = 5

_HEADINGS = ("requests", "exact", "in 2 %", "said exact", "and were", "largest difference")


def verify_counts(context: Context, options: Counting, inputs: Inputs) -> None:
    """Print how the counts of requests differ from their bills."""
    from openai_cli.tokens.bills import Bills
    from openai_cli.tokens.lines import objects
    from openai_cli.tokens.verify import verify

    limit = number("--max-difference", options.max_difference, Number(0))
    bills = Bills()
    read = bills.read(objects(inputs.lines("--verify", options.verify or "")))
    verdict = verify(read, limit=None if limit is None else float(limit))
    with open_sink(context, options.output) as sink:
        if options.json:
            sink.write_json(json_line(_described(verdict, bills.failed)))
        else:
            sink.write(utf8_bytes(_table(verdict)))
    _tell_others(context, verdict, bills.failed)
    if verdict.above:
        raise LimitError(
            f"{verdict.above} of {verdict.all.requests} counts differ by more than the "
            f"{options.max_difference} % of --max-difference"
        )


def _tell_others(context: Context, verdict: "Verdict", failed: int) -> None:
    """Report the lines that are in no row."""
    if failed:
        context.messages.notice(f"failed requests, not in any row: {failed}")
    if verdict.refused:
        told = "; ".join(f"line {line}: {why}" for line, why in verdict.refused[:_MOST_REFUSED])
        context.messages.notice(f"requests that cannot be counted: {len(verdict.refused)}; {told}")


def _table(verdict: "Verdict") -> str:
    """The rows as a table, those with most requests first, and below it the worst counts."""
    from openai_cli.output.columns import aligned

    rows = sorted(verdict.rows.items(), key=lambda item: (-item[1].requests, item[0]))
    named = [(f"{model} {kind}", row) for (model, kind), row in rows]
    found = [(*_cells(row), name) for name, row in [*named, ("all", verdict.all)]]
    cells: list[tuple[str, ...]] = [(*_HEADINGS, "of"), *found]
    worst = "".join(f"{check}\n" for check in verdict.worst)
    return aligned(cells) + (f"\n{worst}" if worst else "")


def _cells(row: "Row") -> tuple[str, ...]:
    counts = (row.requests, row.exact, row.near, row.said_exact, row.said_and_exact)
    shown = [
        str(count).rjust(len(heading)) for count, heading in zip(counts, _HEADINGS, strict=False)
    ]
    return (*shown, f"{row.largest:+d}".rjust(len(_HEADINGS[-1])) if row.largest else "")


def _described(verdict: "Verdict", failed: int) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "rows": [
            {"model": model, "kind": kind, **asdict(row)}
            for (model, kind), row in verdict.rows.items()
        ],
        "all": asdict(verdict.all),
        "worst": [
            {
                "line": check.bill.line,
                "model": check.bill.model,
                "kind": check.kind,
                "counted": int(check.counted),
                "billed": check.bill.billed,
                "doubts": list(check.counted.doubts),
            }
            for check in verdict.worst
        ],
        "refused": [{"line": line, "problem": why} for line, why in verdict.refused],
        "failed": failed,
    }
