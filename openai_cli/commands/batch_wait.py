"""`batch wait`: go on with a run on the Batch API until all of it is there."""

from typing import Annotated

from openai_cli.commands.batch_kept import options_of_run
from openai_cli.commands.file_run import run as go_on
from openai_cli.commands.run_options import Options as RunOptions
from openai_cli.context import Context
from openai_cli.flags.ours import argument, options_group
from openai_cli.flags.server import ServerOptions

EXAMPLES = (
    "seq 3 | openai-cli batch make chat --prompts - -o batch.jsonl",
    "openai-cli batch run batch.jsonl -o answers.jsonl --via batch",
    "openai-cli batch wait answers.jsonl",
)


@options_group
class Options(ServerOptions):
    """OUT is the output of the run. It goes on with the flags that it was begun with.

    Ctrl-C ends the waiting alone: the Batch API goes on, and so does the same command.
    """

    out: Annotated[str, argument("OUT", "The output of the run", names=None)]


def run(context: Context, options: Options) -> None:
    """Go on with the run."""
    go_on(context, options_of_run(RunOptions, options.out, options))
