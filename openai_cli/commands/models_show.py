"""`models show`: GET /models/ID."""

from typing import Annotated

from openai_cli.calls.stored import Asking, ask, segment
from openai_cli.context import Context
from openai_cli.flags.ours import argument, options_group
from openai_cli.output.columns import facts


@options_group
class Options(Asking):
    """What the server tells of a model: a line for each fact."""

    id: Annotated[str, argument("ID", "The model")]


def run(context: Context, options: Options) -> None:
    """Print the model."""
    ask(context, options, "GET", f"/models/{segment(options.id)}", facts)
