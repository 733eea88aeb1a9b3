"""`files delete`: DELETE /files/ID."""

from openai_cli.calls.stored import DeletionOptions, delete
from openai_cli.context import Context
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group, path_argument
from openai_cli.records import Annotated

EXAMPLES = (
    "id=$(echo hi | openai-cli files upload --purpose user_data --filename a.txt)",
    'openai-cli files delete "$id"',
)


@options_group
class Options(DeletionOptions):
    """Each id is printed once its file is deleted."""

    endpoint = Endpoint("/files/{file_id}", method="DELETE")

    ids: Annotated[list[str], path_argument("file_id", "ID...", "The files")]


def run(context: Context, options: Options) -> None:
    """Delete the files one by one."""
    delete(context, options)
