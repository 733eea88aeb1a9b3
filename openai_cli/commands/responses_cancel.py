"""`responses cancel`: POST /responses/ID/cancel."""

from typing import Any

from openai_cli.calls.stored import StoredOptions, ask
from openai_cli.context import Context
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group, path_argument
from openai_cli.records import Annotated

EXAMPLES = (
    'id=$(openai-cli respond "Write a long story" --background --quiet)',
    'openai-cli responses cancel "$id"',
)


@options_group
class Options(StoredOptions):
    """A response that runs in the background is stopped, and its status is printed."""

    endpoint = Endpoint("/responses/{response_id}/cancel")

    id: Annotated[str, path_argument("response_id", "ID", "The response")]


def run(context: Context, options: Options) -> None:
    """Cancel the response."""
    ask(context, options, _status)


def _status(body: dict[str, Any]) -> str:
    from openai_cli.answer.shape import as_string

    return as_string(body.get("status"), "status")
