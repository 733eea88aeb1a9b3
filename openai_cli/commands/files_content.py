"""`files content`: GET /files/ID/content."""

from typing import Annotated

from openai_cli.calls.download import download
from openai_cli.calls.session import Reaching
from openai_cli.calls.stored import segment
from openai_cli.config.destination import destination
from openai_cli.context import Context
from openai_cli.flags.ours import Stdin, Written, argument, options_group
from openai_cli.request.inputs import Inputs


@options_group
class Options(Reaching, Written, Stdin):
    """The bytes go to --output or into a pipe, as they come."""

    id: Annotated[str, argument("ID", "The file")]


def run(context: Context, options: Options) -> None:
    """Pass the bytes of the file on."""
    server = destination(context, options, Inputs(context, options.stdin))
    path = f"/files/{segment(options.id)}/content"
    download(context, options, server, "GET", path, output=options.output)
