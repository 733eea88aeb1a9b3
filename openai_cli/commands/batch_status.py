"""`batch status`: the progress of a run, also while it is running."""

import json
from collections import Counter
from typing import Any

from openai_cli.batches.files import Files
from openai_cli.batches.parts import Part, Parts
from openai_cli.batches.state import State
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.ours import OPTIONS, CommonOptions, argument, options_group, switch
from openai_cli.output.columns import facts
from openai_cli.output.sink import open_sink, utf8_bytes
from openai_cli.prices.money import dollars, plain
from openai_cli.reading import is_there
from openai_cli.records import Annotated

EXAMPLES = (
    "seq 3 | openai-cli batch make chat --prompts - -o batch.jsonl",
    "openai-cli batch run batch.jsonl -o answers.jsonl",
    "openai-cli batch status answers.jsonl",
)


@options_group
class Options(CommonOptions):
    """OUT is the output of the run; the state of the run is kept beside it."""

    out: Annotated[str, argument("OUT", "The output of the run", names=None)]
    json: Annotated[bool, switch(OPTIONS, "json", "Print JSON")] = False


def run(context: Context, options: Options) -> None:
    """Print the progress of the run."""
    found = status_of(Files.of(options.out))
    with open_sink(context, None) as sink:
        if options.json:
            sink.write_json(json.dumps(found).encode() + b"\n")
        else:
            sink.write(utf8_bytes(facts({**found, **_counted(found)})))


def _counted(found: dict[str, Any]) -> dict[str, str]:
    """The number of batches in each state, in words."""
    if "batches" not in found:
        return {}
    counts = Counter(str(one["status"]) for one in found["batches"])
    return {"batches": ", ".join(f"{count} {status}" for status, count in counts.items())}


def status_of(files: Files) -> dict[str, Any]:
    """The figures of a run; UsageError if there is no such run."""
    if not is_there(files.state):
        raise UsageError(
            f"there is no run of '{files.output}': '{files.state}' does not exist",
            hint="openai-cli batch run FILE -o OUT starts one",
        )
    with State(files.state, is_read_only=True) as state:
        sums, shard = state.sums(), state["shard"]
        batches = [_told(part) for part in Parts(state).at()]
    return {
        **({"shard": shard} if shard != "1/1" else {}),
        "lines": sums.lines,
        "done": sums.done,
        "failed": sums.failed,
        "in_flight": sums.sent,
        **({"in_batches": sums.in_parts} if batches else {}),
        "waiting": sums.waiting - sums.sent - sums.in_parts,
        "incomplete": sums.incomplete,
        "tokens": sums.tokens,
        "usd": plain(dollars(sums.usd)),
        "without_price": sums.unpriced,
        "may_have_cost_usd": plain(dollars(sums.lost)),
        **({"batches": batches} if batches else {}),
    }


def _told(part: Part) -> dict[str, Any]:
    """A part, with its batch as the API last reported it."""
    told = part.told
    return {
        "id": part.batch_id,
        "lines": part.lines,
        "status": told.get("status", part.step),
        "request_counts": told.get("request_counts"),
    }
