"""`files content`: GET /files/ID/content."""

from openai_cli.calls.download import download
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.flags.adapter import parts_of
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import Stdin, options_group, path_argument
from openai_cli.flags.output import Written
from openai_cli.flags.server import ServerOptions
from openai_cli.records import Annotated
from openai_cli.request.body import bodyless
from openai_cli.request.inputs import Inputs

EXAMPLES = (
    "id=$(echo hi | openai-cli files upload --purpose user_data --filename a.txt)",
    'openai-cli files content "$id"',
    'openai-cli files content "$id" -o a.txt',
)


@options_group
class Options(ServerOptions, Written, Stdin):
    """The file goes to --output or into a pipe, as it arrives."""

    endpoint = Endpoint("/files/{file_id}/content", method="GET")

    id: Annotated[str, path_argument("file_id", "ID", "The file")]


def run(context: Context, options: Options) -> None:
    """Write the bytes of the file to the output."""
    inputs = Inputs(context, options.stdin)
    with Session(context, options, inputs) as session:
        download(session, bodyless(options.endpoint, parts_of(options, inputs.source)))
