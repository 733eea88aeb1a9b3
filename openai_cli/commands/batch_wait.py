"""`batch wait`: wait until a run on the Batch API is complete, and collect its answers."""

from openai_cli.commands.batch_kept import options_of_run
from openai_cli.commands.file_run import run as go_on
from openai_cli.commands.run_options import Options as RunOptions
from openai_cli.context import Context
from openai_cli.flags.ours import argument, options_group
from openai_cli.flags.server import ServerOptions
from openai_cli.records import Annotated

EXAMPLES = (
    "seq 3 | openai-cli batch make chat --prompts - -o batch.jsonl",
    "openai-cli batch run batch.jsonl -o answers.jsonl --via batch",
    "openai-cli batch wait answers.jsonl",
)


@options_group
class Options(ServerOptions):
    """OUT is the output of the run, which continues with the flags that it was started with.

    Ctrl-C ends only the waiting: the Batch API continues, and the same command resumes.
    """

    out: Annotated[str, argument("OUT", "The output of the run", names=None)]


def run(context: Context, options: Options) -> None:
    """Resume the run."""
    go_on(context, options_of_run(RunOptions, options.out, options))
