"""`files show`: GET /files/ID."""

from openai_cli.calls.stored import StoredOptions, ask
from openai_cli.context import Context
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group, path_argument
from openai_cli.output.columns import facts
from openai_cli.records import Annotated

EXAMPLES = (
    "id=$(echo hi | openai-cli files upload --purpose user_data --filename a.txt)",
    'openai-cli files show "$id"',
    'openai-cli files show "$id" --query bytes',
)


@options_group
class Options(StoredOptions):
    """Each detail that the API gives about the file is printed on one line."""

    endpoint = Endpoint("/files/{file_id}", method="GET")

    id: Annotated[str, path_argument("file_id", "ID", "The file")]


def run(context: Context, options: Options) -> None:
    """Print the file's details."""
    ask(context, options, facts)
