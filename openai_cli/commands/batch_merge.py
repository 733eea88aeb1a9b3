"""`batch merge`: merge the shards of a run into one output."""

from contextlib import ExitStack
from itertools import chain

from openai_cli.batches.files import Files
from openai_cli.batches.results import Wanted, output_line, write
from openai_cli.batches.shards import Shards
from openai_cli.context import Context
from openai_cli.errors import LinesFailedError, OutputError
from openai_cli.flags.ours import OPTIONS, CommonOptions, argument, options_group, ours, switch
from openai_cli.output.writers import Query
from openai_cli.records import Annotated

EXAMPLES = (
    "seq 3 | openai-cli batch make chat --prompts - -o batch.jsonl",
    "openai-cli batch run batch.jsonl -o answers.jsonl --shard 1/2",
    "openai-cli batch run batch.jsonl -o answers.jsonl --shard 2/2",
    "openai-cli batch merge answers.jsonl",
)


@options_group
class Options(CommonOptions):
    """OUT is the output given to each shard; the shards' own are beside it, as out.1-of-4.jsonl."""

    out: Annotated[str, argument("OUT", "The output to write", names=None)]
    query: Annotated[
        str | None,
        ours(OPTIONS, "--query", "Write what this JMESPath finds in each answer", metavar="EXPR"),
    ] = None
    text: Annotated[bool, switch(OPTIONS, "text", "Write the text of each answer")] = False
    null: Annotated[
        bool, switch(OPTIONS, "null", "End each result with NUL, not a newline", short="-0")
    ] = False


def run(context: Context, options: Options) -> None:
    """Write the answers and the failures of all shards."""
    query = None if options.query is None else Query(options.query)
    files = Files.of(options.out)
    files.check()
    with ExitStack() as stack:
        shards = Shards(options.out, stack)
        is_plain = query is None and not options.text
        shape = output_line if is_plain else Wanted(shards.path, query, options.null)
        try:
            write(files.output, shards.answers(shape))
            failures = shards.failures()
            if (first := next(failures, None)) is None:
                files.failed.unlink(missing_ok=True)
            else:
                write(files.failed, chain((first,), failures))
        except OSError as error:
            raise OutputError(f"cannot write '{files.output}': {error.strerror}") from None
        sums = shards.total()
    context.messages.notice(f"{sums.done:,} of {sums.lines:,} lines are done")
    if sums.failed:
        raise LinesFailedError(
            f"{sums.failed:,} of {sums.lines:,} lines failed",
            hint=f"'{files.failed}' has the reasons",
        )
