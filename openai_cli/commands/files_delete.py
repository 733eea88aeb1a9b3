"""`files delete`: DELETE /files/ID."""

from typing import Annotated

from openai_cli.calls.stored import DeletionOptions, delete
from openai_cli.context import Context
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group, path_argument


@options_group
class Options(DeletionOptions):
    """The id of each file is printed once it is deleted."""

    endpoint = Endpoint("/files/{file_id}", method="DELETE")

    ids: Annotated[list[str], path_argument("file_id", "ID...", "The files")]


def run(context: Context, options: Options) -> None:
    """Delete the files, one after the other."""
    delete(context, options)
