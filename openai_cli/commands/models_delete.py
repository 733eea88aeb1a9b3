"""`models delete`: DELETE /models/ID."""

from typing import Annotated

from openai_cli.calls.stored import Asking, ask, deleted, segment
from openai_cli.context import Context
from openai_cli.flags.ours import argument, options_group


@options_group
class Options(Asking):
    """The model is one that you have fine-tuned; its id is printed once it is deleted."""

    id: Annotated[str, argument("ID", "The model")]


def run(context: Context, options: Options) -> None:
    """Delete the model."""
    ask(context, options, "DELETE", f"/models/{segment(options.id)}", deleted)
