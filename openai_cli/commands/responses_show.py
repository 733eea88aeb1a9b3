"""`responses show`: GET /responses/ID."""

from openai_cli.calls.session import Session
from openai_cli.commands.stored_response import (
    SHOW,
    Following,
    Waiting,
    check_waiting,
    deliver_response,
)
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags import responses
from openai_cli.flags.adapter import parts_of
from openai_cli.flags.ours import Stdin, options_group, path_argument
from openai_cli.flags.output import Extracting
from openai_cli.flags.server import PrintingOptions
from openai_cli.records import Annotated
from openai_cli.request.body import bodyless
from openai_cli.request.inputs import Inputs

EXAMPLES = (
    'id=$(openai-cli respond "Say hello" --query id)',
    'openai-cli responses show "$id"',
    'openai-cli responses show "$id" --query usage.total_tokens',
)


@options_group
class Options(PrintingOptions, Stdin, Waiting, Extracting):
    """The text of the response is printed, as respond prints it.

    A response that is not done yet has no text: its id is printed, or with --wait the text once it
    is done. With --stream the text is printed as it arrives, if the response was created as a
    stream.
    """

    endpoint = SHOW

    id: Annotated[str, path_argument("response_id", "ID", "The response")]
    include: responses.IncludeInQuery = None
    include_obfuscation: responses.IncludeObfuscation = None
    starting_after: responses.StartingAfter = None
    stream: responses.StreamInQuery = None


def run(context: Context, options: Options) -> None:
    """Print the response."""
    inputs = Inputs(context, options.stdin)
    with Session(context, options, inputs) as session:
        parts = parts_of(options, inputs.source)
        check_waiting(options, parts.query)
        if "starting_after" in parts.query and parts.query.get("stream") is not True:
            raise UsageError("--starting-after needs --stream")
        is_rest = options.starting_after is not None
        following = Following(session, options.id, is_rest=is_rest)
        request = bodyless(options.endpoint, parts)
        deliver_response(session, request, following, waits=options.wait, is_free=True)
