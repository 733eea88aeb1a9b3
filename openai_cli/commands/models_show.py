"""`models show`: GET /models/ID."""

from typing import Annotated

from openai_cli.calls.stored import StoredOptions, ask
from openai_cli.context import Context
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group, path_argument
from openai_cli.output.columns import facts


@options_group
class Options(StoredOptions):
    """What the server tells of a model: a line for each fact."""

    endpoint = Endpoint("/models/{model}", method="GET")

    id: Annotated[str, path_argument("model", "ID", "The model")]


def run(context: Context, options: Options) -> None:
    """Print the model."""
    ask(context, options, facts)
