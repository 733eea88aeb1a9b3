"""`files delete`: DELETE /files/ID."""

from typing import Annotated

from openai_cli.calls.stored import Asking, asking, deleted, segment
from openai_cli.context import Context
from openai_cli.flags.ours import argument, options_group


@options_group
class Options(Asking):
    """The id of each file is printed once it is deleted."""

    ids: Annotated[list[str], argument("ID...", "The files")]


def run(context: Context, options: Options) -> None:
    """Delete the files, one after the other."""
    paths = [f"/files/{segment(name)}" for name in options.ids]
    with asking(context, options, deleted) as conversation:
        for path in paths:
            conversation.send("DELETE", path)
