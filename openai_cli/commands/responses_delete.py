"""`responses delete`: DELETE /responses/ID."""

from typing import Annotated

from openai_cli.calls.stored import DeletionOptions, delete
from openai_cli.context import Context
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group, path_argument


@options_group
class Options(DeletionOptions):
    """The id of each response is printed once it is deleted."""

    endpoint = Endpoint("/responses/{response_id}", method="DELETE")

    ids: Annotated[list[str], path_argument("response_id", "ID...", "The responses")]


def run(context: Context, options: Options) -> None:
    """Delete the responses, one after the other."""
    delete(context, options)
