"""`batch check`: the faults in a file of requests, and what each way to run it costs."""

import json
from collections import deque
from itertools import groupby
from operator import itemgetter
from typing import Any

from openai_cli.batches.costs import Costs, Prices, Sum
from openai_cli.batches.rules import Rules
from openai_cli.batches.source import Source
from openai_cli.commands.body_rules import Judge
from openai_cli.context import Context
from openai_cli.flags.ours import OPTIONS, CommonOptions, argument, options_group, ours, switch
from openai_cli.flags.output import Written
from openai_cli.http.address import region_of
from openai_cli.models.table import load_table
from openai_cli.output.columns import aligned
from openai_cli.output.progress import Progress
from openai_cli.output.sink import open_sink, utf8_bytes
from openai_cli.prices.money import plain
from openai_cli.records import Annotated
from openai_cli.request.inputs import Inputs

EXAMPLES = (
    "seq 3 | openai-cli batch make chat --prompts - -o batch.jsonl",
    "openai-cli batch check batch.jsonl",
    "openai-cli batch check batch.jsonl --json",
)


@options_group
class Options(CommonOptions, Written):
    """FILE has a request on each line, in the form of the Batch API, or its body alone; - is stdin.

    Each fault is reported with its line, and any fault makes the exit code 2. The cost of the
    requests is shown for a live run, for flex and for the Batch API: what is known of it, and at
    most.
    """

    file: Annotated[str, argument("FILE", "The requests; - is stdin", names=None)]
    prices: Annotated[
        str | None,
        ours(OPTIONS, "--prices", "Add or override prices from your own table", metavar="FILE"),
    ] = None
    json: Annotated[bool, switch(OPTIONS, "json", "Print JSON")] = False


def run(context: Context, options: Options) -> None:
    """Print each fault and raise the last; if there are none, print the costs."""
    judge = Judge(context)
    prices = Prices(
        lambda: load_table(options.prices),
        context.today(),
        region_of(context.variable("OPENAI_BASE_URL") or ""),
    )
    costs = Costs(prices)
    with (
        Source.open(options.file, Inputs(context)) as source,
        Rules(judge, is_for_batch=True) as rules,
        Progress(context.messages, source.size) as progress,
    ):
        source.on_read = progress.advance
        deque(costs.counted(rules.read(source), lambda _line: None), maxlen=0)
        faults = [fault.error(source.shown) for fault in rules.faults]
    judge.tell_unknown()
    if faults:
        *before, last = faults
        for fault in before:
            context.messages.error(fault)
        raise last
    found = _found(rules, costs)
    with open_sink(context, options.output) as sink:
        if options.json:
            sink.write_json(json.dumps(found, ensure_ascii=False).encode() + b"\n")
        else:
            sink.write(utf8_bytes(_table(found)))
    problems = ((one["problem"], way) for way, one in found["ways"].items() if "problem" in one)
    for problem, same in groupby(problems, itemgetter(0)):
        context.messages.notice(f"{', '.join(way for _, way in same)}: {problem}")
    for doubt in list(costs.doubts)[:5]:
        context.messages.notice(f"the tokens are an estimate: {doubt}")


def _found(rules: Rules, costs: Costs) -> dict[str, Any]:
    return {
        "requests": rules.count,
        "url": f"/v1{rules.path}",
        "model": rules.model,
        "input_tokens": costs.tokens,
        "ways": {way: _sum(one) for way, one in costs.sums().items()},
    }


def _sum(one: Sum) -> dict[str, Any]:
    usd, most = (None if value is None else plain(value) for value in (one.usd, one.most))
    return {"usd": usd, "most_usd": most, **({"problem": one.problem} if one.problem else {})}


def _table(found: dict[str, Any]) -> str:
    facts = [
        ("requests", f"{found['requests']:,}"),
        ("url", found["url"]),
        ("model", found["model"]),
        ("input", f"{found['input_tokens']:,} tokens"),
    ]
    rows = [("", "USD", "at most")]
    for way, one in found["ways"].items():
        rows.append((way, one["usd"] or "-", one["most_usd"] or "-"))
    return aligned(facts) + "\n" + aligned(rows)
