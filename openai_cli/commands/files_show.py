"""`files show`: GET /files/ID."""

from typing import Annotated

from openai_cli.calls.stored import StoredOptions, ask
from openai_cli.context import Context
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group, path_argument
from openai_cli.output.columns import facts


@options_group
class Options(StoredOptions):
    """What the API tells of a stored file: a line for each fact."""

    endpoint = Endpoint("/files/{file_id}", method="GET")

    id: Annotated[str, path_argument("file_id", "ID", "The file")]


def run(context: Context, options: Options) -> None:
    """Print what is known of the file."""
    ask(context, options, facts)
