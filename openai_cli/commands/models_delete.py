"""`models delete`: DELETE /models/ID."""

from openai_cli.calls.stored import DeletionOptions, delete
from openai_cli.context import Context
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group, path_argument
from openai_cli.records import Annotated

EXAMPLES = (
    "openai-cli models delete ft:gpt-4o-mini:acme::abc123",
    "openai-cli models delete ft:gpt-4o-mini:acme::xyz789 --json",
)


@options_group
class Options(DeletionOptions):
    """Only models that you have fine-tuned can be deleted. The id is printed once it is deleted."""

    endpoint = Endpoint("/models/{model}", method="DELETE")

    id: Annotated[str, path_argument("model", "ID", "The model")]


def run(context: Context, options: Options) -> None:
    """Delete the model."""
    delete(context, options)
