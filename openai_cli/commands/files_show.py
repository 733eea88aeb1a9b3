"""`files show`: GET /files/ID."""

from typing import Annotated

from openai_cli.calls.stored import Asking, ask, segment
from openai_cli.context import Context
from openai_cli.flags.ours import argument, options_group
from openai_cli.output.columns import facts


@options_group
class Options(Asking):
    """What the API tells of a stored file: a line for each fact."""

    id: Annotated[str, argument("ID", "The file")]


def run(context: Context, options: Options) -> None:
    """Print what is known of the file."""
    ask(context, options, "GET", f"/files/{segment(options.id)}", facts)
