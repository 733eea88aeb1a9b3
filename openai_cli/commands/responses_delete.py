"""`responses delete`: DELETE /responses/ID."""

from openai_cli.calls.stored import DeletionOptions, delete
from openai_cli.context import Context
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group, path_argument
from openai_cli.records import Annotated

EXAMPLES = (
    'id=$(openai-cli respond "Say hello" --query id)',
    'openai-cli responses delete "$id"',
)


@options_group
class Options(DeletionOptions):
    """Each id is printed once its response is deleted."""

    endpoint = Endpoint("/responses/{response_id}", method="DELETE")

    ids: Annotated[list[str], path_argument("response_id", "ID...", "The responses")]


def run(context: Context, options: Options) -> None:
    """Delete the responses one by one."""
    delete(context, options)
