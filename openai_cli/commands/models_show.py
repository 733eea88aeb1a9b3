"""`models show`: GET /models/ID."""

from openai_cli.calls.stored import StoredOptions, ask
from openai_cli.context import Context
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group, path_argument
from openai_cli.output.columns import facts
from openai_cli.records import Annotated

EXAMPLES = (
    "openai-cli models show gpt-6-luna",
    "openai-cli models show gpt-6-luna --query owned_by",
)


@options_group
class Options(StoredOptions):
    """Each detail that the server gives about the model is printed on one line."""

    endpoint = Endpoint("/models/{model}", method="GET")

    id: Annotated[str, path_argument("model", "ID", "The model")]


def run(context: Context, options: Options) -> None:
    """Print the model."""
    ask(context, options, facts)
